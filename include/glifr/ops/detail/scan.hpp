#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <variant>

#include "glifr/backend/detail/dispatch.hpp"
#include "glifr/backend/detail/dispatch_scan.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/neurons/constants.hpp"
#include "glifr/neurons/detail/derive.hpp"
#include "glifr/ops/detail/currents.hpp"
#include "glifr/ops/detail/lateral_weights.hpp"
#include "glifr/ops/detail/mask_rows.hpp"
#include "glifr/ops/detail/projection.hpp"
#include "glifr/ops/detail/retention.hpp"
#include "glifr/ops/detail/scan_parameters.hpp"
#include "glifr/ops/detail/transmission.hpp"
#include "glifr/ops/layer.hpp"

namespace glifr::detail {

/// The numbers of a scan: what its windows read and write.
template <class N, Scalar T>
struct ScanBuffers {
  static constexpr auto states = state_count<N>;

  T* output = nullptr;               ///< of step 0; the history lies before
  T* synaptic = nullptr;             ///< of step 0
  std::array<T*, states> state{};    ///< before step 0, then of each step or of the last
  std::array<T*, states> adjoint{};  ///< dL / d state, [batch, stride]
  T* output_grad = nullptr;          ///< of step 0
  T* synaptic_grad = nullptr;        ///< of step 0
  T* kept_states = nullptr;          ///< [segments, states but the output, batch, stride]: before each segment
};

/// The scan of a layer over time, cut into windows of at most `delay` steps: within a window, what neurons receive from
/// each other was sent before it (transmission.hpp), so that one matrix product serves all its steps and the rest is
/// elementwise.
template <class N, Scalar T>
class Scan {
  static constexpr auto states = state_count<N>;
  static constexpr Index inputs = input_count<N>;
  static constexpr auto hidden_states = static_cast<Index>(states) - 1;  // beside the output
  static constexpr const auto& program = derive::program<N>;

 public:
  Scan(const Layer<N, T>& layer, const Sequence<T>& input, const InitialState<N, T>& initial, const OutputMask<T>& mask,
       const ScanOptions& options)
      : tape_(layer.w_lateral.tape()),
        layer_(layer),
        initial_(initial),
        options_(options),
        timing_(layer, input, initial, options),
        batch_(input.batch),
        stride_(layout::row_stride<T>(layer.neurons)),
        has_grad_(tape_.is_recording()),
        keeps_states_(has_grad_ || options.track_states),
        currents_(input.batch, inputs, layer.neurons, tape_.device() != nullptr),
        parameters_(layer, currents_.padded),
        projection_(input, layer.w_input, layer.input_connections, currents_, timing_.steps, timing_.step_stride) {
    choose_retention(!mask.is_constant());
    allocate();
    parameters_.load();
    lateral_ = {layer.w_lateral, layer.lateral_connections, currents_, known_steps() * batch_, has_lateral_input()};
    projection_.prepare();
    load_initial_state();
    mask_ = {tape_, mask, std::min(segment(), steps()), batch_, neurons(), stride_};
  }

  ScanResult<N, T> forward() {
    for (Index first = 0; first < steps(); first += segment()) {
      if (first > 0 && has_grad_) carry_states_over(first);
      run_forward(first);
    }
    return result();
  }

