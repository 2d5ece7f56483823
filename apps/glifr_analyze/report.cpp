#include "glifr/analysis/report.hpp"

#include <algorithm>
#include <iostream>
#include <map>

#include "ablation.hpp"
#include "connectivity.hpp"
#include "glifr/analysis/clustering.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/analysis/tables.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/number.hpp"
#include "glifr/paper/comparability.hpp"
#include "glifr/paper/published.hpp"
#include "glifr/version.hpp"
#include "neurons.hpp"
#include "subcommands.hpp"
#include "words.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

struct ReportOptions {
  std::string folder = "results";
  glifr::Index ablation_samples = 1000;
};

// ---- words and numbers for people ----

std::string interval_text(const analysis::Moments& m, bool has_accuracy) {
  const auto interval =
      analysis::confidence_interval(m, 0.95, has_accuracy ? analysis::possible_accuracies : analysis::possible_losses);
  if (!interval) return "–";
  if (has_accuracy) return format("%.2f to %.2f", 100 * interval->lower, 100 * interval->upper);
  return format("%.3g to %.3g", interval->lower, interval->upper);
}

std::string test_text(const std::optional<analysis::TTest>& test) {
  if (!test) return "–";
  return format("t(%.3g) = %.2f, p %s%s", test->degrees_of_freedom, test->t, test->p < 1e-4 ? "" : "= ",
                p_text(test->p).c_str());
}

std::string setting(const analysis::Trial& trial, const char* key) {
  const std::string text = analysis::setting_text(trial, key);
  return text.empty() ? "–" : text;
}

/// "30", or "9 of 400" of a training that ended early.
std::string epochs_of(const analysis::Trial& trial) {
  if (trial.is_imported()) return "imported";
  const std::string planned = analysis::setting_text(trial, "max_epochs");
  const std::string trained = glifr::format_number(trial.metrics.epoch.back());
  return trained == planned || planned.empty() ? trained : trained + " of " + planned;
}

/// "0–4, 7": the numbers of a model's trials.
std::string numbers_of(const analysis::ModelTrials& group) {
  std::string text;
  for (std::size_t i = 0; i < group.trials.size();) {
    std::size_t last = i;
    while (last + 1 < group.trials.size() && group.trials[last + 1]->number == group.trials[last]->number + 1) ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(group.trials[i]->number);
    if (last > i) text += "–" + std::to_string(group.trials[last]->number);
    i = last + 1;
  }
  return text;
}

/// What clustering came to, in a sentence.
std::string clusters_text(const analysis::Clustering& clustering, glifr::Index neurons) {
  std::string text = "Clustering found " + analysis::counted(clustering.best, "cluster") + " of " +
                     analysis::counted(neurons, "neuron") + ".";
  if (clustering.is_most_tried()) {
    text +=
        " That is the most that were tried: more may describe the neurons better (glifr_analyze cluster "
        "--max-clusters).";
  }
  if (clustering.has_mostly_single_points())
    text += " Most of the clusters hold a single neuron: the neurons are too few for the index to say more.";
  if (clustering.is_two_as_one())
    text += " The index is highest for 2 clusters, which count as 1 (glifr_analyze cluster --clusters 2 takes both).";
  return text;
}

// ---- sections ----

/// Names the settings in which the trials of one model differ, if there are such: their mean is one of different
/// things.
void add_differing_trials(analysis::ReportSection& section, const analysis::Results& results) {
  analysis::ReportTable table{
      "Trials of one model that differ in a setting. They are pooled all the same: means and tests below are over "
      "different things.",
      {"task, model", "settings that differ"},
      {}};
  for (const std::string& task : tasks(results)) {
    for (const analysis::ModelTrials& group : models_of(results, task)) {
      const std::string text = glifr::differences_text(glifr::differences_among(group));
      if (!text.empty()) table.rows.push_back({task + ", " + analysis::model_name(group.model), text});
    }
  }
  if (!table.rows.empty()) section.parts.push_back(std::move(table));
}

