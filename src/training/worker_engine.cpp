#include "worker_engine.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "glifr/backend/layout.hpp"
#include "glifr/distributed/group.hpp"
#include "glifr/neurons/indexing.hpp"
#include "glifr/training/evaluate.hpp"
#include "glifr/training/micro_batch.hpp"

namespace glifr {

namespace {

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

Index choose_micro_batch(Index batch, Index time_steps, Index delay, bool carries_state, bool last_step_only,
                         Index neurons) {
  if (std::min({batch, time_steps, delay}) < 1)
    throw std::logic_error("choose_micro_batch: a size or the delay is below 1");
  const bool skips_steps = !carries_state && last_step_only;
  const Index rows_a_sample = skips_steps ? 1 : std::min(delay, time_steps);
  // Steps to sum up for each time that weights and their gradients are read: of 1 MiB, which second-level cache does
  // not hold beside all else, and of 8 MiB, which it does not hold at all.
  const Index wanted_sum = neurons < 512 ? 0 : neurons < 1448 ? 448 : 896;
  const Index steps_a_sample = std::max<Index>(1, skips_steps ? ceil_divide(time_steps, delay) : time_steps);
  // Rows of a product: fewer where second-level cache would not hold what is kept of so many samples.
  const auto samples_for = [&](Index rows) { return ceil_divide(rows, rows_a_sample); };
  const Index samples = samples_for(samples_for(160) * steps_a_sample > 2560 ? 64 : 160);
  const Index efficient = std::max(samples, ceil_divide(wanted_sum, steps_a_sample));
  const Index pieces = std::max<Index>(std::min<Index>(batch, 2), ceil_divide(batch, efficient));
  return std::max<Index>(1, ceil_divide(batch, pieces));  // all of a size, so that no worker waits for another
}

Index choose_micro_batch(std::span<const LayerLoad> layers, Index batch, Index time_steps, bool last_step_only) {
  Index size = 1;
  for (const LayerLoad& layer : layers) {
    const bool skips = last_step_only && &layer == &layers.back();
    size =
        std::max(size, choose_micro_batch(batch, time_steps, layer.delay, layer.carries_state, skips, layer.neurons));
  }
  return size;
}

Index choose_shares(Index batch, Index micro_batch, Index time_steps) {
  constexpr Index cheap = 16;          // are summed at once, by all workers
  constexpr Index wanted_rows = 2048;  // of a share, where there are more: clearing and adding a gradient takes less
  const Index pieces = ceil_divide(batch, std::max<Index>(1, micro_batch));
  return std::min({pieces, most_shares, std::max(cheap, batch * time_steps / wanted_rows)});
}

template <Scalar T>
MicroBatches<T>::MicroBatches(const RecurrentNetwork<T>& network, const Dataset<T>& data, Index threads, const Cut& cut,
                              LossFunction<T> loss, const std::vector<double>& class_weights)
    : network_(network), data_(data), cut_(cut), objective_(std::move(loss)), batches_(data, network.outputs()) {
  objective_.check(network, data, class_weights);
  for (const double weight : class_weights) class_weights_.push_back(static_cast<T>(weight));
  for (std::size_t k = 0; k < network.depth(); ++k) {
    const NetworkLayer<T>& layer = network.layer(k);
    layers_.push_back({layer.size(), layer.delay(), layer.carries_state()});
  }
  for (Index i = 0; i < threads; ++i) {
    tapes_.push_back(std::make_unique<Tape<T>>());
    tapes_.back()->share(&prepared_);
  }
}

template <Scalar T>
Index MicroBatches<T>::micro_batch(Index batch) const {
  if (cut_.micro_batch > 0) return cut_.micro_batch;
  const bool last_step_only = network_.outputs() == Outputs::last_step && !batches_.has_lengths();
  Index size = choose_micro_batch(layers_, batch, data_.time_steps(), last_step_only);
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
template <class RangeOf>
void MicroBatches<T>::gather_outcomes(RangeOf range_of) {
  if (!cut_.group) return;
  std::vector<std::span<std::byte>> all;
  for (Index r = 0; r < cut_.group->size(); ++r) {
    const auto [first, last] = range_of(r);
    all.push_back(std::as_writable_bytes(
        std::span(outcomes_).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first))));
  }
  cut_.group->gather(at(all, cut_.group->rank()), all);
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
  const auto pieces_of = [&](Index rank) { return part_of_shares(pieces, rank, cut_.group->size()); };
  const auto [first, last] = cut_.group ? pieces_of(cut_.group->rank()) : ShareRange{0, pieces};
  outcomes_.assign(static_cast<std::size_t>(pieces), {});
  prepared_.renew();
  parallel_for(last - first, [&, start = first](Index k) {
    const Index i = start + k;
    Tape<T>& t = tape(last - start);
    t.clear();
    t.set_mode(Tape<T>::Mode::forward_only);
    at(outcomes_, i) = run(t, part(samples, size, i), count, engine, {}, predicted ? predicted + i * size : nullptr);
  });
  gather_outcomes(pieces_of);
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
  const Index count = std::ssize(samples);
  Index size = micro_batch(count);
  const Index wanted = cut_.shares > 0 ? cut_.shares : choose_shares(count, size, data_.time_steps());
  size = std::min(size, ceil_divide(count, wanted));
  const Index pieces = ceil_divide(count, size), shares = std::min(wanted, pieces);
  const auto first_piece = [&](Index share) { return pieces * share / shares; };
  const auto shares_of = [&](Index rank) { return part_of_shares(shares, rank, cut_.group->size()); };
  const ShareRange range = cut_.group ? shares_of(cut_.group->rank()) : ShareRange{0, shares};
  if (!sums_) sums_.emplace(parameters);
  sums_->begin(range, shares);
  outcomes_.assign(static_cast<std::size_t>(pieces), {});
  prepared_.renew();

