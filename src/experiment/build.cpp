#include "glifr/experiment/build.hpp"

#include <numeric>
#include <optional>
#include <utility>

#include "glifr/cells/glifr.hpp"
#include "glifr/cells/lstm.hpp"
#include "glifr/cells/rnn.hpp"
#include "glifr/datasets/sine.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/experiment/realizable.hpp"

namespace glifr {

namespace {

template <class N, Scalar T>
std::unique_ptr<RecurrentNetwork<T>> make(const Settings& s) {
  CellSettings<N> cell{.input_size = s.input_size, .hidden_size = s.hidden_size, .delay = s.delay_steps()};
  const bool has_readout = s.data != Settings::Data::realizable;
  const Outputs outputs = s.final_reduction == Settings::Reduction::last ? Outputs::last_step : Outputs::every_step;
  auto network = std::make_unique<Network<Cell<N, T>>>(cell, has_readout ? s.output_size : 0, outputs);
  const std::pair<const char*, double> constants[] = {{"dt", s.dt}, {"tau", s.tau}, {"sigma_v", s.sigma_v_in(0)},
                                                      {"R", s.R},   {"I0", s.I0},   {"v_reset", s.v_reset}};
  for (const auto& [name, value] : constants) network->set_constant(name, value);
  return network;
}

template <Scalar T>
std::unique_ptr<RecurrentNetwork<T>> make_glifr(const Settings& s) {
  switch (s.num_ascs) {
    case 0:
      return make<Glifr<0>, T>(s);
    case 1:
      return make<Glifr<1>, T>(s);
    case 2:
      return make<Glifr<2>, T>(s);
    case 3:
      return make<Glifr<3>, T>(s);
    case 4:
      return make<Glifr<4>, T>(s);
    default:
      throw ConfigError("num_ascs", "found " + std::to_string(s.num_ascs) + ", accepted 0 to 4");
  }
}

}  // namespace

template <Scalar T>
std::unique_ptr<RecurrentNetwork<T>> make_network(const Settings& settings) {
  switch (find_model(settings.model).cell) {
    case CellKind::rnn:
      return make<Rnn, T>(settings);
    case CellKind::lstm: {
      Settings without_delay = settings;
      without_delay.synaptic_delay = 0;
      return make<Lstm, T>(without_delay);
    }
    case CellKind::glifr:
      break;
  }
  auto network = make_glifr<T>(settings);
  if (!settings.train_dynamics) {
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

namespace {

/// What the content of sets that are read from files depends on; nothing for those that are computed, which are small.
std::optional<std::string> name_of_files(const Settings& s, std::uint64_t seed) {
  const std::string text_of_seed = s.permute_pixels ? " permuted by " + std::to_string(seed) : "";
  switch (s.data) {
    case Settings::Data::lmnist:
      return "lines " + s.mnist_path;
    case Settings::Data::pmnist:
      return "pixels " + s.mnist_path + text_of_seed;
    case Settings::Data::nmnist:
      return "frames " + s.nmnist_path + " " + std::to_string(s.num_timesteps) + " " +
             std::to_string(s.duration_timestep);
    default:
      return std::nullopt;
  }
}

}  // namespace

template <Scalar T>
TaskDigest DataStore::digest(const Settings& s, std::uint64_t seed, const TaskData<T>& data) {
  const auto compute = [&] { return TaskDigest{glifr::digest(*data.train), glifr::digest(*data.test)}; };
  const std::optional<std::string> name = name_of_files(s, seed);
  if (!name) return compute();
  const std::lock_guard lock(mutex_);
  const std::string key = *name + (sizeof(T) == sizeof(float) ? " float32" : " float64");
  const auto known = digests_.find(key);
  return known != digests_.end() ? known->second : digests_.emplace(key, compute()).first->second;
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

#define GLIFR_INSTANTIATE(T)                                                                    \
  template std::unique_ptr<RecurrentNetwork<T>> make_network<T>(const Settings&);               \
  template TaskData<T> DataStore::load<T>(const Settings&, std::uint64_t);                      \
  template TaskDigest DataStore::digest<T>(const Settings&, std::uint64_t, const TaskData<T>&); \
  template std::unique_ptr<Dataset<T>> make_synthetic_data<T>(const Settings&, Index)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);

}  // namespace glifr
