#include <algorithm>
#include <cmath>
#include <numeric>

#include "glifr/ops/loss.hpp"
#include "glifr/training/trainer.hpp"

namespace glifr {

namespace {

/// Shares of a batch that are computed independently. More would serve more threads, but each costs a gradient's memory
/// and time to sum.
constexpr Index most_shares = 16;
static_assert(most_shares <= static_cast<Index>(max_shares));

constexpr Index ceil_divide(Index a, Index b) {
  return (a + b - 1) / b;
}

template <Scalar T>
Index count_correct(View<const T> output, std::span<const std::int32_t> labels) {
  Index correct = 0;
  for (Index r = 0; r < output.rows; ++r) {
    const T* row = output.row(r);
    correct += std::max_element(row, row + output.columns) - row == labels[static_cast<std::size_t>(r)];
  }
  return correct;
}

template <Scalar T>
bool is_finite(View<const T> x) {
  for (Index r = 0; r < x.rows; ++r) {
    for (Index c = 0; c < x.columns; ++c) {
      if (!std::isfinite(x(r, c))) return false;
    }
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
BatchRunner<T>::BatchRunner(const RecurrentNetwork<T>& network, const Dataset<T>& data, Index threads,
                            Index micro_batch)
    : network_(network), data_(data), micro_batch_(micro_batch) {
  const auto require_equal = [](const char* key, Index expected, Index found) {
    if (expected != found)
      throw ConfigError(key, "the data has " + std::to_string(expected) + ", the network " + std::to_string(found));
  };
  require_equal("input_size", data.input_size(), network.input_size());
  require_equal("output_size", data.classes() > 0 ? data.classes() : data.target_size(), network.output_size());
  if (data.classes() > 0 && network.outputs() != Outputs::last_step) {
    throw ConfigError("final_reduction",
                      "a label a sample needs Outputs::last_step ('last'), found Outputs::every_step ('none')");
  }
  for (Index i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
}

template <Scalar T>
Index BatchRunner<T>::micro_batch(Index batch) const {
  if (micro_batch_ > 0) return micro_batch_;
  return choose_micro_batch(batch, data_.time_steps(), network_.delay(), network_.carries_state(),
                            network_.outputs() == Outputs::last_step);
}

template <Scalar T>
typename BatchRunner<T>::Outcome BatchRunner<T>::run(Worker& worker, std::span<const Index> samples, Index batch,
                                                     Engine engine, const OutputMask<T>& mask) {
  Tape<T>& tape = worker.tape;
  const auto count = static_cast<Index>(samples.size());
  const Index steps = data_.time_steps();
  Sequence<T> input{steps, count, data_.input_size()};
  if (data_.is_sparse()) {
    worker.active.resize(static_cast<std::size_t>(steps * count));
    data_.active_inputs(samples, worker.active.data());
    input.active = worker.active.data();
  } else {
    T* x = tape.arena().template allocate<T>(steps * count * data_.input_size());
    data_.inputs(samples, x);
    input.dense = tape.constant({steps, count, data_.input_size()}, x);
  }

  const Var<T> output = network_.forward(tape, input, {.engine = engine, .mask = mask}).output;
  Outcome outcome;
  if (data_.classes() > 0) {
    worker.labels.resize(samples.size());
    data_.labels(samples, worker.labels.data());
    const Var<T> logits = tape.alias(output, {count, data_.classes()}, 0);
    const Loss<T> loss = softmax_cross_entropy<T>(logits, worker.labels, batch);
    outcome = {loss.sum(), count_correct<T>(logits.value(), worker.labels), true};
    tape.backward(loss.value);
  } else {
    const Index compared = output.shape()[0], width = data_.target_size();
    T* targets = tape.arena().template allocate<T>(steps * count * width);
    data_.targets(samples, targets);
    const View<const T> asked(targets + (steps - compared) * count * width, compared * count, width);
    const Loss<T> loss = mean_squared_error<T>(output, asked, compared * batch * width);
    outcome = {loss.sum() / static_cast<double>(compared * width), 0, true};
    tape.backward(loss.value);
  }
  if (!std::isfinite(outcome.loss_sum)) outcome.output_is_finite = is_finite<T>(output.value());
  return outcome;
}

template <Scalar T>
Score BatchRunner<T>::evaluate(std::span<const Index> samples, Engine engine) {
  const auto count = static_cast<Index>(samples.size());
  const Index micro = micro_batch(count);
  const Index pieces = ceil_divide(count, micro);
  outcomes_.assign(static_cast<std::size_t>(pieces), {});
  parallel_for(pieces, [&](Index i) {
    Worker& w = worker();
    w.tape.clear();
    w.tape.set_mode(Tape<T>::Mode::forward_only);
    const Index first = i * micro;
    outcomes_[static_cast<std::size_t>(i)] = run(
        w, samples.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(std::min(micro, count - first))),
        count, engine, {});
  });
  Score score{0, 0, count};
  for (const Outcome& outcome : outcomes_) {
    score.loss_sum += outcome.loss_sum;
    score.correct += outcome.correct;
  }
  return score;
}

template <Scalar T>
Score BatchRunner<T>::evaluate(Engine engine) {
  // In stretches, so that results wait in no more memory than a stretch needs.
  constexpr Index stretch = 4096;
  std::vector<Index> samples;
  Score score;
  for (Index first = 0; first < data_.size(); first += stretch) {
    samples.resize(static_cast<std::size_t>(std::min(stretch, data_.size() - first)));
    std::iota(samples.begin(), samples.end(), first);
    score += evaluate(samples, engine);
  }
  return score;
}

template <Scalar T>
typename BatchRunner<T>::Gradient BatchRunner<T>::gradient(const ParameterList<T>& parameters,
                                                           std::span<const Index> samples, Engine engine,
                                                           double dropout, const Random& random) {
  const auto count = static_cast<Index>(samples.size());
  const Index micro = micro_batch(count);
  const Index pieces = ceil_divide(count, micro);
  const Index per_share = ceil_divide(pieces, most_shares);
  const Index shares = ceil_divide(pieces, per_share);
  while (static_cast<Index>(shares_.size()) < shares) {
    shares_.push_back(std::make_unique<Gradients<T>>(parameters));
    share_list_.push_back(shares_.back().get());
  }
  outcomes_.assign(static_cast<std::size_t>(pieces), {});

  parallel_for(shares, [&](Index s) {
    Worker& w = worker();
    Gradients<T>& share = *shares_[static_cast<std::size_t>(s)];
    std::fill(share.values().begin(), share.values().end(), T(0));
    w.tape.set_mode(Tape<T>::Mode::record);
    w.tape.accumulate_into(&share);
    for (Index i = s * per_share; i < std::min(pieces, (s + 1) * per_share); ++i) {
      w.tape.clear();
      const Index first = i * micro;
      const auto piece =
          samples.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(std::min(micro, count - first)));
      const OutputMask<T> mask{.dropout = dropout, .random = random, .samples = piece};
      outcomes_[static_cast<std::size_t>(i)] = run(w, piece, count, engine, mask);
    }
  });

  Gradient result{.score = {0, 0, count}, .shares = std::span(share_list_).first(static_cast<std::size_t>(shares))};
  for (const Outcome& outcome : outcomes_) {
    result.score.loss_sum += outcome.loss_sum;
    result.score.correct += outcome.correct;
    if (!outcome.output_is_finite) result.not_finite = "the network's output";
  }
  if (!result.not_finite && !std::isfinite(result.score.loss_sum)) result.not_finite = "the loss";
  return result;
}

template class BatchRunner<float>;
template class BatchRunner<double>;

}  // namespace glifr
