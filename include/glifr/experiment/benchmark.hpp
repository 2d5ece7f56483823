#pragma once

#include <boost/json/fwd.hpp>

#include "glifr/experiment/trial.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// What a training step computes, by the settings alone. Steps that cannot reach the loss are not counted.
struct StepWork {
  double gflop = 0;         ///< floating-point operations of matrix products, in 10^9: input, lateral and readout, each
                            ///< once forward, and once for each of the gradients that training asks for; of a layer
                            ///< with few connections, those of the connections
  double gathered = 0;      ///< additions of weights' numbers for active inputs, where the input is sparse
  double neuron_steps = 0;  ///< neurons times time steps times samples
};
/// See `StepWork`.
[[nodiscard]] GLIFR_API StepWork count_work(const Settings& settings);

/// Times training steps of a model on synthetic data of a task's shape: after a warm-up, steps for `seconds` (at least
/// five). Gives a line of JSON: task, model, device, precision, engine, cpu_target, processes, threads (of each
/// process), batch_size, median_seconds, min_seconds (a step; on a device, the mean one of an epoch of 16),
/// forward_seconds (of it, the forward pass), steps, peak_mb (of the process), gflop (of a step's matrix products),
/// gflops.
[[nodiscard]] GLIFR_API boost::json::object run_benchmark(const Settings& settings, const RunOptions& options,
                                                          Index threads, double seconds);

}  // namespace glifr
