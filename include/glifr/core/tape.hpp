#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "glifr/backend/memory.hpp"
#include "glifr/backend/transfer.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/core/device_parameters.hpp"
#include "glifr/core/parameter_layout.hpp"

namespace glifr {

template <Scalar T>
class Tape;
template <Scalar T>
class PreparedWeights;

/// A gradient that is computed when it is needed, some rows at a time (`Var::defer_grad`).
template <Scalar T>
struct DeferredGradient {
  void (*run)(const void* closure, Index first, const View<T>& rows) = nullptr;  ///< null: there is none
  const void* closure = nullptr;                                                 ///< in the arena of the tape

  /// Whether there is one.
  explicit operator bool() const { return run != nullptr; }
  /// Writes the rows from `first` on.
  void write(Index first, const View<T>& rows) const { run(closure, first, rows); }
};

namespace detail {

/// A value on a tape, in the tape's arena.
template <Scalar T>
struct TapeNode {
  Shape shape;
  Index stride;  // between rows
  T* value;
  T* grad;                         // null: nothing flows back to here
  GradientState* state = nullptr;  // of the gradient; null: its own
  GradientState own_state = GradientState::begun;
  DeferredGradient<T>* deferred = nullptr;  // null: the gradient is always computed at once
};

/// Apart, so that the check before it costs a comparison and nothing else.
[[noreturn]] GLIFR_API void report_dead_value(bool is_empty);
[[noreturn]] GLIFR_API void report_other_tape(const char* operation);
[[noreturn]] GLIFR_API void report_used_grad();

}  // namespace detail

/// Where an operation puts a gradient: `rows`, in which what stands there counts `kept` times, 0 or 1.
template <Scalar T>
struct GradientTarget {
  View<T> rows;
  T kept;
};

/// Handle of a value on a tape; copied freely. It lives until the tape is cleared: a later use of it, as of an empty
/// one, is a std::logic_error.
template <Scalar T>
class Var {
 public:
  using Value = T;  ///< float or double

  Var() = default;

  /// Its sizes.
  [[nodiscard]] const Shape& shape() const { return node().shape; }
  /// Its numbers, as a matrix of all rows.
  [[nodiscard]] View<T> value() const {
    const detail::TapeNode<T>& n = node();
    return {n.value, n.shape.rows(), n.shape.columns(), n.stride};
  }
  /// dL / d value, to be read or added to, complete once `Tape::backward` has run; empty where no gradient is kept.
  /// std::logic_error where the backward pass has put other numbers in its place, as that of a layer does with the
  /// gradient of its outputs (to look at that one, take the gradient of a value made of them, as `y * 1.0`).
  [[nodiscard]] View<T> grad() const;
  /// For an operation that gives a gradient to the whole value, [rows, columns]: the first one replaces what stands
  /// there, so that nothing is cleared before it. Between rows, anything may stand. There is a gradient to be kept.
  [[nodiscard]] GradientTarget<T> grad_target() const;
  /// For an operation that gives a gradient to the whole value: leaves f(first, rows), which writes the rows of the
  /// gradient from `first` on, to be called when they are needed. False, and nothing is done, where the value takes
  /// none that way (`Tape::allow_deferred_grad`) or was given a gradient before.
  template <class F>
  bool defer_grad(F&& f) const;
  /// Whether a gradient is kept for it.
  [[nodiscard]] bool has_grad() const { return node().grad != nullptr; }
  /// Whether this handle stands for no value at all.
  [[nodiscard]] bool is_empty() const { return node_ == nullptr; }
  /// The tape that it lies on.
  [[nodiscard]] Tape<T>& tape() const {
    if (!tape_) [[unlikely]]
      detail::report_dead_value(true);
    return *tape_;
  }
  /// The number in a value of size 1; waits for a device.
  [[nodiscard]] T item() const;

 private:
  friend class Tape<T>;
  Var(Tape<T>& tape, detail::TapeNode<T>* node) : tape_(&tape), node_(node), round_(tape.round()) {}

  [[nodiscard]] detail::TapeNode<T>& node() const {
    if (!tape_ || tape_->round() != round_) [[unlikely]]
      detail::report_dead_value(!tape_);
    return *node_;
  }
  /// Computes a gradient that was deferred, whole.
  void settle_grad() const;

