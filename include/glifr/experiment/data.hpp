#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "glifr/datasets/dataset.hpp"
#include "glifr/datasets/digest.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// What is trained on, and what is tested on (the same set where a task has no other).
template <Scalar T>
struct TaskData {
  std::shared_ptr<const Dataset<T>> train;         ///< what is trained on
  std::shared_ptr<const Dataset<T>> test;          ///< what is tested on
  std::shared_ptr<const Dataset<T>> validation{};  ///< what is looked at while training goes on; null: nothing
};

/// What tells a task's data from others.
struct TaskDigest {
  DataDigest train;                        ///< of what is trained on
  DataDigest test;                         ///< of what is tested on
  std::optional<DataDigest> validation{};  ///< of what is looked at while training goes on
};

/// In what test data differ from those that the record of a trial, its config.json, names: "samples of the test data:
/// 10, here 12"; nothing where they do not, or it names none.
[[nodiscard]] GLIFR_API std::optional<std::string> difference_of_test_data(const boost::json::object& record,
                                                                           const DataDigest& test);

/// Finds a task's data and keeps what was read, so that a session's trials share it. Safe to use from several threads.
class GLIFR_API DataStore {
 public:
  /// Where the data lie.
  explicit DataStore(DataFiles files) : files_(std::move(files)) {}

  /// Where the data lie.
  [[nodiscard]] const DataFiles& files() const { return files_; }

  /// The data of a task; `seed` decides noise and permutations. DataError, ConfigError as the readers.
  template <Scalar T>
  [[nodiscard]] TaskData<T> load(const Settings& settings, std::uint64_t seed);
  /// The digest of data that `load` gave; taken once, whatever the number of trials.
  template <Scalar T>
  [[nodiscard]] TaskDigest digest(const TaskData<T>& data);
  /// The same of a part of it.
  template <Scalar T>
  [[nodiscard]] DataDigest digest(const std::shared_ptr<const Dataset<T>>& data);

  /// What a task's networks are tested on, without what they are trained on; with a network's checkpoint, as that says
  /// (how inputs are scaled, for one); `name` stands for its file in messages. Throws as `load`.
  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load_test(const Settings& settings, std::uint64_t seed,
                                                            const TensorFile* checkpoint = nullptr,
                                                            const std::string& name = {});

 private:
  template <Scalar T>
  std::shared_ptr<const Dataset<T>> load_part(const DataRequest& request);

  DataFiles files_;
  std::mutex mutex_;
  using Held = std::shared_ptr<const void>;
  std::map<std::string, Held> sets_;  // by what their content depends on
  // What is kept for training and what is set aside for validation, by the set, the share and the seed.
  std::map<std::tuple<Held, double, std::uint64_t>, std::pair<Held, Held>> splits_;
  std::map<Held, DataDigest> digests_;  // by the set, which it keeps alive
};

/// Data without meaning in the shape of a task, some batches of it: for measuring speed where there are no data.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<Dataset<T>> make_synthetic_data(const Settings& settings, Index batches);

}  // namespace glifr
