#pragma once

#include <boost/json/fwd.hpp>

#include "glifr/experiment/trial.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Times training steps of a model on synthetic data of a task's shape: after a warm-up, steps for `seconds` (at least
/// five). Gives a line of JSON: task, model, device, precision, engine, processes, threads (of each process),
/// batch_size, median_seconds, min_seconds (a step; on a device, the mean one of an epoch of 16), forward_seconds (of
/// it, the forward pass), steps, peak_mb (of the process), gflop (of a step's matrix products), gflops.
[[nodiscard]] GLIFR_API boost::json::object run_benchmark(const Settings& settings, const RunOptions& options,
                                                          Index threads, double seconds);

}  // namespace glifr
