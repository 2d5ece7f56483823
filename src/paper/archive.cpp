#include "glifr/paper/archive.hpp"

#include <cmath>
#include <string>
#include <system_error>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/paper/realizable.hpp"

namespace glifr::paper {

namespace fs = std::filesystem;

namespace {

void copy_whole(const fs::path& from, const fs::path& to) {
  create_folder(to.parent_path());
  write_file_atomically(to, read_file(from));
}

void copy_if_there(const fs::path& from, const fs::path& to) {
  if (is_there(from)) copy_whole(from, to);
}

/// A table of numbers with about a hundred of its rows; one that was thinned already keeps all that are left.
void copy_thinned(const fs::path& from, const fs::path& to) {
  const CsvNumbers table = read_csv_numbers(from, {.has_header = true, .allows_empty_cells = true});
  CsvRows thinned;
  for (const std::string& name : table.header) thinned.cell(std::string_view(name));
  thinned.end_row();
  constexpr Index most_rows = 102;  // the first, the last, and a hundred between
  const Index distance = table.rows <= most_rows ? 1 : (table.rows + 99) / 100;
  std::vector<double> skipped(static_cast<std::size_t>(table.columns), 0);  // of columns that add up
  for (Index row = 0; row < table.rows; ++row) {
    const bool is_kept = row == 0 || row == table.rows - 1 || (row + 1) % distance == 0;
    for (Index column = 0; column < table.columns; ++column) {
      const auto at = static_cast<std::size_t>(column);
      const bool adds_up = table.header[at] == "seconds";
      const double value = table(row, column) + skipped[at];
      if (adds_up) skipped[at] = is_kept ? 0 : value;
      if (is_kept) std::isnan(value) ? thinned.empty_cell() : thinned.cell(value);
    }
    if (is_kept) thinned.end_row();
  }
  create_folder(to.parent_path());
  thinned.write(to);
}

/// The first line of a file and its last.
void copy_ends(const fs::path& from, const fs::path& to) {
  const std::string text = read_file(from);
  const std::size_t first = text.find('\n');
  const std::size_t end = text.find_last_not_of('\n');
  if (first == std::string::npos || end == std::string::npos || end < first) return copy_whole(from, to);
  create_folder(to.parent_path());
  write_file_atomically(to, text.substr(0, first + 1) + text.substr(text.rfind('\n', end) + 1));
}

}  // namespace

fs::path silencing_file(const fs::path& results) {
  return results / "silencing" / "ablation_draws.csv";
}

fs::path notes_file(const fs::path& results) {
  return results / "notes.json";
}

void archive(const analysis::Results& results, const fs::path& from, const fs::path& to) {
  const auto target_of = [&](const analysis::Trial& trial) {
    return TrialFolder(to, trial.task, trial.model, trial.number);
  };
  for (const analysis::Trial& trial : results.trials) {  // before any is written
    std::error_code error;
    if (!fs::equivalent(trial.folder, target_of(trial).path(), error)) continue;
    throw ConfigError("--archive", to.string() + " holds " + trial.name() +
                                       " itself, whose record would be thinned; accepted: another folder");
  }
  for (const analysis::Trial& trial : results.trials) {
    const TrialFolder source = trial.files(), target = target_of(trial);
    copy_whole(source.record(), target.record());
    copy_if_there(source.test(), target.test());
    if (is_there(source.metrics())) copy_thinned(source.metrics(), target.metrics());
    if (const fs::path own = trial.folder / realizable_file; is_there(own))
      copy_thinned(own, target.path() / realizable_file);
    if (trial.model != "glifr_lheta") continue;
    for (const char* name : {"thresh", "k_m", "r_j", "k_j", "a_j"}) {
      if (is_there(source.parameter(name))) copy_ends(source.parameter(name), target.parameter(name));
    }
  }
  copy_if_there(silencing_file(from), silencing_file(to));
  copy_if_there(notes_file(from), notes_file(to));
}

}  // namespace glifr::paper
