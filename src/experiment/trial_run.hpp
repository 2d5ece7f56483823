#pragma once

#include <atomic>

#include "glifr/experiment/trial.hpp"

namespace glifr {

/// Trains, tests and records one trial in one precision, in a folder that is this run's own. As `run_trial` otherwise.
template <Scalar T>
[[nodiscard]] TrialOutcome run_in_own_folder(const Trial& trial, const RunOptions& options, DataStore& data,
                                             Workers& workers, const std::atomic<bool>& stop, TrialObserver& observer);

extern template TrialOutcome run_in_own_folder<float>(const Trial&, const RunOptions&, DataStore&, Workers&,
                                                      const std::atomic<bool>&, TrialObserver&);
extern template TrialOutcome run_in_own_folder<double>(const Trial&, const RunOptions&, DataStore&, Workers&,
                                                       const std::atomic<bool>&, TrialObserver&);

}  // namespace glifr
