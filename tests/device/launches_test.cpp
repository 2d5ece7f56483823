// How much a training step of the published tasks asks of a device: a launch costs a GPU one to two microseconds
// whatever it does, and a step of the small tasks consists of little else.
#include <numeric>
#include <string>
#include <vector>

#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/data.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/paper/models.hpp"
#include "glifr/training/engine.hpp"
#include "support/catch.hpp"
#include "support/counting_device.hpp"

namespace {

using namespace glifr;

struct Asked {
  Index kernels, products;
};

/// What a step of a task asks for.
Asked count_step(const std::string& task, const std::string& model, Index batch) {
  Config config(task);
  config.set("batch_size=" + std::to_string(batch));
  const Settings settings = config.resolve(find_model(model));
  const auto data = make_synthetic_data<float>(settings, 1);
  const auto network = make_network<float>(settings);
  initialize_homogeneous(*network, 1);
  const TrainingSettings training = training_settings(settings, 1, Engine::fused);
  Optimizer<float> optimizer(network->parameters(), training.optimizer);
  test::CountingDevice device;
  const auto engine = make_device_engine<float>({*network, *data, training, optimizer}, device);
  std::vector<Index> order(static_cast<std::size_t>(batch));
  std::iota(order.begin(), order.end(), Index{0});
  Position position;
  engine->begin({.order = order, .batch_size = batch, .learning_rate = 1e-3}, position);
  device.kernels = device.products = 0;
  engine->advance(position);
  return {device.kernels, device.products};
}

TEST_CASE("a training step asks for no more than so many launches") {
  struct Budget {
    const char *task, *model;
    Index batch, kernels, products;
  };
  for (const Budget& b : {Budget{"sine", "glifr_lheta", 6, 41, 0},
                          {"lmnist", "glifr_lheta", 256, 25, 5},
                          {"pmnist", "glifr_lheta", 512, 30, 6},
                          {"nmnist", "glifr_lheta", 512, 55, 29}}) {
    INFO(b.task << " " << b.model);
    const Asked asked = count_step(b.task, b.model, b.batch);
    CHECK(asked.kernels <= b.kernels);
    CHECK(asked.products <= b.products);
  }
}

}  // namespace
