#pragma once

#include <string>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/network/description.hpp"

namespace glifr {

/// Everything that one trial is made of, beside its seed and the machine: the task, the network and how it is trained.
/// Fields are called as their configuration keys are; the initial values here are the defaults of what a task's
/// configuration leaves open. `Config::resolve` makes these; what it returns is within range and consistent.
struct GLIFR_API Settings {
  /// The tasks that are built in; a variation trains on the data of one of them.
  enum class Data { sine, lmnist, pmnist, nmnist, realizable };
  /// How gradients become steps.
  enum class Optimizer { adam, sgd };
  /// The learning rate over the epochs.
  enum class Schedule { constant, step, cosine };
  /// What is minimised.
  enum class Loss { mse, cross_entropy };
  /// Which outputs meet the loss: those of every step, or that of the last.
  enum class Reduction { none, last };

  std::string task;        ///< the task's own name, under which results are filed
  std::string model;       ///< one of the ten, see network/models.hpp, or one that a configuration describes
  Data data = Data::sine;  ///< what is trained on

  /// Of a described model: its layers, every constant of their neurons filled in. Empty: one of the ten, whose only
  /// layer follows from hidden_size, num_ascs, train_dynamics and synaptic_delay below.
  std::vector<LayerDescription> layers{};

  // Network
  Index input_size = 1;                         ///< features a time step
  Index output_size = 1;                        ///< of the readout
  Index hidden_size = 1;                        ///< neurons
  Index num_ascs = 0;                           ///< after-spike currents a neuron, J
  bool train_dynamics = false;                  ///< whether thresh, k_m, k_j, r_j, a_j are trained
  double dt = 0.05;                             ///< ms
  double tau = 0.05;                            ///< ms
  double synaptic_delay = 0;                    ///< ms
  double sigma_v = 1;                           ///< mV; unused where it is annealed
  double R = 0.1;                               ///< GOhm
  double I0 = 0;                                ///< pA
  double v_reset = 0;                           ///< mV
  double dropout_prob = 0;                      ///< of the firing, in training
  Reduction final_reduction = Reduction::none;  ///< which outputs meet the loss

  // Data
  double sim_time = 5;                 ///< ms
  Index num_freqs = 6;                 ///< sine waves, a sample each
  double freq_min = 0.08;              ///< 1/ms
  double freq_max = 0.6;               ///< 1/ms
  double amp = 1;                      ///< of the waves
  double noise_mean = 0;               ///< of what is added to the targets
  double noise_std = 0;                ///< of what is added to the targets
  std::string mnist_path = "mnist";    ///< relative to the data root
  bool permute_pixels = false;         ///< one fixed permutation of the pixels for all images
  std::string nmnist_path = "nmnist";  ///< relative to the data root
  Index num_timesteps = 15;            ///< frames a recording
  double duration_timestep = 1;        ///< ms
  double input_density = 0.03;         ///< share of ones in the synthetic frames of a benchmark

  // Training
  Loss loss_fn = Loss::mse;                   ///< what is minimised
  Optimizer optimizer = Optimizer::adam;      ///< how gradients become steps
  double lr = 1e-3;                           ///< learning rate
  Schedule lr_schedule = Schedule::constant;  ///< over the epochs
  Index lr_step_epochs = 10;                  ///< of the step schedule
  double lr_step_factor = 0.1;                ///< of the step schedule
  double momentum = 0;                        ///< of sgd
  double beta1 = 0.9;                         ///< of adam
  double beta2 = 0.999;                       ///< of adam
  double eps = 1e-8;                          ///< of adam
  double gradient_clip = 0;                   ///< largest norm of all gradients together; 0: no clipping
  Index batch_size = 1;                       ///< samples
  Index micro_batch = 0;                      ///< samples that are computed at a time; 0: chosen by the engine
  Index max_epochs = 1;                       ///< passes over the training data
  bool sigma_v_anneal = false;                ///< whether sigma_v falls while training goes on
  double sigma_v_first = 1;                   ///< mV, in the first epoch
  double sigma_v_last = 1e-3;                 ///< mV, in the last epoch
  double early_stop_loss = 0;     ///< training ends after an epoch with a mean loss as low as this; 0: never
  Index early_stop_patience = 0;  ///< training ends after that many epochs without a lower loss; 0: never

  // Output
  Index parameter_every =
      0;  ///< epochs between rows of the parameter files; resolved to 1, or 10 above 500 epochs, where it is 0
  double checkpoint_seconds = 10;  ///< least time between checkpoints while training goes on; 0: one every epoch

  /// Synaptic delay in steps: int(synaptic_delay / dt), and at least 1. A quotient that rounding keeps a hair below a
  /// whole number counts as that number.
  [[nodiscard]] Index delay_steps() const;
  /// Time steps of a sample: num_timesteps on nmnist, sim_time / dt on sine and realizable. On images they are the
  /// data's: here those of square images with lines of input_size pixels (lmnist) or of 28 x 28 pixels (pmnist).
  [[nodiscard]] Index time_steps() const;
  /// Width of the smooth threshold in an epoch (0 is the first), mV: linear from sigma_v_first to sigma_v_last where it
  /// is annealed, sigma_v otherwise. Tests and analyses use that of the last epoch, `max_epochs - 1`.
  [[nodiscard]] double sigma_v_in(Index epoch) const;
};

}  // namespace glifr
