#include "images.hpp"

#include "glifr/error.hpp"

namespace glifr::detail {

namespace {

std::shared_ptr<const LabelledImages> read_part(const DataRequest& request, Split part) {
  const auto folder = request.files.root / request.settings.task.text("mnist_path");
  const Index classes = request.settings.model.output_size;
  const std::string name = folder.string() + (part == Split::train ? " train " : " test ") + std::to_string(classes);
  return request.files.read->get<LabelledImages>(name, [&] { return read_mnist(folder, part, classes); });
}

}  // namespace

TaskKey mnist_path_key() {
  return {.name = "mnist_path",
          .value = "mnist",
          .help = "folder of the images, relative to the data root; fashion-mnist has the same form",
          .decides = Decides::place};
}

std::string size_of(const IdxImages& images) {
  return std::to_string(images.rows) + " x " + std::to_string(images.columns) + " pixels";
}

std::shared_ptr<const LabelledImages> read_images(const DataRequest& request) {
  auto images = read_part(request, request.part);
  if (request.part == Split::test && !request.is_alone) {
    const auto train = read_part(request, Split::train);
    if (train->images.rows != images->images.rows || train->images.columns != images->images.columns) {
      throw DataError(images->file, "found images of " + size_of(images->images) + "; those of " + train->file +
                                        " have " + size_of(train->images));
    }
  }
  return images;
}

}  // namespace glifr::detail
