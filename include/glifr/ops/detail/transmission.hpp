#pragma once

#include <algorithm>

#include "glifr/backend/view.hpp"

namespace glifr::detail {

/// How the outputs S of a layer reach its neurons: after `delay` steps, the same number for all of them,
///
///     heard(t) = S(t - delay),   I(t) = x(t) W_in + heard(t) W_lat.
///
/// A scan asks a transmission for how many steps everything that neurons hear is known beforehand (`known_steps`: the
/// length of a window), what they hear in the steps of a window (`heard`), and where the gradients of that belong
/// (`send_back`), so that another transmission, such as a delay for each neuron, can replace this one. Here, what is
/// heard is rows of the outputs where they are: nothing is copied.
///
/// The adjoint of a window. Let c(t) = dL/dI(t). The loss L depends on S(t) in three ways: directly (the readout), with
/// the gradient g(t); through the next step of the same neuron, with the gradient a(t); and through the currents of
/// step t + delay. So
///
///     dL/dS(t) = g(t) + a(t) + c(t + delay) W_lat^T.
///
/// The reverse steps of a window, from its last step to its first, compute c(t) and a(t - 1) from dL/dS(t); a crosses
/// from one window to the next in the scan's adjoints. A window is at most `delay` steps long, so that t + delay lies
/// in a later window. Windows are therefore taken from the last to the first: after its reverse steps, one product
/// d_heard = c W_lat^T for the whole window is added to the gradients of the outputs `delay` steps before. These belong
/// to an earlier window, and every addition to them is made before that window's reverse steps begin. The d_heard of
/// the first `delay` steps belongs to the outputs before the first step, the history.
template <Scalar T>
class UniformDelay {
 public:
  UniformDelay() = default;
  /// `first_output` is the outputs of step 0, [batch, neurons], `first_gradient` their gradients (null where none are
  /// kept); those of the other steps follow. With a history, the outputs of `delay` steps lie before step 0; without
  /// one, nothing was sent before step 0.
  UniformDelay(Index delay, Index steps, bool has_history, View<T> first_output, T* first_gradient)
      : delay_(delay), steps_(steps), has_history_(has_history), output_(first_output), gradient_(first_gradient) {}

  /// Steps, from any on, whose currents do not depend on each other's outputs.
  [[nodiscard]] Index known_steps() const { return delay_; }
  /// The first step at which something is heard.
  [[nodiscard]] Index first_heard() const { return has_history_ ? 0 : delay_; }
  /// Whether there is such a step.
  [[nodiscard]] bool has_lateral_input() const { return steps_ > first_heard(); }

  /// What is heard in steps `first` to `first + count`, [count * batch, neurons], where `first` is no earlier than
  /// `first_heard` and the outputs that are heard were computed.
  [[nodiscard]] View<T> heard(Index first, Index count) const { return rows(output_, output_.data, first, count); }

  /// Calls multiply(rows), which adds d_heard of a window's steps to `rows`, the gradients [count * batch, neurons] of
  /// the outputs that were heard. Not for outputs before the first step: nothing is called.
  template <class Multiply>
  void send_back(Index first, Index count, Multiply&& multiply) const {
    if (first >= delay_) multiply(rows(output_, gradient_, first, count));
  }
  /// The outputs of this step and of those after it are heard by no step.
  [[nodiscard]] Index first_unheard() const { return std::max<Index>(0, steps_ - delay_); }
  /// Steps of the history that are heard.
  [[nodiscard]] Index heard_history() const { return std::min(delay_, steps_); }

 private:
  /// `delay` steps before `first`. A step of `output` has `output.rows` rows, the batch.
  [[nodiscard]] View<T> rows(const View<T>& step, T* data, Index first, Index count) const {
    return {data + (first - delay_) * step.rows * step.stride, count * step.rows, step.columns, step.stride};
  }

  Index delay_ = 1, steps_ = 0;
  bool has_history_ = false;
  View<T> output_;         // of step 0, [batch, neurons]
  T* gradient_ = nullptr;  // of step 0
};

}  // namespace glifr::detail