  Tape<T>* tape_ = nullptr;
  detail::TapeNode<T>* node_ = nullptr;
  std::uint64_t round_ = 0;
};

/// Reverse-mode automatic differentiation. Operations append what undoes them, in the order in which they ran;
/// `backward` runs that list from its end. Values, gradients and list entries live in an arena: `clear` takes
/// everything back at once, and after the first round of a repeated computation nothing is allocated. A tape belongs to
/// one thread at a time; different tapes are independent.
///
/// A tape may stand for a device: values and gradients are then in the device's memory (`memory`) and computed there;
/// the list, and what it captures, is the host's (`arena`). Whatever an operation is given by address lies where the
/// values lie.
template <Scalar T>
class Tape {
 public:
  /// Whether operations are recorded, to be undone by `backward`.
  enum class Mode { record, forward_only };

  /// `forward_only`: nothing is recorded and no gradient is kept, for evaluation.
  explicit Tape(Mode mode = Mode::record, Device* device = nullptr) : mode_(mode) {
    if (device) device_memory_.emplace(device);
  }
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// Whether operations are recorded.
  [[nodiscard]] bool is_recording() const { return mode_ == Mode::record; }
  /// For the rounds to come: call it on a cleared tape.
  void set_mode(Mode mode) { mode_ = mode; }

  /// A value that receives a gradient (zero at first) and is otherwise uninitialised. `stride` (0: dense) is the
  /// distance between rows.
  Var<T> make(const Shape& shape, Index stride = 0) { return make(shape, stride, is_recording()); }
  /// The result of an operation: it has a gradient where one of its operands has.
  template <class... Operands>
  Var<T> make_from(const Shape& shape, const Operands&... operands) {
    return make(shape, 0, is_recording() && (operands.has_grad() || ...));
  }
  /// The same, with a gradient where that is asked for.
  Var<T> make(const Shape& shape, Index stride, bool with_grad) {
    if (stride == 0) stride = shape.columns();
    const Index size = shape.rows() * stride;
    T* const value = memory().template allocate<T>(size);
    return with_grad ? with_new_grad(shape, stride, value) : add({shape, stride, value, nullptr});
  }
  /// Numbers that receive no gradient. They are not copied: their memory outlives the round. ShapeError where there are
  /// not as many as the shape says.
  Var<T> constant(const Shape& shape, std::span<const T> values) {
    if (std::ssize(values) != shape.size())
      throw ShapeError("Tape::constant", std::to_string(shape.size()) + " numbers for " + to_string(shape),
                       std::to_string(values.size()));
    return constant(shape, values.data());
  }
  Var<T> constant(const Shape&, std::vector<T>&&) = delete;
  /// The same for as many numbers as the shape says from `values` on.
  Var<T> constant(const Shape& shape, const T* values) {
    return add({shape, shape.columns(), const_cast<T*>(values), nullptr});
  }
  /// A value in memory that an operation took from the arena; `grad` may be null. `state`: whether a gradient stands
  /// there.
  Var<T> adopt(const Shape& shape, Index stride, T* value, T* grad, GradientState state = GradientState::begun) {
    return add({.shape = shape, .stride = stride, .value = value, .grad = grad, .own_state = state});
  }
  /// From now on, an operation may leave the gradient of `value` to be computed later (`Var::defer_grad`): for an
  /// operation that wants its rows one after another, while they are in cache.
  void allow_deferred_grad(const Var<T>& value) { value.node().deferred = place_on_arena(DeferredGradient<T>{}); }
  /// The gradient that was left to be computed later, once: whoever takes it sees to it. Where somebody asks for the
  /// whole gradient before (`Var::grad`), or gives another, it is computed at once and there is none to be taken.
  DeferredGradient<T> take_deferred_grad(const Var<T>& value) {
    DeferredGradient<T>* const deferred = value.node().deferred;
    return deferred ? std::exchange(*deferred, {}) : DeferredGradient<T>{};
  }
  /// Says that the gradient of `value` is used up: other numbers stand in its place.
  void use_up_grad(const Var<T>& value) { *value.node().state = GradientState::used_up; }
  /// A part of another value, in place: what flows back to it is already in the other's gradient.
  Var<T> alias(const Var<T>& parent, const Shape& shape, Index offset) {
    T* grad = parent.has_grad() ? parent.grad().data + offset : nullptr;
    return add({shape, parent.value().stride, parent.value().data + offset, grad});
  }

