#include "glifr/error.hpp"
#include "images.hpp"

namespace glifr {

namespace {

/// Line-by-line images: a row a time step.
class LmnistTask final : public TaskOf<LmnistTask> {
 public:
  LmnistTask() : TaskOf("lmnist", detail::built_in_configuration("lmnist")) {}

  [[nodiscard]] std::vector<TaskKey> keys() const override { return {detail::mnist_path_key()}; }

  /// Input and output size follow the images; they are compared with them when these are read.
  void check(const Settings& settings) const override { require_as_configured(settings, "loss_fn"); }
  /// Those of square images.
  [[nodiscard]] Index time_steps(const Settings& settings) const override { return settings.model.input_size; }

  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load(const DataRequest& request) const {
    auto data = detail::read_images(request);
    const Index columns = data->images.columns, expected = request.settings.model.input_size;
    if (columns != expected) {
      throw DataError(data->file, "found images of " + detail::size_of(data->images) +
                                      ", a line of them a time step; input_size is " + std::to_string(expected) +
                                      ", set input_size=" + std::to_string(columns));
    }
    return std::make_shared<MnistDataset<T>>(std::move(data), ImageLayout::lines);
  }
};

}  // namespace

namespace detail {

std::unique_ptr<Task> make_lmnist_task() {
  return std::make_unique<LmnistTask>();
}

}  // namespace detail

}  // namespace glifr
