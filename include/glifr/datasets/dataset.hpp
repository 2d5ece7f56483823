#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "glifr/backend/sparse.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// The parts of a data set that comes divided: what a network learns from, what it is judged by in the end, and what it
/// is judged by meanwhile.
enum class Split { train, test, validation };

/// Samples with their targets, as training and evaluation ask for them: a few at a time, by number, from several
/// threads at once. A data set is immutable once made. Inputs are dense or, where they are binary and mostly zero,
/// lists of active inputs; targets are a class label a sample, or values for every time step or for the last one.
/// Samples may be of different lengths: all are stored with `time_steps` steps, of which the first `lengths` are valid.
/// What inputs and targets hold behind them has no influence on anything. The library's own sets throw
/// std::invalid_argument where a number is not that of a sample.
template <Scalar T>
class GLIFR_API Dataset {
 public:
  virtual ~Dataset() = default;

  /// The number of samples.
  [[nodiscard]] virtual Index size() const = 0;
  /// Time steps of every sample.
  [[nodiscard]] virtual Index time_steps() const = 0;
  /// Features of every time step.
  [[nodiscard]] virtual Index input_size() const = 0;
  /// Whether inputs are lists of active inputs.
  [[nodiscard]] virtual bool is_sparse() const { return false; }
  /// Classes (labels 0 … classes - 1), or 0 where the targets are values.
  [[nodiscard]] virtual Index classes() const = 0;
  /// Width of a value target, 0 where the targets are labels.
  [[nodiscard]] virtual Index target_size() const { return 0; }
  /// Time steps that value targets are given for: all, or 1 where they are given for the last (valid) step only.
  [[nodiscard]] virtual Index target_steps() const { return time_steps(); }
  /// Whether samples may have fewer valid steps than `time_steps`.
  [[nodiscard]] virtual bool has_lengths() const { return false; }

  /// Writes the inputs of `samples`, each below `size()`, to `x` as `[time_steps, samples, input_size]`, densely.
  /// Sparse sets support this too.
  virtual void inputs(std::span<const Index> samples, T* x) const = 0;
  /// Writes `time_steps * samples` rows, time-major; they stay valid as long as the data set. Sparse sets only.
  virtual void active_inputs(std::span<const Index> samples, ActiveInputs* rows) const;
  /// Writes a label a sample. Sets with labels only.
  virtual void labels(std::span<const Index> samples, std::int32_t* labels) const;
  /// Writes the target values as `[target_steps, samples, target_size]`. Sets with values only.
  virtual void targets(std::span<const Index> samples, T* values) const;
  /// Writes the valid steps of each sample, 1 … time_steps. Sets with lengths only.
  virtual void lengths(std::span<const Index> samples, std::int32_t* lengths) const;
};

/// std::invalid_argument where one of the numbers is not that of a sample of a data set of `size`.
GLIFR_API void check_samples(std::span<const Index> samples, Index size);

/// ShapeError where one of the labels is no class of so many.
GLIFR_API void check_labels(std::span<const std::int32_t> labels, Index classes);
/// The labels of some samples. Sets with labels only. ShapeError where one is no class.
template <Scalar T>
[[nodiscard]] GLIFR_API std::vector<std::int32_t> labels_of(const Dataset<T>& data, std::span<const Index> samples);
/// Those of all samples.
template <Scalar T>
[[nodiscard]] GLIFR_API std::vector<std::int32_t> labels_of(const Dataset<T>& data);

/// How many samples of each class there are. Sets with labels only. ShapeError where a label is no class.
template <Scalar T>
[[nodiscard]] GLIFR_API std::vector<Index> class_counts(const Dataset<T>& data);

extern template class Dataset<float>;
extern template class Dataset<double>;

}  // namespace glifr