  /// A parameter's value; its gradient goes to the `Gradients` given to `accumulate_into`, or to the tape's own where
  /// there are none.
  Var<T> use(const Parameter<T>& parameter) {
    for (const auto& [used, var] : used_) {
      if (used == &parameter) return var;
    }
    const Var<T> var = place(parameter);
    used_.emplace_back(&parameter, var);
    return var;
  }
  /// From now on, gradients of parameters are added to these, which outlive rounds. Null: to the tape's own.
  void accumulate_into(Gradients<T>* gradients) { gradients_ = gradients; }
  /// On a device: from now on, parameters are these, and their gradients are added to those here. Null: parameters are
  /// copied to the device in every round.
  void use_on_device(DeviceParameters<T>* parameters) { device_parameters_ = parameters; }

  /// From now on, weights that are parameters are laid out for products once for all tapes that share these
  /// (`prepare`); null: each tape does that for itself.
  void share(PreparedWeights<T>* weights) { shared_weights_ = weights; }
  /// What it shares.
  [[nodiscard]] PreparedWeights<T>* shared_weights() const { return shared_weights_; }
  /// The parameter that a number belongs to, where one is used as it lies in the host's memory; else null.
  [[nodiscard]] const Parameter<T>* parameter_of(const T* number) {
    if (device()) return nullptr;
    for (const auto& [used, var] : used_) {
      const T* first = used->value.data();
      if (number >= first && number < first + used->value.size()) return used;
    }
    return nullptr;
  }

  /// Numbers of the host where the tape's values are: copied for this round, or as they are where that is the host.
  template <class S>
  const S* to_memory(std::span<const S> values) {
    return device() ? upload(values) : values.data();
  }

  /// Appends a step of the backward pass. It captures handles and pointers only, for nothing on a tape is ever
  /// destroyed.
  template <class F>
  void on_backward(F&& f) {
    using Closure = std::remove_cvref_t<F>;
    static_assert(std::is_trivially_destructible_v<Closure>,
                  "a closure on a tape captures handles, views and numbers only");
    if (!is_recording()) return;
    entries_.push_back({[](const void* object) { (*static_cast<const Closure*>(object))(); },
                        place_on_arena(Closure(std::forward<F>(f)))});
  }

  /// Adds dL / d value to the gradient of every value that `loss` (of size 1) was computed from, once a round: add
  /// several losses up first. Nothing happens where none of them receives a gradient. std::logic_error for a second
  /// time, and where the loss lies on another tape.
  void backward(const Var<T>& loss) {
    if (&loss.tape() != this) throw std::logic_error("backward: the loss is a value of another tape");
    if (loss.shape().size() != 1) throw ShapeError("backward", "a loss of size 1", to_string(loss.shape()));
    if (!loss.has_grad()) return;
    kernels::fill(memory(), loss.grad(), T(1));
    backward_from(loss);
  }
  /// The same where the gradient of `value` is there already, whoever computed it.
  void backward_from(const Var<T>& value) {
    if (!value.has_grad()) return;
    if (std::exchange(has_run_, true)) throw std::logic_error("backward: ran already since the tape was cleared");
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) entry->run(entry->closure);
  }

  /// Forgets everything; memory is kept for the next round.
  void clear() {
    entries_.clear();
    has_run_ = false;
    used_.clear();
    arena_.reset();
    if (device_memory_) device_memory_->reset();
    ++round_;
  }

  /// Memory of this round where the values are, for what operations keep between their forward and their backward pass.
  [[nodiscard]] Arena& memory() { return device_memory_ ? *device_memory_ : arena_; }
  /// Memory of this round on the host: the same, unless the tape is a device's.
  [[nodiscard]] Arena& arena() { return arena_; }
  /// Null: the host.
  [[nodiscard]] Device* device() { return memory().device(); }
  /// How often the tape was cleared.
  [[nodiscard]] std::uint64_t round() const { return round_; }

 private:
  friend class Var<T>;
  struct Entry {
    void (*run)(const void*);
    const void* closure;
  };

  template <class S>
  S* upload(std::span<const S> values) {
    S* copy = memory().template allocate<S>(static_cast<Index>(values.size()));
    kernels::copy_in(memory(), copy, values.data(), static_cast<Index>(values.size()));
    return copy;
  }

