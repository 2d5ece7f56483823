#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "glifr/core/random.hpp"
#include "glifr/datasets/dataset.hpp"

namespace glifr::test {

/// What a `PaddedDataset` is like.
struct PaddedSettings {
  Index time_steps = 1, input_size = 1;
  Index classes = 0, target_size = 0;   // the one or the other
  bool has_last_target = false;         // value targets for the last valid step only
  bool is_sparse = false;               // binary inputs
  std::vector<std::int32_t> lengths{};  // a sample
};

/// Random sequences of different lengths, with NaN or, where inputs are binary, ones behind their valid steps.
template <Scalar T>
class PaddedDataset final : public Dataset<T> {
 public:
  explicit PaddedDataset(PaddedSettings settings) : settings_(std::move(settings)) {
    for (Index i = 0; i < input_size(); ++i) every_input_.push_back(static_cast<std::uint16_t>(i));
  }

  [[nodiscard]] Index size() const override { return std::ssize(settings_.lengths); }
  [[nodiscard]] Index time_steps() const override { return settings_.time_steps; }
  [[nodiscard]] Index input_size() const override { return settings_.input_size; }
  [[nodiscard]] bool is_sparse() const override { return settings_.is_sparse; }
  [[nodiscard]] Index classes() const override { return settings_.classes; }
  [[nodiscard]] Index target_size() const override { return settings_.target_size; }
  [[nodiscard]] Index target_steps() const override { return settings_.has_last_target ? 1 : time_steps(); }
  [[nodiscard]] bool has_lengths() const override { return true; }

  void inputs(std::span<const Index> samples, T* x) const override {
    const std::size_t count = samples.size();
    for (std::size_t b = 0; b < count; ++b) {
      for (Index t = 0; t < time_steps(); ++t) {
        for (Index i = 0; i < input_size(); ++i)
          x[(t * std::ssize(samples) + static_cast<Index>(b)) * input_size() + i] = input(samples[b], t, i);
      }
    }
  }
  void active_inputs(std::span<const Index> samples, ActiveInputs* rows) const override {
    for (Index t = 0; t < time_steps(); ++t) {
      for (const Index sample : samples) {
        // A run of inputs, or all.
        const auto first = static_cast<Index>(number(0, sample, t) * static_cast<double>(input_size()));
        const Index count = is_valid(sample, t) ? std::min<Index>(2, input_size() - first) : input_size();
        *rows++ = {every_input_.data() + (is_valid(sample, t) ? first : 0), count};
      }
    }
  }
  void labels(std::span<const Index> samples, std::int32_t* labels) const override {
    for (const Index sample : samples) *labels++ = static_cast<std::int32_t>((sample * 5 + 1) % settings_.classes);
  }
  void targets(std::span<const Index> samples, T* values) const override {
    for (Index t = 0; t < target_steps(); ++t) {
      for (const Index sample : samples) {
        // One that stands for the last valid step is that of every step's.
        const Index step = settings_.has_last_target ? length(sample) - 1 : t;
        for (Index c = 0; c < target_size(); ++c)
          *values++ = is_valid(sample, step) ? static_cast<T>(number(2, sample, step * target_size() + c)) : nothing;
      }
    }
  }
  void lengths(std::span<const Index> samples, std::int32_t* lengths) const override {
    for (const Index sample : samples) *lengths++ = static_cast<std::int32_t>(length(sample));
  }

 private:
  static constexpr T nothing = std::numeric_limits<T>::quiet_NaN();

  [[nodiscard]] Index length(Index sample) const { return settings_.lengths[static_cast<std::size_t>(sample)]; }
  [[nodiscard]] bool is_valid(Index sample, Index step) const { return step < length(sample); }
  [[nodiscard]] static double number(std::uint32_t key, Index sample, Index position) {
    return Random(key, Stream::data, static_cast<std::uint32_t>(sample)).uniform(static_cast<std::uint64_t>(position));
  }
  [[nodiscard]] T input(Index sample, Index step, Index i) const {
    return is_valid(sample, step) ? static_cast<T>(2 * number(1, sample, step * input_size() + i) - 1) : nothing;
  }

  PaddedSettings settings_;
  std::vector<std::uint16_t> every_input_;
};

}  // namespace glifr::test
