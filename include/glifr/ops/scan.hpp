#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "glifr/backend/dispatch.hpp"
#include "glifr/backend/dispatch_scan.hpp"
#include "glifr/backend/layout.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/neurons/constants.hpp"
#include "glifr/ops/output_mask.hpp"
#include "glifr/ops/sequence.hpp"

namespace glifr {

/// A layer of neurons before its first step. Anything empty is zero.
template <class N, Scalar T>
struct InitialState {
  /// Scalars of the state beside the output.
  static constexpr auto hidden = state_count<N> - 1;

  Var<T> history{};                   ///< outputs of the `delay` steps before, [delay, batch, neurons], oldest first
  std::array<Var<T>, hidden> rest{};  ///< the state's other scalars, [batch, neurons] each

  /// Whether nothing is given.
  [[nodiscard]] bool is_zero() const {
    return history.is_empty() && std::all_of(rest.begin(), rest.end(), [](const Var<T>& v) { return v.is_empty(); });
  }
};

/// A layer of neurons with everything it runs on.
template <class N, Scalar T>
struct Layer {
  /// Parameters of a neuron, arrays counted once.
  static constexpr auto fields = static_cast<std::size_t>(count_fields<typename N::template Parameters<double>>());

  Var<T> w_input;                    ///< [features, inputs * neurons]
  Var<T> w_lateral;                  ///< [neurons, inputs * neurons]
  std::array<Var<T>, fields> raw{};  ///< unconstrained parameters, one value a field, [extent, 1, neurons]
  typename N::template Constants<double> constants{};  ///< what the neurons share
  Index neurons = 0;                                   ///< how many they are
  Index delay = 1;                                     ///< synaptic delay in steps, >= 1
};

/// What a scan gives back.
template <class N, Scalar T>
struct ScanResult {
  Var<T> output;  ///< [steps or 1, batch, neurons]
  /// Where tracked, to be looked at: [steps, batch, neurons] each. No gradient flows back from here.
  std::array<Var<T>, state_count<N>> states{};
  Var<T> synaptic{};  ///< where tracked: [steps, batch, inputs * neurons]; of several inputs, each may be padded to
                      ///< `layout::padded` neurons
};

/// What a scan is asked for.
struct ScanOptions {
  bool last_only = false;     ///< only the last step's output is asked for
  bool track_states = false;  ///< keep every state and the synaptic currents for the caller
};

namespace detail {

/// ShapeError or ConfigError where a layer cannot run on what it is given.
template <class N, Scalar T>
void check_scan(const Layer<N, T>& layer, const Sequence<T>& input, const InitialState<N, T>& initial,
                const OutputMask<T>& mask) {
  const Index neurons = layer.neurons, columns = input_count<N> * neurons;
  const auto require = [](const char* what, const Var<T>& var, const Shape& expected) {
    const View<T> found = var.value();
    if (found.rows != expected.rows() || found.columns != expected.columns())
      throw ShapeError(what, to_string(expected), to_string(var.shape()));
  };
  if (layer.delay < 1)
    throw ConfigError("synaptic_delay",
                      "a scan needs a delay of at least one step, found " + std::to_string(layer.delay));
  if (layer.w_input.value().rows != input.features) {
    throw ShapeError("scan", "inputs of " + std::to_string(layer.w_input.value().rows) + " features",
                     std::to_string(input.features));
  }
  require("scan: input weights", layer.w_input, {input.features, columns});
  require("scan: lateral weights", layer.w_lateral, {neurons, columns});
  if (!input.is_sparse()) require("scan: input", input.dense, {input.steps, input.batch, input.features});
  std::size_t k = 0;
  for (const FieldExtent& f : list_fields<typename N::template Parameters<double>>()) {
    const Shape& found = layer.raw[k++].shape();
    if (found.size() != f.extent * neurons)
      throw ShapeError(std::string("scan: ") + f.field.name, to_string(Shape{f.extent, 1, neurons}), to_string(found));
  }
  if (!initial.history.is_empty()) require("scan: history", initial.history, {layer.delay, input.batch, neurons});
  for (const Var<T>& rest : initial.rest) {
    if (!rest.is_empty()) require("scan: initial state", rest, {input.batch, neurons});
  }
  mask.check(input.batch, neurons);
}

/// The scan of a layer over time, cut into windows of at most `delay` steps: within a window, what neurons receive from
/// each other was sent before it, so that one matrix product serves all its steps and the rest is elementwise.
template <class N, Scalar T>
class Scan {
  static constexpr auto states = state_count<N>;
  static constexpr Index inputs = input_count<N>;
  static constexpr auto parameter_scalars = static_cast<Index>(parameter_count<N>);
  static constexpr const auto& program = derive::program<N>;
  using enum kernels::Transpose;