  Var<T> place(const Parameter<T>& parameter) {
    const Shape& shape = parameter.value.shape();
    if (device_parameters_) {
      T* const grad = is_recording() ? device_parameters_->gradient_of(parameter) : nullptr;
      return adopt(shape, shape.columns(), device_parameters_->value_of(parameter), grad);
    }
    T* const value =
        device() ? upload(std::span<const T>(parameter.value.values())) : const_cast<T*>(parameter.value.data());
    const bool has_grad =
        is_recording() && (gradients_ ? gradients_->of(parameter).data != nullptr : parameter.is_trained);
    if (!has_grad) return add({shape, shape.columns(), value, nullptr});
    if (!gradients_) return with_new_grad(shape, shape.columns(), value);
    return add({shape, shape.columns(), value, gradients_->of(parameter).data, &gradients_->state_of(parameter)});
  }
  /// On a device, what begins as zeros is cleared all together.
  Var<T> with_new_grad(const Shape& shape, Index stride, T* value) {
    const Index size = shape.rows() * stride;
    if (device()) return adopt(shape, stride, value, memory().template allocate_zeroed<T>(size));
    return adopt(shape, stride, value, memory().template allocate<T>(size), GradientState::empty);
  }
  template <class Object>
  Object* place_on_arena(const Object& object) {
    return ::new (static_cast<void*>(arena_.template allocate<Object>(1))) Object(object);
  }
  Var<T> add(const detail::TapeNode<T>& node) {
    detail::TapeNode<T>* const placed = place_on_arena(node);
    if (!placed->state) placed->state = &placed->own_state;
    return {*this, placed};
  }

  Mode mode_;
  Arena arena_;
  std::optional<Arena> device_memory_;
  std::vector<Entry> entries_;
  bool has_run_ = false;  // the entries
  std::vector<std::pair<const Parameter<T>*, Var<T>>> used_;
  Gradients<T>* gradients_ = nullptr;
  DeviceParameters<T>* device_parameters_ = nullptr;
  PreparedWeights<T>* shared_weights_ = nullptr;
  std::uint64_t round_ = 0;
};

template <Scalar T>
View<T> Var<T>::grad() const {
  settle_grad();
  const detail::TapeNode<T>& n = node();
  if (!n.grad) return {};
  const Index rows = n.shape.rows();
  if (*n.state == GradientState::used_up) [[unlikely]]
    detail::report_used_grad();
  if (std::exchange(*n.state, GradientState::begun) == GradientState::empty)
    kernels::fill(tape_->memory(), View<T>(n.grad, 1, rows * n.stride), T(0));
  return {n.grad, rows, n.shape.columns(), n.stride};
}

template <Scalar T>
GradientTarget<T> Var<T>::grad_target() const {
  settle_grad();
  const detail::TapeNode<T>& n = node();
  if (*n.state == GradientState::used_up) [[unlikely]]
    detail::report_used_grad();
  const bool is_first = std::exchange(*n.state, GradientState::begun) == GradientState::empty;
  return {{n.grad, n.shape.rows(), n.shape.columns(), n.stride}, is_first ? T(0) : T(1)};
}

template <Scalar T>
void Var<T>::settle_grad() const {
  const detail::TapeNode<T>& n = node();
  const DeferredGradient<T> deferred = tape_->take_deferred_grad(*this);
  if (!deferred) return;
  deferred.write(0, {n.grad, n.shape.rows(), n.shape.columns(), n.stride});
  *n.state = GradientState::begun;
}

template <Scalar T>
template <class F>
bool Var<T>::defer_grad(F&& f) const {
  using Closure = std::remove_cvref_t<F>;
  static_assert(std::is_trivially_destructible_v<Closure>,
                "a closure on a tape captures handles, views and numbers only");
  const detail::TapeNode<T>& n = node();
  if (!n.deferred || *n.deferred || *n.state != GradientState::empty) return false;
  *n.deferred = {
      [](const void* object, Index first, const View<T>& rows) { (*static_cast<const Closure*>(object))(first, rows); },
      tape_->place_on_arena(Closure(std::forward<F>(f)))};
  return true;
}

namespace detail {

/// std::logic_error where the operands of an operation lie on different tapes.
template <Scalar T, class... Rest>
void check_tape(const char* operation, const Var<T>& first, const Rest&... rest) {
  if ((... || (&rest.tape() != &first.tape()))) [[unlikely]]
    report_other_tape(operation);
}

}  // namespace detail

template <Scalar T>
T Var<T>::item() const {
  const T* value = node().value;  // first: a value that is empty or dead has no tape to ask
  T number;
  kernels::copy_out(tape_->device(), &number, value, 1);
  return number;
}

}  // namespace glifr
