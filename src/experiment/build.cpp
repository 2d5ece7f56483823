#include "glifr/experiment/build.hpp"

#include <unistd.h>

#include <cstdio>
#include <new>
#include <numeric>
#include <utility>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/datasets/sine.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/experiment/realizable.hpp"

namespace glifr {

namespace {

/// Columns of the readout; 0 where the outputs are the neurons' own.
Index readout_size(const Settings& s) {
  return s.data == Settings::Data::realizable ? 0 : s.output_size;
}

template <class N, Scalar T>
std::unique_ptr<RecurrentNetwork<T>> make(const Settings& s) {
  CellSettings<N> cell{.input_size = s.input_size, .hidden_size = s.hidden_size, .delay = s.delay_steps()};
  const Outputs outputs = s.final_reduction == Settings::Reduction::last ? Outputs::last_step : Outputs::every_step;
  auto network = std::make_unique<Network<Cell<N, T>>>(cell, readout_size(s), outputs);
  const std::pair<const char*, double> constants[] = {{"dt", s.dt}, {"tau", s.tau}, {"sigma_v", s.sigma_v_in(0)},
                                                      {"R", s.R},   {"I0", s.I0},   {"v_reset", s.v_reset}};
  for (const auto& [name, value] : constants) network->set_constant(name, value);
  return network;
}

/// Calls f.operator()<N>() with the model's kind of neuron as N.
template <class F>
decltype(auto) with_neuron(const Settings& s, F&& f) {
  switch (find_model(s.model).cell) {
    case CellKind::rnn:
      return f.template operator()<Rnn>();
    case CellKind::lstm:
      return f.template operator()<Lstm>();
    case CellKind::glifr:
      break;
  }
  switch (s.num_ascs) {
    case 0:
      return f.template operator()<Glifr<0>>();
    case 1:
      return f.template operator()<Glifr<1>>();
    case 2:
      return f.template operator()<Glifr<2>>();
    case 3:
      return f.template operator()<Glifr<3>>();
    case 4:
      return f.template operator()<Glifr<4>>();
    default:
      throw ConfigError("num_ascs", "found " + std::to_string(s.num_ascs) + ", accepted 0 to 4");
  }
}

/// Whether the parameters of the neurons themselves stay as they are.
bool has_frozen_neurons(const Settings& s) {
  return find_model(s.model).cell == CellKind::glifr && !s.train_dynamics;
}

}  // namespace

ParameterCount count_parameters(const Settings& s) {
  return with_neuron(s, [&]<class N>() -> ParameterCount {
    using C = Cell<N, float>;
    const Index weights = (s.input_size + s.hidden_size) * C::inputs * s.hidden_size;
    Index neurons = 0;
    for (const FieldExtent& field : C::field_list) neurons += field.extent * s.hidden_size;
    const Index all = weights + neurons + (s.hidden_size + 1) * readout_size(s);
    return {all, has_frozen_neurons(s) ? all - neurons : all};
  });
}

template <Scalar T>
std::unique_ptr<RecurrentNetwork<T>> make_network(const Settings& settings) {
  Settings s = settings;
  if (find_model(s.model).cell == CellKind::lstm) s.synaptic_delay = 0;
  const double bytes = static_cast<double>(sizeof(T)) * static_cast<double>(count_parameters(s).all);
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  const auto refuse = [&] {
    char gigabytes[32];
    std::snprintf(gigabytes, sizeof gigabytes, "%.3g", bytes / 1e9);
    throw ConfigError("hidden_size", "found " + std::to_string(s.hidden_size) + "; the parameters of such a network (" +
                                         s.model + ") take " + gigabytes + " GB, more memory than there is");
  };
  if (bytes > memory) refuse();
  std::unique_ptr<RecurrentNetwork<T>> network;
  try {
    network = with_neuron(s, [&]<class N>() { return make<N, T>(s); });
  } catch (const std::bad_alloc&) {
    refuse();
  }
  if (has_frozen_neurons(s)) {
    const std::size_t fields = network->fields().size();
    const ParameterList<T> parameters = network->parameters();
    for (std::size_t field = 0; field < fields; ++field) parameters[2 + field]->is_trained = false;
  }
  return network;
}

TrainingSettings training_settings(const Settings& s, std::uint64_t seed, Engine engine) {
  TrainingSettings t;
  t.optimizer.kind =
      s.optimizer == Settings::Optimizer::sgd ? OptimizerSettings::Kind::sgd : OptimizerSettings::Kind::adam;
  t.optimizer.beta1 = s.beta1;
  t.optimizer.beta2 = s.beta2;
  t.optimizer.eps = s.eps;
  t.optimizer.momentum = s.momentum;
  t.optimizer.gradient_clip = s.gradient_clip;
  t.learning_rate.schedule = s.lr_schedule == Settings::Schedule::step     ? LearningRate::Schedule::step
                             : s.lr_schedule == Settings::Schedule::cosine ? LearningRate::Schedule::cosine
                                                                           : LearningRate::Schedule::constant;
  t.learning_rate.initial = s.lr;
  t.learning_rate.step_epochs = s.lr_step_epochs;
  t.learning_rate.step_factor = s.lr_step_factor;
  t.learning_rate.max_epochs = s.max_epochs;
  t.batch_size = s.batch_size;
  t.micro_batch = s.micro_batch;
  t.max_epochs = s.max_epochs;
  t.dropout = s.dropout_prob;
  t.engine = engine;
  t.seed = seed;
  return t;
}

std::shared_ptr<const LabelledImages> DataStore::images(const std::filesystem::path& folder, Split split) {
  const std::lock_guard lock(mutex_);
  auto& known = images_[folder.string() + (split == Split::train ? " train" : " test")];
  if (!known) known = std::make_shared<LabelledImages>(read_mnist(root_ / folder, split));
  return known;
}

std::shared_ptr<const LabelledFrames> DataStore::frames(const Settings& s, Split split) {
  const std::lock_guard lock(mutex_);
  const std::string part = split == Split::train ? "training" : "test";
  auto& known = frames_[s.nmnist_path + " " + part + " " + std::to_string(s.num_timesteps) + " " +
                        std::to_string(s.duration_timestep)];
  if (!known) {
    NmnistOptions options;
    options.frames.num_timesteps = s.num_timesteps;
    options.frames.duration_timestep = s.duration_timestep;
    options.cache_folder = cache_;
    if (progress_)
      options.progress = [&](Index done, Index total) {
        progress_("decoding the " + part + " recordings", done, total);
      };
    known = std::make_shared<LabelledFrames>(read_nmnist(root_ / s.nmnist_path, split, options));
  }
  return known;
}

template <Scalar T>
TaskData<T> DataStore::load(const Settings& s, std::uint64_t seed) {
  const Random random(seed, Stream::data);
  switch (s.data) {
    case Settings::Data::sine: {
      SineSettings sine{s.time_steps(), s.dt, s.num_freqs, s.freq_min, s.freq_max, s.amp};
      std::vector<double> noise;
      if (s.noise_mean != 0 || s.noise_std != 0) {
        for (Index i = 0; i < sine.time_steps * sine.num_freqs; ++i) {
          noise.push_back(s.noise_mean + s.noise_std * random.normal(static_cast<std::uint64_t>(i)));
        }
      }
      const auto data = std::make_shared<ValueDataset<T>>(make_sine<T>(sine, noise));
      return {data, data};
    }
    case Settings::Data::lmnist:
    case Settings::Data::pmnist: {
      std::vector<Index> permutation;
      if (s.permute_pixels) {
        permutation.resize(28 * 28);
        std::iota(permutation.begin(), permutation.end(), Index{0});
        for (std::size_t i = permutation.size(); i > 1; --i) {
          std::swap(permutation[i - 1], permutation[random.below(i, static_cast<std::uint32_t>(i))]);
        }
      }
      const ImageLayout layout = s.data == Settings::Data::lmnist ? ImageLayout::lines : ImageLayout::pixels;
      return {std::make_shared<MnistDataset<T>>(images(s.mnist_path, Split::train), layout, permutation),
              std::make_shared<MnistDataset<T>>(images(s.mnist_path, Split::test), layout, permutation)};
    }
    case Settings::Data::nmnist:
      return {std::make_shared<NmnistDataset<T>>(frames(s, Split::train)),
              std::make_shared<NmnistDataset<T>>(frames(s, Split::test))};
    case Settings::Data::realizable:
      break;
  }
  const std::shared_ptr<const Dataset<T>> data = make_realizable_data<T>(s, seed);
  return {data, data};
}

template <Scalar T>
std::unique_ptr<Dataset<T>> make_synthetic_data(const Settings& s, Index batches) {
  SyntheticSettings synthetic;
  synthetic.samples = batches * s.batch_size;
  synthetic.time_steps = s.time_steps();
  synthetic.input_size = s.input_size;
  const bool has_labels = s.loss_fn == Settings::Loss::cross_entropy;
  synthetic.classes = has_labels ? s.output_size : 0;
  synthetic.target_size = has_labels ? 0 : s.output_size;
  if (s.data == Settings::Data::nmnist) synthetic.density = s.input_density;
  return std::make_unique<SyntheticDataset<T>>(synthetic);
}

#define GLIFR_INSTANTIATE(T)                                                      \
  template std::unique_ptr<RecurrentNetwork<T>> make_network<T>(const Settings&); \
  template TaskData<T> DataStore::load<T>(const Settings&, std::uint64_t);        \
  template std::unique_ptr<Dataset<T>> make_synthetic_data<T>(const Settings&, Index)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);

}  // namespace glifr
