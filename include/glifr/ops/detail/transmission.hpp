#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "glifr/backend/detail/elementwise.hpp"
#include "glifr/backend/detail/sums.hpp"
#include "glifr/backend/memory.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/core/tape.hpp"

namespace glifr::kernels {

/// Delays in steps as a whole number of them and the rest. A delay is from `shortest` to `longest`, whatever rounding
/// made of it, and its whole number below `longest`, so that one step more is within reach.
template <Scalar T>
struct SplitDelays {
  const T* delays;  // steps
  Index shortest, longest, step_size;
  Index* lag;  // whole steps, in elements
  T* part;
  GLIFR_INLINE void operator()(Index, Index n) const {
    const auto lowest = static_cast<T>(shortest), highest = static_cast<T>(longest);
    const T delay = delays[n] < lowest ? lowest : delays[n] < highest ? delays[n] : highest;
    const auto whole = static_cast<Index>(std::floor(delay));
    const Index steps = whole < longest ? whole : longest - 1;
    lag[n] = steps * step_size;
    part[n] = delay - static_cast<T>(steps);
  }
};

/// Outputs of neurons, each a delay of its own ago: between the two steps that enclose it.
template <Scalar T>
struct DelayedOutputs {
  const T* output;  // of the row that is heard in row 0, as if it were undelayed
  Index stride, step_size;
  const Index* lag;
  const T* part;
  View<T> heard;
  GLIFR_INLINE void operator()(Index r, Index n) const {
    const T* later = output + r * stride + n - lag[n];
    heard(r, n) = later[0] + part[n] * (later[-step_size] - later[0]);
  }
};

/// The gradients of outputs from the steps that hear them: d_output += (1 - part) d_heard(whole delay later) + part
/// d_heard(one step after that).
template <Scalar T>
struct DelayedGradients {
  const T* d_heard;  // of the row of `d_output` 0
  Index stride, step_size;
  const Index* lag;
  const T* part;
  Index begin, end;  // offsets within d_heard from and to which there are gradients
  View<T> d_output;
  GLIFR_INLINE void operator()(Index r, Index n) const {
    const Index first = r * stride + n + lag[n], second = first + step_size;
    const T near = first >= begin && first < end ? d_heard[first] : T(0);
    const T far = second >= begin && second < end ? d_heard[second] : T(0);
    d_output(r, n) += near + part[n] * (far - near);
  }
};

/// dL / d delay of a neuron, a row's share.
template <Scalar T>
struct DelaySlope {
  const T* output;
  const T* d_heard;
  Index stride, step_size;
  const Index* lag;
  GLIFR_INLINE T operator()(Index r, Index n) const {
    const T* later = output + r * stride + n - lag[n];
    return d_heard[r * stride + n] * (later[-step_size] - later[0]);
  }
};

}  // namespace glifr::kernels

namespace glifr::detail {

/// How the outputs S of a layer reach its neurons: after `delay` steps, the same number for all of them,
///
///     heard(t) = S(t - delay),   I(t) = x(t) W_in + heard(t) W_lat.
///
/// A scan asks a transmission for how many steps everything that neurons hear is known beforehand (`known_steps`: the
/// length of a window), what they hear in the steps of a window (`heard`), and where the gradients of that belong
/// (`receive` before a window's reverse steps, `send_back` after them). Here, what is heard is rows of the outputs
/// where they are: nothing is copied. `NeuronDelays` has a delay for each neuron.
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
  /// From now on, the gradients of the outputs of step 0 are there, those of the other steps behind them.
  void put_gradients_at(T* first_gradient) { gradient_ = first_gradient; }
  /// The first step at which something is heard.
  [[nodiscard]] Index first_heard() const { return has_history_ ? 0 : delay_; }
  /// Whether there is such a step.
  [[nodiscard]] bool has_lateral_input() const { return steps_ > first_heard(); }

