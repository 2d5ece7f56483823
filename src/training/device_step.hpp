#pragma once

#include <cmath>
#include <cstdint>

#include "glifr/backend/detail/losses.hpp"
#include "glifr/backend/detail/optimize.hpp"
#include "glifr/backend/detail/sums.hpp"
#include "glifr/backend/sparse.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/core/random.hpp"
#include "glifr/neurons/functions.hpp"

/// What a training step does on a device beside the network: it takes its batch out of the data there, adds up scores,
/// and moves the parameters. What differs from one step to the next lies in the device's memory and is advanced there,
/// so that a recorded step can be run again as it stands.
namespace glifr::device {

/// What comes with an epoch.
struct EpochStart {
  double learning_rate = 0;
  Random random{0, Stream::dropout};
};

struct StepState {
  Index first = 0;  ///< place in the order of the epochs that are taken together at which the next batch begins
  double learning_rate = 0;
  Random random{0, Stream::dropout};
  Index updates = 0;  ///< of the parameters so far
  double loss_sum = 0, correct = 0;
  Index failed = -1;  ///< `first` of a step in which a number was not finite: nothing changes from there on

  // Where several epochs are taken together: how many are over, the samples of each, and where this one ends.
  Index epochs = 0, epoch_size = 0, epoch_end = -1;

  // From the end of a step to its update.
  double gradient_scale = 1, rate = 0;
  kernels::AdamFactors adam{};
};

/// The samples of a batch, by their places in it.
struct NextSamples {
  const StepState* state;
  const Index* order;
  Index batch;
  GLIFR_INLINE Index operator()(Index b) const { return order[state->first + b]; }
};

/// Numbers of the batch's samples, and their labels and lengths where there are any.
struct TakeSamples {
  NextSamples next;
  const std::int32_t *all_labels, *all_lengths;
  Index* samples;
  std::int32_t *labels, *lengths;
  [[nodiscard]] GLIFR_INLINE Index size() const { return next.batch; }
  GLIFR_INLINE void operator()(Index b) const {
    const Index sample = next(b);
    samples[b] = sample;
    if (all_labels) labels[b] = all_labels[sample];
    if (all_lengths) lengths[b] = all_lengths[sample];
  }
};

/// Values of the samples from some step on: [samples, steps, features] to rows (step, sample).
template <Scalar T>
struct TakeValues {
  NextSamples next;
  const T* values;  // null: none
  Index steps, first_step;
  const std::int32_t* last_of;  // null; or valid steps of each sample of the data, of which the last is taken
  View<T> y;
  [[nodiscard]] GLIFR_INLINE Index size() const { return values ? y.rows * y.columns : 0; }
  GLIFR_INLINE void operator()(Index i) const {
    const Index r = i / y.columns, sample = next(r % next.batch);
    const Index step = last_of ? last_of[sample] - 1 : first_step + r / next.batch;
    y.data[i] = values[(sample * steps + step) * y.columns + i - r * y.columns];
  }
};

/// Lists of active inputs of the samples, row (step, sample).
struct TakeFrames {
  NextSamples next;
  const std::uint16_t* ones;
  const Index* offsets;  // [samples, steps], then the end; null: no lists
  Index steps;
  ActiveInputs* rows;
  [[nodiscard]] GLIFR_INLINE Index size() const { return offsets ? steps * next.batch : 0; }
  GLIFR_INLINE void operator()(Index r) const {
    const Index frame = next(r % next.batch) * steps + r / next.batch;
    rows[r] = {ones + offsets[frame], offsets[frame + 1] - offsets[frame]};
  }
};

/// All that a batch takes out of the data, in one launch: a thread takes the i-th number of each.
template <Scalar T>
struct TakeBatch {
  TakeSamples samples;
  TakeValues<T> inputs{}, targets{};
  TakeFrames frames{};
  GLIFR_INLINE void operator()(Index, Index i) const {
    take(samples, i);
    take(inputs, i);
    take(targets, i);
    take(frames, i);
  }

