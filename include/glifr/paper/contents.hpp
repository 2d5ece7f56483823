#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

namespace glifr::paper {

/// What the paper trained on one task.
struct Training {
  std::string task;                 ///< by its name
  std::vector<std::string> models;  ///< by their names, in training order
  Index trials = 10;                ///< of each
};

/// All that the paper trained, in the order in which it is best run: what is cheap first.
[[nodiscard]] GLIFR_API std::vector<Training> trainings();

/// "glifr_train --task sine --model paper --ntrials 10"
[[nodiscard]] GLIFR_API std::string command_of(const Training& training);

/// A table or figure of the paper.
struct Item {
  std::string name;                   ///< "figure 6"
  std::string shows;                  ///< what the published one shows, in a sentence or two
  std::vector<std::string> commands;  ///< that make it here
};

/// The tables and figures that experiments went into, in the paper's order, the supplement's last.
[[nodiscard]] GLIFR_API const std::vector<Item>& contents();

/// The item of that name; std::logic_error where there is none.
[[nodiscard]] GLIFR_API const Item& find_item(std::string_view name);

/// Seconds that an epoch of a published training takes on two processor cores of 2021 (AMD Zen 3), by the steps that
/// docs/performance.md measures; nothing where that was not measured.
[[nodiscard]] GLIFR_API std::optional<double> typical_seconds(std::string_view base_task, std::string_view model);

/// The models whose training curves figure 6 and figure 8 show, of a task.
[[nodiscard]] GLIFR_API std::vector<std::string> models_of_curves(std::string_view task);

}  // namespace glifr::paper
