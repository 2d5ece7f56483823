#pragma once

#include "glifr/backend/detail/dispatch.hpp"
#include "glifr/core/prepared_weights.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/ops/detail/currents.hpp"
#include "glifr/ops/detail/sparse_weights.hpp"

namespace glifr::detail {

/// The weights between the neurons of a layer, as a scan multiplies by them: a matrix, with padding between the inputs
/// of the neurons where there are several, so that one product serves all of them; or a list of connections.
template <Scalar T>
class LateralWeights {
  using enum kernels::Transpose;

 public:
  LateralWeights() = default;
  /// `connections`: of the weights, where they are a list (`Layer`). `rows`: of outputs that are multiplied at a time.
  /// `is_used`: whether any are.
  LateralWeights(const Var<T>& weights, const Var<T>& connections, const CurrentsLayout<T>& currents, Index rows,
                 bool is_used)
      : weights_(weights), currents_(currents), rows_(rows), is_used_(is_used) {
    if (!connections.is_empty()) {
      sparse_ = {weights, connections, currents.neurons, currents};
      return;
    }
    padded_ = weights;
    if (is_padded()) {
      padded_ = tape().make({currents.neurons, currents.columns()}, 0, weights.has_grad());
      const View<T> padded = padded_.value();
      kernels::fill(tape().memory(), padded, T(0));
      currents.for_each_block(weights.value(), [&](Index column, Index count, const View<T>& block) {
        kernels::copy<T>(tape().memory(), block, {padded.data + column, currents.neurons, count, padded.stride});
      });
    }
    forward_ = is_used ? prepare<T>(tape(), no, padded_.value(), rows) : kernels::Weights<T>{padded_.value()};
  }

  /// Whether they are a list of connections.
  [[nodiscard]] bool is_sparse() const { return !sparse_.is_empty(); }

  /// currents += heard W_lat
  void add_currents(View<const T> heard, T* currents) const {
    if (is_sparse()) return sparse_.multiply(heard, T(1), currents_.rows(currents, heard.rows));
    kernels::multiply<T>(tape().memory(), heard, forward_, T(1),
                         {currents, heard.rows, forward_.values.columns, currents_.stride});
  }

  /// Lays the weights out for `multiply_back`.
  void prepare_backward() {
    backward_ = is_used_ && !is_sparse() ? prepare<T>(tape(), yes, forward_.values, rows_) : forward_;
  }
  /// d_heard = d_currents W_lat^T + kept d_heard; kept is 0 or 1.
  void multiply_back(T* d_currents, T kept, View<T> d_heard) const {
    if (is_sparse()) return sparse_.multiply_turned(currents_.rows(d_currents, d_heard.rows), kept, d_heard);
    kernels::multiply<T>(tape().memory(), {d_currents, d_heard.rows, backward_.values.columns, currents_.stride},
                         backward_, kept, d_heard);
  }

  /// d_W_lat += heard^T d_currents; where the weights are padded, in a sum that `take_gradients` adds to theirs.
  void add_products(View<const T> heard, T* d_currents) const {
    if (is_sparse()) return sparse_.add_products(heard, currents_.rows(d_currents, heard.rows));
    currents_.add_products(heard, d_currents, padded_);
  }
  void take_gradients() const {
    if (!is_padded()) return;
    const View<T> sum = padded_.grad();
    currents_.for_each_block(weights_.grad(), [&](Index column, Index count, const View<T>& block) {
      kernels::accumulate<T>(tape().memory(), {sum.data + column, currents_.neurons, count, sum.stride}, block);
    });
  }

 private:
  [[nodiscard]] Tape<T>& tape() const { return weights_.tape(); }
  [[nodiscard]] bool is_padded() const {
    return currents_.inputs > 1 && currents_.padded != currents_.neurons && !is_sparse() && is_used_;
  }

  Var<T> weights_, padded_;  // as they are given, as they are multiplied by
  CurrentsLayout<T> currents_;
  Index rows_ = 0;
  bool is_used_ = false;
  kernels::Weights<T> forward_, backward_;
  SparseWeights<T> sparse_;
};

}  // namespace glifr::detail
