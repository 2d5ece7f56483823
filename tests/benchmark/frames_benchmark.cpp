// An epoch of training on recordings of the event camera, their frames as lists of active inputs and as dense matrices
// of zeros and ones: N-MNIST's training recordings in GLIFR_DATA or, without, synthetic frames with 3 % ones.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "glifr/backend/processors.hpp"
#include "glifr/cells/glifr.hpp"
#include "glifr/datasets/nmnist.hpp"
#include "glifr/datasets/synthetic.hpp"
#include "glifr/network/initialize.hpp"
#include "glifr/training/trainer.hpp"

namespace {

using namespace glifr;

constexpr Index batch = 512;

std::shared_ptr<const Dataset<float>> recordings() {
  static const std::shared_ptr<const Dataset<float>> data = []() -> std::shared_ptr<const Dataset<float>> {
    if (const char* root = std::getenv("GLIFR_DATA")) {
      const auto folder = std::filesystem::path(root) / "nmnist";
      return std::make_shared<NmnistDataset<float>>(
          std::make_shared<const LabelledFrames>(read_nmnist(folder, Split::train)));
    }
    return std::make_shared<SyntheticDataset<float>>(SyntheticSettings{
        .samples = 2 * batch, .time_steps = 15, .input_size = event_frame_size, .classes = 10, .density = 0.03});
  }();
  return data;
}

/// The same samples, as if there were no lists.
class Dense final : public Dataset<float> {
 public:
  explicit Dense(std::shared_ptr<const Dataset<float>> data) : data_(std::move(data)) {}

  [[nodiscard]] Index size() const override { return data_->size(); }
  [[nodiscard]] Index time_steps() const override { return data_->time_steps(); }
  [[nodiscard]] Index input_size() const override { return data_->input_size(); }
  [[nodiscard]] Index classes() const override { return data_->classes(); }
  void inputs(std::span<const Index> samples, float* x) const override { data_->inputs(samples, x); }
  void labels(std::span<const Index> samples, std::int32_t* labels) const override { data_->labels(samples, labels); }

 private:
  std::shared_ptr<const Dataset<float>> data_;
};

void epoch(benchmark::State& state, const Dataset<float>& data) {
  Network<GlifrCell<2, float>> network({.input_size = data.input_size(), .hidden_size = 252}, 10, Outputs::last_step);
  initialize_homogeneous(network, 1);
  Workers workers(available_processors());
  Trainer<float> trainer(network, data, {.batch_size = batch, .max_epochs = 1}, workers);
  for (auto _ : state) {
    trainer.set_position({});
    trainer.fit();
  }
  state.counters["samples"] = static_cast<double>(data.size());
}

void sparse(benchmark::State& state) {
  epoch(state, *recordings());
}
void dense(benchmark::State& state) {
  epoch(state, Dense(recordings()));
}

}  // namespace

BENCHMARK(sparse)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(dense)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_MAIN();
