#include "glifr/analysis/ablation.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "glifr/core/random.hpp"
#include "glifr/error.hpp"
#include "glifr/io/number.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr::analysis {
namespace {

void check(const AblationSettings& settings) {
  if (settings.ratios.empty()) throw ConfigError("ratios", "found none, expected at least one from 0 to 1");
  for (const double ratio : settings.ratios) {
    if (!(ratio >= 0 && ratio <= 1))
      throw ConfigError("ratios", "found " + format_number(ratio) + ", accepted are 0 to 1");
    // The same draws again would count as others.
    if (std::ranges::count(settings.ratios, ratio) > 1)
      throw ConfigError("ratios", "names " + format_number(ratio) + " twice");
  }
  if (settings.draws < 1)
    throw ConfigError("draws", "found " + std::to_string(settings.draws) + ", accepted are 1 and above");
}

/// One test of the network.
struct Job {
  std::size_t ratio;
  Index draw;
};

}  // namespace

std::vector<bool> draw_silenced(Index neurons, Index silenced, Index draw, std::uint64_t seed) {
  std::vector<Index> order(static_cast<std::size_t>(neurons));
  std::iota(order.begin(), order.end(), Index{0});
  const Random random(seed, Stream::analysis, static_cast<std::uint32_t>(draw));
  std::vector<bool> is_silenced(order.size());
  for (Index i = 0; i < silenced; ++i) {  // the beginning of a Fisher-Yates shuffle
    const auto left = static_cast<std::uint32_t>(neurons - i);
    const std::uint64_t position = static_cast<std::uint64_t>(silenced) << 32 | static_cast<std::uint64_t>(i);
    std::swap(at(order, i), at(order, i + static_cast<Index>(random.below(position, left))));
    is_silenced[static_cast<std::size_t>(at(order, i))] = true;
  }
  return is_silenced;
}

template <Scalar T>
std::vector<AblationResult> ablate(const MakeNetwork<T>& make_network, const Dataset<T>& data,
                                   const AblationSettings& settings) {
  check(settings);
  const Index neurons = make_network()->neurons();
  std::vector<AblationResult> results;
  std::vector<Job> jobs;
  for (const double ratio : settings.ratios) {
    // A product that rounding keeps slightly below a whole number counts as that number.
    const auto silenced = static_cast<Index>(ratio * static_cast<double>(neurons) * (1 + 1e-12));
    const Index draws = silenced == 0 || silenced == neurons ? 1 : settings.draws;
    for (Index draw = 0; draw < draws; ++draw) jobs.push_back({results.size(), draw});
    results.push_back({ratio, silenced, std::vector<Score>(static_cast<std::size_t>(draws))});
  }
  std::vector<Index> samples(
      static_cast<std::size_t>(settings.samples > 0 ? std::min(settings.samples, data.size()) : data.size()));
  std::iota(samples.begin(), samples.end(), Index{0});

  parallel_for(static_cast<Index>(jobs.size()), [&](Index i) {
    const Job& job = at(jobs, i);
    AblationResult& result = results[job.ratio];
    const auto network = make_network();
    const std::vector<bool> is_silenced = draw_silenced(neurons, result.silenced, job.draw, settings.seed);
    auto next = is_silenced.begin();
    for (std::size_t k = 0; k < network->depth(); ++k) {
      std::vector<T> factors(static_cast<std::size_t>(network->layer(k).size()));
      for (T& factor : factors) factor = *next++ ? T(0) : T(1);
      network->silence(k, std::move(factors));
    }
    Workers alone(1);  // draws run side by side, each on its own thread
    at(result.scores, job.draw) = evaluate<T>(*network, data, alone, {.samples = samples});
  });
  return results;
}

template <Scalar T>
std::vector<double> outputs(const RecurrentNetwork<T>& network, const Dataset<T>& data,
                            std::span<const Index> samples) {
  const Index steps = data.time_steps(), count = std::ssize(samples);
  std::vector<T> inputs(static_cast<std::size_t>(steps * count * data.input_size()));
  data.inputs(samples, inputs.data());
  std::vector<std::int32_t> lengths;
  if (data.has_lengths()) {
    lengths.resize(samples.size());
    data.lengths(samples, lengths.data());
  }
  Tape<T> tape(Tape<T>::Mode::forward_only);
  const auto x = Sequence<T>::from(tape.constant({steps, count, data.input_size()}, inputs.data()));
  const View<T> y = network.forward(tape, x, {.lengths = lengths}).output.value();
  std::vector<double> values;
  for (Index row = 0; row < y.rows; ++row) values.insert(values.end(), y.row(row), y.row(row) + y.columns);
  return values;
}

#define GLIFR_INSTANTIATE(T)                                                                                         \
  template std::vector<AblationResult> ablate<T>(const MakeNetwork<T>&, const Dataset<T>&, const AblationSettings&); \
  template std::vector<double> outputs<T>(const RecurrentNetwork<T>&, const Dataset<T>&, std::span<const Index>)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr::analysis
