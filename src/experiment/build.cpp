#include "glifr/experiment/build.hpp"

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
  template std::unique_ptr<Dataset<T>> make_synthetic_data<T>(const Settings&, Index)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);

}  // namespace glifr