 private:
  template <class Part>
  GLIFR_INLINE static void take(const Part& part, Index i) {
    if (i < part.size()) part(i);
  }
};

/// Weights of the rows of the network's output, [steps, samples]: see `Batch::weights`.
template <Scalar T>
struct RowWeights {
  const std::int32_t* lengths;  // a sample; null: all have all steps
  const std::int32_t* labels;   // a sample; null: values
  const T* class_weights;       // null: none
  Index steps;                  // of the output
  T* weights;
  Index batch;
  GLIFR_INLINE void operator()(Index step, Index b) const {
    // An output of one step is that of the last valid one.
    const Index valid = steps > 1 && lengths ? lengths[b] : steps;
    const T share = step < valid ? T(1) / static_cast<T>(valid) : T(0);
    weights[step * batch + b] = class_weights ? class_weights[labels[b]] * share : share;
  }
};

/// The class of the largest number of a row of logits, the first of several.
template <Scalar T>
GLIFR_INLINE Index most_likely(View<const T> logits, Index r) {
  Index largest = 0;
  for (Index c = 1; c < logits.columns; ++c) {
    if (logits(r, largest) < logits(r, c)) largest = c;
  }
  return largest;
}

/// 1 where the largest number of a row of logits is its label's, else 0.
template <Scalar T>
struct MarkCorrect {
  View<const T> logits;
  const std::int32_t* labels;
  double* marks;  // of the rows
  GLIFR_INLINE void operator()(Index r, Index) const { marks[r] = most_likely(logits, r) == labels[r] ? 1 : 0; }
};

/// What a batch adds to the score of an epoch.
struct Tally {
  double loss = 0;     ///< the sum over elements or samples
  double correct = 0;  ///< samples whose most likely class is their label
  GLIFR_INLINE Tally& operator+=(const Tally& other) {
    loss += other.loss;
    correct += other.correct;
    return *this;
  }
};

/// The sums over every `chunks`-th row of logits; adds dL/dx on the way.
template <Scalar T>
struct TallyRows {
  kernels::CrossEntropy<T> loss;
  Index chunks;
  Tally* tallies;
  GLIFR_INLINE void operator()(Index, Index chunk) const {
    Tally sum;
    for (Index r = chunk; r < loss.x.rows; r += chunks)
      sum += {loss(r), most_likely(loss.x, r) == loss.labels[r] ? 1.0 : 0.0};
    tallies[chunk] = sum;
  }
};
/// A value with its target as a term of such a sum.
template <Scalar T>
struct TallyValue {
  kernels::SquaredDifference<T> loss;
  kernels::SquaredErrorSlope<T> slope;
  GLIFR_INLINE Tally operator()(Index k, Index, Index) const {
    const Index r = k / loss.x.columns, c = k - r * loss.x.columns;
    if (slope.dx.data) slope(r, c);
    return {loss(r, c), 0};
  }
};
/// A loss that somebody else computed.
struct TallyWhole {
  const double* loss;
  const double* correct;  // null: no labels
  Tally* tally;
  GLIFR_INLINE void operator()(Index, Index) const { *tally = {*loss, correct ? *correct : 0}; }
};

/// sum = factor value, in double.
template <Scalar T>
struct WidenLoss {
  const T* value;
  double factor;
  double* sum;
  GLIFR_INLINE void operator()(Index, Index) const { *sum = factor * static_cast<double>(*value); }
};

template <Scalar T>
struct Square {
  const T* values;
  GLIFR_INLINE double operator()(Index k, Index, Index) const {
    return static_cast<double>(values[k]) * static_cast<double>(values[k]);
  }
};

GLIFR_INLINE bool is_finite(double x) {
  return x - x == 0;
}

/// Keeps what a part of a batch adds to the score.
struct KeepTally {
  kernels::FewTerms<Tally> tallies;
  double loss_share;  // of their losses, in a sum of samples' mean losses
  Tally* kept;
  GLIFR_INLINE void operator()(Index, Index) const {
    const Tally sum = tallies.sum();
    *kept = {sum.loss * loss_share, sum.correct};
  }
};

/// to = from.
template <Scalar T>
struct CopyValues {
  const T* from;
  T* to;
  GLIFR_INLINE void operator()(Index, Index i) const { to[i] = from[i]; }
};

/// to += from.
template <Scalar T>
struct AddValues {
  const T* from;
  T* to;
  GLIFR_INLINE void operator()(Index, Index i) const { to[i] += from[i]; }
};

/// Adds a batch's score, and decides on the update or, where a number is not finite, against it and all that follow.
struct FinishStep {
  StepState* state;
  Index count;  // samples
  kernels::FewTerms<Tally> tallies;
  double loss_share;                  // of their losses, in a sum of samples' mean losses
  kernels::FewTerms<double> squares;  // of the gradients
  double beta1, beta2, gradient_clip, largest_norm;
  const EpochStart* starts;  // of the epochs, and of one behind the last
  Tally* scores;             // of those that are over
  GLIFR_INLINE void operator()(Index, Index) const {
    StepState& s = *state;
    if (s.failed >= 0) return;
    const Tally tally = tallies.sum();
    const double square = squares.sum();
    const double norm = std::sqrt(square);
    const bool clips = gradient_clip > 0 && norm > gradient_clip;
    if (!is_finite(tally.loss) || !is_finite(square) || (clips ? gradient_clip : norm) > largest_norm) {
      s.failed = s.first;
      return;
    }
    const double t = static_cast<double>(++s.updates);
    s.gradient_scale = clips ? gradient_clip / norm : 1;
    s.rate = s.learning_rate;
    s.adam.rate = s.learning_rate / (1 - std::pow(beta1, t));
    s.adam.root_scale = 1 / std::sqrt(1 - std::pow(beta2, t));
    s.loss_sum += tally.loss * loss_share;
    s.correct += tally.correct;
    s.first += count;
    if (s.first == s.epoch_end) begin_epoch(s);
  }