analysis::ReportSection runs_section(const analysis::Results& results) {
  analysis::ReportSection section{"What was run", 2, {}};
  analysis::ReportTable table{"One row a task and model, with the settings of its first trial.",
                              {"task, model", "trials", "hidden size", "trained parameters", "epochs", "batch",
                               "learning rate", "seed", "precision", "device", "glifr version"},
                              {}};
  for (const std::string& task : tasks(results)) {
    for (const analysis::ModelTrials& group : models_of(results, task)) {
      const analysis::Trial& first = *group.trials.front();
      const std::string name = analysis::model_name(group.model);
      table.rows.push_back({task + ", " + name + (name == group.model ? "" : " (" + group.model + ")"),
                            numbers_of(group), setting(first, "hidden_size"), setting(first, "trained_parameters"),
                            epochs_of(first), setting(first, "batch_size"), setting(first, "lr"),
                            setting(first, "seed"), setting(first, "precision"), setting(first, "device"),
                            setting(first, "version")});
    }
  }
  section.parts.push_back(std::move(table));
  add_differing_trials(section, results);
  if (results.rejected.empty()) return section;
  analysis::ReportTable rejected{"Trials that are not whole and were left out.", {"trial", "reason"}, {}};
  for (const analysis::Rejected& trial : results.rejected) rejected.rows.push_back({trial.name, trial.reason});
  section.parts.push_back(std::move(rejected));
  return section;
}

analysis::ReportSection settings_section(const analysis::Results& results) {
  analysis::ReportSection section{
      "All settings", 2, {analysis::ReportText{"Of the first trial of each task and model."}}};
  for (const std::string& task : tasks(results)) {
    for (const analysis::ModelTrials& group : models_of(results, task)) {
      const analysis::Trial& first = *group.trials.front();
      section.parts.push_back(analysis::ReportListing{first.name(), glifr::to_text(first.config)});
    }
  }
  return section;
}

const analysis::ModelTrials& trials_of(const std::vector<analysis::ModelTrials>& groups, const std::string& model) {
  return *std::ranges::find(groups, model, &analysis::ModelTrials::model);
}

/// What the paper has of a model on a task, by the accuracies or losses that the task is compared by; without a count
/// where it has nothing.
analysis::Moments published_moments(const analysis::TaskSummary& summary, const analysis::ModelSummary& model) {
  const glifr::paper::PublishedResult* published = glifr::paper::find_published(summary.task, model.model);
  if (!published) return {};
  return summary.has_accuracy() ? published->accuracy : published->loss;
}

/// Whether the paper has results of any of the models that were tested on a task.
bool is_published(const analysis::TaskSummary& summary) {
  return std::ranges::any_of(summary.models, [&](const analysis::ModelSummary& model) {
    return !model.losses.empty() && published_moments(summary, model).count > 0;
  });
}

/// The test of our results against published ones, or why there is none.
std::string comparison_text(const analysis::Moments& ours, const analysis::Moments& published,
                            const analysis::ModelTrials& trials) {
  const std::string differing = glifr::differences_text(glifr::paper::differences_from_published(trials));
  return differing.empty() ? test_text(analysis::welch_t_test(ours, published)) : "no test: " + differing;
}

