#pragma once

#include <cmath>
#include <cstdint>

#include "glifr/backend/detail/optimize.hpp"
#include "glifr/backend/sparse.hpp"
#include "glifr/backend/view.hpp"
#include "glifr/core/random.hpp"
#include "glifr/neurons/functions.hpp"

/// What a training step does on a device beside the network: it takes its batch out of the data there, adds up scores,
/// and moves the parameters. What differs from one step to the next lies in the device's memory and is advanced there,
/// so that a recorded step can be run again as it stands.
namespace glifr::device {

struct StepState {
  Index first = 0;  ///< place in the epoch's order at which the next batch begins
  double learning_rate = 0;
  Random random{0, Stream::dropout};
  Index updates = 0;  ///< of the parameters so far
  double loss_sum = 0, correct = 0;
  Index failed = -1;  ///< `first` of a step in which a number was not finite: nothing changes from there on

  // From the end of a step to its update.
  double gradient_scale = 1;
  kernels::AdamFactors adam{};
};

/// Numbers of the batch's samples, and their labels and lengths where there are any.
struct TakeSamples {
  const StepState* state;
  const Index* order;
  const std::int32_t *all_labels, *all_lengths;
  Index* samples;
  std::int32_t *labels, *lengths;
  GLIFR_INLINE void operator()(Index, Index b) const {
    const Index sample = order[state->first + b];
    samples[b] = sample;
    if (all_labels) labels[b] = all_labels[sample];
    if (all_lengths) lengths[b] = all_lengths[sample];
  }
};

/// Values of the samples from some step on: [samples, steps, features] to rows (step, sample).
template <Scalar T>
struct TakeValues {
  const T* values;
  Index steps, first_step;
  const std::int32_t* last_of;  // null; or valid steps of each sample, of which the last is taken
  const Index* samples;
  Index batch;
  View<T> y;
  GLIFR_INLINE void operator()(Index r, Index c) const {
    const Index step = last_of ? last_of[r] - 1 : first_step + r / batch;
    y(r, c) = values[(samples[r % batch] * steps + step) * y.columns + c];
  }
};

/// Lists of active inputs of the samples, row (step, sample).
struct TakeFrames {
  const std::uint16_t* ones;
  const Index* offsets;  // [samples, steps], then the end
  Index steps;
  const Index* samples;
  Index batch;
  ActiveInputs* rows;
  GLIFR_INLINE void operator()(Index r, Index) const {
    const Index frame = samples[r % batch] * steps + r / batch;
    rows[r] = {ones + offsets[frame], offsets[frame + 1] - offsets[frame]};
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
struct IsCorrect {
  View<const T> logits;
  const std::int32_t* labels;
  GLIFR_INLINE double operator()(Index r, Index) const { return most_likely(logits, r) == labels[r] ? 1 : 0; }
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
  GLIFR_INLINE double operator()(Index, Index c) const {
    return static_cast<double>(values[c]) * static_cast<double>(values[c]);
  }
};

GLIFR_INLINE bool is_finite(double x) {
  return x - x == 0;
}

/// What a part of a batch gives beside its gradient.
struct Outcome {
  double loss_sum = 0;  ///< of the samples' mean losses
  double correct = 0;   ///< samples whose class was found
};

/// Keeps the outcome of a part of a batch.
struct KeepOutcome {
  const double* loss_sum;  // over elements or samples
  double loss_share;       // of it, in a sum of samples' mean losses
  const double* correct;   // null: no labels
  Outcome* outcome;
  GLIFR_INLINE void operator()(Index, Index) const { *outcome = {*loss_sum * loss_share, correct ? *correct : 0}; }
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
  Index count;              // samples
  const Outcome* outcomes;  // of the parts of the batch, in order
  Index parts;
  const double* squares;  // of the gradients
  double beta1, beta2, gradient_clip, decay;
  GLIFR_INLINE void operator()(Index, Index) const {
    StepState& s = *state;
    if (s.failed >= 0) return;
    Outcome sum;
    for (Index i = 0; i < parts; ++i) {
      sum.loss_sum += outcomes[i].loss_sum;
      sum.correct += outcomes[i].correct;
    }
    if (!is_finite(sum.loss_sum) || !is_finite(*squares)) {
      s.failed = s.first;
      return;
    }
    const double norm = std::sqrt(*squares), t = static_cast<double>(++s.updates);
    s.gradient_scale = gradient_clip > 0 && norm > gradient_clip ? gradient_clip / norm : 1;
    s.adam.rate = s.learning_rate / (1 - std::pow(beta1, t));
    s.adam.root_scale = 1 / std::sqrt(1 - std::pow(beta2, t));
    s.adam.kept = 1 - s.learning_rate * decay;
    s.loss_sum += sum.loss_sum;
    s.correct += sum.correct;
    s.first += count;
  }
};

/// Moves the parameters by Adam, as `kernels::adam_update`.
template <Scalar T>
struct UpdateByAdam {
  const StepState* state;
  double beta1, beta2, eps;
  const T* gradients;
  T *parameters, *first, *second;
  GLIFR_INLINE void operator()(Index, Index i) const {
    if (state->failed >= 0) return;
    const kernels::AdamStep<T> step({beta1, beta2, eps, state->adam.rate, state->adam.root_scale, state->adam.kept});
    step(gradients[i] * static_cast<T>(state->gradient_scale), parameters[i], first[i], second[i]);
  }
};

/// Moves the parameters by SGD, as `kernels::sgd_update`.
template <Scalar T>
struct UpdateBySgd {
  const StepState* state;
  double momentum;
  const T* gradients;
  T *parameters, *velocity;
  GLIFR_INLINE void operator()(Index, Index i) const {
    if (state->failed >= 0) return;
    kernels::sgd_step(gradients[i] * static_cast<T>(state->gradient_scale), static_cast<T>(state->learning_rate),
                      static_cast<T>(momentum), parameters[i], velocity ? velocity + i : nullptr);
  }
};

}  // namespace glifr::device
