#pragma once

#include "glifr/datasets/mnist.hpp"
#include "tasks.hpp"

/// Tasks on MNIST and the sets in its form: images as sequences.
namespace glifr::detail {

/// The key that names the folder of the images.
[[nodiscard]] TaskKey mnist_path_key();

/// The images of a request; those of the test set, unless they are asked for alone, have the size of the training
/// images. DataError otherwise.
[[nodiscard]] std::shared_ptr<const LabelledImages> read_images(const DataRequest& request);

/// "28 x 28 pixels"
[[nodiscard]] std::string size_of(const IdxImages& images);

}  // namespace glifr::detail
