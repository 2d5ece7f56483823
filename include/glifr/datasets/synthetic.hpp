#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "glifr/datasets/dataset.hpp"
#include "glifr/datasets/frames.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// The shape of made-up data: with labels (classes >= 1) or with values as targets (target_size >= 1).
struct SyntheticSettings {
  Index samples = 1;      ///< >= 1
  Index time_steps = 1;   ///< >= 1
  Index input_size = 1;   ///< features a time step, >= 1
  Index classes = 0;      ///< of labels; 0 where the targets are values
  Index target_size = 0;  ///< of value targets; 0 where the targets are labels
  /// Share of ones, 0 to 1, of inputs that are binary and sparse; none: inputs are dense values.
  std::optional<double> density = std::nullopt;
  std::uint64_t seed = 0;  ///< same seed, same data
};

/// Data without meaning, for measuring how fast a network of a task's shape trains: the same settings give the same
/// data. Values are uniform in [-1, 1), labels in 0 … classes - 1.
template <Scalar T>
class GLIFR_API SyntheticDataset final : public Dataset<T> {
 public:
  /// Throws std::invalid_argument for a size, a density or a choice of targets that is not accepted.
  explicit SyntheticDataset(const SyntheticSettings& settings);

  [[nodiscard]] Index size() const override { return settings_.samples; }
  [[nodiscard]] Index time_steps() const override { return settings_.time_steps; }
  [[nodiscard]] Index input_size() const override { return settings_.input_size; }
  [[nodiscard]] bool is_sparse() const override { return settings_.density.has_value(); }
  [[nodiscard]] Index classes() const override { return settings_.classes; }
  [[nodiscard]] Index target_size() const override { return settings_.target_size; }

  void inputs(std::span<const Index> samples, T* x) const override;
  void active_inputs(std::span<const Index> samples, ActiveInputs* rows) const override;
  void labels(std::span<const Index> samples, std::int32_t* labels) const override;
  void targets(std::span<const Index> samples, T* values) const override;

 private:
  SyntheticSettings settings_;
  BinaryFrames frames_;    // of sparse inputs
  std::vector<T> values_;  // of dense inputs, [time_steps, samples, input_size]
  std::vector<std::int32_t> labels_;
  std::vector<T> targets_;  // [time_steps, samples, target_size]
};

extern template class SyntheticDataset<float>;
extern template class SyntheticDataset<double>;

}  // namespace glifr