  /// What is heard in steps `first` to `first + count`, [count * batch, neurons], where `first` is no earlier than
  /// `first_heard` and the outputs that are heard were computed.
  [[nodiscard]] View<T> heard(Arena& /*memory*/, Index first, Index count) const {
    return rows(output_, output_.data, first, count);
  }
  /// Calls visit(step, heard) for what was heard in steps `first` to `first + count`, in one piece or in several.
  template <class Visit>
  void for_each_heard(Arena& memory, Index first, Index count, Visit&& visit) const {
    const Index from = std::max(first, first_heard());
    if (from < first + count) visit(from, heard(memory, from, first + count - from));
  }

  /// Before the reverse steps of a window: adds to the gradients of its outputs what is due to those who hear them
  /// before step `end`. Here, that is there already.
  void receive(Arena& /*memory*/, Index /*first*/, Index /*count*/, Index /*end*/) const {}
  /// After the reverse steps of a window: calls multiply(first, rows, replaces), which writes d_heard of the window's
  /// steps from `first` on to `rows`, [steps * batch, neurons], or adds it where it does not replace what stands there.
  /// `begin`: nothing is sent back to outputs before this step.
  template <class Multiply>
  void send_back(Index first, Index count, Index begin, Multiply&& multiply) const {
    const Index from = std::max(first, begin + delay_);
    if (from < first + count) multiply(from, rows(output_, gradient_, from, first + count - from), false);
  }
  /// The outputs of this step and of those after it are heard by no step.
  [[nodiscard]] Index first_unheard() const { return std::max<Index>(0, steps_ - delay_); }
  /// Adds the gradients of the outputs before the first step to `d_history`, [delay * batch, neurons]; those that are
  /// heard before step `end`.
  template <class Multiply>
  void add_history_gradient(Arena& /*memory*/, View<T> d_history, Index end, Multiply&& multiply) const {
    const Index heard = std::min(delay_, end) * output_.rows;
    if (heard > 0) multiply(Index{0}, d_history.middle_rows(0, heard), false);
  }
  /// Adds the gradients of the delays, where these have any.
  void add_delay_gradients(Arena& /*memory*/) const {}

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

/// A delay for each sending neuron i, delay_i steps, whole or not: outputs are taken between two steps,
///
///     heard_i(t) = (1 - p_i) S_i(t - n_i) + p_i S_i(t - n_i - 1),   n_i = whole steps of delay_i, p_i = the rest,
///
/// so that a delay has a gradient: with d_heard(t) = c(t) W_lat^T (see above),
///
///     dL/d delay_i = sum over t of d_heard_i(t) (S_i(t - n_i - 1) - S_i(t - n_i))
///     dL/dS_i(t)  += (1 - p_i) d_heard_i(t + n_i) + p_i d_heard_i(t + n_i + 1).
///
/// A window is as long as the shortest delay. d_heard is kept for all steps: the gradients of a window's outputs are
/// collected from it before the window's reverse steps, an element at a time, so that no two threads of a device write
/// to one place and the order of the sum does not depend on them.
template <Scalar T>
class NeuronDelays {
 public:
  NeuronDelays() = default;
  /// `delays`: [1, neurons], in steps, between `shortest` (1 or more) and `longest`. The outputs of `longest` steps lie
  /// before step 0, zeros where there is no history. `has_grad`: whether there will be a backward pass.
  NeuronDelays(const Var<T>& delays, Index shortest, Index longest, Index steps, bool has_history, View<T> first_output,
               T* first_gradient, bool has_grad)
      : delays_(delays),
        shortest_(shortest),
        longest_(longest),
        steps_(steps),
        has_history_(has_history),
        output_(first_output),
        gradient_(first_gradient) {
    Arena& memory = delays.tape().memory();
    lag_ = memory.template allocate<Index>(output_.columns);
    part_ = memory.template allocate<T>(output_.columns);
    for_each_element(memory.device(), 1, output_.columns,
                     kernels::SplitDelays<T>{delays.value().data, shortest, longest, step_size(), lag_, part_});
    // In a product that gives gradients of the weights: on a device one takes all steps, as far as memory goes.
    const Index rows = memory.device() ? 4096 : 512;
    piece_ = std::min(steps, std::max(shortest, (rows + output_.rows - 1) / std::max<Index>(1, output_.rows)));
    heard_ = memory.template allocate<T>(piece_ * step_size());
    if (has_grad) d_heard_ = memory.template allocate<T>(steps * step_size());
  }

