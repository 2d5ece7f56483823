// How fast samples are read from a file: GLIFR_SAMPLES=train.h5 reading_benchmark. Samples in memory, samples that stay
// on the disk and are read in random order by batches of 64, and, of recordings, the events.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <numeric>
#include <vector>

#include "glifr/core/random.hpp"
#include "glifr/datasets/file_dataset.hpp"
#include "glifr/datasets/recordings.hpp"

namespace {

using namespace glifr;

constexpr Index batch = 64;

const char* file() {
  return std::getenv("GLIFR_SAMPLES");
}

void read_batches(benchmark::State& state, Index in_memory_bytes) {
  if (!file()) return state.SkipWithError("GLIFR_SAMPLES names no file");
  if (holds_recordings(file())) return state.SkipWithError("the file holds recordings of events");
  const auto samples =
      std::make_shared<const SampleFile>(file(), SampleFileOptions{.in_memory_bytes = in_memory_bytes});
  const FileDataset<float> data(samples);
  std::vector<Index> order(static_cast<std::size_t>(data.size()));
  std::iota(order.begin(), order.end(), Index{0});
  const Random random(1, Stream::shuffle);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[random.below(i, static_cast<std::uint32_t>(i))]);
  std::vector<float> x(static_cast<std::size_t>(data.time_steps() * batch * data.input_size()));
  std::size_t first = 0;
  for (auto _ : state) {
    const std::size_t count = std::min<std::size_t>(batch, order.size());
    if (first + count > order.size()) first = 0;
    data.inputs(std::span(order).subspan(first, count), x.data());
    first += count;
  }
  state.counters["samples/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * batch, benchmark::Counter::kIsRate);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(x.size() * sizeof(float)));
}

void in_memory(benchmark::State& state) {
  read_batches(state, Index{1} << 40u);
}
void on_disk(benchmark::State& state) {
  read_batches(state, 0);
}

void events(benchmark::State& state) {
  if (!file() || !holds_recordings(file())) return state.SkipWithError("GLIFR_SAMPLES names no recordings");
  RecordingOptions options;
  options.frames = {.num_timesteps = 100, .duration_timestep = 10};
  options.values = FrameValues::count;
  double read = 0;
  for (auto _ : state) {
    const LabelledFrames frames = read_recordings(file(), options);
    read += std::accumulate(frames.counts.begin(), frames.counts.end(), 0.0);
  }
  state.counters["events/s"] = benchmark::Counter(read, benchmark::Counter::kIsRate);
}

}  // namespace

BENCHMARK(in_memory)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(on_disk)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(events)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_MAIN();
