#include "glifr/experiment/build.hpp"

#include <unistd.h>

#include <cstdio>
#include <map>
#include <new>
#include <numeric>
#include <optional>
#include <utility>

#include "glifr/datasets/sine.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/experiment/realizable.hpp"
#include "glifr/network/description.hpp"

namespace glifr {

namespace {

/// The only layer of a published model.
LayerDescription layer_of_published(const Settings& s) {
  LayerDescription layer{.size = s.hidden_size, .num_ascs = s.num_ascs, .synaptic_delay = s.synaptic_delay};
  switch (find_model(s.model).cell) {
    case CellKind::rnn:
      layer.neuron = Rnn::name;
      break;
    case CellKind::lstm:
      layer.neuron = Lstm::name;
      layer.synaptic_delay = 0;
      break;
    case CellKind::glifr:
      layer.neuron = Glifr<0>::name;
      break;
  }
  if (layer.neuron == Glifr<0>::name && !s.train_dynamics) {
    for (const FieldExtent& parameter : find_neuron(layer.neuron, layer.num_ascs).parameters)
      layer.trained[parameter.field.name] = false;
  }
  return layer;
}

/// Gives a layer what it does not say itself and the settings do.
void complete(LayerDescription& layer, const Settings& s) {
  const std::map<std::string, double> constants{
      {"tau", s.tau}, {"sigma_v", s.sigma_v_in(0)}, {"R", s.R}, {"I0", s.I0}, {"v_reset", s.v_reset}};
  for (const Field& field : find_neuron(layer.neuron, layer.num_ascs).constants) {
    if (const auto value = constants.find(field.name); value != constants.end()) layer.constants.insert(*value);
  }
  // An LSTM has no synaptic delay unless a layer asks for one.
  if (layer.synaptic_delay == LayerDescription::of_the_task)
    layer.synaptic_delay = layer.neuron == Lstm::name ? 0 : s.synaptic_delay;
}

}  // namespace

Model model_of(const Settings& s) {
  return s.layers.empty() ? find_model(s.model) : Model{.name = s.model, .layers = s.layers};
}

NetworkDescription describe_network(const Settings& s) {
  std::vector<LayerDescription> layers = s.layers;
  if (layers.empty()) layers.push_back(layer_of_published(s));
  for (LayerDescription& layer : layers) complete(layer, s);
  const bool has_readout = s.data != Settings::Data::realizable;
  return {.dt = s.dt,
          .input_size = s.input_size,
          .layers = std::move(layers),
          .output_size = has_readout ? s.output_size : 0,
          .outputs = s.final_reduction == Settings::Reduction::last ? Outputs::last_step : Outputs::every_step};
}

template <Scalar T>
std::unique_ptr<RecurrentNetwork<T>> make_network(const Settings& s) {
  const NetworkDescription description = describe_network(s);
  const double bytes = static_cast<double>(sizeof(T)) * static_cast<double>(count_parameters(description).all);
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  const auto refuse = [&] {
    char gigabytes[32];
    std::snprintf(gigabytes, sizeof gigabytes, "%.3g", bytes / 1e9);
    throw ConfigError("hidden_size", "found " + std::to_string(s.hidden_size) + "; the parameters of such a network (" +
                                         s.model + ") take " + gigabytes + " GB, more memory than there is");
  };
  if (bytes > memory) refuse();
  try {
    return make_network<T>(description);
  } catch (const std::bad_alloc&) {
    refuse();
  }
  return nullptr;
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

namespace {

std::string size_of(const IdxImages& images) {
  return std::to_string(images.rows) + " x " + std::to_string(images.columns) + " pixels";
}

void check_input_size(const LabelledImages& data, const Settings& s) {
  const Index columns = data.images.columns;
  if (s.data != Settings::Data::lmnist || columns == s.input_size) return;
  throw DataError(data.file, "found images of " + size_of(data.images) +
                                 ", a line of them a time step; input_size is " + std::to_string(s.input_size) +
                                 ", set input_size=" + std::to_string(columns));
}

void check_same_size(const LabelledImages& train, const LabelledImages& test) {
  if (train.images.rows == test.images.rows && train.images.columns == test.images.columns) return;
  throw DataError(test.file, "found images of " + size_of(test.images) + "; those of " + train.file + " have " +
                                 size_of(train.images));
}

/// One order of all pixels for all images.
std::vector<Index> draw_permutation(Index pixels, const Random& random) {
  std::vector<Index> permutation(static_cast<std::size_t>(pixels));
  std::iota(permutation.begin(), permutation.end(), Index{0});
  for (std::size_t i = permutation.size(); i > 1; --i) {
    std::swap(permutation[i - 1], permutation[random.below(i, static_cast<std::uint32_t>(i))]);
  }
  return permutation;
}

/// Whether a task's networks are tested on other data than they are trained on.
bool has_test_set(Settings::Data data) {
  return data != Settings::Data::sine && data != Settings::Data::realizable;
}

}  // namespace

std::shared_ptr<const LabelledImages> DataStore::images(const Settings& s, Split split) {
  const std::lock_guard lock(mutex_);
  auto& known = images_[s.mnist_path + (split == Split::train ? " train " : " test ") + std::to_string(s.output_size)];
  if (!known) known = std::make_shared<LabelledImages>(read_mnist(root_ / s.mnist_path, split, s.output_size));
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
    options.writes_beside_data = caching_ == Caching::beside_data;
    if (progress_)
      options.progress = [&](Index done, Index total) {
        progress_("decoding the " + part + " recordings", done, total);
      };
    known = std::make_shared<LabelledFrames>(read_nmnist(root_ / s.nmnist_path, split, options));
  }
  return known;
}

template <Scalar T>
std::shared_ptr<const Dataset<T>> DataStore::load_split(const Settings& s, std::uint64_t seed, Split split) {
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
      return std::make_shared<ValueDataset<T>>(make_sine<T>(sine, noise));
    }
    case Settings::Data::lmnist:
    case Settings::Data::pmnist: {
      auto data = images(s, split);
      check_input_size(*data, s);
      std::vector<Index> permutation;
      if (s.permute_pixels) permutation = draw_permutation(data->images.rows * data->images.columns, random);
      const ImageLayout layout = s.data == Settings::Data::lmnist ? ImageLayout::lines : ImageLayout::pixels;
      return std::make_shared<MnistDataset<T>>(std::move(data), layout, std::move(permutation));
    }
    case Settings::Data::nmnist:
      return std::make_shared<NmnistDataset<T>>(frames(s, split));
    case Settings::Data::realizable:
      break;
  }
  return make_realizable_data<T>(s, seed);
}

template <Scalar T>
TaskData<T> DataStore::load(const Settings& s, std::uint64_t seed) {
  if (s.data == Settings::Data::lmnist || s.data == Settings::Data::pmnist) {
    const auto train = images(s, Split::train);
    check_same_size(*train, *images(s, Split::test));
  }
  const auto train = load_split<T>(s, seed, Split::train);
  return {train, has_test_set(s.data) ? load_split<T>(s, seed, Split::test) : train};
}

template <Scalar T>
std::shared_ptr<const Dataset<T>> DataStore::load_test(const Settings& s, std::uint64_t seed) {
  return load_split<T>(s, seed, Split::test);
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

#define GLIFR_INSTANTIATE(T)                                                                          \
  template std::unique_ptr<RecurrentNetwork<T>> make_network<T>(const Settings&);                     \
  template TaskData<T> DataStore::load<T>(const Settings&, std::uint64_t);                            \
  template std::shared_ptr<const Dataset<T>> DataStore::load_test<T>(const Settings&, std::uint64_t); \
  template TaskDigest DataStore::digest<T>(const Settings&, std::uint64_t, const TaskData<T>&);       \
  template std::unique_ptr<Dataset<T>> make_synthetic_data<T>(const Settings&, Index)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);

}  // namespace glifr
