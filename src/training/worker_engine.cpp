#include "worker_engine.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "glifr/backend/layout.hpp"
#include "glifr/neurons/indexing.hpp"
#include "glifr/training/evaluate.hpp"
#include "glifr/training/micro_batch.hpp"

namespace glifr {

namespace {

/// Shares of a batch that are computed independently. More would serve more threads, but each costs a gradient's memory
/// and time to sum.
constexpr Index shares_of_a_batch = 16;
static_assert(shares_of_a_batch <= static_cast<Index>(max_shares));

constexpr Index ceil_divide(Index a, Index b) {
  return (a + b - 1) / b;
}

/// Part `i` of the samples when they are cut into parts of `size`.
std::span<const Index> part(std::span<const Index> samples, Index size, Index i) {
  const Index first = i * size;
  return samples.subspan(static_cast<std::size_t>(first),
                         static_cast<std::size_t>(std::min(size, std::ssize(samples) - first)));
}

template <Scalar T>
bool is_finite(View<const T> x) {
  for (Index r = 0; r < x.rows; ++r) {
    if (!std::all_of(x.row(r), x.row(r) + x.columns, [](T value) { return std::isfinite(value); })) return false;
  }
  return true;
}

}  // namespace

Index choose_micro_batch(Index batch, Index time_steps, Index delay, bool carries_state, bool last_step_only) {
  const bool skips_steps = !carries_state && last_step_only;
  const Index rows_a_sample = skips_steps ? 1 : std::min(delay, time_steps);
  constexpr Index wanted_rows = 160;
  const Index efficient = ceil_divide(wanted_rows, rows_a_sample);
  const Index pieces = std::max<Index>(std::min<Index>(batch, 2), ceil_divide(batch, efficient));
  return std::max<Index>(1, ceil_divide(batch, pieces));  // all of a size, so that no worker waits for another
}

template <Scalar T>
MicroBatches<T>::MicroBatches(const RecurrentNetwork<T>& network, const Dataset<T>& data, Index threads,
                              Index micro_batch, LossFunction<T> loss, const std::vector<double>& class_weights)
    : network_(network),
      data_(data),
      micro_batch_(micro_batch),
      objective_(std::move(loss)),
      batches_(data, network.outputs()) {
  objective_.check(network, data, class_weights);
  for (const double weight : class_weights) class_weights_.push_back(static_cast<T>(weight));
  for (Index i = 0; i < threads; ++i) tapes_.push_back(std::make_unique<Tape<T>>());
}

template <Scalar T>
Index MicroBatches<T>::micro_batch(Index batch) const {
  if (micro_batch_ > 0) return micro_batch_;
  Index size = 1;  // the layer that wants most rows in its products decides
  for (std::size_t k = 0; k < network_.depth(); ++k) {
    const NetworkLayer<T>& layer = network_.layer(k);
    const bool last_step_only =
        k + 1 == network_.depth() && network_.outputs() == Outputs::last_step && !batches_.has_lengths();
    size = std::max(
        size, choose_micro_batch(batch, data_.time_steps(), layer.delay(), layer.carries_state(), last_step_only));
  }
  if (memory_bytes_ == 0) return size;
  // The outputs and their gradients are kept in any case. How many threads there are does not matter: with the size of
  // micro-batches the order of sums would change.
  double bytes = 0;
  for (std::size_t k = 0; k < network_.depth(); ++k)
    bytes += static_cast<double>(2 * data_.time_steps() * layout::row_stride<T>(network_.layer(k).size())) * sizeof(T);
  while (size > 1 && static_cast<double>(size) * bytes > memory_bytes_ / 4) size = ceil_divide(size, 2);
  return size;
}

template <Scalar T>
typename MicroBatches<T>::Outcome MicroBatches<T>::run(Tape<T>& tape, std::span<const Index> samples, Index whole,
                                                       Engine engine, const OutputMask<T>& mask,
                                                       std::int32_t* predicted) {
  const std::span<const T> class_weights =
      tape.is_recording() ? std::span<const T>(class_weights_) : std::span<const T>();
  const Batch<T> batch = batches_.load(tape, samples, whole, class_weights);
  const double scans = static_cast<double>(tapes_.size() * network_.depth());
  const Var<T> output = network_
                            .forward(tape, batch.inputs,
                                     {.engine = engine,
                                      .mask = mask,
                                      .lengths = batch.lengths,
                                      .truncate_steps = truncate_steps_,
                                      .memory_limit = memory_bytes_ / scans})
                            .output;
  const Measured<T> measured = objective_.measure(output, batch);
  tape.backward(measured.loss.value);
  if (predicted) {
    for (Index b = 0; b < std::ssize(samples); ++b)
      predicted[b] = static_cast<std::int32_t>(device::most_likely<T>(output.value(), b));
  }
  Outcome outcome{measured.loss.sum() / measured.terms_per_sample,
                  measured.correct ? static_cast<Index>(*measured.correct) : 0, true};
  if (!std::isfinite(outcome.loss_sum)) outcome.output_is_finite = is_finite<T>(output.value());
  return outcome;
}

template <Scalar T>
Score MicroBatches<T>::sum_of_outcomes(Index samples) const {
  Score score{0, 0, samples};
  for (const Outcome& outcome : outcomes_) {
    score.loss_sum += outcome.loss_sum;
    score.correct += outcome.correct;
  }
  return score;
}

template <Scalar T>
Score MicroBatches<T>::evaluate(std::span<const Index> samples, Engine engine, std::int32_t* predicted) {
  const Index count = std::ssize(samples), size = micro_batch(count), pieces = ceil_divide(count, size);
  outcomes_.assign(static_cast<std::size_t>(pieces), {});
  parallel_for(pieces, [&](Index i) {
    Tape<T>& t = tape();
    t.clear();
    t.set_mode(Tape<T>::Mode::forward_only);
    at(outcomes_, i) = run(t, part(samples, size, i), count, engine, {}, predicted ? predicted + i * size : nullptr);
  });
  return sum_of_outcomes(count);
}

template <Scalar T>
Score MicroBatches<T>::evaluate(Engine engine, std::int32_t* predicted) {
  // In stretches, so that results wait in no more memory than a stretch needs.
  constexpr Index stretch = 4096;
  std::vector<Index> samples;
  Score score;
  for (Index first = 0; first < data_.size(); first += stretch) {
    samples.resize(static_cast<std::size_t>(std::min(stretch, data_.size() - first)));
    std::iota(samples.begin(), samples.end(), first);
    score += evaluate(samples, engine, predicted ? predicted + first : nullptr);
  }
  return score;
}

template <Scalar T>
typename MicroBatches<T>::Gradient MicroBatches<T>::gradient(const ParameterList<T>& parameters,
                                                             std::span<const Index> samples, Engine engine,
                                                             double dropout, const Random& random) {
  const Index count = std::ssize(samples), size = micro_batch(count), pieces = ceil_divide(count, size);
  const Index per_share = ceil_divide(pieces, shares_of_a_batch), shares = ceil_divide(pieces, per_share);
  while (std::ssize(shares_) < shares) {
    shares_.push_back(std::make_unique<Gradients<T>>(parameters));
    share_list_.push_back(shares_.back().get());
  }
  outcomes_.assign(static_cast<std::size_t>(pieces), {});

  parallel_for(shares, [&](Index s) {
    Tape<T>& t = tape();
    Gradients<T>& share = *at(shares_, s);
    std::fill(share.values().begin(), share.values().end(), T(0));
    t.set_mode(Tape<T>::Mode::record);
    t.accumulate_into(&share);
    for (Index i = s * per_share; i < std::min(pieces, (s + 1) * per_share); ++i) {
      t.clear();
      const auto piece = part(samples, size, i);
      const OutputMask<T> mask{.dropout = dropout, .random = random, .samples = piece};
      at(outcomes_, i) = run(t, piece, count, engine, mask);
    }
  });

  Gradient result{.score = sum_of_outcomes(count),
                  .shares = std::span(share_list_).first(static_cast<std::size_t>(shares))};
  if (!std::ranges::all_of(outcomes_, &Outcome::output_is_finite)) {
    result.not_finite = "the network's output";
  } else if (!std::isfinite(result.score.loss_sum)) {
    result.not_finite = "the loss";
  }
  return result;
}

namespace {

template <Scalar T>
class WorkerEngine final : public TrainingEngine<T> {
 public:
  WorkerEngine(const EngineParts<T>& parts, Workers& workers)
      : settings_(parts.settings),
        workers_(workers),
        optimizer_(parts.optimizer),
        parameters_(parts.network.parameters()),
        micro_batches_(parts.network, parts.data, workers.threads(), parts.settings.micro_batch, parts.loss,
                       parts.settings.class_weights),
        reduce_(parameters_) {
    micro_batches_.limit(settings_.truncate_steps, settings_.memory_mb);
  }