analysis::ReportTable results_table(const analysis::TaskSummary& summary,
                                    const std::vector<analysis::ModelTrials>& trials) {
  const bool has_accuracy = summary.has_accuracy(), has_published = is_published(summary);
  const std::string metric = has_accuracy ? "test accuracy (%)" : "test loss";
  analysis::ReportTable table{
      "Test results: mean ± standard deviation over trials, with the 95 % confidence interval of the mean, cut at what "
      "a loss or an accuracy can be.",
      {"model", "trials", metric, "95 % interval"},
      {}};
  if (has_accuracy) table.header.emplace_back("test loss");
  if (has_published) {
    table.caption +=
        " Where published values exist they stand beside ours; where every setting is as published, Welch's t-test "
        "compares the two, and where one is not, there is no test, and what differs is named (ours, published).";
    table.header.insert(table.header.end(), {"published " + metric, "published trials", "ours against published"});
  }
  for (const analysis::ModelSummary& model : summary.models) {
    if (model.losses.empty()) continue;
    const analysis::Moments ours = analysis::moments(model.values(has_accuracy));
    std::vector<std::string> row{analysis::model_name(model.model), std::to_string(ours.count),
                                 mean_and_sd(ours, has_accuracy), interval_text(ours, has_accuracy)};
    if (has_accuracy) row.push_back(mean_and_sd(analysis::moments(model.losses), false));
    if (has_published) {
      const analysis::Moments theirs = published_moments(summary, model);
      row.push_back(mean_and_sd(theirs, has_accuracy));
      row.push_back(theirs.count > 0 ? std::to_string(theirs.count) : "–");
      row.push_back(theirs.count > 0 ? comparison_text(ours, theirs, trials_of(trials, model.model)) : "–");
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// A row a group of trials with the same settings.
analysis::ReportTable settings_table(const analysis::SettingSummary& summary) {
  const bool has_accuracy = have_accuracies(summary.groups, &analysis::SettingGroup::results);
  analysis::ReportTable table{
      "Test results by the settings that were swept: mean ± standard deviation over trials, with the 95 % confidence "
      "interval of the mean. Trials of one number start alike: tests of the differences, paired by trial, are in "
      "variations.csv.",
      {"model"},
      {}};
  table.header.insert(table.header.end(), summary.keys.begin(), summary.keys.end());
  table.header.insert(table.header.end(),
                      {"trials", has_accuracy ? "test accuracy (%)" : "test loss", "95 % interval"});
  for (const analysis::SettingGroup& group : summary.groups) {
    const analysis::Moments m = analysis::moments(group.results.values(has_accuracy));
    std::vector<std::string>& row = table.rows.emplace_back(std::vector{analysis::model_name(group.results.model)});
    row.insert(row.end(), group.values.begin(), group.values.end());
    row.insert(row.end(), {std::to_string(m.count), mean_and_sd(m, has_accuracy), interval_text(m, has_accuracy)});
  }
  return table;
}

/// The tasks that were swept: "sine" of "sine@lr=0.001".
std::vector<std::string> swept_tasks(const analysis::Results& results) {
  std::vector<std::string> swept;
  for (const std::string& task : tasks(results)) {
    const std::size_t at = task.find('@');
    if (at == std::string::npos) continue;
    if (std::string name = task.substr(0, at); std::ranges::find(swept, name) == swept.end())
      swept.push_back(std::move(name));
  }
  return swept;
}

/// Every model against every other: t of the row's minus the column's mean.
analysis::ReportTable comparison_matrix(const analysis::TaskSummary& summary) {
  analysis::ReportTable table{
      "Two-sample t-tests with pooled variance between the models: t of the row's mean minus the column's, with one "
      "degree of freedom "
      "less than trials for each model; * p < 0.05, ** p < 0.01, *** p < 0.001, without correction for the number of "
      "tests. Degrees of "
      "freedom, p, Welch's tests and effect sizes are in ttests.csv.",
      {"model"},
      {}};
  std::map<std::pair<std::string, std::string>, const analysis::Comparison*> pairs;
  for (const analysis::Comparison& comparison : summary.comparisons)
    pairs[{comparison.first, comparison.second}] = &comparison;
  for (const analysis::ModelSummary& model : summary.models) table.header.push_back(analysis::model_name(model.model));
  for (const analysis::ModelSummary& first : summary.models) {
    std::vector<std::string> row{analysis::model_name(first.model)};
    for (const analysis::ModelSummary& second : summary.models) {
      const auto pair = pairs.find({first.model, second.model});
      if (pair == pairs.end() || !pair->second->pooled) {
        row.emplace_back("–");
        continue;
      }
      const analysis::TTest& test = *pair->second->pooled;
      row.push_back(format("%.2f%s", test.t,
                           test.p < 0.001  ? " ***"
                           : test.p < 0.01 ? " **"
                           : test.p < 0.05 ? " *"
                                           : ""));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// Composes the report of a results folder; tables and figures go to the output folder on the way.
class ReportComposer {
 public:
  ReportComposer(const Session& session, const ReportOptions& options)
      : session_(session),
        options_(options),
        results_(session.read_results(options.folder)),
        data_(session.open_data()) {
    for (const std::string& task : tasks(results_)) {
      if (!is_part_of_sweep(task)) find_networks(task);
    }
    warn_of_mixed_results(results_, false);
  }

  analysis::Report compose() {
    const auto summaries = analysis::summarize(results_);
    session_.write(analysis::summary_table(summaries), "summary.csv");
    session_.write(analysis::comparison_table(summaries), "ttests.csv");
    session_.write(analysis::variation_table(analysis::compare_variations(results_)), "variations.csv");
    session_.write(analysis::trials_table(results_), "trials.csv");
    analysis::Report report{"glifr report: " + std::filesystem::weakly_canonical(options_.folder).filename().string(),
                            analysis::counted(static_cast<glifr::Index>(results_.trials.size()), "trial") +
                                ", analysed by glifr " + std::string(glifr::version()) + ".",
                            {}};
    report.sections.push_back(runs_section(results_));
    for (const analysis::TaskSummary& summary : summaries) {
      if (!is_part_of_sweep(summary.task)) add_task(report, summary);
    }
    add_sweeps(report, summaries);
    report.sections.push_back(settings_section(results_));
    analysis::ReportSection& sources = report.sections.emplace_back(analysis::ReportSection{"Sources", 2, {}});
    if (std::ranges::any_of(summaries, is_published))
      sources.parts.push_back(analysis::ReportText{"Published values: " + std::string(glifr::paper::published_source)});
    sources.parts.push_back(analysis::ReportText{
        "Each figure stands in the folder of this report as SVG and PDF too, beside its data (CSV) and the gnuplot "
        "script that draws it."});
    return report;
  }

 private:
  static bool is_part_of_sweep(const std::string& task) { return task.find('@') != std::string::npos; }

  void add_task(analysis::Report& report, const analysis::TaskSummary& summary) {
    analysis::ReportSection section{"Task " + summary.task, 2, {}};
    if (is_tested(summary)) {
      section.parts.push_back(results_table(summary, models_of(results_, summary.task)));
      section.parts.push_back(figure(analysis::summary_figure(summary)));
    }
    if (summary.models.size() > 1) section.parts.push_back(comparison_matrix(summary));
    add_imports(section, summary.task);
    if (const auto curves = training_curves(results_, summary.task); !curves.empty())
      section.parts.push_back(figure(analysis::training_curves_figure(summary.task, curves)));
    add_confusions(section, summary.task);
    for (const std::string& problem : problems_[summary.task]) section.parts.push_back(analysis::ReportText{problem});
    report.sections.push_back(std::move(section));
    const auto groups = models_of(networks_, summary.task);
    if (groups.empty()) return;
    attempt(report, "Silencing neurons: " + summary.task,
            [&](analysis::ReportSection& part) { add_ablation(part, summary.task); });
    attempt(report, "Responses: " + summary.task,
            [&](analysis::ReportSection& part) { add_responses(part, summary.task); });
    for (const analysis::ModelTrials& group : groups) {
      attempt(report, "Neurons: " + summary.task + ", " + analysis::model_name(group.model),
              [&](analysis::ReportSection& part) { add_neurons(part, group); });
    }
  }

  /// The sweeps: for each a table and a figure by what was swept, and the results of every variation.
  void add_sweeps(analysis::Report& report, const std::vector<analysis::TaskSummary>& summaries) {
    const std::vector<std::string> swept = swept_tasks(results_);
    if (swept.empty()) return;
    report.sections.push_back({"Sweeps", 2, {}});
    for (const std::string& task : swept) {
      attempt(report, "Sweep of " + task, [&](analysis::ReportSection& section) { add_sweep(section, task); });
      for (const analysis::TaskSummary& summary : summaries) {
        if (!summary.task.starts_with(task + "@") || !is_tested(summary)) continue;
        report.sections.push_back(
            {"Task " + summary.task, 3, {results_table(summary, models_of(results_, summary.task))}});
      }
    }
  }

  void add_sweep(analysis::ReportSection& section, const std::string& task) {
    const analysis::Results sweep = analysis::sweep_of(results_, task);
    std::vector<std::string> keys;
    for (const std::string& variation : tasks(sweep)) {
      for (const std::string& key : analysis::swept_settings(variation)) {
        if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
      }
    }
    const analysis::SettingSummary summary = analysis::summarize_by(sweep, keys);
    if (summary.groups.empty()) return;
    session_.write(analysis::setting_table(summary), analysis::file_name("sweep_" + task) + "_table.csv");
    section.parts.push_back(settings_table(summary));
    analysis::Figure drawn = analysis::settings_figure(summary, summary.groups.front().base_task);
    drawn.name = "sweep_" + task;
    section.parts.push_back(figure(drawn));
  }

  /// Says which networks were not trained here.
  void add_imports(analysis::ReportSection& section, const std::string& task) {
    for (const analysis::Trial& trial : results_.trials) {
      if (trial.task != task || !trial.is_imported()) continue;
      section.parts.push_back(analysis::ReportText{
          "The network of " + trial.name() + " was imported from " + analysis::setting_text(trial, "imported_from") +
          (trial.test ? ": how it was trained is not known."
                      : ": how it was trained is not known, and it was not tested.")});
    }
  }

  /// How the first trial of each model confused the classes, where that is recorded.
  void add_confusions(analysis::ReportSection& section, const std::string& task) {
    for (const analysis::ModelTrials& group : models_of(results_, task)) {
      const analysis::Trial& first = *group.trials.front();
      if (!std::filesystem::exists(first.files().confusion())) continue;
      try {
        const analysis::Confusion confusion = analysis::read_confusion(first.files().confusion());
        if (confusion.classes > analysis::Confusion::most_classes_drawn) continue;
        analysis::Figure drawn = analysis::confusion_figure(task, group.model, confusion);
        session_.write(analysis::confusion_table(confusion), analysis::file_name(drawn.name) + "_table.csv");
        drawn.caption += " Trial " + std::to_string(first.number) + ".";
        section.parts.push_back(figure(drawn));
      } catch (const glifr::DataError& error) {
        Session::warn(error.what());
        section.parts.push_back(analysis::ReportText{std::string("Not shown: ") + error.what()});
      }
    }
  }

  /// Tells the trials of a task whose networks can be made again from those whose settings cannot be read: results may
  /// be of another version or another program.
  void find_networks(const std::string& task) {
    std::vector<std::string>& problems = problems_[task];
    bool has_networks = false;
    for (const analysis::Trial& trial : results_.trials) {
      if (trial.task != task) continue;
      try {
        (void)describe(trial);
        networks_.trials.push_back(trial);
        has_networks = true;
      } catch (const glifr::DataError& error) {
        problems.push_back("the network of " + trial.name() + " is not analysed: " + error.what());
      }
    }
    if (!has_networks && problems.size() > 1) {
      problems = {"no network of " + task + " is analysed; " + problems.front()};
    }
    for (const std::string& problem : problems) Session::warn(problem);
  }

  /// Adds a section, if it comes to anything. What is missing for it (data, a checkpoint) is said in its place and
  /// stops nothing else.
  template <class Add>
  void attempt(analysis::Report& report, const std::string& title, Add&& add) {
    analysis::ReportSection section{title, 3, {}};
    try {
      add(section);
    } catch (const glifr::OutputError&) {
      throw;
    } catch (const glifr::Error& error) {
      Session::warn(title + ": " + error.what());
      section.parts.push_back(analysis::ReportText{std::string("Not computed: ") + error.what()});
    }
    if (!section.parts.empty()) report.sections.push_back(std::move(section));
  }

  void add_ablation(analysis::ReportSection& section, const std::string& task) {
    if (options_.ablation_samples == 0) return;
    // Of a single neuron there is no share to silence.
    if (glifr::describe_network(describe(*models_of(networks_, task).front().trials.front()).settings)
            .layers.front()
            .size == 1)
      return;
    analysis::AblationSettings settings;
    settings.samples = options_.ablation_samples;
    settings.seed = session_.seed();
    const analysis::TaskAblation ablation = ablate_task(session_, networks_, task, "", 1, settings, data_);
    if (ablation.models.empty()) return;
    analysis::Figure bars = analysis::ablation_figure(ablation);
    session_.write(analysis::ablation_table(std::span(&ablation, 1)), analysis::file_name(bars.name) + "_table.csv");
    bars.caption += " The first trial of each model, " + std::to_string(settings.draws) + " draws a ratio, at most " +
                    std::to_string(settings.samples) + " samples of the test set.";
    section.parts.push_back(figure(bars));
  }

  void add_responses(analysis::ReportSection& section, const std::string& task) {
    std::vector<TrainedRun> runs;
    for (const analysis::ModelTrials& group : models_of(networks_, task)) {
      const TrainedRun first = describe(*group.trials.front());
      if (first.settings.task.base == "realizable") {
        analysis::Figure drawn = glifr::paper::realizable_figure(realizable_run(*group.trials.front(), data_));
        drawn.name += "_" + task + "_" + group.model;
        section.parts.push_back(figure(drawn));
        continue;
      }
      if (!has_target_values(first)) continue;
      if (auto run = first_usable(group)) runs.push_back(std::move(*run));
    }
    if (runs.empty()) return;
    constexpr glifr::Index most_samples = 256;
    analysis::Figure drawn = analysis::responses_figure(responses_of<double>(runs, data_, most_samples));
    drawn.name += "_" + task;
    drawn.caption += " One trial of each model.";
    section.parts.push_back(figure(drawn));
  }

  struct TrainedLayer {
    glifr::Index layer;  // 1 the first
    bool is_glifr;
  };

  /// The layers of neurons with parameters of their own that are trained.
  static std::vector<TrainedLayer> trained_layers(const glifr::Settings& settings) {
    std::vector<TrainedLayer> layers;
    const auto described = glifr::describe_network(settings).layers;
    if (described.front().size == 1) return layers;  // nothing is distributed
    for (std::size_t k = 0; k < described.size(); ++k) {
      const auto& parameters = described[k].population.parameters;
      const glifr::NeuronInfo& neuron = glifr::find_neuron(described[k].neuron, described[k].num_ascs);
      const bool is_any_trained = std::ranges::any_of(neuron.parameters, [&](const glifr::FieldExtent& parameter) {
        const auto said = parameters.find(parameter.field.name);
        return said == parameters.end() || said->second.is_trained;
      });
      if (neuron.has_dynamics() && is_any_trained)
        layers.push_back({static_cast<glifr::Index>(k) + 1, neuron.name == glifr::Glifr<0>::name});
    }
    return layers;
  }

  struct WiredLayer {
    glifr::Index layer;  // 1 the first
    glifr::Index inputs, neurons;
  };

  /// The layers that a configuration says something of how their neurons are connected.
  static std::vector<WiredLayer> wired_layers(const glifr::Settings& settings) {
    std::vector<WiredLayer> layers;
    const auto described = glifr::describe_network(settings).layers;
    for (std::size_t k = 0; k < described.size(); ++k) {
      const glifr::Population& population = described[k].population;
      const bool is_wired = population.lateral != glifr::Connectivity::all() || population.inhibitory ||
                            population.synaptic_delay || !population.groups.empty();
      const glifr::Index inputs = glifr::find_neuron(described[k].neuron, described[k].num_ascs).inputs;
      if (is_wired) layers.push_back({static_cast<glifr::Index>(k) + 1, inputs, described[k].size});
    }
    return layers;
  }

  void add_neurons(analysis::ReportSection& section, const analysis::ModelTrials& group) {
    const glifr::Settings settings = describe(*group.trials.front()).settings;
    const std::vector<TrainedLayer> layers = trained_layers(settings);
    const std::vector<WiredLayer> wired = wired_layers(settings);
    if (layers.empty() && wired.empty()) return;
    const std::optional<TrainedRun> run = first_usable(group);
    if (!run) return;
    for (const auto& [layer, is_glifr] : layers)
      is_glifr ? add_layer(section, group, *run, layer) : add_other_layer(section, group, *run, layer);
    for (const auto& [layer, inputs, neurons] : wired) {
      if (inputs > 1) {
        section.parts.push_back(analysis::ReportText{
            "Layer " + std::to_string(layer) + " is left out of the connections: its neurons have " +
            std::to_string(inputs) + " synaptic currents, and eigenvalues and balance are those of one."});
        const analysis::NeuronParts groups = groups_of(run->checkpoint, layer, neurons);
        if (const auto course = delay_course(run->checkpoint, layer, neurons, groups))
          add_figure(section, group, *run, layer, *course);
        continue;
      }
      const Wiring wiring = read_wiring(run->checkpoint, layer);
      section.parts.push_back(analysis::ReportText{wiring_text(wiring.weights) + "."});
      for (const analysis::Figure& each : wiring.figures) add_figure(section, group, *run, layer, each);
    }
  }

  void add_layer(analysis::ReportSection& section, const analysis::ModelTrials& group, const TrainedRun& run,
                 glifr::Index layer) {
    const Neurons neurons = read_neurons({.checkpoint = run.checkpoint.string(), .layer = layer});
    const auto currents = analysis::standard_currents();

    // Coloured by group where there are groups, by cluster otherwise.
    analysis::NeuronParts parts = neurons.groups;
    std::vector<analysis::Figure> figures{
        analysis::parameter_histogram_figure(neurons.learned, neurons.initial, neurons.groups)};
    constexpr glifr::Index max_clusters = 11;
    if (neurons.learned.neurons > max_clusters) {
      const analysis::Clustering clustering = analysis::choose_clusters(neurons.learned.view(), max_clusters);
      figures.push_back(analysis::cluster_index_figure(clustering));
      section.parts.push_back(analysis::ReportText{clusters_text(clustering, neurons.learned.neurons)});
      if (neurons.groups.is_empty()) {
        parts.labels = clustering.labels;
      } else {
        figures.push_back(analysis::cluster_groups_figure({clustering.labels}, neurons.groups));
      }
    }
    figures.push_back(analysis::parameter_scatter_figure(neurons.learned, parts, neurons.initial));
    figures.push_back(analysis::fi_figure(analysis::fi_curves(neurons.learned, neurons.constants, currents), parts,
                                          analysis::fi_curves(neurons.reference(), neurons.constants, currents),
                                          neurons.reference_title()));
    for (const analysis::Figure& each : figures) add_figure(section, group, run, layer, each);
  }

  /// A layer of neurons other than GLIFR's, of which the parameters are all that is known.
  void add_other_layer(analysis::ReportSection& section, const analysis::ModelTrials& group, const TrainedRun& run,
                       glifr::Index layer) {
    const auto neurons = read_other_neurons({.checkpoint = run.checkpoint.string(), .layer = layer});
    if (!neurons) return;
    add_figure(section, group, run, layer,
               analysis::parameter_histogram_figure(neurons->learned, neurons->initial, neurons->groups));
  }

  /// A figure of one layer of a trial.
  void add_figure(analysis::ReportSection& section, const analysis::ModelTrials& group, const TrainedRun& run,
                  glifr::Index layer, analysis::Figure each) {
    each.name +=
        "_" + group.trials.front()->task + "_" + group.model + (layer == 1 ? "" : "_layer_" + std::to_string(layer));
    each.caption +=
        " Trial " + std::to_string(run.trial) + (layer == 1 ? "." : ", layer " + std::to_string(layer) + ".");
    section.parts.push_back(figure(each));
  }

  analysis::ReportFigure figure(const analysis::Figure& figure) { return {figure.caption, session_.draw(figure)}; }

  const Session& session_;
  const ReportOptions& options_;
  analysis::Results results_;
  analysis::Results networks_;                                // the trials whose networks can be made again
  std::map<std::string, std::vector<std::string>> problems_;  // of the others, by task
  glifr::DataStore data_;
};

}  // namespace

void add_report(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("report",
                                         "Everything that a results folder tells, as one HTML page that needs nothing "
                                         "else (report.html), with its tables and figures");
  auto options = std::make_shared<ReportOptions>();
  add_results_option(*command, options->folder);
  cli::add_integer(*command, "--ablation-samples", options->ablation_samples, cli::counts_or_none,
                   "Test samples on which neurons of the first trial of each model are silenced; 0: leave that out")
      ->type_name("N")
      ->capture_default_str();
  session.add_options(*command, {"--data", "--cache", "--precision", "--seed"});
  command->callback([&session, options] {
    session.set_action([&session, options] {
      const analysis::Report report = ReportComposer(session, *options).compose();
      const auto path = session.output("report.html");
      glifr::write_file_atomically(path, analysis::to_html(report));
      std::cout << "wrote " << path.string() << '\n';
    });
  });
}

}  // namespace glifr::apps
