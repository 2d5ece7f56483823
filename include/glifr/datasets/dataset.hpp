#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "glifr/backend/sparse.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// The parts of a data set that comes divided: what a network learns from, what it is judged by in the end, and what it
/// is judged by meanwhile.
enum class Split { train, test, validation };

/// Samples with their targets, as training and evaluation ask for them: a few at a time, by number, from several
/// threads at once. A data set is immutable once made. Inputs are dense or, where they are binary and mostly zero,
/// lists of active inputs; targets are a class label a sample or a value for every time step.
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

  /// Writes the inputs of `samples` to `x` as `[time_steps, samples, input_size]`, densely. Sparse sets support this
  /// too.
  virtual void inputs(std::span<const Index> samples, T* x) const = 0;
  /// Writes `time_steps * samples` rows, time-major; they stay valid as long as the data set. Sparse sets only.
  virtual void active_inputs(std::span<const Index> samples, ActiveInputs* rows) const;
  /// Writes a label a sample. Sets with labels only.
  virtual void labels(std::span<const Index> samples, std::int32_t* labels) const;
  /// Writes the target values as `[time_steps, samples, target_size]`. Sets with values only.
  virtual void targets(std::span<const Index> samples, T* values) const;
};

extern template class Dataset<float>;
extern template class Dataset<double>;

}  // namespace glifr