 public:
  Scan(const Layer<N, T>& layer, const Sequence<T>& input, const InitialState<N, T>& initial, const OutputMask<T>& mask,
       const ScanOptions& options)
      : tape_(layer.w_lateral.tape()), layer_(layer), input_(input), initial_(initial), options_(options) {
    batch_ = input.batch;
    neurons_ = layer.neurons;
    padded_ = layout::padded<T>(neurons_);
    stride_ = layout::row_stride<T>(neurons_);
    synaptic_stride_ = layout::row_stride<T>(inputs * padded_);
    choose_steps();
    has_grad_ = tape_.is_recording();
    keeps_states_ = has_grad_ || options.track_states;
    allocate();
    load_parameters();
    load_lateral_weights();
    load_initial_state();
    load_mask(mask);
  }

  ScanResult<N, T> forward() {
    project();
    for (Index first = 0; first < steps_; first += delay_) {
      const Index count = std::min(delay_, steps_ - first);
      add_lateral(first, count);
      kernels::scan_forward(memory(), window(first, count));
    }
    return result();
  }

  /// Runs on a copy kept in the tape's arena.
  void backward() const {
    clear_early_gradients();
    const kernels::Weights<T> lateral =
        has_lateral_input() ? kernels::prepare<T>(memory(), yes, lateral_.values) : lateral_;
    for (Index first = (steps_ - 1) / delay_ * delay_; first >= 0; first -= delay_) {
      const Index count = std::min(delay_, steps_ - first);
      kernels::scan_backward(memory(), window(first, count));
      send_back(lateral, first, count);
    }
    add_weight_gradients();
    add_parameter_gradients();
    add_initial_gradients(lateral);
  }

  [[nodiscard]] bool has_grad() const { return has_grad_; }

 private:
  /// Where neurons carry no state and only the last output counts, it depends on every delay-th step alone: the others
  /// are skipped.
  void choose_steps() {
    const bool skips = !program.carries_state && options_.last_only && !options_.track_states && initial_.is_zero() &&
                       input_.steps > 0;
    step_stride_ = skips ? layer_.delay : 1;
    delay_ = skips ? 1 : layer_.delay;
    steps_ = skips ? (input_.steps - 1) / step_stride_ + 1 : input_.steps;
  }
  /// The input's step behind step t of the scan.
  [[nodiscard]] Index input_step(Index t) const { return input_.steps - 1 - (steps_ - 1 - t) * step_stride_; }

  [[nodiscard]] Index row_size() const { return batch_ * stride_; }
  [[nodiscard]] T* output_row(Index t) const { return output_ + (t + history_steps_) * row_size(); }
  [[nodiscard]] T* synaptic_row(Index t) const { return synaptic_ + t * batch_ * synaptic_stride_; }
  [[nodiscard]] T* synaptic_grad_row(Index t) const { return synaptic_grad_ + t * batch_ * synaptic_stride_; }
  [[nodiscard]] T* grad_row(Index t) const { return grad_ + t * row_size(); }

  /// Where everything is computed.
  [[nodiscard]] Arena& memory() const { return tape_.memory(); }