  void backward() {
    const DeferredGradient<T> deferred = tape_.take_deferred_grad(output_);
    if (!deferred) {
      static_cast<void>(output_.grad());  // zeros where nobody gave one
    } else if (retention_.kept == Kept::currents && !program.needs_synaptic) {
      put_gradients_at(buffers_.synaptic);  // each segment's once its states were computed from its currents
    }
    lateral_.prepare_backward();
    const Index length = known_steps(), reach = truncate_steps();
    Index segment_begin = (steps() - 1) / segment() * segment();  // whose states are there
    Index added = steps();  // the gradients of the weights from this step on are added up
    WindowSteps later;      // the window behind, which has not sent its gradients back yet
    for (Index end = steps(), begin = 0; end > 0; end = begin) {
      const Index needed = (end - 1) / segment() * segment(), reach_begin = (end - 1) / reach * reach;
      if (needed != segment_begin) compute_again(segment_begin = needed);
      begin = std::max(needed, reach_begin);
      const Index reach_end = std::min(reach_begin + reach, steps());
      for (Index first = begin + (end - 1 - begin) / length * length; first >= begin; first -= length) {
        const Index count = std::min(length, end - first);
        if (deferred) deferred.write(first * batch_, {output_grad(first), count * batch_, neurons(), stride_});
        send_back(later);
        if (!clears_gradients()) clear_padding(output_grad(first), count * batch_, stride_);
        visit([&](const auto& transmission) { transmission.receive(memory(), first, count, reach_end); });
        kernels::scan_backward(memory(), window(first, count, segment_begin));
        later = {first, count, reach_begin};
        if (first == 0 || (added - first + std::min(length, first)) * batch_ > rows_at_once()) {
          add_weight_gradients(first, added - first);
          added = first;
        }
      }
      if (begin > 0 && begin % reach == 0) clear(buffers_.adjoint[0], static_cast<Index>(states) * row_size());
    }
    send_back(later);
    visit([&](const auto& transmission) { transmission.add_delay_gradients(memory()); });
    if (layer_.w_lateral.has_grad()) lateral_.take_gradients();
    if (projection_.is_sparse()) projection_.add_weight_gradients(memory(), 0, steps(), buffers_.synaptic_grad);
    projection_.add_input_gradients(memory(), buffers_.synaptic_grad);
    parameters_.add_gradients();
    add_initial_gradients();
    tape_.use_up_grad(output_);
  }

  [[nodiscard]] bool has_grad() const { return has_grad_; }

 private:
  /// Which steps are computed. Where neurons carry no state and only the last output counts, it depends on every
  /// delay-th step alone: the others are skipped.
  struct Timing {
    Index step_stride = 1, delay = 1, steps = 0;

    Timing(const Layer<N, T>& layer, const Sequence<T>& input, const InitialState<N, T>& initial,
           const ScanOptions& options) {
      const bool skips = !program.carries_state && options.last_only && !options.track_states && initial.is_zero() &&
                         input.steps > 0 && layer.delays.is_empty() && options.truncate_steps == 0;
      step_stride = skips ? layer.delay : 1;
      delay = skips ? 1 : layer.delay;
      steps = skips ? (input.steps - 1) / step_stride + 1 : input.steps;
    }
  };

  /// A window's steps, and the first one that gradients reach from them.
  struct WindowSteps {
    Index first = 0, count = 0, begin = 0;
  };

  [[nodiscard]] Index steps() const { return timing_.steps; }
  /// Windows are cut at multiples of so many steps, wherever segments begin.
  [[nodiscard]] Index unit() const {
    const Index reach = options_.truncate_steps;
    return reach % timing_.delay == 0 ? timing_.delay : reach;
  }
  /// Steps whose states are there at a time.
  [[nodiscard]] Index segment() const { return retention_.segment; }
  [[nodiscard]] bool is_segmented() const { return segment() < steps(); }
  [[nodiscard]] Index neurons() const { return layer_.neurons; }
  [[nodiscard]] Index row_size() const { return batch_ * stride_; }
  /// Of the neurons' delays. What was sent before the first step is nothing where there is no history, so that all
  /// delays beyond the last step are as good as one.
  [[nodiscard]] Index longest_delay() const {
    if (!initial_.history.is_empty()) return layer_.longest_delay;
    return std::min(layer_.longest_delay, std::max(timing_.delay, steps()) + 1);
  }
  /// Steps between those over which no gradient passes.
  [[nodiscard]] Index truncate_steps() const {
    return options_.truncate_steps > 0 ? options_.truncate_steps : std::max<Index>(1, steps());
  }
  /// Several currents of a neuron are kept for the backward pass in any case: their gradients replace them.
  [[nodiscard]] bool keeps_currents() const { return retention_.kept != Kept::nothing || (inputs > 1 && has_grad_); }
  /// Of a step of the segment that begins at `segment_begin`.
  [[nodiscard]] T* synaptic(Index t, Index segment_begin) const {
    return currents_.step(buffers_.synaptic, keeps_currents() ? t : t - segment_begin);
  }
  [[nodiscard]] T* synaptic_grad(Index t) const { return currents_.step(buffers_.synaptic_grad, t); }
  [[nodiscard]] T* output_grad(Index t) const { return buffers_.output_grad + t * row_size(); }
  /// One step of outputs, states or their like.
  [[nodiscard]] View<T> step_at(T* numbers) const { return {numbers, batch_, neurons(), stride_}; }

