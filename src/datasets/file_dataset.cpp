#include "glifr/datasets/file_dataset.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "glifr/error.hpp"

namespace glifr {

template <Scalar T>
FileDataset<T>::FileDataset(std::shared_ptr<const SampleFile> file, FileDatasetOptions options)
    : file_(std::move(file)), options_(std::move(options)) {
  if (file_->labels().empty()) {
    options_.classes = 0;
  } else if (options_.classes == 0) {
    options_.classes = file_->classes();
  }
  Index sample = 0;
  for (const std::int32_t label : file_->labels()) {
    if (label >= options_.classes) {
      throw DataError(file_->name(), "found the label " + std::to_string(label) + " at sample " +
                                         std::to_string(sample) + " (counted from 0); accepted are 0 to " +
                                         std::to_string(options_.classes - 1) +
                                         ", and all labels here with output_size=" + std::to_string(file_->classes()));
    }
    ++sample;
  }
  if (options_.time_steps == 0) options_.time_steps = file_->time_steps();
  if (options_.time_steps < file_->time_steps()) {
    throw ShapeError("padding of samples", std::to_string(file_->time_steps()) + " time steps or more",
                     std::to_string(options_.time_steps));
  }
  if (!options_.scale) return;
  const auto check_size = [&](const char* what, const std::vector<double>& values) {
    if (std::ssize(values) != file_->features())
      throw ShapeError(what, std::to_string(file_->features()) + " features", std::to_string(values.size()));
  };
  check_size("means of the inputs", options_.scale->mean);
  check_size("factors of the inputs", options_.scale->factor);
}

template <Scalar T>
void FileDataset<T>::pad(T* values, Index width, Index stride) const {
  for (Index step = file_->time_steps(); step < time_steps(); ++step) std::fill_n(values + step * stride, width, T{0});
}

template <Scalar T>
void FileDataset<T>::inputs(std::span<const Index> samples, T* x) const {
  check_samples(samples, size());
  const Index features = file_->features(), stride = std::ssize(samples) * features;
  if (!options_.scale) {
    for (const Index sample : samples) {
      file_->inputs(sample, x, stride);
      pad(x, features, stride);
      x += features;
    }
    return;
  }
  const FeatureScale& scale = *options_.scale;
  thread_local std::vector<double> values;
  values.resize(static_cast<std::size_t>(file_->time_steps() * features));
  for (const Index sample : samples) {
    file_->inputs(sample, values.data(), features);
    for (Index step = 0; step < file_->time_steps(); ++step) {
      const bool is_valid = step < file_->length(sample);
      for (Index feature = 0; feature < features; ++feature) {
        const auto f = static_cast<std::size_t>(feature);
        const double value = values[static_cast<std::size_t>(step * features) + f];
        x[step * stride + feature] = is_valid ? static_cast<T>((value - scale.mean[f]) * scale.factor[f]) : T{0};
      }
    }
    pad(x, features, stride);
    x += features;
  }
}

template <Scalar T>
void FileDataset<T>::labels(std::span<const Index> samples, std::int32_t* labels) const {
  if (options_.classes == 0) return Dataset<T>::labels(samples, labels);
  check_samples(samples, size());
  for (const Index sample : samples) *labels++ = file_->labels()[static_cast<std::size_t>(sample)];
}

template <Scalar T>
void FileDataset<T>::targets(std::span<const Index> samples, T* values) const {
  if (target_size() == 0) return Dataset<T>::targets(samples, values);
  check_samples(samples, size());
  const Index stride = std::ssize(samples) * target_size();
  for (const Index sample : samples) {
    file_->targets(sample, values, stride);
    if (target_steps() > 1) pad(values, target_size(), stride);
    values += target_size();
  }
}

template <Scalar T>
void FileDataset<T>::lengths(std::span<const Index> samples, std::int32_t* lengths) const {
  check_samples(samples, size());
  for (const Index sample : samples) *lengths++ = static_cast<std::int32_t>(file_->length(sample));
}

template class FileDataset<float>;
template class FileDataset<double>;

}  // namespace glifr
