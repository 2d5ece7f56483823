#pragma once

#include <functional>
#include <optional>
#include <string>

#include "glifr/export.hpp"
#include "glifr/io/trial_folder.hpp"
#include "glifr/training/evaluate.hpp"

namespace glifr {

/// Tests a network on data with classes and writes how often each was taken for which: confusion.csv in a trial's
/// folder. Gives the score; nothing, and no file, where there are no classes, or more than the file has room for
/// (`analysis::Confusion::most_classes`), which `note` gets to know.
template <Scalar T>
[[nodiscard]] GLIFR_API std::optional<Score> record_confusion(const RecurrentNetwork<T>& network,
                                                              const Dataset<T>& data, Workers& workers,
                                                              const EvaluationOptions<T>& options,
                                                              const TrialFolder& folder,
                                                              const std::function<void(const std::string&)>& note);

}  // namespace glifr
