#include "glifr/analysis/ablation.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <optional>

#include "ablation.hpp"
#include "common/format.hpp"
#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/analysis/tables.hpp"
#include "glifr/error.hpp"
#include "glifr/io/number.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

struct AblationOptions {
  NetworkOptions network;
  glifr::Index trials = 0;
  analysis::AblationSettings settings;
};

/// What the network of one trial did with neurons silenced.
struct AblatedRun {
  std::string model;
  glifr::Index trial;
  bool has_accuracy;
  std::vector<analysis::AblationResult> results;
};

/// Adds a trial's results to those of its model, ratio by ratio.
void add_results(analysis::ModelAblation& model, const AblatedRun& run, bool has_accuracy) {
  for (const analysis::AblationResult& result : run.results) {
    auto place = std::ranges::lower_bound(model.ratios, result.ratio);
    const auto index = place - model.ratios.begin();
    if (place == model.ratios.end() || *place != result.ratio) {
      model.ratios.insert(place, result.ratio);
      model.values.insert(model.values.begin() + index, std::vector<double>{});
      model.trials.insert(model.trials.begin() + index, std::vector<glifr::Index>{});
      model.silenced.insert(model.silenced.begin() + index, result.silenced);
    }
    std::optional<glifr::Index>& silenced = model.silenced[static_cast<std::size_t>(index)];
    if (silenced != result.silenced) silenced.reset();  // trials of networks of different size
    for (const glifr::Score& score : result.scores) {
      // The class of outputs that are not numbers means nothing either.
      const double value = has_accuracy ? score.accuracy() : score.loss();
      model.values[static_cast<std::size_t>(index)].push_back(std::isfinite(score.loss()) ? value : std::nan(""));
      model.trials[static_cast<std::size_t>(index)].push_back(run.trial);
    }
  }
}

void warn_of_overflow(const analysis::TaskAblation& ablation, const analysis::ModelAblation& model) {
  for (std::size_t i = 0; i < model.ratios.size(); ++i) {
    const auto failed = std::ranges::count_if(model.values[i], [](double value) { return std::isnan(value); });
    if (failed == 0) continue;
    Session::warn(ablation.task + "/" + model.model + ", " + format("%g", 100 * model.ratios[i]) +
                  " % silenced: the loss is no finite number in " + std::to_string(failed) + " of " +
                  std::to_string(model.values[i].size()) + " tests; their values and the mean are left empty");
  }
}

/// The runs of a task, those of a model one after the other; by accuracies where all have them, otherwise by losses.
analysis::TaskAblation join(const std::string& task, const std::vector<AblatedRun>& runs) {
  analysis::TaskAblation ablation{task, std::ranges::all_of(runs, &AblatedRun::has_accuracy), {}};
  if (!ablation.has_accuracy && std::ranges::any_of(runs, &AblatedRun::has_accuracy)) warn_of_mixed_losses(task);
  for (const AblatedRun& run : runs) {
    if (ablation.models.empty() || ablation.models.back().model != run.model)
      ablation.models.push_back({run.model, {}, {}});
    add_results(ablation.models.back(), run, ablation.has_accuracy);
  }
  for (const analysis::ModelAblation& model : ablation.models) warn_of_overflow(ablation, model);
  return ablation;
}

template <glifr::Scalar T>
AblatedRun ablate_run(const TrainedRun& run, glifr::DataStore& store, analysis::AblationSettings settings) {
  // A network trained with dropout is tested at the rate that it was trained with too.
  const double dropout = run.settings.training.dropout;
  if (dropout > 0 && std::ranges::find(settings.ratios, dropout) == settings.ratios.end())
    settings.ratios.push_back(dropout);
  const auto data = test_data<T>(run, store);
  return {run.model, run.trial, data->classes() > 0, analysis::ablate<T>(network_maker<T>(run), *data, settings)};
}

AblatedRun ablate_run(const Session& session, const TrainedRun& run, glifr::DataStore& data,
                      const analysis::AblationSettings& settings) {
  return session.is_float32() ? ablate_run<float>(run, data, settings) : ablate_run<double>(run, data, settings);
}

void print(const analysis::TaskAblation& ablation) {
  std::printf("\n%s, %s\n", ablation.task.c_str(), ablation.has_accuracy ? "test accuracy (%)" : "test loss");
  for (const analysis::ModelAblation& model : ablation.models) {
    std::printf("  %-14s", analysis::model_name(model.model).c_str());
    for (std::size_t i = 0; i < model.ratios.size(); ++i) {
      const double mean = analysis::moments(independent_values(ablation, model, i)).mean;
      if (std::isfinite(mean)) {
        std::printf("  %g %%: %.4g", 100 * model.ratios[i], ablation.has_accuracy ? 100 * mean : mean);
      } else {
        std::printf("  %g %%: not finite", 100 * model.ratios[i]);
      }
    }
    std::printf("\n");
  }
}

