#include <map>

#include "glifr/analysis/figures.hpp"
#include "glifr/error.hpp"
#include "subcommands.hpp"
#include "trained.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

struct Options {
  std::string folder = "results", checkpoint;
  glifr::Index trial = -1;
};

/// The sine networks to show, by task: that of a checkpoint, or of each model the trial asked for (or its first).
std::map<std::string, std::vector<TrainedRun>> choose_runs(const Session& session, const Options& options) {
  std::map<std::string, std::vector<TrainedRun>> runs;
  const auto add = [&](TrainedRun run) {
    if (run.settings.task.base == "sine") runs[run.settings.task.name].push_back(std::move(run));
  };
  if (!options.checkpoint.empty()) {
    add(describe_checkpoint(options.checkpoint));
    if (runs.empty()) throw glifr::DataError(options.checkpoint, "is of a task other than sine");
    return runs;
  }
  const analysis::Results results = session.read_results(options.folder);
  for (const std::string& task : tasks(results)) {
    for (const analysis::ModelTrials& group : models_of(results, task)) {
      if (auto run = first_usable(group, options.trial)) add(std::move(*run));
    }
  }
  if (runs.empty()) throw glifr::DataError(options.folder, "found no such trial of the sine task");
  return runs;
}

glifr::CsvRows to_csv(const analysis::SineResponses& responses) {
  glifr::CsvRows csv;
  for (const char* column : {"sample", "frequency", "time", "target"}) csv.cell(column);
  for (const auto& output : responses.outputs) csv.cell(std::string_view(output.model));
  csv.end_row();
  for (glifr::Index sample = 0; sample < responses.samples; ++sample) {
    for (glifr::Index step = 0; step < responses.steps(); ++step) {
      const auto i = static_cast<std::size_t>(step * responses.samples + sample);
      csv.cell(sample)
          .cell(responses.frequencies[static_cast<std::size_t>(sample)])
          .cell(static_cast<double>(step) * responses.dt);
      csv.cell(responses.targets[i]);
      for (const auto& output : responses.outputs) csv.cell(output.values[i]);
      csv.end_row();
    }
  }
  return csv;
}

void run(const Session& session, const Options& options) {
  glifr::DataStore data = session.open_data();
  const auto runs_of_tasks = choose_runs(session, options);
  for (const auto& [task, runs] : runs_of_tasks) {
    const auto responses =
        session.is_float32() ? sine_responses<float>(runs, data) : sine_responses<double>(runs, data);
    // One task is the rule; several are told apart by their names.
    const std::string suffix = runs_of_tasks.size() > 1 ? "_" + task : "";
    session.write(to_csv(responses), "responses" + suffix + ".csv");
    analysis::Figure figure = analysis::sine_figure(responses);
    figure.name += suffix;
    session.draw(figure);
  }
}

}  // namespace

void add_responses(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand(
      "responses", "Outputs of trained sine networks against their targets: responses.csv and a figure");
  auto options = std::make_shared<Options>();
  add_results_option(*command, options->folder);
  cli::add_text(*command, "--checkpoint", options->checkpoint,
                "One network: a checkpoint in a trial's folder, instead of RESULTS")
      ->type_name("FILE");
  cli::add_integer(*command, "--trial", options->trial, cli::counts_or_none,
                   "Trial of each model (default: the first that is whole)")
      ->type_name("N");
  session.add_options(*command);
  command->callback([&session, options] { session.set_action([&session, options] { run(session, *options); }); });
}

}  // namespace glifr::apps
