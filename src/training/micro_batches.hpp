#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "glifr/core/prepared_weights.hpp"
#include "glifr/neurons/indexing.hpp"
#include "glifr/training/engine.hpp"
#include "glifr/training/micro_batch.hpp"
#include "glifr/training/reduce.hpp"
#include "host_batches.hpp"
#include "objective.hpp"
#include "share_sums.hpp"

namespace glifr {

/// Takes samples through a network in micro-batches, on the threads that surround a call. Called within
/// `Workers::run`.
template <Scalar T>
class MicroBatches {
 public:
  /// How samples are cut and shared out.
  struct Cut {
    Index micro_batch = 0;   ///< samples at a time; 0: chosen
    Index shares = 0;        ///< of a batch's gradient; 0: chosen
    Group* group = nullptr;  ///< the processes that share the work; null: none
  };
  /// `class_weights`: of the loss that `gradient` minimises.
  MicroBatches(const RecurrentNetwork<T>& network, const Dataset<T>& data, Index threads, const Cut& cut,
               LossFunction<T> loss, const std::vector<double>& class_weights = {});
  /// How gradients are taken; see `TrainingSettings`.
  void limit(Index truncate_steps, double memory_mb) {
    truncate_steps_ = truncate_steps;
    memory_bytes_ = memory_mb * 1e6;
  }

  /// The score of some samples, without gradients. `predicted`: room for the most likely class of each, or null.
  Score evaluate(std::span<const Index> samples, Engine engine, std::int32_t* predicted = nullptr);
  /// The score of all samples.
  Score evaluate(Engine engine, std::int32_t* predicted = nullptr);

  /// What a batch gives.
  struct Gradient {
    Score score{};                           ///< before the step
    std::span<const PartialSum<T>> parts{};  ///< this process's, for `Reduction`; valid until the next call
    Index shares = 1;                        ///< of all processes
    const char* not_finite = nullptr;        ///< what was found not to be finite, if anything
  };
  /// Score and gradient of a batch's mean loss, in shares. `random` keys the dropout.
  Gradient gradient(const ParameterList<T>& parameters, std::span<const Index> samples, Engine engine, double dropout,
                    const Random& random);

 private:
  struct Outcome {
    double loss_sum = 0;
    Index correct = 0;
    bool output_is_finite = true;
  };

  /// Runs a piece of a batch on a worker's tape, forward and, where that records, backward.
  Outcome run(Tape<T>& tape, std::span<const Index> samples, Index whole, Engine engine, const OutputMask<T>& mask,
              std::int32_t* predicted = nullptr);
  [[nodiscard]] Index micro_batch(Index batch) const;
  /// The calling worker's, of `tapes` that are in use. Where these are fewer than the workers, all help with large
  /// operations.
  [[nodiscard]] Tape<T>& tape(Index tapes) {
    Tape<T>& tape = *at(tapes_, Workers::current());
    tape.memory().set_threads(tapes < std::ssize(tapes_) ? std::ssize(tapes_) : 1);
    return tape;
  }
  [[nodiscard]] Score sum_of_outcomes(Index samples) const;
  /// Makes the outcomes of all processes, each of which has those of its range of pieces, known to all.
  template <class RangeOf>
  void gather_outcomes(RangeOf range_of);

  const RecurrentNetwork<T>& network_;
  const Dataset<T>& data_;
  Cut cut_;
  Objective<T> objective_;
  HostBatches<T> batches_;
  std::vector<LayerLoad> layers_;
  Index truncate_steps_ = 0;
  double memory_bytes_ = 0;                      // for the tapes together; 0: no limit
  std::vector<T> class_weights_;                 // empty: none
  PreparedWeights<T> prepared_;                  // of the tapes together, as long as parameters do not change
  std::vector<std::unique_ptr<Tape<T>>> tapes_;  // a worker
  std::optional<ShareSums<T>> sums_;
  std::vector<Outcome> outcomes_;  // a piece
};

}  // namespace glifr
