#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "glifr/core/parameter.hpp"

namespace glifr {

/// Places of a list of parameters in one flat buffer: the trained ones first, in the order of the list, then the frozen
/// ones. Each takes its padded size, so that whole vectors may run over its end; the padding holds zeros. Gradients,
/// the optimiser's state, devices and processes all use this layout.
template <Scalar T>
class ParameterLayout {
 public:
  /// A parameter and where it begins.
  struct Entry {
    Parameter<T>* parameter;  ///< owned by its network
    Index offset;             ///< of its first element
  };
  /// A stretch of a trained parameter, short enough to be one task among many.
  struct Block {
    std::size_t entry;  ///< whose stretch it is
    Index first;        ///< of its elements
    Index count;        ///< padding included
  };

  /// The parameters outlive this.
  explicit ParameterLayout(const ParameterList<T>& parameters) {
    entries_.reserve(parameters.size());
    for (const bool is_trained : {true, false}) {
      for (Parameter<T>* parameter : parameters) {
        if (parameter->is_trained != is_trained) continue;
        entries_.push_back({parameter, size_});
        size_ += parameter->value.padded_size();
      }
      if (!is_trained) continue;
      trained_ = entries_.size();
      trained_size_ = size_;
    }
  }

  /// All parameters, the trained ones first.
  [[nodiscard]] std::span<const Entry> entries() const { return entries_; }
  /// The trained parameters.
  [[nodiscard]] std::span<const Entry> trained() const { return std::span(entries_).first(trained_); }
  /// Elements of the buffer.
  [[nodiscard]] Index size() const { return size_; }
  /// Elements that the trained parameters take, at the beginning of the buffer.
  [[nodiscard]] Index trained_size() const { return trained_size_; }

  /// Where a parameter begins. std::logic_error where it is not in the list.
  [[nodiscard]] Index offset_of(const Parameter<T>& parameter) const { return entries_[number_of(parameter)].offset; }
  /// Its number among the entries. std::logic_error as above.
  [[nodiscard]] std::size_t number_of(const Parameter<T>& parameter) const {
    for (std::size_t e = 0; e < entries_.size(); ++e) {
      if (entries_[e].parameter == &parameter) return e;
    }
    throw std::logic_error("parameter " + parameter.name + " is not in this list of parameters");
  }

  /// Whether a parameter had a gradient when this was made. std::logic_error where it is not in the list, or
  /// `Parameter::is_trained` was changed since.
  [[nodiscard]] bool is_trained(const Parameter<T>& parameter) const {
    const bool was_trained = number_of(parameter) < trained_;
    if (was_trained == parameter.is_trained) return was_trained;
    throw std::logic_error("parameter " + parameter.name + " was " + (was_trained ? "frozen" : "freed") +
                           " after its place among gradients was chosen: make trainer, optimizer and gradients anew");
  }
  /// std::logic_error where `Parameter::is_trained` of one was changed since this was made.
  void require_unchanged() const {
    for (const Entry& entry : entries_) static_cast<void>(is_trained(*entry.parameter));
  }

  /// The trained parameters cut into blocks of at most `block_size` elements.
  [[nodiscard]] std::vector<Block> blocks(Index block_size) const {
    std::vector<Block> blocks;
    for (std::size_t e = 0; e < trained_; ++e) {
      const Index size = entries_[e].parameter->value.padded_size();
      for (Index first = 0; first < size; first += block_size) {
        blocks.push_back({e, first, std::min(block_size, size - first)});
      }
    }
    return blocks;
  }

 private:
  std::vector<Entry> entries_;
  std::size_t trained_ = 0;  // entries
  Index size_ = 0, trained_size_ = 0;
};

/// What stands where a gradient belongs: anything, which the first addition replaces; what was added up; or something
/// else again, since the operation that computed the value has used its gradient up.
enum class GradientState : std::uint8_t { empty, begun, used_up };

/// Gradients of a list of parameters, in one buffer: of one worker's share of a batch, or of a batch. Frozen parameters
/// have none.
template <Scalar T>
class Gradients {
 public:
  /// Zero gradients for those of the parameters that are trained. The parameters outlive this.
  explicit Gradients(const ParameterList<T>& parameters)
      : layout_(parameters),
        buffer_({layout_.trained_size()}),
        states_(layout_.trained().size(), GradientState::begun) {}

  /// The gradient of a parameter, shaped like it; empty where it is frozen. std::logic_error where it is not in the
  /// list, or was frozen or freed since this was made.
  [[nodiscard]] View<T> of(const Parameter<T>& parameter) {
    if (!layout_.is_trained(parameter)) return {};
    const Shape& shape = parameter.value.shape();
    return {buffer_.data() + layout_.offset_of(parameter), shape.rows(), shape.columns()};
  }

  /// Whether there is one for a trained parameter.
  [[nodiscard]] GradientState& state_of(const Parameter<T>& parameter) { return states_[layout_.number_of(parameter)]; }
  /// From now on, all of them are empty, until a tape adds to them.
  void begin() { std::ranges::fill(states_, GradientState::empty); }
  /// Those that are still empty are zero.
  void complete() {
    for (std::size_t e = 0; e < states_.size(); ++e) {
      const auto& [parameter, offset] = layout_.trained()[e];
      if (std::exchange(states_[e], GradientState::begun) == GradientState::empty)
        std::fill_n(buffer_.data() + offset, parameter->value.size(), T(0));
    }
  }

  /// All gradients in the order of the layout, with gaps of zeros between them.
  [[nodiscard]] std::span<T> values() { return buffer_.values(); }

 private:
  ParameterLayout<T> layout_;
  Tensor<T> buffer_;
  std::vector<GradientState> states_;  // of the trained parameters, in this order
};

}  // namespace glifr
