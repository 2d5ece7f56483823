#pragma once

#include <span>
#include <vector>

#include "glifr/core/parameter_layout.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Shares that a batch's gradient may come in.
inline constexpr std::size_t max_shares = 64;

/// Sums the shares of a batch's gradient in their order, so that the bits do not depend on who computed them.
template <Scalar T>
class GLIFR_API Reduction {
 public:
  /// What a sum is like.
  struct Result {
    double norm = 0;                           ///< of all gradients together
    const Parameter<T>* not_finite = nullptr;  ///< the first parameter whose gradient is not finite, if any
  };

  /// Room for a trained parameter's stretches. The parameters outlive this.
  explicit Reduction(const ParameterList<T>& parameters);

  /// Sums up to `max_shares` shares into the first of them, by `parallel_for` of the surrounding workers.
  Result operator()(std::span<Gradients<T>* const> shares);

 private:
  ParameterLayout<T> layout_;
  std::vector<typename ParameterLayout<T>::Block> blocks_;
  std::vector<double> squares_;  // a block
};

extern template class Reduction<float>;
extern template class Reduction<double>;

}  // namespace glifr