  [[nodiscard]] Arena& memory() const { return tape_.memory(); }

  /// Calls f(transmission): once a window, not once a step.
  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit(f, transmission_);
  }
  [[nodiscard]] Index known_steps() const {
    return visit([](const auto& transmission) { return transmission.known_steps(); });
  }
  [[nodiscard]] bool has_lateral_input() const {
    return visit([](const auto& transmission) { return transmission.has_lateral_input(); });
  }
  /// Whether gradients of outputs are added to what stands there. Where only the last output is used, those of earlier
  /// ones come from one later window each, whose product replaces what stands there.
  [[nodiscard]] bool adds_gradients() const { return !options_.last_only || options_.truncate_steps > 0; }

  void allocate() {
    Arena& arena = memory();
    const bool has_history = !initial_.history.is_empty(), has_delays = !layer_.delays.is_empty();
    history_steps_ = has_delays ? longest_delay() : has_history ? timing_.delay : 1;
    // On a device one launch is to clear the states before the first step, outputs included: all lie equally far apart.
    is_one_block_ = tape_.device() && history_steps_ == 1 && keeps_states_ && !is_segmented();
    state_size_ = (keeps_states_ ? std::min(segment(), steps()) + 1 : 1) * row_size();
    T* block = arena.template allocate<T>(is_one_block_ ? static_cast<Index>(states) * state_size_
                                                        : (steps() + history_steps_) * row_size());
    buffers_.output = block + history_steps_ * row_size();
    buffers_.synaptic =
        arena.template allocate<T>(currents_.size(keeps_currents() ? steps() : std::min(segment(), steps())));
    for (std::size_t k = 1; k < states; ++k) {
      buffers_.state[k] =
          is_one_block_ ? block + static_cast<Index>(k) * state_size_ : arena.template allocate<T>(state_size_);
    }
    if (has_grad_) allocate_for_backward();
    if (has_delays) {
      transmission_ = NeuronDelays<T>(layer_.delays, timing_.delay, longest_delay(), steps(), has_history,
                                      step_at(buffers_.output), buffers_.output_grad, has_grad_);
    } else {
      transmission_ =
          UniformDelay<T>(timing_.delay, steps(), has_history, step_at(buffers_.output), buffers_.output_grad);
    }
  }

  void allocate_for_backward() {
    Arena& arena = memory();
    if (is_segmented()) {
      const Index segments = (steps() + segment() - 1) / segment();
      buffers_.kept_states = arena.template allocate<T>(segments * hidden_states * row_size());
    }
    // Where the reverse step does not ask for the synaptic currents, gradients take their place; the gradient of the
    // currents replaces that of the outputs or, where there are several currents, these: but for the caller's.
    const bool frees_synaptic = inputs == 1 && !program.needs_synaptic && !options_.track_states && !is_segmented();
    buffers_.output_grad = frees_synaptic ? buffers_.synaptic : arena.template allocate<T>(steps() * row_size());
    buffers_.synaptic_grad = inputs == 1             ? buffers_.output_grad
                             : options_.track_states ? arena.template allocate<T>(currents_.size(steps()))
                                                     : buffers_.synaptic;
    T* adjoints = arena.template allocate_zeroed<T>(static_cast<Index>(states) * row_size());
    for (std::size_t k = 0; k < states; ++k) buffers_.adjoint[k] = adjoints + static_cast<Index>(k) * row_size();
    parameters_.allocate_sums(batch_);
  }

