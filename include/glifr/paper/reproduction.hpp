#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/analysis/parameters.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/analysis/summary.hpp"
#include "glifr/export.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/paper/verdict.hpp"

/// How far a results folder reproduces the paper: each published number beside ours, the paper's claims as checks, what
/// was not run.
namespace glifr::paper {

/// A number of the paper, or a claim of it, beside ours.
struct Row {
  std::string item;               ///< "table 2"; see `contents`
  std::string task;               ///< by its name
  std::string model;              ///< by its name
  std::string statement{};        ///< of a claim; empty for a number
  std::string quantity{};         ///< what the numbers are: "test accuracy"
  analysis::Moments ours{};       ///< over trials; without a count: there is none
  analysis::Moments published{};  ///< the same of the paper
  Index trials = 0;               ///< on which the verdict stands
  Judgement judgement{};          ///< of numbers with their tests, of claims the verdict alone
  bool has_verdict = true;        ///< false where nothing may be compared: settings differ, or there is no test
  std::string note{};             ///< which settings differ, which trials were left out
};

/// Trials of the paper that are not there.
struct Missing {
  std::string task;   ///< by its name
  std::string model;  ///< by its name
  Index trials = 0;   ///< how many
  std::optional<double>
      seconds{};        ///< of one, estimated from the epochs of trials that are there, else `typical_seconds`
  std::string basis{};  ///< from which trials it was estimated
};

/// What `reproduce` finds.
struct Reproduction {
  std::vector<Row> numbers;      ///< table 2, then the training losses of figures 6 and 8
  std::vector<Row> claims;       ///< by item
  std::vector<Missing> missing;  ///< in the order of `trainings`
};

/// Holds results against the paper. `silenced`: what silencing neurons gave (`read_ablation_draws`), where that is
/// known. Trials with other settings than the published ones are compared with nothing; where all are such, as in a
/// smoke run, no row has a verdict.
[[nodiscard]] GLIFR_API Reproduction reproduce(const analysis::Results& results,
                                               std::span<const analysis::TaskAblation> silenced,
                                               const Levels& levels = {});

/// Numbers, claims and the items of `contents` that have neither, as paper.csv: row, task, model, trials, ours,
/// published, verdict. What does not exist is an empty cell; a verdict, where nothing may be compared.
[[nodiscard]] GLIFR_API CsvRows paper_table(const Reproduction& reproduction);

/// What the numbers' verdicts stand on, as paper_tests.csv: for each means, standard deviations, the margin and both
/// tests.
[[nodiscard]] GLIFR_API CsvRows tests_table(const Reproduction& reproduction);

/// The GLIFR neurons of a trial, before and after training.
struct TrainedNeurons {
  analysis::NeuronTable initial;         ///< before
  analysis::NeuronTable learned;         ///< after
  analysis::GlifrConstants constants{};  ///< as config.json has them
};

/// Reads them from the courses of the parameters (parameters/). Nothing where there are none; DataError where they are
/// damaged.
[[nodiscard]] GLIFR_API std::optional<TrainedNeurons> trained_neurons(const analysis::Trial& trial);

}  // namespace glifr::paper
