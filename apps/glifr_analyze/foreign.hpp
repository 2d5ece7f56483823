#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "glifr/experiment/data.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/network/network.hpp"
#include "session.hpp"

namespace glifr::apps {

/// A network of which no trial's folder tells anything: of another program, or a checkpoint by itself.
struct ForeignNetwork {
  std::string file;                    ///< for messages
  glifr::TensorFile tensors;           ///< under the names of glifr's checkpoints
  glifr::Settings settings;            ///< what is asked for; sizes and constants are the file's where it has them
  std::vector<std::string> constants;  ///< those that are the file's, named as in its metadata

  /// The network with its parameters and constants. DataError where the file's is another than the settings describe.
  template <glifr::Scalar T>
  [[nodiscard]] std::unique_ptr<glifr::RecurrentNetwork<T>> make() const;
  /// Whether the network's values are float, or fewer bits.
  [[nodiscard]] bool is_float32() const;
};

/// What is said of a foreign network.
struct ForeignRequest {
  std::filesystem::path file{};        ///< of PyTorch, or safetensors
  std::string task{};                  ///< on which it was trained; empty: that of the file of settings
  std::optional<std::string> model{};  ///< without it: the only one described, or a known one of the same neurons
  SettingOptions settings{};           ///< those of `set` count more than what the file says
};

/// Reads a network. DataError where the file is damaged or holds no network, or where what it holds is not what a
/// described model or the training data say; ConfigError where task, model or settings
/// are not known.
[[nodiscard]] ForeignNetwork read_foreign(const ForeignRequest& request, const glifr::DataStore& data);

/// Whether a checkpoint holds the scale of its inputs (key "normalize" of the task files).
[[nodiscard]] bool has_input_scale(const glifr::TensorFile& tensors);

}  // namespace glifr::apps
