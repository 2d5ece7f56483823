#pragma once

#include <filesystem>

#include "glifr/analysis/results.hpp"
#include "glifr/export.hpp"

namespace glifr::paper {

/// Where a results folder keeps what silencing neurons gave: `silencing/ablation_draws.csv`.
[[nodiscard]] GLIFR_API std::filesystem::path silencing_file(const std::filesystem::path& results);

/// Where a results folder keeps remarks on rows: `notes.json`, an object of texts by "TASK/MODEL".
[[nodiscard]] GLIFR_API std::filesystem::path notes_file(const std::filesystem::path& results);

/// Copies what `reproduce` needs of a results folder into another: small CSV and JSON files, no checkpoints. Of each
/// trial config.json and test.json as they are; of metrics.csv and realizable.csv the first row, the last, and up to a
/// hundred between at equal distances (the seconds of the rows between are added to those of the next one that is
/// kept; a table of up to 102 rows is copied whole); of the courses of the neurons' parameters, of glifr_lheta alone,
/// the first row and the last. What silencing gave, and the remarks, where they are there. A trial that is there
/// already is replaced. ConfigError, before anything is written, where one of the trials lies in the folder itself;
/// DataError and OutputError as the readers and writers.
GLIFR_API void archive(const analysis::Results& results, const std::filesystem::path& from,
                       const std::filesystem::path& to);

}  // namespace glifr::paper