  void allocate() {
    Arena& arena = memory();
    history_steps_ = initial_.history.is_empty() ? 1 : delay_;
    output_ = arena.template allocate<T>((steps_ + history_steps_) * row_size());
    synaptic_ = arena.template allocate<T>(steps_ * batch_ * synaptic_stride_);
    for (std::size_t k = 1; k < states; ++k) {
      state_[k] = arena.template allocate<T>((keeps_states_ ? steps_ + 1 : 1) * row_size());
    }
    if (!has_grad_) return;
    // Where the reverse step does not ask for the synaptic currents, gradients take their place; the gradient of the
    // currents replaces that of the outputs or, where there are several currents, these: but for the caller's.
    const bool frees_synaptic = inputs == 1 && !program.needs_synaptic && !options_.track_states;
    grad_ = frees_synaptic ? synaptic_ : arena.template allocate<T>(steps_ * row_size());
    synaptic_grad_ = inputs == 1             ? grad_
                     : options_.track_states ? arena.template allocate<T>(steps_ * batch_ * synaptic_stride_)
                                             : synaptic_;
    T* adjoints = arena.template allocate_zeroed<T>(static_cast<Index>(states) * row_size());
    for (std::size_t k = 0; k < states; ++k) adjoint_[k] = adjoints + static_cast<Index>(k) * row_size();
    parameter_sum_ = arena.template allocate_zeroed<T>(parameter_scalars * padded_);
    // On a device samples run side by side, so that each needs sums of its own.
    if (tape_.device()) sample_sums_ = arena.template allocate_zeroed<T>(batch_ * parameter_scalars * padded_);
  }

  void load_parameters() {
    parameters_ = {memory().template allocate<T>(parameter_scalars * padded_), parameter_scalars, padded_};
    kernels::to_physical<T>(memory(), raw_parameters(), neurons_, dt(), parameters_);
    auto constants = layer_.constants;
    for_each_scalar(constants,
                    [&](double& value, const ScalarPlace& place) { constants_[place.number] = static_cast<T>(value); });
  }
  [[nodiscard]] T dt() const { return static_cast<T>(time_step(layer_.constants)); }

  /// The scalars of the neurons' parameters, in the order of their rows in `parameters_`.
  [[nodiscard]] auto raw_parameters() const {
    std::array<kernels::RawParameter<T>, static_cast<std::size_t>(parameter_scalars)> list;
    constexpr auto fields = list_fields<typename N::template Parameters<double>>();
    std::size_t scalar = 0;
    for (std::size_t field = 0; field < fields.size(); ++field) {
      const Var<T>& raw = layer_.raw[field];
      for (Index j = 0; j < fields[field].extent; ++j) {
        T* grad = raw.has_grad() ? raw.grad().data + j * neurons_ : nullptr;
        list[scalar++] = {fields[field].field.transform, raw.value().data + j * neurons_, grad};
      }
    }
    return list;
  }

  /// The lateral weights, with padding between the inputs where there are several: one product a window instead of one
  /// an input.
  void load_lateral_weights() {
    View<T> weights = layer_.w_lateral.value();
    if (inputs > 1 && padded_ != neurons_) {
      const View<T> dense = weights;
      weights = {memory().template allocate_zeroed<T>(neurons_ * inputs * padded_), neurons_, inputs * padded_};
      for (Index g = 0; g < inputs; ++g) {
        kernels::copy<T>(memory(), {dense.data + g * neurons_, neurons_, neurons_, dense.stride},
                         {weights.data + g * padded_, neurons_, neurons_, weights.stride});
      }
    }
    lateral_ = has_lateral_input() ? kernels::prepare<T>(memory(), no, weights) : kernels::Weights<T>{weights};
  }

  void load_initial_state() {
    state_[0] = output_row(-1);
    clear(output_, history_steps_ * row_size());
    if (!initial_.history.is_empty())
      kernels::copy<T>(memory(), initial_.history.value(), {output_, history_steps_ * batch_, neurons_, stride_});
    for (std::size_t k = 1; k < states; ++k) {
      clear(state_[k], row_size());
      if (!initial_.rest[k - 1].is_empty())
        kernels::copy<T>(memory(), initial_.rest[k - 1].value(), {state_[k], batch_, neurons_, stride_});
    }
  }

