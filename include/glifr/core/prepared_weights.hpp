#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "glifr/backend/detail/kernels.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Weights laid out for products, once for all tapes that share these (`Tape::share`), on any threads.
template <Scalar T>
class GLIFR_API PreparedWeights {
 public:
  /// Begins a round, because parameters have changed: what was asked for in the last one is laid out again by the
  /// threads that surround the call (`Workers::run`), where it is large. No tape may be in use; the parameters that
  /// were used are where they were.
  void renew();
  /// `values`, which are those of `parameter` or of some of its columns, or their transpose; valid until the next
  /// round. The first thread that asks lays them out, where `renew` did not; others that ask meanwhile wait for it.
  [[nodiscard]] kernels::Weights<T> get(kernels::Transpose transpose, const Parameter<T>& parameter,
                                        const View<const T>& values);

 private:
  struct Entry {
    const Parameter<T>* parameter = nullptr;
    Index offset = 0;  // of the values in the parameter's
    kernels::Weights<T> weights;
    std::uint64_t round = 0, asked = 0;  // in which they were laid out, and asked for
    Arena memory;
    std::mutex mutex;  // of what changes
  };
  Entry& find(kernels::Transpose transpose, const Parameter<T>& parameter, const View<const T>& values);

  std::uint64_t round_ = 1;
  std::mutex mutex_;  // of the list
  std::vector<std::unique_ptr<Entry>> entries_;
  std::vector<Entry*> large_;
};

/// Weights for any number of products in this round of the tape: laid out for all tapes that share them with it, where
/// they are a parameter.
template <Scalar T>
[[nodiscard]] GLIFR_API kernels::Weights<T> prepare(Tape<T>& tape, kernels::Transpose transpose,
                                                    const View<const T>& values);

}  // namespace glifr
