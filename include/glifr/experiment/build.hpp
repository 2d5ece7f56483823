#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "glifr/datasets/dataset.hpp"
#include "glifr/datasets/digest.hpp"
#include "glifr/datasets/mnist.hpp"
#include "glifr/datasets/nmnist.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/export.hpp"
#include "glifr/network/description.hpp"
#include "glifr/network/models.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/trainer.hpp"

namespace glifr {

/// The model that settings are of, published or described.
[[nodiscard]] GLIFR_API Model model_of(const Settings& settings);

/// The network that settings ask for, as data.
[[nodiscard]] GLIFR_API NetworkDescription describe_network(const Settings& settings);

/// The network that settings describe: of the model's cell, with its parameters still zero; those that the model does
/// not train are frozen. ConfigError (key "hidden_size") where this machine has not the memory for its parameters.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<RecurrentNetwork<T>> make_network(const Settings& settings);

/// The numbers that training moves.
template <Scalar T>
[[nodiscard]] Index count_trained(const ParameterList<T>& parameters) {
  Index count = 0;
  for (const Parameter<T>* parameter : parameters) count += parameter->is_trained ? parameter->value.size() : 0;
  return count;
}

/// How settings say that the network is trained.
[[nodiscard]] GLIFR_API TrainingSettings training_settings(const Settings& settings, std::uint64_t seed, Engine engine);

/// What is trained on, and what is tested on (the same set where a task has no other).
template <Scalar T>
struct TaskData {
  std::shared_ptr<const Dataset<T>> train;  ///< what is trained on
  std::shared_ptr<const Dataset<T>> test;   ///< what is tested on
};

/// What tells a task's data from others.
struct TaskDigest {
  DataDigest train;  ///< of what is trained on
  DataDigest test;   ///< of what is tested on
};

/// Finds a task's data under the data root and keeps what was read, so that a session's trials share it. Safe to use
/// from several threads.
class GLIFR_API DataStore {
 public:
  /// What is done with decoded N-MNIST frames where no folder is named for them: keep them beside the data, or leave
  /// the data's folder as it is.
  enum class Caching { beside_data, nowhere };

  /// `cache`: folder for decoded N-MNIST frames; empty: as `caching` says. `progress` hears of long reading: (what,
  /// done, total).
  DataStore(std::filesystem::path root, std::filesystem::path cache,
            std::function<void(const std::string&, Index, Index)> progress = {}, Caching caching = Caching::beside_data)
      : root_(std::move(root)), cache_(std::move(cache)), progress_(std::move(progress)), caching_(caching) {}

  /// The data of a task; `seed` decides noise and permutations. DataError, ConfigError as the readers; DataError where
  /// the images' sizes are not those of the settings, or differ between the training and the test set.
  template <Scalar T>
  [[nodiscard]] TaskData<T> load(const Settings& settings, std::uint64_t seed);
  /// The digest of what `load` gave for the same settings and seed. Sets that were read from files are gone through
  /// once, whatever the number of trials.
  template <Scalar T>
  [[nodiscard]] TaskDigest digest(const Settings& settings, std::uint64_t seed, const TaskData<T>& data);

  /// What a task's networks are tested on, without what they are trained on. Throws as `load`.
  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load_test(const Settings& settings, std::uint64_t seed);

 private:
  template <Scalar T>
  std::shared_ptr<const Dataset<T>> load_split(const Settings& settings, std::uint64_t seed, Split split);
  std::shared_ptr<const LabelledImages> images(const Settings& settings, Split split);
  std::shared_ptr<const LabelledFrames> frames(const Settings& settings, Split split);

  std::filesystem::path root_, cache_;
  std::function<void(const std::string&, Index, Index)> progress_;
  Caching caching_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const LabelledImages>> images_;
  std::map<std::string, std::shared_ptr<const LabelledFrames>> frames_;
  std::map<std::string, TaskDigest> digests_;
};

/// Data without meaning in the shape of a task, some batches of it: for measuring speed where there are no data.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<Dataset<T>> make_synthetic_data(const Settings& settings, Index batches);

}  // namespace glifr
