#pragma once

#include <string_view>

#include "glifr/analysis/statistics.hpp"
#include "glifr/export.hpp"

namespace glifr::paper {

/// Where the published results come from.
inline constexpr std::string_view published_source =
    "C. N. Winston, D. Mastrovito, E. Shea-Brown, S. Mihalas (2023). Heterogeneity in Neuronal Dynamics Is Learned by "
    "Gradient Descent for "
    "Temporal Processing Tasks. Neural Computation 35(4), 555–592, doi:10.1162/neco_a_01571; means and standard "
    "deviations over the trials "
    "that the authors made public with it.";

/// What the paper's networks gave on the test set, over trials. `accuracy.count` is 0 where the task has no classes.
struct PublishedResult {
  std::string_view task;         ///< by its name
  std::string_view model;        ///< by its name
  analysis::Moments accuracy{};  ///< a fraction
  analysis::Moments loss{};      ///< test loss over trials
  analysis::Moments training{};  ///< training loss in the last epoch
};

/// The published result of a model on a task, or null where there is none.
[[nodiscard]] GLIFR_API const PublishedResult* find_published(std::string_view task, std::string_view model);

/// The samples of the test set on which the published results of a task were taken.
[[nodiscard]] GLIFR_API Index published_test_samples(std::string_view task);

}  // namespace glifr::paper
