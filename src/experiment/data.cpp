#include "glifr/experiment/data.hpp"

#include <boost/json.hpp>

#include "config_values.hpp"
#include "glifr/datasets/subset.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/io/json.hpp"

namespace glifr {

namespace {

/// Apart from what tasks draw from the same stream.
constexpr std::uint32_t key_of_validation = 0x76616c69;

/// All that the content of a part of the data depends on.
template <Scalar T>
std::string name_of(const Settings& s, std::uint64_t seed, Split part) {
  boost::json::object content{{"task", s.task.base},
                              {"seed", seed},
                              {"part", static_cast<int>(part)},
                              {"bytes", sizeof(T)},
                              {"dt", s.model.dt},
                              {"input_size", s.model.input_size},
                              {"output_size", s.model.output_size}};
  for (const ConfigKey& key : config_keys(find_task(s.task.base))) {
    if (s.task.values.contains(key.name)) content[key.name] = detail::value_of(key, s);
  }
  return to_line(content);
}

template <Scalar T>
std::shared_ptr<const Dataset<T>> load_from(const Task& task, const DataRequest& request) {
  if constexpr (std::is_same_v<T, float>) {
    return task.load_float(request);
  } else {
    return task.load_double(request);
  }
}

}  // namespace

template <Scalar T>
std::shared_ptr<const Dataset<T>> DataStore::load_part(const DataRequest& request) {
  const Settings& settings = request.settings;
  const Task& task = find_task(settings.task.base);
  const std::lock_guard lock(mutex_);
  const bool is_of_checkpoint = request.checkpoint && task.follows_checkpoint(settings);
  if (is_of_checkpoint || !task.serves_all_models()) return load_from<T>(task, request);
  auto& known = sets_[name_of<T>(settings, request.seed, request.part)];
  if (!known) known = load_from<T>(task, request);
  return std::static_pointer_cast<const Dataset<T>>(known);
}

template <Scalar T>
TaskData<T> DataStore::load(const Settings& s, std::uint64_t seed) {
  const Task& task = find_task(s.task.base);
  const auto part = [&](Split split) { return load_part<T>({s, seed, split, false, files_}); };
  TaskData<T> data{part(Split::train), part(task.has_test_set(s) ? Split::test : Split::train)};
  if (task.has_validation_set(s)) {
    data.validation = part(Split::validation);
  } else if (const double share = s.training.validation_fraction; share > 0) {
    const std::lock_guard lock(mutex_);
    auto& [kept, set_off] = splits_[{data.train, share, seed}];
    if (!kept) {
      const Random random(seed, Stream::data, key_of_validation);
      const SplitSamples parts = split_stratified(*data.train, share, random);
      set_off = std::make_shared<const SubsetDataset<T>>(data.train, parts.set_off);
      kept = std::make_shared<const SubsetDataset<T>>(data.train, parts.kept);
    }
    data.validation = std::static_pointer_cast<const SubsetDataset<T>>(set_off);
    data.train = std::static_pointer_cast<const SubsetDataset<T>>(kept);
  }
  return data;
}

template <Scalar T>
std::shared_ptr<const Dataset<T>> DataStore::load_test(const Settings& s, std::uint64_t seed,
                                                       const TensorFile* checkpoint, const std::string& name) {
  const Split part = find_task(s.task.base).has_test_set(s) ? Split::test : Split::train;
  return load_part<T>({s, seed, part, true, files_, checkpoint, name});
}

template <Scalar T>
DataDigest DataStore::digest(const std::shared_ptr<const Dataset<T>>& data) {
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = digests_.try_emplace(data);
  if (is_new) place->second = glifr::digest(*data);
  return place->second;
}

template <Scalar T>
TaskDigest DataStore::digest(const TaskData<T>& data) {
  TaskDigest all{digest<T>(data.train), digest<T>(data.test)};
  if (data.validation) all.validation = digest<T>(data.validation);
  return all;
}

template <Scalar T>
std::unique_ptr<Dataset<T>> make_synthetic_data(const Settings& s, Index batches) {
  SyntheticSettings synthetic;
  synthetic.samples = batches * s.training.batch_size;
  synthetic.time_steps = s.time_steps();
  synthetic.input_size = s.model.input_size;
  const bool has_labels = s.training.loss == LossKind::cross_entropy;
  synthetic.classes = has_labels ? s.model.output_size : 0;
  synthetic.target_size = has_labels ? 0 : s.model.output_size;
  synthetic.density = find_task(s.task.base).input_density(s);
  return std::make_unique<SyntheticDataset<T>>(synthetic);
}

#define GLIFR_INSTANTIATE(T)                                                                                 \
  template TaskData<T> DataStore::load<T>(const Settings&, std::uint64_t);                                   \
  template std::shared_ptr<const Dataset<T>> DataStore::load_test<T>(const Settings&, std::uint64_t,         \
                                                                     const TensorFile*, const std::string&); \
  template TaskDigest DataStore::digest<T>(const TaskData<T>&);                                              \
  template DataDigest DataStore::digest<T>(const std::shared_ptr<const Dataset<T>>&);                        \
  template std::unique_ptr<Dataset<T>> make_synthetic_data<T>(const Settings&, Index)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
