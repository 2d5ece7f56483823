#include <algorithm>
#include <array>

#include "glifr/experiment/config.hpp"
#include "glifr/io/json_members.hpp"

namespace glifr {
namespace {

using Data = Settings::Data;

constexpr Range any{};
constexpr Range positive = Range::above(0);
constexpr Range not_negative = Range::from(0);
constexpr Range share{.lowest = 0, .highest = 1};
constexpr Range moment{.lowest = 0, .highest = 1, .excludes_highest = true};  // decay of a running mean
constexpr Range none_or_count{.lowest = 0, .highest = 1e9};
constexpr Range count{.lowest = 1, .highest = 1e9};
constexpr Range size{.lowest = 1, .highest = 1e6};
constexpr Range input{.lowest = 1, .highest = 65536};  // sparse inputs are numbered in 16 bits
constexpr Range currents{.lowest = 0, .highest = 4};   // the built-in neurons are compiled for these

constexpr std::array<std::string_view, 2> optimizers{"adam", "sgd"};
constexpr std::array<std::string_view, 3> schedules{"constant", "step", "cosine"};
constexpr std::array<std::string_view, 2> losses{"mse", "cross_entropy"};
constexpr std::array<std::string_view, 2> reductions{"none", "last"};

constexpr std::array networks{Data::sine, Data::lmnist, Data::pmnist, Data::nmnist};
constexpr std::array sine{Data::sine};
constexpr std::array timed{Data::sine, Data::realizable};
constexpr std::array images{Data::lmnist, Data::pmnist};
constexpr std::array pixels{Data::pmnist};
constexpr std::array events{Data::nmnist};

using S = Settings;

constexpr std::array keys = std::to_array<ConfigKey>({
    {.group = "Network",
     .name = "input_size",
     .field = &S::input_size,
     .help = "inputs a time step, as the task has them; on lmnist the columns of an image",
     .range = input,
     .used_by = networks},
    {.group = "Network",
     .name = "hidden_size",
     .field = &S::hidden_size,
     .help = "neurons",
     .range = size,
     .used_by = networks,
     .is_by_model = true},
    {.group = "Network",
     .name = "output_size",
     .field = &S::output_size,
     .help = "outputs, as the task has them; on lmnist and pmnist the classes of the images",
     .range = size,
     .used_by = networks},
    {.group = "Network",
     .name = "num_ascs",
     .field = &S::num_ascs,
     .help = "after-spike currents a neuron, in the models that have any (names ending in a)",
     .range = currents,
     .used_by = networks,
     .is_by_model = true},
    {.group = "Network",
     .name = "train_dynamics",
     .field = &S::train_dynamics,
     .help =
         "whether thresh, k_m, k_j, r_j and a_j are trained beside the weights; by default as the model's name says",
     .used_by = networks,
     .is_by_model = true},
    {.group = "Network", .name = "dt", .field = &S::dt, .help = "time step", .unit = "ms", .range = positive},
    {.group = "Network",
     .name = "tau",
     .field = &S::tau,
     .help = "time over which a firing rate of 1 is one spike",
     .unit = "ms",
     .range = positive},
    {.group = "Network",
     .name = "synaptic_delay",
     .field = &S::synaptic_delay,
     .help = "time from firing to its effect on other neurons, at least one step; the LSTM has none",
     .unit = "ms",
     .range = not_negative,
     .is_by_model = true},
    {.group = "Network",
     .name = "sigma_v",
     .field = &S::sigma_v,
     .help = "width of the smooth threshold",
     .unit = "mV",
     .range = positive},
    {.group = "Network",
     .name = "R",
     .field = &S::R,
     .help = "membrane resistance",
     .unit = "GOhm",
     .range = not_negative},
    {.group = "Network",
     .name = "I0",
     .field = &S::I0,
     .help = "constant background current",
     .unit = "pA",
     .range = any},
    {.group = "Network",
     .name = "v_reset",
     .field = &S::v_reset,
     .help = "voltage towards which a spike resets",
     .unit = "mV",
     .range = any},
    {.group = "Network",
     .name = "dropout_prob",
     .field = &S::dropout_prob,
     .help = "share of the firing that is dropped in training",
     .range = share,
     .used_by = networks},
    {.group = "Network",
     .name = "final_reduction",
     .field = &S::final_reduction,
     .help = "the outputs that meet the loss: those of every step (none) or that of the last",
     .choices = reductions,
     .used_by = networks},

    {.group = "Data",
     .name = "sim_time",
     .field = &S::sim_time,
     .help = "duration of a sample",
     .unit = "ms",
     .range = positive,
     .used_by = timed},
    {.group = "Data",
     .name = "num_freqs",
     .field = &S::num_freqs,
     .help = "sine waves, a sample each",
     .range = size,
     .used_by = sine},
    {.group = "Data",
     .name = "freq_min",
     .field = &S::freq_min,
     .help = "lowest frequency",
     .unit = "1/ms",
     .range = positive,
     .used_by = sine},
    {.group = "Data",
     .name = "freq_max",
     .field = &S::freq_max,
     .help = "highest frequency; those between are spaced evenly on a logarithmic scale",
     .unit = "1/ms",
     .range = positive,
     .used_by = sine},
    {.group = "Data", .name = "amp", .field = &S::amp, .help = "amplitude of the waves", .range = any, .used_by = sine},
    {.group = "Data",
     .name = "noise_mean",
     .field = &S::noise_mean,
     .help = "mean of the noise on the targets",
     .range = any,
     .used_by = sine},
    {.group = "Data",
     .name = "noise_std",
     .field = &S::noise_std,
     .help = "standard deviation of the noise on the targets",
     .range = not_negative,
     .used_by = sine},
    {.group = "Data",
     .name = "mnist_path",
     .field = &S::mnist_path,
     .help = "folder of the images, relative to the data root; fashion-mnist has the same form",
     .used_by = images},
    {.group = "Data",
     .name = "permute_pixels",
     .field = &S::permute_pixels,
     .help = "whether the pixels of all images come in one shuffled order",
     .used_by = pixels},
    {.group = "Data",
     .name = "nmnist_path",
     .field = &S::nmnist_path,
     .help = "folder of the recordings, relative to the data root",
     .used_by = events},
    {.group = "Data",
     .name = "num_timesteps",
     .field = &S::num_timesteps,
     .help = "frames a recording",
     .range = size,
     .used_by = events},
    {.group = "Data",
     .name = "duration_timestep",
     .field = &S::duration_timestep,
     .help = "duration of a frame, a whole number of microseconds",
     .unit = "ms",
     .range = {.lowest = 0.001, .highest = 8000},
     .used_by = events},
    {.group = "Data",
     .name = "input_density",
     .field = &S::input_density,
     .help = "share of ones in the made-up frames of a benchmark",
     .range = share,
     .used_by = events},

    {.group = "Training",
     .name = "loss_fn",
     .field = &S::loss_fn,
     .help = "mean squared error for tasks with target values, cross entropy for tasks with classes",
     .choices = losses,
     .used_by = networks},
    {.group = "Training",
     .name = "optimizer",
     .field = &S::optimizer,
     .help = "how gradients become steps",
     .choices = optimizers},
    {.group = "Training", .name = "lr", .field = &S::lr, .help = "learning rate", .range = positive},
    {.group = "Training",
     .name = "lr_schedule",
     .field = &S::lr_schedule,
     .help = "learning rate over the epochs: constant, by steps, or along half a cosine down to 0",
     .choices = schedules},
    {.group = "Training",
     .name = "lr_step_epochs",
     .field = &S::lr_step_epochs,
     .help = "epochs between two steps of the step schedule",
     .range = count},
    {.group = "Training",
     .name = "lr_step_factor",
     .field = &S::lr_step_factor,
     .help = "factor of a step of the step schedule",
     .range = positive},
    {.group = "Training",
     .name = "momentum",
     .field = &S::momentum,
     .help = "share of the last step that sgd keeps",
     .range = moment},
    {.group = "Training",
     .name = "beta1",
     .field = &S::beta1,
     .help = "decay of adam's mean of the gradients",
     .range = moment},
    {.group = "Training",
     .name = "beta2",
     .field = &S::beta2,
     .help = "decay of adam's mean of their squares",
     .range = moment},
    {.group = "Training",
     .name = "eps",
     .field = &S::eps,
     .help = "what adam adds to the root of that mean",
     .range = positive},
    {.group = "Training",
     .name = "gradient_clip",
     .field = &S::gradient_clip,
     .help = "largest norm of all gradients together; 0: no limit",
     .range = not_negative},
    {.group = "Training",
     .name = "batch_size",
     .field = &S::batch_size,
     .help = "samples a step",
     .range = count,
     .used_by = networks},
    {.group = "Training",
     .name = "micro_batch",
     .field = &S::micro_batch,
     .help = "samples that are computed together within a step; 0: chosen by the engine",
     .range = none_or_count,
     .used_by = networks},
    {.group = "Training", .name = "max_epochs", .field = &S::max_epochs, .help = "epochs", .range = count},
    {.group = "Training",
     .name = "sigma_v_anneal",
     .field = &S::sigma_v_anneal,
     .help = "whether the width of the threshold changes, in equal steps an epoch, instead of being sigma_v",
     .used_by = networks},
    {.group = "Training",
     .name = "sigma_v_first",
     .field = &S::sigma_v_first,
     .help = "that width in the first epoch",
     .unit = "mV",
     .range = positive,
     .used_by = networks},
    {.group = "Training",
     .name = "sigma_v_last",
     .field = &S::sigma_v_last,
     .help = "that width in the last epoch, in tests and in analyses",
     .unit = "mV",
     .range = positive,
     .used_by = networks},
    {.group = "Training",
     .name = "early_stop_loss",
     .field = &S::early_stop_loss,
     .help = "training ends after an epoch with a mean loss as low as this; 0: never",
     .range = not_negative},
    {.group = "Training",
     .name = "early_stop_patience",
     .field = &S::early_stop_patience,
     .help = "training ends after so many epochs without a lower loss; 0: never",
     .range = none_or_count},

    {.group = "Output",
     .name = "parameter_every",
     .field = &S::parameter_every,
     .help = "epochs between two rows of the parameter files; 0: 1, or 10 where there are more than 500 epochs",
     .range = none_or_count,
     .used_by = networks},
    {.group = "Output",
     .name = "checkpoint_seconds",
     .field = &S::checkpoint_seconds,
     .help = "least time between two checkpoints of a running training; 0: a checkpoint every epoch",
     .unit = "s",
     .range = not_negative},
});

std::string join(std::span<const std::string_view> names) {
  std::string text(names.front());
  for (const std::string_view name : names.subspan(1)) text.append(name == names.back() ? " or " : ", ").append(name);
  return text;
}

}  // namespace

std::span<const ConfigKey> config_keys() {
  return keys;
}

bool ConfigKey::is_used_by(Settings::Data data) const {
  return used_by.empty() || std::ranges::find(used_by, data) != used_by.end();
}

std::string ConfigKey::accepted() const {
  const std::string by_model = is_by_model ? ", or an object of them by model name" : "";
  if (!choices.empty()) return join(choices) + by_model;
  if (std::holds_alternative<bool S::*>(field)) return "true or false" + by_model;
  if (std::holds_alternative<std::string S::*>(field)) return "text, not empty" + by_model;
  return to_string(range, std::holds_alternative<Index S::*>(field)) + by_model;
}

}  // namespace glifr