  [[nodiscard]] Index known_steps() const { return shortest_; }
  void put_gradients_at(T* first_gradient) { gradient_ = first_gradient; }
  [[nodiscard]] Index first_heard() const { return has_history_ ? 0 : shortest_; }
  [[nodiscard]] bool has_lateral_input() const { return steps_ > first_heard(); }

  /// As that of `UniformDelay`, in memory that the next call uses again.
  [[nodiscard]] View<T> heard(Arena& memory, Index first, Index count) const {
    const View<T> heard = at(heard_, 0, count);
    for_each_element(memory.device(), heard.rows, heard.columns,
                     kernels::DelayedOutputs<T>{at(output_.data, first, count).data, output_.stride, step_size(), lag_,
                                                part_, heard});
    return heard;
  }
  template <class Visit>
  void for_each_heard(Arena& memory, Index first, Index count, Visit&& visit) const {
    for (Index t = std::max(first, first_heard()); t < first + count; t += piece_)
      visit(t, heard(memory, t, std::min(piece_, first + count - t)));
  }

  void receive(Arena& memory, Index first, Index count, Index end) const {
    collect(memory, first, end, at(gradient_, first, count));
  }
  template <class Multiply>
  void send_back(Index first, Index count, Index /*begin*/, Multiply&& multiply) const {
    const Index from = std::max(first, first_heard());
    if (from < first + count) multiply(from, at(d_heard_, from, first + count - from), true);
  }
  [[nodiscard]] Index first_unheard() const { return 0; }
  template <class Multiply>
  void add_history_gradient(Arena& memory, View<T> d_history, Index end, Multiply&& /*multiply*/) const {
    collect(memory, -longest_, std::min(end, steps_), d_history);
  }
  void add_delay_gradients(Arena& memory) const {
    if (!delays_.has_grad() || !has_lateral_input()) return;
    const Index first = first_heard();
    const View<T> rows = at(output_.data, first, steps_ - first);
    kernels::add_sums(memory, rows.rows, rows.columns,
                      kernels::DelaySlope<T>{rows.data, at(d_heard_, first, 1).data, output_.stride, step_size(), lag_},
                      View<T>(delays_.grad().data, 1, rows.columns));
  }

 private:
  [[nodiscard]] Index step_size() const { return output_.rows * output_.stride; }
  [[nodiscard]] View<T> at(T* step_0, Index first, Index count) const {
    return {step_0 + first * step_size(), count * output_.rows, output_.columns, output_.stride};
  }
  /// d_outputs of the steps from `first` on += what those hear of them in the steps 0 to `end`.
  void collect(Arena& memory, Index first, Index end, View<T> d_outputs) const {
    const Index begin = std::max(first_heard() - first, Index{0});
    for_each_element(memory.device(), d_outputs.rows, d_outputs.columns,
                     kernels::DelayedGradients<T>{d_heard_ + first * step_size(), output_.stride, step_size(), lag_,
                                                  part_, begin * step_size(), (end - first) * step_size(), d_outputs});
  }

  Var<T> delays_;
  Index shortest_ = 1, longest_ = 1, steps_ = 0;
  bool has_history_ = false;
  View<T> output_;         // of step 0, [batch, neurons]
  T* gradient_ = nullptr;  // of step 0
  Index* lag_ = nullptr;   // whole steps of each delay, in elements
  T* part_ = nullptr;      // the rest of each delay
  Index piece_ = 1;        // steps that `heard_` has room for
  T *heard_ = nullptr, *d_heard_ = nullptr;
};

}  // namespace glifr::detail
