#include "images.hpp"

#include <map>
#include <mutex>
#include <tuple>

#include "glifr/error.hpp"

namespace glifr::detail {

namespace {

/// The images of a folder; those that a data set still holds are not read again.
std::shared_ptr<const LabelledImages> share_images(const std::filesystem::path& folder, Split part, Index classes) {
  static std::mutex mutex;
  static std::map<std::tuple<std::string, Split, Index>, std::weak_ptr<const LabelledImages>> held;
  const std::lock_guard lock(mutex);
  auto& known = held[{folder.string(), part, classes}];
  std::shared_ptr<const LabelledImages> images = known.lock();
  if (!images) known = images = std::make_shared<LabelledImages>(read_mnist(folder, part, classes));
  return images;
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
  const auto folder = request.files.root / request.settings.task.text("mnist_path");
  const Index classes = request.settings.model.output_size;
  auto images = share_images(folder, request.part, classes);
  if (request.part == Split::test && !request.is_alone) {
    const auto train = share_images(folder, Split::train, classes);
    if (train->images.rows != images->images.rows || train->images.columns != images->images.columns) {
      throw DataError(images->file, "found images of " + size_of(images->images) + "; those of " + train->file +
                                        " have " + size_of(train->images));
    }
  }
  return images;
}

}  // namespace glifr::detail
