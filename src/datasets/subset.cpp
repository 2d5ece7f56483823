#include "glifr/datasets/subset.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <numeric>
#include <string>

#include "glifr/error.hpp"
#include "glifr/io/number.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr {

namespace {

/// The numbers that samples of a subset have in its whole, as long as the object lives. The memory is the thread's, so
/// that a training step allocates nothing: a vector for each subset that is being asked, since the whole may ask one.
class InWhole {
 public:
  InWhole(const std::vector<Index>& subset, std::span<const Index> samples) {
    check_samples(samples, std::ssize(subset));
    if (depth == vectors.size()) vectors.emplace_back();
    numbers_ = &vectors[depth];
    numbers_->clear();
    for (const Index sample : samples) numbers_->push_back(at(subset, sample));
    ++depth;
  }
  ~InWhole() { --depth; }
  InWhole(const InWhole&) = delete;
  InWhole& operator=(const InWhole&) = delete;

  operator std::span<const Index>() const { return *numbers_; }

 private:
  inline static thread_local std::deque<std::vector<Index>> vectors;  // whose places do not change
  inline static thread_local std::size_t depth = 0;

  std::vector<Index>* numbers_;
};

}  // namespace

template <Scalar T>
SubsetDataset<T>::SubsetDataset(std::shared_ptr<const Dataset<T>> whole, std::vector<Index> samples)
    : whole_(std::move(whole)), samples_(std::move(samples)) {
  check_samples(samples_, whole_->size());
}

template <Scalar T>
void SubsetDataset<T>::inputs(std::span<const Index> samples, T* x) const {
  whole_->inputs(InWhole(samples_, samples), x);
}
template <Scalar T>
void SubsetDataset<T>::active_inputs(std::span<const Index> samples, ActiveInputs* rows) const {
  whole_->active_inputs(InWhole(samples_, samples), rows);
}
template <Scalar T>
void SubsetDataset<T>::labels(std::span<const Index> samples, std::int32_t* labels) const {
  whole_->labels(InWhole(samples_, samples), labels);
}
template <Scalar T>
void SubsetDataset<T>::targets(std::span<const Index> samples, T* values) const {
  whole_->targets(InWhole(samples_, samples), values);
}
template <Scalar T>
void SubsetDataset<T>::lengths(std::span<const Index> samples, std::int32_t* lengths) const {
  whole_->lengths(InWhole(samples_, samples), lengths);
}

namespace {

/// How many samples of each class are set aside: whole numbers next to the share of the class that add up to the share
/// of all. The classes that get one more are those with the largest remainders, by lot where these are the same.
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
  if (!(share > 0 && share < 1)) {
    throw ConfigError("validation_fraction", "found " + format_number(share) +
                                                 "; accepted: a number > 0 and < 1 of samples that are set aside");
  }
  std::vector<Index> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), Index{0});
  const std::vector<std::int32_t> classes =
      data.classes() > 0 ? labels_of<T>(data, all) : std::vector<std::int32_t>(all.size());

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
