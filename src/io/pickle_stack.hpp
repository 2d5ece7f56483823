#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "glifr/io/pickle.hpp"
#include "pickle_input.hpp"

namespace glifr::detail {

/// The values that the operations of a pickle work on: a stack with marks in it, and the memo, from which values come
/// back by their keys. DataError where an operation finds something else than it needs, or a few bytes would make too
/// much.
class PickleStack {
 public:
  explicit PickleStack(const PickleInput& input) : input_(input) {}

  // Limits

  /// Values that are made, or copied from one list to another.
  void count(std::size_t values) {
    if (values > most_values - made_)
      input_.fail("the pickle holds more than " + std::to_string(most_values) + " values");
    made_ += values;
  }
  /// Bytes that a value copies out of others, which may be named again and again by a few bytes each.
  void charge(std::size_t bytes) {
    copied_ += bytes;
    if (copied_ > most_copies * input_.size()) input_.fail_damaged();
  }

  // Values

  template <class Content>
  PickleValue* make(Content content) {
    count(1);
    return &values_.emplace_back(PickleValue{std::move(content)});
  }
  /// The content of a value, which must be a T.
  template <class T>
  const T& as(const PickleValue* value) const {
    const T* found = value->get_if<T>();
    if (!found) input_.fail_damaged();
    return *found;
  }
  template <class T>
  T& as(PickleValue* value) const {
    T* found = std::get_if<T>(&value->content);
    if (!found) input_.fail_damaged();
    return *found;
  }
  /// All that were made. Their places do not change.
  std::deque<PickleValue> take_values() { return std::move(values_); }

  // The stack

  void push(PickleValue* value) { stack_.push_back(value); }
  /// Makes a value on top.
  template <class Content>
  void push_new(Content content) {
    push(make(std::move(content)));
  }
  [[nodiscard]] PickleValue* top() const {
    if (stack_.size() == base()) input_.fail_damaged();
    return stack_.back();
  }
  PickleValue* pop() {
    PickleValue* value = top();
    stack_.pop_back();
    return value;
  }
  std::vector<const PickleValue*> pop(std::size_t count) {
    if (stack_.size() - base() < count) input_.fail_damaged();
    std::vector<const PickleValue*> values(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return values;
  }
  void mark() { marks_.push_back(stack_.size()); }
  std::vector<const PickleValue*> pop_to_mark() {
    if (marks_.empty()) input_.fail_damaged();
    std::vector<const PickleValue*> values = pop(stack_.size() - marks_.back());
    marks_.pop_back();
    return values;
  }
  /// Takes away the value on top, or the mark where nothing lies above it.
  void discard() {
    if (stack_.size() > base()) {
      stack_.pop_back();
    } else {
      static_cast<void>(pop_to_mark());
    }
  }

  // The memo

  void put(std::uint64_t key) { memo_[key] = top(); }
  void put_next() { put(memo_.size()); }
  void get(std::uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) input_.fail_damaged();
    push(found->second);
  }

 private:
  static constexpr std::size_t most_values = 4'000'000;
  static constexpr std::size_t most_copies = 16;  // bytes copied out of values, for each byte that is read

  [[nodiscard]] std::size_t base() const { return marks_.empty() ? 0 : marks_.back(); }

  const PickleInput& input_;
  std::deque<PickleValue> values_;
  std::size_t made_ = 0;    // values that were made or copied
  std::size_t copied_ = 0;  // bytes of other values
  std::vector<PickleValue*> stack_;
  std::vector<std::size_t> marks_;  // sizes of the stack
  std::unordered_map<std::uint64_t, PickleValue*> memo_;
};

}  // namespace glifr::detail
