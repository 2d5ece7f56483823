#include "glifr/datasets/subset.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>

#include "glifr/error.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr {

template <Scalar T>
SubsetDataset<T>::SubsetDataset(std::shared_ptr<const Dataset<T>> whole, std::vector<Index> samples)
    : whole_(std::move(whole)), samples_(std::move(samples)) {
  check_samples(samples_, whole_->size());
  // Of a subset's set: its samples would be looked up in the memory in which these are.
  if (const auto* subset = dynamic_cast<const SubsetDataset*>(whole_.get())) {
    for (Index& sample : samples_) sample = at(subset->samples_, sample);
    whole_ = std::shared_ptr<const Dataset<T>>(subset->whole_);
  }
}

template <Scalar T>
std::span<const Index> SubsetDataset<T>::in_whole(std::span<const Index> samples) const {
  thread_local std::vector<Index> numbers;  // so that a training step allocates nothing
  numbers.clear();
  for (const Index sample : samples) numbers.push_back(samples_[static_cast<std::size_t>(sample)]);
  return numbers;
}

template <Scalar T>
void SubsetDataset<T>::inputs(std::span<const Index> samples, T* x) const {
  whole_->inputs(in_whole(samples), x);
}
template <Scalar T>
void SubsetDataset<T>::active_inputs(std::span<const Index> samples, ActiveInputs* rows) const {
  whole_->active_inputs(in_whole(samples), rows);
}
template <Scalar T>
void SubsetDataset<T>::labels(std::span<const Index> samples, std::int32_t* labels) const {
  whole_->labels(in_whole(samples), labels);
}
template <Scalar T>
void SubsetDataset<T>::targets(std::span<const Index> samples, T* values) const {
  whole_->targets(in_whole(samples), values);
}
template <Scalar T>
void SubsetDataset<T>::lengths(std::span<const Index> samples, std::int32_t* lengths) const {
  whole_->lengths(in_whole(samples), lengths);
}

namespace {

/// How many samples of each class are set off: whole numbers next to the share of the class that add up to the share of
/// all. The classes that get one more are those with the largest remainders, by lot where these are the same.
std::vector<Index> share_out(const std::vector<std::vector<Index>>& by_class, double share, const auto& shuffle) {
  std::vector<Index> counts;
  std::vector<double> remainders;
  std::vector<std::size_t> order(by_class.size());
  Index all = 0, sum = 0;
  for (const std::vector<Index>& samples : by_class) {
    const double exact = share * static_cast<double>(samples.size());
    counts.push_back(static_cast<Index>(exact));
    remainders.push_back(exact - std::floor(exact));
    sum += counts.back();
    all += std::ssize(samples);
  }
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(order);
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t c) { return remainders[c]; });
  const auto wanted = static_cast<Index>(std::lround(share * static_cast<double>(all)));
  for (std::size_t i = 0; i < order.size() && sum < wanted; ++i, ++sum) ++counts[order[i]];
  return counts;
}

}  // namespace

template <Scalar T>
SplitSamples split_stratified(const Dataset<T>& data, double share, const Random& random) {
  std::vector<Index> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), Index{0});
  std::vector<std::int32_t> classes(all.size());
  if (data.classes() > 0) data.labels(all, classes.data());

  std::vector<std::vector<Index>> by_class(static_cast<std::size_t>(std::max<Index>(1, data.classes())));
  for (const Index sample : all)
    by_class[static_cast<std::size_t>(classes[static_cast<std::size_t>(sample)])].push_back(sample);

  std::uint64_t position = 0;
  const auto shuffle = [&](auto& values) {
    for (std::size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[random.below(position++, static_cast<std::uint32_t>(i))]);
  };
  for (std::vector<Index>& samples : by_class) shuffle(samples);
  const std::vector<Index> counts = share_out(by_class, share, shuffle);

  SplitSamples parts;
  for (std::size_t c = 0; c < by_class.size(); ++c) {
    const std::vector<Index>& samples = by_class[c];
    const Index count = counts[c];
    parts.set_off.insert(parts.set_off.end(), samples.begin(), samples.begin() + count);
    parts.kept.insert(parts.kept.end(), samples.begin() + count, samples.end());
  }
  if (parts.set_off.empty() || parts.kept.empty()) {
    throw ConfigError("validation_fraction", "leaves no sample for " +
                                                 std::string(parts.kept.empty() ? "training" : "validation") + " of " +
                                                 std::to_string(data.size()));
  }
  std::ranges::sort(parts.kept);
  std::ranges::sort(parts.set_off);
  return parts;
}

#define GLIFR_INSTANTIATE(T)       \
  template class SubsetDataset<T>; \
  template SplitSamples split_stratified(const Dataset<T>&, double, const Random&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
