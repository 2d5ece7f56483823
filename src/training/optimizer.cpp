#include "glifr/training/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "glifr/backend/parallel.hpp"

namespace glifr {

namespace {

/// Elements that one task takes: enough to be worth handing over, few enough to share out. The sums do not depend on
/// it.
constexpr Index block_size = 16384;

/// The blocks of a small network are done sooner than another thread would wake up.
template <class Body>
void for_each_block(Index count, Body&& body) {
  if (count > 4) return parallel_for(count, body);
  for (Index b = 0; b < count; ++b) body(b);
}

}  // namespace

template <Scalar T>
Optimizer<T>::Optimizer(const ParameterList<T>& parameters, const OptimizerSettings& settings) : settings_(settings) {
  const bool keeps_first = settings.kind == OptimizerSettings::Kind::adam || settings.momentum != 0;
  const bool keeps_second = settings.kind == OptimizerSettings::Kind::adam;
  Index offset = 0;
  for (Parameter<T>* parameter : parameters) {
    if (!parameter->is_trained) continue;
    const Shape& shape = parameter->value.shape();
    states_.push_back(
        {parameter, keeps_first ? Tensor<T>(shape) : Tensor<T>(), keeps_second ? Tensor<T>(shape) : Tensor<T>()});
    const Index size = parameter->value.padded_size();
    for (Index first = 0; first < size; first += block_size) {
      blocks_.push_back({states_.size() - 1, first, std::min(block_size, size - first), offset + first});
    }
    offset += size;
  }
  block_norms_.resize(blocks_.size());
}

template <Scalar T>
std::optional<std::string> Optimizer<T>::step(std::span<Gradients<T>* const> shares, double learning_rate) {
  const auto count = static_cast<Index>(blocks_.size());
  for_each_block(count, [&](Index b) {
    const Block& block = blocks_[static_cast<std::size_t>(b)];
    std::array<T*, max_shares> data;
    for (std::size_t s = 0; s < shares.size(); ++s) data[s] = shares[s]->values().data() + block.offset;
    block_norms_[static_cast<std::size_t>(b)] =
        kernels::sum_shares<T>(data.data(), static_cast<Index>(shares.size()), block.count);
  });
  double squares = 0;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    if (!std::isfinite(block_norms_[b])) return states_[blocks_[b].state].parameter->name;
    squares += block_norms_[b];
  }
  const double norm = std::sqrt(squares);
  const bool clips = settings_.gradient_clip > 0 && norm > settings_.gradient_clip;
  const T scale = clips ? static_cast<T>(settings_.gradient_clip / norm) : T(1);

  ++steps_;
  const double t = static_cast<double>(steps_);
  const kernels::AdamFactors adam{settings_.beta1, settings_.beta2, settings_.eps,
                                  learning_rate / (1 - std::pow(settings_.beta1, t)),
                                  1 / std::sqrt(1 - std::pow(settings_.beta2, t))};
  for_each_block(count, [&](Index b) {
    const Block& block = blocks_[static_cast<std::size_t>(b)];
    State& state = states_[block.state];
    const T* gradient = shares[0]->values().data() + block.offset;
    T* value = state.parameter->value.data() + block.first;
    if (settings_.kind == OptimizerSettings::Kind::adam) {
      kernels::adam_update<T>(gradient, scale, block.count, adam, value, state.first.data() + block.first,
                              state.second.data() + block.first);
    } else {
      kernels::sgd_update<T>(gradient, scale, block.count, static_cast<T>(learning_rate),
                             static_cast<T>(settings_.momentum), value,
                             settings_.momentum != 0 ? state.first.data() + block.first : nullptr);
    }
  });
  return std::nullopt;
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace glifr