  void choose_retention(bool has_dropout) {
    retention_.segment = std::max<Index>(1, steps());
    if (options_.track_states) return;
    retention_ = detail::choose_retention({.is_recording = has_grad_,
                                           .on_host = !tape_.device(),
                                           .can_keep_currents = inputs == 1 && !clears_gradients(),
                                           .steps = steps(),
                                           .unit = unit(),
                                           .state_arrays = hidden_states + (has_dropout ? 1 : 0),
                                           .array_bytes = static_cast<double>(row_size()) * sizeof(T),
                                           .limit = options_.memory_limit});
  }
  /// Where the backward pass finds and leaves the gradients of the outputs, in place of what stands there.
  void put_gradients_at(T* gradients) {
    buffers_.output_grad = buffers_.synaptic_grad = gradients;
    std::visit([&](auto& transmission) { transmission.put_gradients_at(gradients); }, transmission_);
  }

  /// The steps from `first`, the beginning of a segment, to its end.
  void run_forward(Index first) const {
    const Index end = std::min(first + segment(), steps());
    mask_.load(tape_, projection_, first, end - first);
    Index projected = first;  // the currents of the input are there before this step
    for (Index t = first, count = 0; t < end; t += count) {
      count = std::min(known_steps(), std::min((t / unit() + 1) * unit(), end) - t);
      if (projected < t + count) {
        const Index more = std::min(std::max(count, projected_at_once()), end - projected);
        projection_.project(memory(), projected, more, synaptic(projected, first));
        for (Index g = 0; g < inputs; ++g)
          clear_padding(synaptic(projected, first) + g * currents_.padded, more * batch_, currents_.stride);
        projected += more;
      }
      add_lateral(t, count, first);
      kernels::scan_forward(memory(), window(t, count, first));
    }
  }
  /// Steps, whole windows, whose currents from the input are computed together: few enough that second-level cache
  /// still holds them when the neurons are computed. Lists of active inputs are taken all together.
  [[nodiscard]] Index projected_at_once() const {
    if (tape_.device() || projection_.is_sparse()) return steps();
    constexpr Index wanted = 256 * 1024 / static_cast<Index>(sizeof(T));
    const Index length = known_steps();
    return std::max<Index>(1, wanted / std::max<Index>(1, currents_.size(length))) * length;
  }
  /// Where the states before the segment at `first` are kept.
  [[nodiscard]] View<T> kept_state(std::size_t k, Index first) const {
    return step_at(buffers_.kept_states + (first / segment() * hidden_states + static_cast<Index>(k) - 1) * row_size());
  }
  /// The states behind a segment are those before the next one, which begins at `first`.
  void carry_states_over(Index first) const {
    for (std::size_t k = 1; k < states; ++k) {
      const View<T> last = step_at(buffers_.state[k] + segment() * row_size());
      kernels::copy<T>(memory(), last, kept_state(k, first));
      kernels::copy<T>(memory(), last, step_at(buffers_.state[k]));
    }
  }
  /// States of the segment at `first`, and currents where these are not kept, as the forward pass had them.
  void compute_again(Index first) const {
    for (std::size_t k = 1; k < states; ++k) {
      if (first > 0) {
        kernels::copy<T>(memory(), kept_state(k, first), step_at(buffers_.state[k]));
      } else {
        clear(buffers_.state[k], row_size());
        copy_initial_rest(k);
      }
    }
    if (retention_.kept == Kept::nothing) return run_forward(first);
    const Index end = std::min(first + segment(), steps());
    mask_.load(tape_, projection_, first, end - first);
    kernels::scan_forward(memory(), window(first, end - first, first));
  }