void report(const Session& session, const std::vector<analysis::TaskAblation>& ablations) {
  session.write(analysis::ablation_table(ablations), "ablation.csv");
  session.write(analysis::ablation_draws_table(ablations), "ablation_draws.csv");
  session.write(analysis::ablation_comparison_table(ablations), "ablation_ttests.csv");
  for (const analysis::TaskAblation& ablation : ablations) session.draw(analysis::ablation_figure(ablation));
  for (const analysis::TaskAblation& ablation : ablations) print(ablation);
}

/// One network, whether or not a trial's folder tells of it.
void ablate_checkpoint(const Session& session, const AblationOptions& options, const std::string& checkpoint) {
  glifr::DataStore data = session.open_data();
  const TrainedRun run = describe_checkpoint(checkpoint, options.network, session.seed(), data);
  report(session, {join(run.settings.task.name, {ablate_run(session, run, data, options.settings)})});
}

void run(const Session& session, const AblationOptions& options) {
  const NetworkOptions& network = options.network;
  if (const auto one = network.one_checkpoint()) return ablate_checkpoint(session, options, *one);
  network.settings.require_none("each trial in " + network.folder);
  const analysis::Results results = session.read_results(network.folder);
  check_choice(network, results);
  glifr::DataStore data = session.open_data();
  std::vector<analysis::TaskAblation> ablations;
  std::vector<std::pair<std::string, glifr::DataError>> left_out;
  for (const std::string& task : tasks(results)) {
    if (!network.task.empty() && task != network.task) continue;
    try {
      ablations.push_back(ablate_task(session, results, task, network.model, options.trials, options.settings, data));
      if (ablations.back().models.empty()) ablations.pop_back();
    } catch (const glifr::DataError& error) {  // of the data of this task; others may have theirs
      left_out.emplace_back(task, error);
    }
  }
  if (ablations.empty() && !left_out.empty()) throw left_out.front().second;
  if (ablations.empty())
    throw glifr::DataError(network.folder, "none of the trials that were asked for can be ablated");
  for (const auto& [task, error] : left_out) Session::warn("left out " + task + ": " + error.what());
  report(session, ablations);
}

}  // namespace

analysis::TaskAblation ablate_task(const Session& session, const analysis::Results& results, const std::string& task,
                                   const std::string& only_model, glifr::Index trials,
                                   const analysis::AblationSettings& settings, glifr::DataStore& data) {
  std::vector<AblatedRun> runs;
  for (const analysis::ModelTrials& group : models_of(results, task)) {
    if (!only_model.empty() && group.model != only_model) continue;
    glifr::Index done = 0;
    for (const analysis::Trial* trial : group.trials) {
      if (trials > 0 && done == trials) break;
      try {
        runs.push_back(ablate_run(session, describe(*trial), data, settings));
        ++done;
        std::cout << "silenced neurons of " << trial->name() << std::endl;
      } catch (const glifr::DataError& error) {
        // What concerns one trial alone; a data set that is missing concerns all.
        if (!error.file().starts_with(trial->folder.string())) throw;
        Session::warn("left out " + trial->name() + ": " + error.what());
      }
    }
  }
  return join(task, runs);
}

void add_ablation(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("ablation",
                                         "Test results with a share of the neurons silenced at random: ablation.csv, "
                                         "ablation_draws.csv, ablation_ttests.csv and bars. Networks trained with "
                                         "dropout are also tested at their dropout probability");
  auto options = std::make_shared<AblationOptions>();
  options->settings.seed = 0;
  add_network_options(*command, options->network);
  cli::add_integer(*command, "--trials", options->trials, cli::counts,
                   "At most so many trials of each model (default: all)")
      ->type_name("N");
  cli::add_numbers(*command, "--ratios", options->settings.ratios, {.lowest = 0, .highest = 1},
                   "Shares of the neurons that are silenced, 0 to 1")
      ->type_name("R[,R...]")
      ->capture_default_str();
  cli::add_integer(*command, "--draws", options->settings.draws, {.lowest = 1, .highest = 1e6},
                   "Random choices of neurons for each ratio")
      ->type_name("N")
      ->capture_default_str();
  cli::add_integer(*command, "--samples", options->settings.samples, cli::counts,
                   "Use the first N samples of the test set (default: all)")
      ->type_name("N");
  session.add_options(*command, {"--data", "--cache", "--precision", "--seed"});
  command->callback([&session, options] {
    session.set_action([&session, options] {
      const std::vector<double>& ratios = options->settings.ratios;
      for (const double ratio : ratios) {
        if (std::ranges::count(ratios, ratio) > 1)
          throw glifr::ConfigError("--ratios", "names " + glifr::format_number(ratio) + " twice");
      }
      options->settings.seed = session.seed();
      run(session, *options);
    });
  });
}

}  // namespace glifr::apps
