#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "glifr/datasets/dataset.hpp"
#include "glifr/datasets/mnist.hpp"
#include "glifr/datasets/nmnist.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/export.hpp"
#include "glifr/network/models.hpp"
#include "glifr/network/network.hpp"
#include "glifr/training/trainer.hpp"

namespace glifr {

/// How many numbers a network's parameters hold.
struct ParameterCount {
  Index all = 0;      ///< those of checkpoints
  Index trained = 0;  ///< those that training moves
};

/// The parameters of the network that settings describe, counted without making it.
[[nodiscard]] GLIFR_API ParameterCount count_parameters(const Settings& settings);

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

/// Finds a task's data under the data root and keeps what was read, so that a session's trials share it. Safe to use
/// from several threads.
class GLIFR_API DataStore {
 public:
  /// `cache`: folder for decoded N-MNIST frames; empty: beside the data. `progress` hears of long reading: (what, done,
  /// total).
  DataStore(std::filesystem::path root, std::filesystem::path cache,
            std::function<void(const std::string&, Index, Index)> progress = {})
      : root_(std::move(root)), cache_(std::move(cache)), progress_(std::move(progress)) {}

  /// The data of a task; `seed` decides noise and permutations. DataError, ConfigError as the readers.
  template <Scalar T>
  [[nodiscard]] TaskData<T> load(const Settings& settings, std::uint64_t seed);

 private:
  std::shared_ptr<const LabelledImages> images(const std::filesystem::path& folder, Split split);
  std::shared_ptr<const LabelledFrames> frames(const Settings& settings, Split split);

  std::filesystem::path root_, cache_;
  std::function<void(const std::string&, Index, Index)> progress_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const LabelledImages>> images_;
  std::map<std::string, std::shared_ptr<const LabelledFrames>> frames_;
};

/// Data without meaning in the shape of a task, some batches of it: for measuring speed where there are no data.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<Dataset<T>> make_synthetic_data(const Settings& settings, Index batches);

}  // namespace glifr