  void clear(T* numbers, Index count) const { kernels::fill(memory(), View<T>(numbers, 1, count), T(0)); }
  /// Zeroes the padding behind the neurons of rows `stride` apart.
  void clear_padding(T* rows, Index count, Index stride) const {
    if (padded_ == neurons_) return;
    kernels::fill(memory(), View<T>(rows + neurons_, count, padded_ - neurons_, stride), T(0));
  }

  void load_mask(const OutputMask<T>& mask) {
    if (!mask.is_active()) return;
    mask_row_ = mask.is_constant() ? 0 : stride_;
    mask_step_ = mask.is_constant() ? 0 : row_size();
    const Index rows = mask.is_constant() ? 1 : steps_ * batch_;
    mask_ = memory().template allocate_zeroed<T>(rows * stride_);
    mask.fill(tape_, input_step(0), step_stride_, input_.steps, batch_, {mask_, rows, neurons_, stride_});
  }

  ScanWindow<N, T> window(Index first, Index count) const {
    ScanWindow<N, T> w;
    w.steps = count;
    w.batch = batch_;
    w.neurons = padded_;
    w.stride = stride_;
    w.synaptic_stride = synaptic_stride_;
    w.parameters = parameters_.data;
    w.constants = constants_;
    w.synaptic = synaptic_row(first);
    for (std::size_t k = 0; k < states; ++k) {
      w.state_step[k] = k == 0 || keeps_states_ ? row_size() : 0;
      w.state[k] = state_[k] + first * w.state_step[k];
      w.adjoint[k] = adjoint_[k];
    }
    w.mask = mask_ ? mask_ + first * mask_step_ : nullptr;
    w.mask_step = mask_step_;
    w.mask_row = mask_row_;
    if (has_grad_) {
      w.output_grad = grad_row(first);
      w.synaptic_grad = synaptic_grad_row(first);
      w.parameter_sum = !trains_parameters() ? nullptr : sample_sums_ ? sample_sums_ : parameter_sum_;
      w.parameter_sum_row = parameter_scalars * padded_;
    }
    return w;
  }

  [[nodiscard]] bool trains_parameters() const {
    return std::any_of(layer_.raw.begin(), layer_.raw.end(), [](const Var<T>& v) { return v.has_grad(); });
  }

  /// Calls visit(columns of the padded currents, block of the weights) so that one product a call covers all inputs of
  /// the neurons: all of them at once where the weights are padded as the currents are.
  template <class Visit>
  void for_each_block(View<T> w, Visit&& visit) const {
    if (inputs == 1 || w.columns == inputs * padded_) return visit(Index{0}, w.columns, w);
    for (Index g = 0; g < inputs; ++g) {
      visit(g * padded_, neurons_, View<T>{w.data + g * neurons_, w.rows, neurons_, w.stride});
    }
  }

  /// d_weights += rows^T d_currents.
  void add_products(View<const T> rows, const T* d_currents, const Var<T>& weights) const {
    for_each_block(weights.grad(), [&](Index column, Index columns, View<T> dw) {
      const View<const T> d(d_currents + column, rows.rows, columns, synaptic_stride_);
      kernels::add_transposed_product<T>(memory(), rows, d, dw);
    });
  }
  /// d_rows (+)= d_currents * lateral weights^T.
  void multiply_back(const T* d_currents, const kernels::Weights<T>& weights, T beta, View<T> d_rows) const {
    kernels::multiply<T>(memory(), {d_currents, d_rows.rows, weights.values.columns, synaptic_stride_}, weights, beta,
                         d_rows);
  }

  /// Runs of steps whose inputs lie together: all of them, or, where steps are skipped, one after another. visit(first
  /// step, count)
  template <class Visit>
  void for_each_run(Visit&& visit) const {
    if (step_stride_ == 1) return visit(Index{0}, steps_);
    for (Index t = 0; t < steps_; ++t) visit(t, Index{1});
  }
  [[nodiscard]] View<T> input_rows(const View<T>& x, Index t, Index count) const {
    return x.middle_rows(input_step(t) * batch_, count * batch_);
  }

