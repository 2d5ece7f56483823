#include "micro_batches.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "glifr/backend/layout.hpp"
#include "glifr/distributed/group.hpp"
#include "glifr/neurons/indexing.hpp"
#include "glifr/training/micro_batch.hpp"
#include "pieces.hpp"

namespace glifr {

namespace {

template <Scalar T>
bool is_finite(View<const T> x) {
  for (Index r = 0; r < x.rows; ++r) {
    if (!std::all_of(x.row(r), x.row(r) + x.columns, [](T value) { return std::isfinite(value); })) return false;
  }
  return true;
}

}  // namespace

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

template class MicroBatches<float>;
template class MicroBatches<double>;

}  // namespace glifr
