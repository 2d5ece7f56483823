#include "glifr/datasets/synthetic.hpp"

#include <algorithm>
#include <stdexcept>

#include "gather.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr {
namespace {

/// A uniform number in [0, 1) by its place: SplitMix64's output function (Steele, Lea and Flood, OOPSLA 2014).
double uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t place) {
  std::uint64_t bits = (seed << 2) + stream + 0x9e3779b97f4a7c15 * (place + 1);
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
  bits ^= bits >> 31;
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

enum SyntheticStream : std::uint64_t { input_stream, label_stream, target_stream };

void check(const SyntheticSettings& s) {
  const double density = s.density.value_or(0);
  const bool is_accepted = s.samples >= 1 && s.time_steps >= 1 && s.input_size >= 1 && s.classes >= 0 &&
                           s.target_size >= 0 && (s.classes > 0) != (s.target_size > 0) && density >= 0 &&
                           density <= 1 && (!s.density || s.input_size <= BinaryFrames::largest_frame);
  if (!is_accepted) throw std::invalid_argument("SyntheticDataset: a size or the density is out of range");
}

template <Scalar T>
std::vector<T> make_values(const SyntheticSettings& s, Index features, SyntheticStream stream) {
  std::vector<T> values(static_cast<std::size_t>(s.time_steps * s.samples * features));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(2 * uniform(s.seed, stream, i) - 1);
  return values;
}

BinaryFrames make_frames(const SyntheticSettings& s) {
  BinaryFrames frames;
  frames.samples = s.samples;
  frames.time_steps = s.time_steps;
  frames.frame_size = s.input_size;
  std::uint64_t place = 0;
  for (Index frame = 0; frame < s.samples * s.time_steps; ++frame) {
    for (Index input = 0; input < s.input_size; ++input) {
      if (uniform(s.seed, input_stream, place++) < *s.density) frames.ones.push_back(static_cast<std::uint16_t>(input));
    }
    frames.offsets.push_back(frames.ones.size());
  }
  return frames;
}

}  // namespace

template <Scalar T>
SyntheticDataset<T>::SyntheticDataset(const SyntheticSettings& settings) : settings_(settings) {
  check(settings_);
  if (settings_.density) {
    frames_ = make_frames(settings_);
  } else {
    values_ = make_values<T>(settings_, settings_.input_size, input_stream);
  }
  if (settings_.classes > 0) {
    for (Index sample = 0; sample < settings_.samples; ++sample) {
      const double place = uniform(settings_.seed, label_stream, static_cast<std::uint64_t>(sample));
      labels_.push_back(static_cast<std::int32_t>(place * static_cast<double>(settings_.classes)));
    }
  } else {
    targets_ = make_values<T>(settings_, settings_.target_size, target_stream);
  }
}

template <Scalar T>
void SyntheticDataset<T>::inputs(std::span<const Index> samples, T* x) const {
  check_samples(samples, size());
  if (is_sparse()) {
    frames_.gather_dense(samples, x);
  } else {
    detail::gather(values_, {time_steps(), size(), input_size()}, samples, x);
  }
}

template <Scalar T>
void SyntheticDataset<T>::active_inputs(std::span<const Index> samples, ActiveInputs* rows) const {
  if (!is_sparse()) return Dataset<T>::active_inputs(samples, rows);
  check_samples(samples, size());
  frames_.gather(samples, rows);
}

template <Scalar T>
void SyntheticDataset<T>::labels(std::span<const Index> samples, std::int32_t* labels) const {
  if (classes() == 0) return Dataset<T>::labels(samples, labels);
  check_samples(samples, size());
  for (const Index sample : samples) *labels++ = at(labels_, sample);
}

template <Scalar T>
void SyntheticDataset<T>::targets(std::span<const Index> samples, T* values) const {
  if (target_size() == 0) return Dataset<T>::targets(samples, values);
  check_samples(samples, size());
  detail::gather(targets_, {time_steps(), size(), target_size()}, samples, values);
}

template class SyntheticDataset<float>;
template class SyntheticDataset<double>;

}  // namespace glifr