  void load_initial_state() {
    T* const history = buffers_.output - history_steps_ * row_size();
    buffers_.state[0] = buffers_.output - row_size();
    if (is_one_block_) {
      kernels::fill(memory(), View<T>(history, static_cast<Index>(states), row_size(), state_size_), T(0));
    } else {
      clear(history, history_steps_ * row_size());
      for (std::size_t k = 1; k < states; ++k) clear(buffers_.state[k], row_size());
    }
    if (!initial_.history.is_empty())
      kernels::copy<T>(memory(), initial_.history.value(), {history, history_steps_ * batch_, neurons(), stride_});
    for (std::size_t k = 1; k < states; ++k) copy_initial_rest(k);
  }
  void copy_initial_rest(std::size_t k) const {
    if (!initial_.rest[k - 1].is_empty())
      kernels::copy<T>(memory(), initial_.rest[k - 1].value(), step_at(buffers_.state[k]));
  }

  void clear(T* numbers, Index count) const { kernels::fill(memory(), View<T>(numbers, 1, count), T(0)); }
  /// Zeroes the padding behind the neurons of rows `stride` apart.
  void clear_padding(T* rows, Index count, Index stride) const {
    if (currents_.padded == neurons()) return;
    kernels::fill(memory(), View<T>(rows + neurons(), count, currents_.padded - neurons(), stride), T(0));
  }

  /// `segment_begin`: the first step of the segment whose states are there.
  ScanWindow<N, T> window(Index first, Index count, Index segment_begin) const {
    ScanWindow<N, T> w;
    w.steps = count;
    w.batch = batch_;
    w.neurons = currents_.padded;
    w.stride = stride_;
    w.synaptic_stride = currents_.stride;
    w.parameters = parameters_.values();
    w.constants = parameters_.constants();
    w.synaptic = synaptic(first, segment_begin);
    for (std::size_t k = 0; k < states; ++k) {
      w.state_step[k] = k == 0 || keeps_states_ ? row_size() : 0;
      w.state[k] = buffers_.state[k] + (k == 0 ? first : first - segment_begin) * w.state_step[k];
      w.adjoint[k] = buffers_.adjoint[k];
    }
    w.mask = mask_.step(first - segment_begin);
    w.mask_step = mask_.step_stride();
    w.mask_row = mask_.row_stride();
    if (has_grad_) {
      w.output_grad = output_grad(first);
      w.synaptic_grad = synaptic_grad(first);
      w.parameter_sum = parameters_.sums();
      w.parameter_sum_row = parameters_.size();
    }
    return w;
  }

  /// currents += heard W_lat
  void add_lateral(Index first, Index count, Index segment_begin) const {
    visit([&](const auto& transmission) {
      const Index from = std::max(first, transmission.first_heard());
      if (from >= first + count) return;
      lateral_.add_currents(transmission.heard(memory(), from, first + count - from), synaptic(from, segment_begin));
    });
  }

  /// d_heard (+)= d_currents W_lat^T
  void send_back(const WindowSteps& from_window) const {
    visit([&](const auto& transmission) {
      transmission.send_back(from_window.first, from_window.count, from_window.begin,
                             [&](Index from, const View<T>& d_heard, bool replaces) {
                               const T kept = replaces || !adds_gradients() ? T(0) : T(1);
                               lateral_.multiply_back(synaptic_grad(from), kept, d_heard);
                               if (!adds_gradients()) clear_padding(d_heard.data, d_heard.rows, d_heard.stride);
                             });
    });
  }

  /// The most rows of currents whose gradients are multiplied together for those of the weights, one window at least:
  /// few enough that the second-level cache still holds them, or all of them where the weights are so large that
  /// reading and writing their gradients costs more.
  [[nodiscard]] Index rows_at_once() const {
    constexpr Index large = 2 * 1024 * 1024 / static_cast<Index>(sizeof(T));
    const Index wanted_rows = lateral_.is_sparse() ? 512 : 128;  // which lists take together
    const auto size = [](const Var<T>& w) { return w.value().rows * w.value().columns; };
    const Index weights = size(layer_.w_lateral) + (projection_.is_sparse() ? 0 : size(layer_.w_input));
    return tape_.device() || weights > large ? steps() * batch_ : wanted_rows;
  }
  /// d_W_lat += heard^T d_currents,   d_W_in += x^T d_currents, of `count` steps from `first` on. An input of lists is
  /// taken once for all steps: their turned lists name each feature once.
  void add_weight_gradients(Index first, Index count) const {
    if (layer_.w_lateral.has_grad() && has_lateral_input()) {
      visit([&](const auto& transmission) {
        transmission.for_each_heard(memory(), first, count, [&](Index t, const View<T>& heard) {
          lateral_.add_products(heard, synaptic_grad(t));
        });
      });
    }
    if (!projection_.is_sparse()) projection_.add_weight_gradients(memory(), first, count, buffers_.synaptic_grad);
  }