  void begin(const Epoch& epoch, const Position&) override { epoch_ = epoch; }

  void advance(Position& position) override {
    position.running += workers_.run([&] { return step(position.step); });
    ++position.step;
  }

  Score evaluate() override {
    return workers_.run([&] { return micro_batches_.evaluate(settings_.engine); });
  }

 private:
  Score step(Index number) {
    const Random dropout(settings_.seed, Stream::dropout, static_cast<std::uint32_t>(epoch_.number));
    const auto gradient = micro_batches_.gradient(parameters_, part(epoch_.order, epoch_.batch_size, number),
                                                  settings_.engine, settings_.dropout, dropout);
    const auto stop = [&](const std::string& quantity) {
      throw NumericError(quantity, epoch_.number + 1, epoch_.steps_before + number + 1);
    };
    if (gradient.not_finite) stop(gradient.not_finite);
    const auto [norm, not_finite] = reduce_(gradient.shares);
    if (not_finite) stop("the gradient of " + not_finite->name);
    optimizer_.apply(*gradient.shares.front(), norm, epoch_.learning_rate);
    return gradient.score;
  }

  const TrainingSettings& settings_;
  Workers& workers_;
  Optimizer<T>& optimizer_;
  ParameterList<T> parameters_;
  MicroBatches<T> micro_batches_;
  Reduction<T> reduce_;
  Epoch epoch_;
};

}  // namespace

template <Scalar T>
std::unique_ptr<TrainingEngine<T>> make_worker_engine(const EngineParts<T>& parts, Workers& workers) {
  return std::make_unique<WorkerEngine<T>>(parts, workers);
}

template <Scalar T>
Score evaluate(const RecurrentNetwork<T>& network, const Dataset<T>& data, Workers& workers,
               const EvaluationOptions<T>& options) {
  MicroBatches<T> micro_batches(network, data, workers.threads(), options.micro_batch, options.loss);
  return workers.run([&] {
    return options.samples.empty() ? micro_batches.evaluate(options.engine)
                                   : micro_batches.evaluate(options.samples, options.engine);
  });
}

template <Scalar T>
Classification classify(const RecurrentNetwork<T>& network, const Dataset<T>& data, Workers& workers,
                        const EvaluationOptions<T>& options) {
  if (data.classes() < 1) throw ConfigError("classify", "the targets of these data are values, expected classes");
  if (network.outputs() != Outputs::last_step)
    throw ConfigError("classify", "a class a sample needs Outputs::last_step, found Outputs::every_step");
  std::vector<Index> samples(options.samples.begin(), options.samples.end());
  if (samples.empty()) {
    samples.resize(static_cast<std::size_t>(data.size()));
    std::iota(samples.begin(), samples.end(), Index{0});
  }
  Classification result{.classes = data.classes()};
  result.predicted.resize(samples.size());
  MicroBatches<T> micro_batches(network, data, workers.threads(), options.micro_batch, options.loss);
  result.score = workers.run([&] {
    return options.samples.empty() ? micro_batches.evaluate(options.engine, result.predicted.data())
                                   : micro_batches.evaluate(samples, options.engine, result.predicted.data());
  });
  std::vector<std::int32_t> labels(samples.size());
  data.labels(samples, labels.data());
  result.confusion.assign(static_cast<std::size_t>(result.classes * result.classes), 0);
  for (std::size_t i = 0; i < labels.size(); ++i)
    ++result.confusion[static_cast<std::size_t>(labels[i] * result.classes + result.predicted[i])];
  return result;
}

#define GLIFR_INSTANTIATE(T)                                                                                        \
  template class MicroBatches<T>;                                                                                   \
  template std::unique_ptr<TrainingEngine<T>> make_worker_engine<T>(const EngineParts<T>&, Workers&);               \
  template Score evaluate<T>(const RecurrentNetwork<T>&, const Dataset<T>&, Workers&, const EvaluationOptions<T>&); \
  template Classification classify<T>(const RecurrentNetwork<T>&, const Dataset<T>&, Workers&,                      \
                                      const EvaluationOptions<T>&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
