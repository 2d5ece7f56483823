#pragma once

#include <memory>

#include "glifr/backend/detail/kernels.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Weights laid out for products, once for all tapes that share these (`Tape::share`), on any threads.
template <Scalar T>
class GLIFR_API PreparedWeights {
 public:
  PreparedWeights();
  ~PreparedWeights();

  /// Begins a round, because parameters have changed: what was asked for in the last one is laid out again, where it is
  /// large by the threads that surround the call (`Workers::run`). No tape may be in use; the parameters that were used
  /// are where they were.
  void renew();
  /// `values`, which are those of `parameter` or of some of its columns, or their transpose, for products of about
  /// `rows` rows; valid until the next round. The first thread that asks lays them out, where `renew` did not; others
  /// that ask meanwhile wait for it.
  [[nodiscard]] kernels::Weights<T> get(kernels::Transpose transpose, const Parameter<T>& parameter,
                                        const View<const T>& values, Index rows);

 private:
  struct List;
  std::unique_ptr<List> list_;
};

/// Weights for any number of products of about `rows` rows in this round of the tape: laid out for all tapes that share
/// them with it, where they are a parameter.
template <Scalar T>
[[nodiscard]] GLIFR_API kernels::Weights<T> prepare(Tape<T>& tape, kernels::Transpose transpose,
                                                    const View<const T>& values, Index rows);

}  // namespace glifr