  void project() {
    for (Index g = 0; g < inputs; ++g) clear_padding(synaptic_ + g * padded_, steps_ * batch_, synaptic_stride_);
    for_each_block(layer_.w_input.value(), [&](Index column, Index columns, View<T> w) {
      const auto weights = input_.is_sparse() ? kernels::Weights<T>{} : kernels::prepare<T>(memory(), no, w);
      for_each_run([&](Index t, Index count) {
        const View<T> currents(synaptic_row(t) + column, count * batch_, columns, synaptic_stride_);
        if (input_.is_sparse()) {
          kernels::gather_rows<T>(memory(), input_.active + input_step(t) * batch_, w, T(0), currents);
        } else {
          kernels::multiply<T>(memory(), input_rows(input_.dense.value(), t, count), weights, T(0), currents);
        }
      });
    });
  }

  /// First step that hears of earlier outputs, and whether there is one.
  [[nodiscard]] Index first_heard() const { return initial_.history.is_empty() ? delay_ : 0; }
  [[nodiscard]] bool has_lateral_input() const { return steps_ > first_heard(); }

  void add_lateral(Index first, Index count) {
    if (first < first_heard()) return;
    kernels::multiply<T>(memory(), {output_row(first - delay_), count * batch_, neurons_, stride_}, lateral_, T(1),
                         {synaptic_row(first), count * batch_, lateral_.values.columns, synaptic_stride_});
  }

  ScanResult<N, T> result() {
    ScanResult<N, T> r;
    const Index from = options_.last_only && steps_ > 0 ? steps_ - 1 : 0;
    r.output =
        tape_.adopt({steps_ - from, batch_, neurons_}, stride_, output_row(from), has_grad_ ? grad_row(from) : nullptr);
    if (has_grad_) clear(grad_row(from), (steps_ - from) * row_size());
    if (options_.track_states) {
      for (std::size_t k = 0; k < states; ++k) {
        r.states[k] = tape_.adopt({steps_, batch_, neurons_}, stride_, state_[k] + row_size(), nullptr);
      }
      r.synaptic = tape_.adopt({steps_, batch_, inputs * padded_}, synaptic_stride_, synaptic_, nullptr);
    }
    return r;
  }

  /// Where only the last output is used, gradients of earlier ones come from later windows alone: the first product
  /// overwrites what stands there, and only the steps that no later window hears are cleared.
  void clear_early_gradients() const {
    if (!options_.last_only) return;
    const Index from = std::max<Index>(0, steps_ - delay_);
    clear(grad_row(from), (steps_ - 1 - from) * row_size());
  }

  /// What the window's currents owe to the outputs a delay before.
  void send_back(const kernels::Weights<T>& lateral, Index first, Index count) const {
    if (first < delay_) return;
    const T beta = options_.last_only ? T(0) : T(1);
    multiply_back(synaptic_grad_row(first), lateral, beta,
                  {grad_row(first - delay_), count * batch_, neurons_, stride_});
    if (options_.last_only) clear_padding(grad_row(first - delay_), count * batch_, stride_);
  }

  void add_weight_gradients() const {
    if (layer_.w_lateral.has_grad() && has_lateral_input()) {
      const Index first = first_heard();
      add_products({output_row(first - delay_), (steps_ - first) * batch_, neurons_, stride_}, synaptic_grad_row(first),
                   layer_.w_lateral);
    }
    for_each_run([&](Index t, Index count) {
      if (layer_.w_input.has_grad() && input_.is_sparse()) {
        for_each_block(layer_.w_input.grad(), [&](Index column, Index columns, View<T> dw) {
          kernels::gather_rows_backward<T>(memory(), input_.active + input_step(t) * batch_,
                                           {synaptic_grad_row(t) + column, count * batch_, columns, synaptic_stride_},
                                           dw);
        });
      }
      if (input_.is_sparse()) return;
      if (layer_.w_input.has_grad())
        add_products(input_rows(input_.dense.value(), t, count), synaptic_grad_row(t), layer_.w_input);
      if (!input_.dense.has_grad()) return;
      for_each_block(layer_.w_input.value(), [&](Index column, Index columns, View<T> w) {
        const View<const T> d(synaptic_grad_row(t) + column, count * batch_, columns, synaptic_stride_);
        kernels::gemm<T>(memory(), no, yes, d, w, T(1), input_rows(input_.dense.grad(), t, count));
      });
    });
  }

