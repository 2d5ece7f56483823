#include "glifr/training/reduce.hpp"

#include <array>
#include <cmath>
#include <stdexcept>

#include "blocks.hpp"
#include "glifr/backend/detail/kernels.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr {

template <Scalar T>
Reduction<T>::Reduction(const ParameterList<T>& parameters)
    : layout_(parameters), blocks_(layout_.blocks(parameter_block)), squares_(blocks_.size()) {}

template <Scalar T>
typename Reduction<T>::Result Reduction<T>::operator()(std::span<Gradients<T>* const> shares) {
  if (shares.empty() || shares.size() > max_shares)
    throw std::logic_error("a gradient comes in 1 to " + std::to_string(max_shares) + " shares, found " +
                           std::to_string(shares.size()));
  for_each_block(std::ssize(blocks_), [&](Index b) {
    const auto& block = at(blocks_, b);
    const Index offset = layout_.trained()[block.entry].offset + block.first;
    std::array<T*, max_shares> data;
    for (std::size_t s = 0; s < shares.size(); ++s) data[s] = shares[s]->values().data() + offset;
    at(squares_, b) = kernels::host<T>().sum_shares(data.data(), std::ssize(shares), block.count);
  });
  double squares = 0;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    if (!std::isfinite(squares_[b])) return {squares_[b], layout_.trained()[blocks_[b].entry].parameter};
    squares += squares_[b];
  }
  return {std::sqrt(squares), nullptr};
}

template class Reduction<float>;
template class Reduction<double>;

}  // namespace glifr
