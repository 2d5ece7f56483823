#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/options.hpp"
#include "glifr/analysis/plot.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/experiment/data.hpp"
#include "glifr/io/csv.hpp"

namespace glifr::apps {

/// One of the trained networks that a path leads to.
struct NetworkPlace {
  std::string checkpoint;  ///< the path itself, or that of the network of a trial at or below it
  std::filesystem::path
      below{};  ///< where its files go: TASK/MODEL/trial_K as far as the path holds it; empty: the only one
};

/// What every subcommand shares: the common options, and where its tables and figures go.
class Session {
 public:
  /// Adds --out and the common options to a subcommand that draws figures.
  void add_options(CLI::App& command, std::initializer_list<std::string_view> effective);
  /// Adds --out to a subcommand.
  void add_output_option(CLI::App& command);
  /// Adds --threads, --data, --cache, --precision, --seed, --no-figures and --width. Every subcommand accepts them, so
  /// that scripts need not tell them apart; its help shows --threads and those that are `effective` for it.
  void add_common_options(CLI::App& command, std::initializer_list<std::string_view> effective);

  /// Sets what is to be done once the command line is parsed.
  void set_action(std::function<void()> action) { action_ = std::move(action); }
  /// Does it, on the threads that were asked for.
  void run() const;

  /// The data sets under --data. Decoded recordings are kept in --cache; without it a cache beside the data is read,
  /// and none is written.
  [[nodiscard]] glifr::DataStore open_data() const;
  /// Threads of the whole process: those that were asked for, or `cli::default_threads`.
  [[nodiscard]] glifr::Index threads() const { return threads_ > 0 ? threads_ : cli::default_threads(); }
  [[nodiscard]] bool is_float32() const { return precision_ == "float32"; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] bool draws_figures() const { return !no_figures_; }

  /// Calls `analyse` with each network that a path leads to: a checkpoint, or the tested network of each trial at or
  /// below a folder (of the folder of an unfinished trial its last one). Of several networks, each has the folder
  /// `NetworkPlace::below` in the output folder, and what is said of it comes under its name. One that cannot be
  /// analysed is left out with a line. DataError where none can be; where all fail alike, the error that they share.
  void for_each_network(const std::string& place,
                        const std::function<void(const Session&, const NetworkPlace&)>& analyse) const;

  /// Path of a file in the output folder, which is made if it is not there, and in which what an ended analysis left
  /// half-written is removed.
  [[nodiscard]] std::filesystem::path output(const std::string& file) const;
  /// Writes a table to the output folder and says so.
  void write(const glifr::CsvRows& table, const std::string& file) const;
  /// Says where a table in the output folder, which this run does not make, was there before: it may be of another
  /// network. Not where it is one of `inputs`, files that this run reads.
  void name_old(const std::string& file, std::initializer_list<std::string_view> inputs = {}) const;
  /// Draws a figure into the output folder, unless --no-figures; says so, or why it is not drawn (that there is no
  /// gnuplot, once).
  glifr::analysis::Drawing draw(const glifr::analysis::Figure& figure) const;

  /// Reads a results folder, or that of the trial to which a checkpoint belongs, and warns of what is not whole in it.
  /// `takes_unfinished`: as `analysis::read_results` has it, with a warning that names those trials.
  [[nodiscard]] glifr::analysis::Results read_results(const std::string& place, bool takes_unfinished = false) const;
  /// One line on standard output; of several networks behind the name of the one whose turn it is.
  void say(const std::string& text) const;
  /// One line on standard error.
  static void warn(const std::string& text);

 private:
  std::filesystem::path out_ = "analysis", data_, cache_;
  std::string precision_ = "float64";
  glifr::Index threads_ = 0;
  std::uint64_t seed_ = 0;
  bool no_figures_ = false;
  std::optional<double> width_;
  std::function<void()> action_;
  std::shared_ptr<bool> has_said_why_not_drawn_ = std::make_shared<bool>(false);
  mutable std::filesystem::path cleared_;  // the output folder of which leftovers were removed
  mutable std::string heading_;            // of what is said next; empty: none
};

/// Says that losses of different kinds are compared, since some trials of a task have no accuracy.
void warn_of_mixed_losses(const std::string& task);
/// Says it of each task and, where `by_base_task`, of each base task for which the tests' results come to that.
void warn_of_mixed_results(const glifr::analysis::Results& results, bool by_base_task);

/// Settings over those of a task, as the command line gives them.
struct SettingOptions {
  std::filesystem::path config{};  ///< a file of them; empty: none
  std::vector<std::string> set{};  ///< "dt=0.1", which count more

  /// ConfigError where there are any, since a config.json says those of `place`.
  void require_none(const std::string& place) const;
};
/// Adds --config and --set to a subcommand.
void add_setting_options(CLI::App& command, SettingOptions& options, const std::string& config_help,
                         const std::string& set_help);

/// Adds the positional RESULTS to a subcommand.
void add_results_option(CLI::App& command, std::string& folder);
/// Adds --header to a subcommand.
void add_header_option(CLI::App& command, bool& has_header);

/// The rows of a table behind the names of its columns, or alone.
[[nodiscard]] glifr::CsvRows start_table(bool has_header, const std::vector<std::string>& names);

/// DataError where a file's content is known to be that of another kind than a checkpoint.
void require_checkpoint(const std::filesystem::path& file);

/// The checkpoint that a path to one network leads to: a file, or that of the tested network of the only trial at or
/// below a folder (of an unfinished one the last). DataError where there is none, or more than one trial.
[[nodiscard]] std::filesystem::path find_checkpoint(const std::string& place);

}  // namespace glifr::apps