  ScanResult<N, T> result() {
    ScanResult<N, T> r;
    const Index from = options_.last_only && steps() > 0 ? steps() - 1 : 0;
    if (has_grad_ && clears_gradients())
      clear(output_grad(first_cleared(from)), (steps() - first_cleared(from)) * row_size());
    output_ = tape_.adopt({steps() - from, batch_, neurons()}, stride_, buffers_.output + from * row_size(),
                          has_grad_ ? output_grad(from) : nullptr,
                          clears_gradients() ? GradientState::begun : GradientState::empty);
    if (has_grad_ && !clears_gradients()) tape_.allow_deferred_grad(output_);
    r.output = output_;
    if (options_.track_states) {
      for (std::size_t k = 0; k < states; ++k)
        r.states[k] = tape_.adopt({steps(), batch_, neurons()}, stride_, buffers_.state[k] + row_size(), nullptr);
      r.synaptic = tape_.adopt({steps(), batch_, currents_.columns()}, currents_.stride, buffers_.synaptic, nullptr);
    }
    return r;
  }

  /// Whether gradients of outputs are zero at the beginning. Where all outputs are given out, whoever gives them a
  /// gradient first replaces what stands there.
  [[nodiscard]] bool clears_gradients() const { return options_.last_only || tape_.device(); }
  /// The first step whose gradients of outputs are zero at the beginning; `from` is the first one that is given out.
  /// Where only the last output is used, nothing but products of later windows gives gradients to earlier ones; where
  /// these replace what stands there, only the steps that no later window hears are cleared.
  [[nodiscard]] Index first_cleared(Index from) const {
    if (!options_.last_only || steps() == 0) return from;
    if (adds_gradients()) return 0;
    return std::min(from, visit([](const auto& transmission) { return transmission.first_unheard(); }));
  }

  void add_initial_gradients() const {
    for (std::size_t k = 1; k < states; ++k) {
      const Var<T>& rest = initial_.rest[k - 1];
      if (!rest.is_empty() && rest.has_grad())
        kernels::accumulate<T>(memory(), step_at(buffers_.adjoint[k]), rest.grad());
    }
    if (initial_.history.is_empty() || !initial_.history.has_grad()) return;
    const View<T> d_history = initial_.history.grad();
    const Index end = std::min(truncate_steps(), steps());
    visit([&](const auto& transmission) {
      transmission.add_history_gradient(memory(), d_history, end, [&](Index from, const View<T>& d_heard, bool) {
        lateral_.multiply_back(synaptic_grad(from), T(1), d_heard);
      });
    });
    kernels::accumulate<T>(memory(), step_at(buffers_.adjoint[0]),
                           d_history.middle_rows((history_steps_ - 1) * batch_, batch_));
  }

  Tape<T>& tape_;
  Layer<N, T> layer_;
  InitialState<N, T> initial_;
  ScanOptions options_;
  Timing timing_;
  Index batch_, stride_;     // samples; between rows of outputs and states
  Index history_steps_ = 1;  // of outputs before the first step
  Retention retention_;
  Index state_size_ = 0;  // of one state in all steps that are kept
  bool is_one_block_ = false;
  bool has_grad_, keeps_states_;
  CurrentsLayout<T> currents_;
  ScanParameters<N, T> parameters_;
  Projection<T> projection_;
  LateralWeights<T> lateral_;
  std::variant<UniformDelay<T>, NeuronDelays<T>> transmission_;
  MaskRows<T> mask_;
  ScanBuffers<N, T> buffers_;
  Var<T> output_;  // as it is given out
};

}  // namespace glifr::detail
