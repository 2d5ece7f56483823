#pragma once

#include "glifr/backend/detail/dispatch.hpp"
#include "glifr/core/prepared_weights.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/ops/detail/currents.hpp"
#include "glifr/ops/detail/sparse_weights.hpp"
#include "glifr/ops/sequence.hpp"

namespace glifr::detail {

/// What the input sends to a layer, at every step of a scan: x(t) W_in. The scan may take every `step_stride`-th step
/// of the sequence only, ending with its last.
template <Scalar T>
class Projection {
  using enum kernels::Transpose;

 public:
  /// `connections`: of the weights, where they are a list (`Layer`); not for inputs that are lists themselves.
  Projection(const Sequence<T>& input, const Var<T>& weights, const Var<T>& connections,
             const CurrentsLayout<T>& currents, Index steps, Index step_stride)
      : input_(input),
        weights_(weights),
        connections_(connections),
        currents_(currents),
        steps_(steps),
        step_stride_(step_stride) {}

  /// The step of the sequence behind step t of the scan.
  [[nodiscard]] Index input_step(Index t) const { return input_.steps - 1 - (steps_ - 1 - t) * step_stride_; }
  /// Steps of the sequence.
  [[nodiscard]] Index all_steps() const { return input_.steps; }
  /// Between the steps of the sequence that are taken.
  [[nodiscard]] Index step_stride() const { return step_stride_; }
  /// Whether the input is lists of what is active.
  [[nodiscard]] bool is_sparse() const { return input_.is_sparse(); }

  /// Lays the weights out for products, once for all calls of `project`.
  void prepare() {
    if (input_.is_sparse()) return;
    if (!connections_.is_empty()) {
      sparse_ = {weights_, connections_, input_.features, currents_};
      return;
    }
    const Index steps_at_once = step_stride_ == 1 ? steps_ : 1;
    prepared_ = weights_.tape().arena().template allocate<kernels::Weights<T>>(currents_.inputs);
    Index block = 0;
    currents_.for_each_block(weights_.value(), [&](Index, Index, const View<T>& w) {
      prepared_[block++] = glifr::prepare<T>(weights_.tape(), no, w, steps_at_once * input_.batch);
    });
  }
  /// currents = x W_in, of `count` steps from `first` on; `currents` is where those of step `first` lie.
  void project(Arena& memory, Index first, Index count, T* currents) const {
    if (!sparse_.is_empty()) {
      return for_each_run(first, count, [&](Index t, Index run) {
        sparse_.multiply(rows(input_.dense.value(), t, run), T(0),
                         currents_.rows(currents_.step(currents, t - first), run * input_.batch));
      });
    }
    Index block = 0;
    currents_.for_each_block(weights_.value(), [&](Index column, Index columns, View<T> w) {
      const auto weights = input_.is_sparse() ? kernels::Weights<T>{} : prepared_[block++];
      for_each_run(first, count, [&](Index t, Index run) {
        const View<T> y(currents_.step(currents, t - first) + column, run * input_.batch, columns, currents_.stride);
        if (input_.is_sparse()) {
          kernels::gather_rows<T>(memory, active(t), w, T(0), y);
        } else {
          kernels::multiply<T>(memory, rows(input_.dense.value(), t, run), weights, T(0), y);
        }
      });
    });
  }

  /// d_W_in += x^T d_currents, of `count` steps from `first` on; `d_currents` is where those of step 0 lie.
  void add_weight_gradients(Arena& memory, Index first, Index count, T* d_currents) const {
    if (!weights_.has_grad()) return;
    for_each_run(first, count, [&](Index t, Index run) {
      T* const d_run = currents_.step(d_currents, t);
      if (!sparse_.is_empty()) {
        sparse_.add_products(rows(input_.dense.value(), t, run), currents_.rows(d_run, run * input_.batch));
      } else if (input_.is_sparse()) {
        currents_.for_each_block(weights_.grad(), [&](Index column, Index columns, View<T> dw) {
          kernels::gather_rows_backward<T>(memory, active(t),
                                           {d_run + column, run * input_.batch, columns, currents_.stride}, dw);
        });
      } else {
        currents_.add_products(rows(input_.dense.value(), t, run), d_run, weights_);
      }
    });
  }

  /// d_x += d_currents W_in^T, of all steps, where the input has a gradient.
  void add_input_gradients(Arena& memory, T* d_currents) const {
    if (input_.is_sparse() || !input_.dense.has_grad()) return;
    for_each_run(0, steps_, [&](Index t, Index run) {
      T* const d_run = currents_.step(d_currents, t);
      const View<T> dx = rows(input_.dense.grad(), t, run);
      if (!sparse_.is_empty()) return sparse_.multiply_turned(currents_.rows(d_run, dx.rows), T(1), dx);
      currents_.for_each_block(weights_.value(), [&](Index column, Index columns, View<T> w) {
        kernels::gemm<T>(memory, no, yes, {d_run + column, dx.rows, columns, currents_.stride}, w, T(1), dx);
      });
    });
  }

 private:
  /// Runs of steps, among `count` from `first` on, whose inputs lie together: all of them, or, where steps are skipped,
  /// one after another. visit(first step, count)
  template <class Visit>
  void for_each_run(Index first, Index count, Visit&& visit) const {
    if (step_stride_ == 1) return visit(first, count);
    for (Index t = first; t < first + count; ++t) visit(t, Index{1});
  }
  [[nodiscard]] View<T> rows(const View<T>& x, Index t, Index count) const {
    return x.middle_rows(input_step(t) * input_.batch, count * input_.batch);
  }
  [[nodiscard]] const ActiveInputs* active(Index t) const { return input_.active + input_step(t) * input_.batch; }

  Sequence<T> input_;
  Var<T> weights_, connections_;
  SparseWeights<T> sparse_;  // where the weights are a list
  CurrentsLayout<T> currents_;
  Index steps_, step_stride_;
  kernels::Weights<T>* prepared_ = nullptr;  // of each block; null where the input is sparse
};

}  // namespace glifr::detail
