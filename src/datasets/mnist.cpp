#include "glifr/datasets/mnist.hpp"

#include <string>
#include <utility>

#include "gather.hpp"
#include "glifr/error.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr {
namespace {

void check_permutation(const std::vector<Index>& permutation, Index pixels) {
  const std::string accepted = "; accepted is every number from 0 to " + std::to_string(pixels - 1) + " once";
  if (std::ssize(permutation) != pixels) {
    throw ConfigError("permutation", "found " + std::to_string(permutation.size()) + " numbers" + accepted);
  }
  std::vector<bool> seen(permutation.size(), false);
  for (const Index pixel : permutation) {
    if (pixel < 0 || pixel >= pixels) throw ConfigError("permutation", "found " + std::to_string(pixel) + accepted);
    if (seen[static_cast<std::size_t>(pixel)]) {
      throw ConfigError("permutation", "found " + std::to_string(pixel) + " twice" + accepted);
    }
    seen[static_cast<std::size_t>(pixel)] = true;
  }
}

}  // namespace

LabelledImages read_mnist(const std::filesystem::path& folder, Split split, Index classes) {
  if (split == Split::validation)
    throw ConfigError("split", "found validation; accepted: train or test, into which MNIST is divided");
  const std::string part = split == Split::train ? "train" : "t10k";
  const IdxFile images = read_idx_file(folder / (part + "-images-idx3-ubyte"));
  const IdxFile labels = read_idx_file(folder / (part + "-labels-idx1-ubyte"));
  LabelledImages data{.images = parse_idx_images(images.bytes, images.name),
                      .labels = parse_idx_labels(labels.bytes, labels.name, classes),
                      .classes = classes,
                      .file = images.name};
  if (std::ssize(data.labels) != data.images.count) {
    constexpr std::int64_t offset_of_count = 4;
    throw DataError(labels.name,
                    "found " + std::to_string(data.labels.size()) + " labels; " + images.name + " has " +
                        std::to_string(data.images.count) + " images",
                    offset_of_count);
  }
  return data;
}

template <Scalar T>
MnistDataset<T>::MnistDataset(std::shared_ptr<const LabelledImages> data, ImageLayout layout,
                              std::vector<Index> permutation)
    : data_(std::move(data)), permutation_(std::move(permutation)) {
  const IdxImages& images = data_->images;
  detail::check_values("images", {images.rows, images.count, images.columns}, images.pixels.size());
  if (std::ssize(data_->labels) != images.count)
    throw ShapeError("labels of images", std::to_string(images.count), std::to_string(data_->labels.size()));
  detail::check_labels("labels of images", data_->labels, data_->classes);
  const Index pixels = images.rows * images.columns;
  time_steps_ = layout == ImageLayout::lines ? images.rows : pixels;
  input_size_ = pixels / time_steps_;
  if (!permutation_.empty()) check_permutation(permutation_, pixels);
  for (std::size_t pixel = 0; pixel < normalised_.size(); ++pixel) {
    normalised_[pixel] = static_cast<T>((static_cast<double>(pixel) / 255 - 0.1307) / 0.3081);
  }
}

template <Scalar T>
void MnistDataset<T>::inputs(std::span<const Index> samples, T* x) const {
  check_samples(samples, size());
  const Index pixels = time_steps_ * input_size_;
  for (Index t = 0; t < time_steps_; ++t) {
    for (const Index sample : samples) {
      const std::uint8_t* image = data_->images.pixels.data() + sample * pixels;
      for (Index place = t * input_size_; place < (t + 1) * input_size_; ++place) {
        const Index pixel = permutation_.empty() ? place : at(permutation_, place);
        *x++ = normalised_[image[pixel]];
      }
    }
  }
}

template <Scalar T>
void MnistDataset<T>::labels(std::span<const Index> samples, std::int32_t* labels) const {
  check_samples(samples, size());
  for (const Index sample : samples) *labels++ = at(data_->labels, sample);
}

template class MnistDataset<float>;
template class MnistDataset<double>;

}  // namespace glifr