  parallel_for(range.last - range.first, [&](Index k) {
    const Index s = range.first + k;
    Tape<T>& t = tape(range.last - range.first);
    Gradients<T>* share = sums_->take();
    share->begin();
    t.set_mode(Tape<T>::Mode::record);
    t.accumulate_into(share);
    for (Index i = first_piece(s); i < first_piece(s + 1); ++i) {
      t.clear();
      const auto piece = part(samples, size, i);
      const OutputMask<T> mask{.dropout = dropout, .random = random, .samples = piece};
      at(outcomes_, i) = run(t, piece, count, engine, mask);
    }
    share->complete();
    sums_->put(s, share);
  });
  gather_outcomes([&](Index rank) {
    const ShareRange theirs = shares_of(rank);
    return ShareRange{first_piece(theirs.first), first_piece(theirs.last)};
  });

  Gradient result{.score = sum_of_outcomes(count), .parts = sums_->parts(), .shares = shares};
  if (!std::ranges::all_of(outcomes_, &Outcome::output_is_finite)) {
    result.not_finite = "the network's output";
  } else if (!std::isfinite(result.score.loss_sum)) {
    result.not_finite = "the loss";
  }
  return result;
}

namespace {

/// Steps on the workers of this process, or of a group of processes.
template <Scalar T>
class WorkerEngine final : public TrainingEngine<T> {
 public:
  WorkerEngine(const EngineParts<T>& parts, Workers& workers, Group* group)
      : settings_(parts.settings),
        workers_(workers),
        optimizer_(parts.optimizer),
        parameters_(parts.network.parameters()),
        micro_batches_(parts.network, parts.data, workers.threads(),
                       {.micro_batch = parts.settings.micro_batch, .shares = parts.settings.shares, .group = group},
                       parts.loss, parts.settings.class_weights),
        reduce_(parameters_, group) {
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
    const auto [sum, norm, not_finite] = reduce_(gradient.parts, gradient.shares);
    if (not_finite) stop("the gradient of " + not_finite->name);
    optimizer_.apply(*sum, norm, epoch_.learning_rate);
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
  return std::make_unique<WorkerEngine<T>>(parts, workers, nullptr);
}

template <Scalar T>
std::unique_ptr<TrainingEngine<T>> make_group_engine(const EngineParts<T>& parts, Workers& workers, Group& group) {
  return std::make_unique<WorkerEngine<T>>(parts, workers, &group);
}

template <Scalar T>
Score evaluate(const RecurrentNetwork<T>& network, const Dataset<T>& data, Workers& workers,
               const EvaluationOptions<T>& options) {
  check_samples(options.samples, data.size());
  MicroBatches<T> micro_batches(network, data, workers.threads(), {.micro_batch = options.micro_batch}, options.loss);
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
  if (network.output_size() != data.classes()) {
    throw ConfigError("output_size", "the data has " + std::to_string(data.classes()) + " classes, the network " +
                                         std::to_string(network.output_size()) + " outputs");
  }
  check_samples(options.samples, data.size());
  std::vector<Index> samples(options.samples.begin(), options.samples.end());
  if (samples.empty()) {
    samples.resize(static_cast<std::size_t>(data.size()));
    std::iota(samples.begin(), samples.end(), Index{0});
  }
  Classification result{.classes = data.classes()};
  result.predicted.resize(samples.size());
  MicroBatches<T> micro_batches(network, data, workers.threads(), {.micro_batch = options.micro_batch}, options.loss);
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
  template std::unique_ptr<TrainingEngine<T>> make_group_engine<T>(const EngineParts<T>&, Workers&, Group&);        \
  template Score evaluate<T>(const RecurrentNetwork<T>&, const Dataset<T>&, Workers&, const EvaluationOptions<T>&); \
  template Classification classify<T>(const RecurrentNetwork<T>&, const Dataset<T>&, Workers&,                      \
                                      const EvaluationOptions<T>&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
