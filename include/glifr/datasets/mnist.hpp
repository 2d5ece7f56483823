#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "glifr/datasets/dataset.hpp"
#include "glifr/datasets/idx.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Images with their classes, as MNIST and the sets in its form (Fashion-MNIST, EMNIST) have them: kept as bytes.
struct LabelledImages {
  IdxImages images;                  ///< the pictures
  std::vector<std::uint8_t> labels;  ///< one an image, below `classes`
  Index classes = 10;                ///< digits, unless asked for others
  std::string file = {};             ///< from which the pictures come, for messages
};

/// Reads `folder`/{train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or packed by gzip, as `read_idx_file` finds them;
/// labels are below `classes`. Throws DataError where a file is missing or damaged, a label is out of range, or the
/// numbers of images and labels differ; ConfigError for Split::validation, which is taken from the training images
/// (`split_stratified`).
[[nodiscard]] GLIFR_API LabelledImages read_mnist(const std::filesystem::path& folder, Split split, Index classes = 10);

/// How an image becomes a sequence: a row a time step (`rows` steps of `columns` inputs) or a pixel a time step.
enum class ImageLayout { lines, pixels };

/// Images one row or one pixel a time step, with class labels. A pixel p (0 … 255) becomes (p / 255 - 0.1307) / 0.3081,
/// which gives the training images of MNIST mean 0 and standard deviation 1.
template <Scalar T>
class GLIFR_API MnistDataset final : public Dataset<T> {
 public:
  /// `permutation`, where it is given, is one order of the pixels for all images: place p of the sequence, counted row
  /// by row, shows pixel permutation[p]. Throws ConfigError where it does not hold every pixel's number exactly once,
  /// ShapeError where images, pixels and labels are not as many as they say, or a label is no class.
  MnistDataset(std::shared_ptr<const LabelledImages> data, ImageLayout layout, std::vector<Index> permutation = {});

  [[nodiscard]] Index size() const override { return data_->images.count; }
  [[nodiscard]] Index time_steps() const override { return time_steps_; }
  [[nodiscard]] Index input_size() const override { return input_size_; }
  [[nodiscard]] Index classes() const override { return data_->classes; }

  void inputs(std::span<const Index> samples, T* x) const override;
  void labels(std::span<const Index> samples, std::int32_t* labels) const override;

 private:
  std::shared_ptr<const LabelledImages> data_;
  Index time_steps_;
  Index input_size_;
  std::vector<Index> permutation_;
  std::array<T, 256> normalised_;  // by pixel value
};

extern template class MnistDataset<float>;
extern template class MnistDataset<double>;

}  // namespace glifr