 private:
  GLIFR_INLINE void begin_epoch(StepState& s) const {
    scores[s.epochs++] = {s.loss_sum, s.correct};
    s.loss_sum = s.correct = 0;
    s.learning_rate = starts[s.epochs].learning_rate;
    s.random = starts[s.epochs].random;
    s.epoch_end += s.epoch_size;
  }
};

/// Moves the parameters by Adam, as `kernels::adam_update`, and clears the gradients for the next step.
template <Scalar T>
struct UpdateByAdam {
  const StepState* state;
  double beta1, beta2, eps;
  double decay;  // of what is moved, times the learning rate
  T *gradients, *parameters, *first, *second;
  GLIFR_INLINE void operator()(Index, Index i) const {
    const T gradient = gradients[i];
    gradients[i] = 0;
    if (state->failed >= 0) return;
    const kernels::AdamStep<T> step(
        {beta1, beta2, eps, state->adam.rate, state->adam.root_scale, 1 - state->rate * decay});
    step(gradient * static_cast<T>(state->gradient_scale), parameters[i], first[i], second[i]);
  }
};

/// The same by SGD, as `kernels::sgd_update`.
template <Scalar T>
struct UpdateBySgd {
  const StepState* state;
  double momentum;
  T *gradients, *parameters, *velocity;
  GLIFR_INLINE void operator()(Index, Index i) const {
    const T gradient = gradients[i];
    gradients[i] = 0;
    if (state->failed >= 0) return;
    kernels::sgd_step(gradient * static_cast<T>(state->gradient_scale), static_cast<T>(state->rate),
                      static_cast<T>(momentum), parameters[i], velocity ? velocity + i : nullptr);
  }
};

}  // namespace glifr::device