  void add_parameter_gradients() const {
    if (!trains_parameters()) return;
    const View<T> sum(parameter_sum_, parameter_scalars, padded_);
    if (sample_sums_) {
      const Index size = parameter_scalars * padded_;
      kernels::add_sums(memory(), batch_, size, kernels::Element<T>{{sample_sums_, batch_, size}},
                        View<T>(parameter_sum_, 1, size));
    }
    kernels::to_physical_backward<T>(memory(), raw_parameters(), neurons_, dt(), parameters_, sum);
  }

  void add_initial_gradients(const kernels::Weights<T>& lateral) const {
    for (std::size_t k = 1; k < states; ++k) {
      const Var<T>& rest = initial_.rest[k - 1];
      if (!rest.is_empty() && rest.has_grad())
        kernels::accumulate<T>(memory(), {adjoint_[k], batch_, neurons_, stride_}, rest.grad());
    }
    if (initial_.history.is_empty() || !initial_.history.has_grad()) return;
    const View<T> d_history = initial_.history.grad();
    const Index heard = std::min(delay_, steps_) * batch_;
    if (heard > 0) multiply_back(synaptic_grad_row(0), lateral, T(1), d_history.middle_rows(0, heard));
    kernels::accumulate<T>(memory(), {adjoint_[0], batch_, neurons_, stride_},
                           d_history.middle_rows((delay_ - 1) * batch_, batch_));
  }

  Tape<T>& tape_;
  Layer<N, T> layer_;
  Sequence<T> input_;
  InitialState<N, T> initial_;
  ScanOptions options_;
  Index batch_ = 0, neurons_ = 0, steps_ = 0, delay_ = 1, step_stride_ = 1;
  Index padded_ = 0;                        // neurons, as they are computed
  Index stride_ = 0, synaptic_stride_ = 0;  // between rows
  Index history_steps_ = 1;                 // rows of outputs before the first step
  bool has_grad_ = false, keeps_states_ = false;
  View<T> parameters_;
  std::array<T, constant_count<N>> constants_{};
  T *output_ = nullptr, *synaptic_ = nullptr;
  std::array<T*, states> state_{}, adjoint_{};
  T *grad_ = nullptr, *synaptic_grad_ = nullptr, *parameter_sum_ = nullptr, *sample_sums_ = nullptr;
  kernels::Weights<T> lateral_;
  T* mask_ = nullptr;
  Index mask_step_ = 0, mask_row_ = 0;
};

}  // namespace detail

/// Runs a layer of neurons over a sequence: one operation on the tape, forward and reverse both fused over time
/// (docs/performance.md).
///
///     I_syn(t) = x(t) W_in + S(t - delay) W_lat,   then the neuron's step,   then S(t) *= mask
///
/// Gradients flow to the weights, the raw parameters, the input and the initial state. ShapeError where shapes do not
/// fit, ConfigError for a delay or a dropout that is none.
template <class N, Scalar T>
ScanResult<N, T> scan(const Layer<N, T>& layer, const Sequence<T>& input, const InitialState<N, T>& initial = {},
                      const OutputMask<T>& mask = {}, const ScanOptions& options = {}) {
  detail::check_scan(layer, input, initial, mask);
  Tape<T>& tape = layer.w_lateral.tape();
  detail::Scan<N, T> scan(layer, input, initial, mask, options);
  const ScanResult<N, T> result = scan.forward();
  if (scan.has_grad() && input.steps > 0) tape.on_backward([scan] { scan.backward(); });
  return result;
}

}  // namespace glifr
