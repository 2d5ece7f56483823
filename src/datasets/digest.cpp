#include "glifr/datasets/digest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "../io/crc32.hpp"

namespace glifr {

namespace {

/// CRC-32 of what it was given, one piece after another.
class Checksum {
 public:
  template <class Value>
  void add(const Value* values, Index count) {
    const auto size = static_cast<std::size_t>(count) * sizeof(Value);
    sum_ = detail::crc32({reinterpret_cast<const char*>(values), size}, sum_);
  }
  void add(Index value) { add(&value, 1); }

  [[nodiscard]] std::uint32_t value() const { return sum_; }

 private:
  std::uint32_t sum_ = 0;
};

}  // namespace

template <Scalar T>
DataDigest digest(const Dataset<T>& data) {
  constexpr Index max_values = Index{1} << 18;  // at a time: what stays in a processor's cache
  const Index steps = data.time_steps(), width = std::max(data.input_size(), data.target_size());
  const Index block = std::clamp<Index>(max_values / std::max<Index>(1, steps * width), 1, 256);
  std::vector<Index> samples(static_cast<std::size_t>(std::min(block, data.size())));
  std::vector<T> values;
  std::vector<ActiveInputs> active;
  std::vector<std::int32_t> labels;  // and lengths

  Checksum inputs, targets;
  inputs.add(steps);
  inputs.add(data.input_size());
  targets.add(data.classes());
  targets.add(data.target_size());
  for (Index first = 0; first < data.size(); first += block) {
    const Index count = std::min(block, data.size() - first);
    samples.resize(static_cast<std::size_t>(count));
    std::iota(samples.begin(), samples.end(), first);
    if (data.is_sparse()) {
      active.resize(static_cast<std::size_t>(steps * count));
      data.active_inputs(samples, active.data());
      for (const ActiveInputs& row : active) {
        inputs.add(row.count);
        inputs.add(row.indices, row.count);
      }
    } else {
      values.resize(static_cast<std::size_t>(steps * count * data.input_size()));
      data.inputs(samples, values.data());
      inputs.add(values.data(), std::ssize(values));
    }
    if (data.has_lengths()) {
      labels.resize(samples.size());
      data.lengths(samples, labels.data());
      inputs.add(labels.data(), count);
    }
    if (data.classes() > 0) {
      labels.resize(samples.size());
      data.labels(samples, labels.data());
      targets.add(labels.data(), count);
    } else if (data.target_size() > 0) {
      values.resize(static_cast<std::size_t>(data.target_steps() * count * data.target_size()));
      data.targets(samples, values.data());
      targets.add(values.data(), std::ssize(values));
    }
  }
  return {data.size(), inputs.value(), targets.value()};
}

template DataDigest digest<float>(const Dataset<float>&);
template DataDigest digest<double>(const Dataset<double>&);

}  // namespace glifr
