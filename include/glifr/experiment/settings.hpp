#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/network/description.hpp"
#include "glifr/training/settings.hpp"

/// What one trial is made of, beside its seed and the machine. `Config::resolve` makes these settings; what it returns
/// is within range and consistent.
namespace glifr {

/// The value of a key that a task has for itself.
using SettingValue = std::variant<bool, Index, double, std::string>;

/// What is minimised. `automatic` is resolved by the data: cross entropy where they have labels.
enum class LossKind { mse, cross_entropy, automatic };

/// Which outputs meet the loss: those of every step, or that of the last. `automatic` is resolved by the data, or else
/// to the last step where the loss is cross entropy.
enum class FinalReduction { none, last, automatic };

/// What early stopping, a plateau of the learning rate and the best checkpoint go by. `automatic` is resolved to
/// val_loss where there is validation, and to train_loss otherwise.
enum class Monitor { automatic, train_loss, val_loss, val_acc };

/// Which network is tested: that of the last epoch, or that of the best one.
enum class TestedCheckpoint { last, best };

/// Whether the losses of samples count alike, or those of classes.
enum class ClassWeights { none, balanced };

/// What is trained on.
struct GLIFR_API TaskSettings {
  std::string name;  ///< the task's own name, under which results are filed
  std::string base;  ///< the task whose data these are; `name` may be a variation of it
  std::map<std::string, SettingValue, std::less<>> values{};  ///< of the task's own keys, see `Task::keys`

  /// The value of a key that is true or false. These four throw std::logic_error where the task has no such key or it
  /// is of another kind.
  [[nodiscard]] bool flag(std::string_view key) const;
  /// The value of a key that is a whole number.
  [[nodiscard]] Index whole(std::string_view key) const;
  /// The value of a key that is a number.
  [[nodiscard]] double number(std::string_view key) const;
  /// The value of a key that is text.
  [[nodiscard]] const std::string& text(std::string_view key) const;
};

/// The network.
struct ModelSettings {
  std::string name;  ///< of a model that is known (network/models.hpp), or that a configuration describes
  /// Of a described model: its layers, every constant of their neurons filled in. Empty: a model that is known, whose
  /// only layer follows from hidden_size, num_ascs, train_dynamics and synaptic_delay below.
  std::vector<LayerDescription> layers{};
  Index input_size = 1;         ///< features a time step
  Index output_size = 1;        ///< of the readout
  Index hidden_size = 1;        ///< neurons
  Index num_ascs = 0;           ///< after-spike currents a neuron, J
  bool train_dynamics = false;  ///< whether the neurons' own parameters are trained beside the weights
  double dt = 0.05;             ///< ms
  double synaptic_delay = 0;    ///< ms
  /// What neurons share, by the names of their fields, without dt.
  std::map<std::string, double, std::less<>> constants{};
  FinalReduction final_reduction = FinalReduction::none;  ///< which outputs meet the loss
};

/// How the network is trained: what a `Trainer` takes, and what a trial adds to it.
struct TrialTraining : TrainingSettings {
  LossKind loss = LossKind::mse;  ///< what is minimised
  bool sigma_v_anneal = false;    ///< whether sigma_v falls while training goes on
  double sigma_v_first = 1;       ///< mV, in the first epoch
  double sigma_v_last = 1e-3;     ///< mV, in the last epoch
  double early_stop_loss = 0;     ///< training ends after an epoch with a mean loss as low as this; 0: never
  Index early_stop_patience = 0;  ///< training ends after that many epochs without a better one; 0: never
  /// Share of the training data that is set aside for validation, the same of each class; 0: none.
  double validation_fraction = 0;
  Index validation_every = 1;                                 ///< epochs between two validations
  Monitor monitor = Monitor::automatic;                       ///< by what epochs are compared
  TestedCheckpoint test_checkpoint = TestedCheckpoint::last;  ///< which network is tested
  ClassWeights weights = ClassWeights::none;                  ///< of the training loss
};

/// What is written, and when.
struct OutputSettings {
  /// Epochs between rows of the parameter files; resolved to 1, or 10 above 500 epochs, where it is 0.
  Index parameter_every = 0;
  double checkpoint_seconds = 10;  ///< least time between checkpoints while training goes on; 0: one every epoch
  bool tensorboard = false;        ///< whether an event file is written that TensorBoard reads
};

/// Everything that one trial is made of.
struct GLIFR_API Settings {
  TaskSettings task;       ///< what is trained on
  ModelSettings model;     ///< the network
  TrialTraining training;  ///< how it is trained
  OutputSettings output;   ///< what is written

  /// Synaptic delay in steps: int(synaptic_delay / dt), and at least 1. A quotient that rounding keeps just below a
  /// whole number counts as that number.
  [[nodiscard]] Index delay_steps() const;
  /// Time steps of a sample, as the task has them.
  [[nodiscard]] Index time_steps() const;
  /// Width of the smooth threshold in an epoch (0 is the first), mV: linear from sigma_v_first to sigma_v_last where it
  /// is annealed, sigma_v otherwise. Tests and analyses use that of the epoch whose network they take, as a rule the
  /// last.
  [[nodiscard]] double sigma_v_in(Index epoch) const;
};

}  // namespace glifr
