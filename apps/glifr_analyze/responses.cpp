#include <map>
#include <set>

#include "glifr/analysis/figures.hpp"
#include "glifr/error.hpp"
#include "subcommands.hpp"
#include "trained.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

struct ResponsesOptions {
  NetworkOptions network;
  glifr::Index trial = -1, samples = 0;
};

/// The networks to show, by task: that of a checkpoint, or of each model the trial asked for (or its first). Those of
/// tasks with classes have no targets to be compared with.
std::map<std::string, std::vector<TrainedRun>> choose_runs(const Session& session, const ResponsesOptions& options,
                                                           const glifr::DataStore& data) {
  std::map<std::string, std::vector<TrainedRun>> runs;
  const auto add = [&](TrainedRun run) {
    if (has_target_values(run)) runs[run.settings.task.name].push_back(std::move(run));
  };
  const NetworkOptions& network = options.network;
  if (const auto checkpoint = network.one_checkpoint()) {
    if (options.trial >= 0)
      throw glifr::ConfigError("--trial", "chooses among the trials of RESULTS; " + *checkpoint + " is one network");
    add(describe_checkpoint(*checkpoint, network, session.seed(), data));
    if (runs.empty())
      throw glifr::DataError(*checkpoint, "is of a task with classes; accepted: one with target values");
    return runs;
  }
  network.settings.require_none("each trial in " + network.folder);
  const analysis::Results results = session.read_results(network.folder);
  check_choice(network, results);
  std::set<glifr::Index> trials;
  for (const std::string& task : tasks(results)) {
    if (!network.task.empty() && task != network.task) continue;
    for (const analysis::ModelTrials& group : models_of(results, task)) {
      if (!network.model.empty() && group.model != network.model) continue;
      for (const analysis::Trial* trial : group.trials) trials.insert(trial->number);
      if (auto run = first_usable(group, options.trial)) add(std::move(*run));
    }
  }
  if (options.trial >= 0 && !trials.contains(options.trial)) {
    std::string numbers;
    for (const glifr::Index number : trials) numbers += (numbers.empty() ? "" : ", ") + std::to_string(number);
    throw glifr::ConfigError(
        "--trial", "found " + std::to_string(options.trial) + "; accepted for " + network.folder + ": " + numbers);
  }
  if (runs.empty())
    throw glifr::DataError(network.folder, "none of the trials that were asked for is of a task with target values");
  return runs;
}

/// A row a sample and time step, of waves with their frequency; of several outputs, a row each.
glifr::CsvRows to_csv(const analysis::Responses& responses) {
  const bool are_waves = !responses.frequencies.empty();
  glifr::CsvRows csv;
  csv.cell("sample");
  if (are_waves) csv.cell("frequency");
  csv.cell("time");
  if (!are_waves) csv.cell("output");
  csv.cell("target");
  for (const auto& network : responses.networks) csv.cell(std::string_view(network.model));
  csv.end_row();
  for (glifr::Index sample = 0; sample < responses.samples; ++sample) {
    for (glifr::Index step = 0; step < responses.steps() && responses.is_valid(step, sample); ++step) {
      const glifr::Index time =
          responses.is_of_last_step ? responses.lengths[static_cast<std::size_t>(sample)] - 1 : step;
      for (glifr::Index output = 0; output < responses.outputs; ++output) {
        const std::size_t i = responses.place(step, sample, output);
        csv.cell(sample);
        if (are_waves) csv.cell(responses.frequencies[static_cast<std::size_t>(sample)]);
        csv.cell(static_cast<double>(time) * responses.dt);
        if (!are_waves) csv.cell(output);
        csv.cell(responses.targets[i]);
        for (const auto& network : responses.networks) csv.cell(network.values[i]);
        csv.end_row();
      }
    }
  }
  return csv;
}

void run(const Session& session, const ResponsesOptions& options) {
  glifr::DataStore data = session.open_data();
  const auto runs_of_tasks = choose_runs(session, options, data);
  for (const auto& [task, runs] : runs_of_tasks) {
    const auto responses = session.is_float32() ? responses_of<float>(runs, data, options.samples)
                                                : responses_of<double>(runs, data, options.samples);
    // One task is the rule; several are told apart by their names.
    const std::string suffix = runs_of_tasks.size() > 1 ? "_" + task : "";
    analysis::Figure figure = analysis::responses_figure(responses);
    const std::size_t kind = figure.name.size();
    figure.name += suffix;
    // The same letters tell table and figure of a task from those of others.
    session.write(to_csv(responses), "responses" + analysis::file_name(figure.name).substr(kind) + ".csv");
    session.draw(figure);
  }
}

}  // namespace

void add_responses(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("responses",
                                         "Outputs of trained networks against their targets, on tasks that have target "
                                         "values: responses.csv and a figure");
  auto options = std::make_shared<ResponsesOptions>();
  add_network_options(*command, options->network);
  cli::add_integer(*command, "--trial", options->trial, cli::counts_or_none,
                   "Trial of each model (default: the first that is whole)")
      ->type_name("N");
  cli::add_integer(*command, "--samples", options->samples, cli::counts,
                   "Only the first N samples of the test set (default: all)")
      ->type_name("N");
  session.add_options(*command, {"--data", "--cache", "--precision", "--seed"});
  command->callback([&session, options] { session.set_action([&session, options] { run(session, *options); }); });
}

}  // namespace glifr::apps
