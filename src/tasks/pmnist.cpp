#include <numeric>
#include <span>
#include <utility>

#include "glifr/core/random.hpp"
#include "images.hpp"

namespace glifr {

namespace {

/// One order of all pixels for all images.
std::vector<Index> draw_permutation(Index pixels, const Random& random) {
  std::vector<Index> permutation(static_cast<std::size_t>(pixels));
  std::iota(permutation.begin(), permutation.end(), Index{0});
  shuffle(std::span(permutation), random);
  return permutation;
}

/// Pixel-by-pixel images: a pixel a time step.
class PmnistTask final : public TaskOf<PmnistTask> {
 public:
  PmnistTask() : TaskOf("pmnist", detail::built_in_configuration("pmnist")) {}

  [[nodiscard]] std::vector<TaskKey> keys() const override {
    return {detail::mnist_path_key(),
            {.name = "permute_pixels",
             .value = false,
             .help = "whether the pixels of all images come in one shuffled order"}};
  }

  /// The output size is the number of classes, which is compared with the labels when these are read.
  void check(const Settings& settings) const override {
    for (const char* key : {"input_size", "loss_fn"}) require_as_configured(settings, key);
  }
  /// Those of MNIST's images.
  [[nodiscard]] Index time_steps(const Settings& /*settings*/) const override { return Index{28} * 28; }

  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load(const DataRequest& request) const {
    auto data = detail::read_images(request);
    std::vector<Index> permutation;
    if (request.settings.task.flag("permute_pixels"))
      permutation = draw_permutation(data->images.rows * data->images.columns, Random(request.seed, Stream::data));
    return std::make_shared<MnistDataset<T>>(std::move(data), ImageLayout::pixels, std::move(permutation));
  }
};

}  // namespace

namespace detail {

std::unique_ptr<Task> make_pmnist_task() {
  return std::make_unique<PmnistTask>();
}

}  // namespace detail

}  // namespace glifr
