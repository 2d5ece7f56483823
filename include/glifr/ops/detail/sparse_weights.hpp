#pragma once

#include <cstdint>

#include "glifr/core/tape.hpp"
#include "glifr/export.hpp"
#include "glifr/ops/detail/currents.hpp"

namespace glifr::detail {

/// The weights of a list of connections, as the products of a scan take them on the host: by receivers for the currents
/// of a window, by senders for the gradients that are sent back. Lies in the arena of a tape, as the list does.
template <Scalar T>
class GLIFR_API SparseWeights {
 public:
  /// None.
  SparseWeights() = default;
  /// Of the weights [inputs, connections] of `connections` (`Layer`), from `senders` neurons or features to the neurons
  /// whose currents lie as `currents` says. ShapeError where the senders do not ascend or a
  /// neuron is none.
  SparseWeights(const Var<T>& weights, const Var<T>& connections, Index senders, const CurrentsLayout<T>& currents);

  [[nodiscard]] bool is_empty() const { return sender_begin_ == nullptr; }
  /// currents = sent W + beta currents, of rows as `CurrentsLayout` has them; beta is 0 or 1.
  void multiply(View<const T> sent, T beta, View<T> currents) const;
  /// d_sent = d_currents W^T + beta d_sent
  void multiply_turned(View<const T> d_currents, T beta, View<T> d_sent) const;
  /// d_W += sent^T d_currents
  void add_products(View<const T> sent, View<const T> d_currents) const;

 private:
  /// Those of an input of the neurons in currents.
  [[nodiscard]] View<T> of_input(View<T> currents, Index g) const {
    return {currents.data + g * padded_, currents.rows, neurons_, currents.stride};
  }
  [[nodiscard]] View<const T> of_input(View<const T> currents, Index g) const {
    return {currents.data + g * padded_, currents.rows, neurons_, currents.stride};
  }

  Var<T> weights_;
  Index inputs_ = 1, connections_ = 0, neurons_ = 0, padded_ = 0;
  // Connections by senders, in which order the weights are, and by receivers.
  Index *sender_begin_ = nullptr, *receiver_begin_ = nullptr;
  std::int32_t *receiver_ = nullptr, *sender_ = nullptr;
  T* values_ = nullptr;  // of each input, by receivers
};

/// Where products of matrices are faster than those of connections alone, or products of connections are not to be had
/// (on a device): makes `weights` the matrix of them, and `connections` empty. `may_be_sparse`: whether there are such
/// products at all.
template <Scalar T>
GLIFR_API void choose_products(Var<T>& weights, Var<T>& connections, Index senders, Index receivers,
                               bool may_be_sparse);

}  // namespace glifr::detail
