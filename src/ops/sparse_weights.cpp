#include "glifr/ops/detail/sparse_weights.hpp"

#include "connections.hpp"
#include "glifr/backend/detail/kernels.hpp"
#include "glifr/ops/wiring.hpp"

namespace glifr::detail {

namespace {

/// Share of the pairs that are connected up to which products of the connections alone are the faster ones, as
/// measured by tests/benchmark/sparse_products.
constexpr double sparse_density = 1.0 / 3;

}  // namespace

template <Scalar T>
SparseWeights<T>::SparseWeights(const Var<T>& weights, const Var<T>& connections, Index senders,
                                const CurrentsLayout<T>& currents)
    : weights_(weights),
      inputs_(currents.inputs),
      connections_(connections.value().columns),
      neurons_(currents.neurons),
      padded_(currents.padded) {
  Arena& memory = weights.tape().memory();
  const View<const T> pairs = connections.value();
  check_connections(pairs, senders, neurons_);
  sender_begin_ = memory.allocate_zeroed<Index>(senders + 1);
  receiver_begin_ = memory.allocate_zeroed<Index>(neurons_ + 2);
  receiver_ = memory.allocate<std::int32_t>(connections_);
  sender_ = memory.allocate<std::int32_t>(connections_);
  values_ = memory.allocate<T>(inputs_ * connections_);

  // receiver_begin_[n + 2] counts the connections to neuron n; then receiver_begin_[n + 1] is where the next one goes.
  for (Index k = 0; k < connections_; ++k) {
    const auto sender = static_cast<Index>(pairs(0, k)), receiver = static_cast<Index>(pairs(1, k));
    ++sender_begin_[sender + 1];
    ++receiver_begin_[receiver + 2];
    receiver_[k] = static_cast<std::int32_t>(receiver);
  }
  for (Index n = 0; n < senders; ++n) sender_begin_[n + 1] += sender_begin_[n];
  for (Index n = 0; n < neurons_; ++n) receiver_begin_[n + 2] += receiver_begin_[n + 1];
  const View<const T> w = weights.value();
  for (Index sender = 0; sender < senders; ++sender) {
    for (Index k = sender_begin_[sender]; k < sender_begin_[sender + 1]; ++k) {
      const Index place = receiver_begin_[receiver_[k] + 1]++;
      sender_[place] = static_cast<std::int32_t>(sender);
      for (Index g = 0; g < inputs_; ++g) values_[g * connections_ + place] = w(g, k);
    }
  }
}

template <Scalar T>
void SparseWeights<T>::multiply(View<const T> sent, T beta, View<T> currents) const {
  for (Index g = 0; g < inputs_; ++g) {
    kernels::host<T>().multiply_sparse(sent, {receiver_begin_, sender_, values_ + g * connections_}, beta,
                                       of_input(currents, g));
  }
}

template <Scalar T>
void SparseWeights<T>::multiply_turned(View<const T> d_currents, T beta, View<T> d_sent) const {
  for (Index g = 0; g < inputs_; ++g) {
    kernels::host<T>().multiply_sparse(of_input(d_currents, g), {sender_begin_, receiver_, weights_.value().row(g)},
                                       g == 0 ? beta : T(1), d_sent);
  }
}

template <Scalar T>
void SparseWeights<T>::add_products(View<const T> sent, View<const T> d_currents) const {
  for (Index g = 0; g < inputs_; ++g) {
    kernels::host<T>().add_sparse_products(sent, of_input(d_currents, g), sender_begin_, receiver_,
                                           weights_.grad().row(g));
  }
}

template <Scalar T>
void choose_products(Var<T>& weights, Var<T>& connections, Index senders, Index receivers, bool may_be_sparse) {
  if (connections.is_empty()) return;
  const double density = static_cast<double>(connections.value().columns) / static_cast<double>(senders * receivers);
  if (may_be_sparse && !weights.tape().device() && density <= sparse_density) return;
  weights = place_weights(weights, connections, senders, receivers);
  connections = {};
}

#define GLIFR_INSTANTIATE_SPARSE(T) \
  template class SparseWeights<T>;  \
  template void choose_products(Var<T>&, Var<T>&, Index, Index, bool);
GLIFR_INSTANTIATE_SPARSE(float)
GLIFR_INSTANTIATE_SPARSE(double)
#undef GLIFR_INSTANTIATE_SPARSE

}  // namespace glifr::detail
