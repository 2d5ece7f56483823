#include <algorithm>
#include <boost/json.hpp>
#include <iostream>
#include <map>
#include <set>

#include "glifr/analysis/clustering.hpp"
#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/report.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/analysis/tables.hpp"
#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/text.hpp"
#include "glifr/paper/archive.hpp"
#include "glifr/paper/contents.hpp"
#include "glifr/paper/published.hpp"
#include "glifr/paper/reproduction.hpp"
#include "glifr/version.hpp"
#include "subcommands.hpp"
#include "trained.hpp"
#include "words.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;
namespace paper = glifr::paper;

namespace {

struct PaperOptions {
  std::string folder = "results";
  std::filesystem::path archive;
  paper::Levels levels;
};

constexpr const char* nothing = "–";

std::string sentence(const std::string& text) {
  std::string begun = text;
  begun.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(begun.front())));
  return begun;
}

/// "4.2 h", "3 min", "20 s"
std::string duration(double seconds) {
  if (seconds >= 3600) return format("%.1f h", seconds / 3600);
  if (seconds >= 60) return format("%.0f min", seconds / 60);
  return format("%.0f s", seconds);
}

std::string verdict_text(const paper::Row& row) {
  return row.has_verdict ? std::string(paper::name_of(row.judgement.verdict)) : "no verdict";
}

/// How many rows have each verdict.
struct Tally {
  std::map<std::string, glifr::Index> counts;
  glifr::Index rows = 0;

  void add(const paper::Row& row) {
    ++rows;
    ++counts[verdict_text(row)];
  }
  /// "3 same, 1 different"
  [[nodiscard]] std::string text() const {
    std::vector<std::string> parts;
    for (const char* word : {"same", "better", "different", "not enough trials", "no verdict"}) {
      if (const auto found = counts.find(word); found != counts.end())
        parts.push_back(std::to_string(found->second) + " " + word);
    }
    return glifr::joined(parts);
  }
};

/// Remarks on rows, by "TASK/MODEL".
std::map<std::string, std::string> read_notes(const std::filesystem::path& file) {
  std::map<std::string, std::string> notes;
  if (!std::filesystem::exists(file)) return notes;
  const boost::json::value document = glifr::read_json_file(file);
  if (!document.is_object())
    throw glifr::DataError(file.string(), "found no JSON object; accepted is an object of texts by \"TASK/MODEL\"");
  for (const auto& [key, value] : document.as_object()) {
    if (!value.is_string())
      throw glifr::DataError(file.string(),
                             "key " + std::string(key) + ": found " + glifr::to_line(value) + ", accepted is text");
    notes[std::string(key)] = std::string(value.as_string());
  }
  return notes;
}

/// Composes the page; tables and figures go to the output folder on the way.
class PaperComposer {
 public:
  PaperComposer(const Session& session, const PaperOptions& options)
      : session_(session),
        options_(options),
        results_(session.read_results(options.folder)),
        silenced_(read_silenced(options.folder)),
        notes_(read_notes(paper::notes_file(options.folder))),
        found_(paper::reproduce(results_, silenced_, options.levels)),
        data_(session.open_data()) {}

  analysis::Report compose() {
    session_.write(paper::paper_table(found_), "paper.csv");
    session_.write(paper::tests_table(found_), "paper_tests.csv");
    analysis::Report report{"The paper, held against these results",
                            analysis::counted(static_cast<glifr::Index>(results_.trials.size()), "trial") +
                                ", analysed by glifr " + std::string(glifr::version()) + ".",
                            {}};
    report.sections.push_back(overview());
    report.sections.push_back(contents());
    report.sections.push_back(
        {"Table 2: test results",
         2,
         {analysis::ReportText{"Mean ± standard deviation over trials: accuracies in per cent; on sine, mean squared "
                               "errors. Figure S1 shows the same numbers."}}});
    add_numbers(report, "table 2");
    report.sections.push_back(claims());
    report.sections.push_back({"Figures", 2, {}});
    add_figures(report);
    report.sections.push_back(missing());
    report.sections.push_back(method());
    return report;
  }

 private:
  static std::vector<analysis::TaskAblation> read_silenced(const std::string& folder) {
    const std::filesystem::path file = paper::silencing_file(folder);
    if (!std::filesystem::exists(file)) return {};
    return analysis::read_ablation_draws(file);
  }

  // ---- tables ----

  analysis::ReportSection overview() {
    analysis::ReportTable table{"Verdicts on the numbers of table 2, by task. Trials: the fewest of a model.",
                                {"task", "rows", "trials", "same", "better", "different", "not enough trials"},
                                {}};
    Tally all, of_claims;
    for (const std::string& task : tasks_of(found_.numbers)) {
      Tally tally;
      glifr::Index fewest = std::numeric_limits<glifr::Index>::max();
      for (const paper::Row& row : found_.numbers) {
        if (row.task != task || row.item != "table 2") continue;
        tally.add(row);
        all.add(row);
        fewest = std::min(fewest, row.trials);
      }
      if (tally.rows == 0) continue;
      std::vector<std::string>& row =
          table.rows.emplace_back(std::vector{task, std::to_string(tally.rows), std::to_string(fewest)});
      for (auto word = table.header.begin() + 3; word != table.header.end(); ++word)
        row.push_back(std::to_string(tally.counts[*word]));
    }
    for (const paper::Row& row : found_.claims) of_claims.add(row);
    analysis::ReportSection section{"Overview", 2, {}};
    section.parts.emplace_back(analysis::ReportText{
        "Table 2 of the paper has " + std::to_string(all.rows) + " rows: " + all.text() + ". Its claims, as " +
        std::to_string(of_claims.rows) + " checks: " + of_claims.text() + "."});
    const bool has_verdicts = std::ranges::any_of(found_.numbers, &paper::Row::has_verdict);
    if (!has_verdicts)
      section.parts.emplace_back(analysis::ReportText{
          "No trial has the published settings: this is a smoke run, which shows that everything runs. There are no "
          "verdicts."});
    section.parts.emplace_back(std::move(table));
    return section;
  }

  static std::vector<std::string> tasks_of(const std::vector<paper::Row>& rows) {
    std::vector<std::string> tasks;
    for (const paper::Row& row : rows) {
      if (std::ranges::find(tasks, row.task) == tasks.end()) tasks.push_back(row.task);
    }
    return tasks;
  }

  /// The verdicts on the rows of an item.
  static Tally tally_of(const std::vector<paper::Row>& rows, const std::string& item) {
    Tally tally;
    for (const paper::Row& row : rows) {
      if (row.item == item) tally.add(row);
    }
    return tally;
  }

  analysis::ReportSection contents() {
    analysis::ReportTable table{
        "The tables and figures of the paper, and the commands that make each.", {"item", "commands", "verdicts"}, {}};
    for (const paper::Item& item : paper::contents()) {
      const Tally numbers = tally_of(found_.numbers, item.name), claims = tally_of(found_.claims, item.name);
      std::string verdicts = numbers.rows > 0 ? "numbers: " + numbers.text() : "";
      if (claims.rows > 0) verdicts += (verdicts.empty() ? "claims: " : "; claims: ") + claims.text();
      if (verdicts.empty()) verdicts = item.name == "figure S1" ? "those of table 2" : "no number to compare";
      table.rows.push_back({sentence(item.name), glifr::joined(item.commands, "; "), verdicts});
    }
    return {"What the paper has", 2, {std::move(table)}};
  }

  /// A section for each task, with the rows of an item.
  void add_numbers(analysis::Report& report, const std::string& item) const {
    for (const std::string& task : tasks_of(found_.numbers)) {
      analysis::ReportTable table = numbers_table(item, task);
      if (!table.rows.empty()) report.sections.push_back({"Task " + task, 3, {std::move(table)}});
    }
  }

  [[nodiscard]] analysis::ReportTable numbers_table(const std::string& item, const std::string& task) const {
    analysis::ReportTable table{
        {}, {"model", "verdict", "trials", "ours", "published", "margin", "p of difference", "p of equivalence"}, {}};
    bool has_remarks = false;
    for (const paper::Row& row : found_.numbers) {
      if (row.item != item || row.task != task) continue;
      table.caption = sentence(row.quantity) + " on " + task + ".";
      const bool is_percent = row.quantity == "test accuracy";
      const auto& test = row.judgement.difference;
      const auto& equivalence = row.judgement.equivalence;
      table.rows.push_back(
          {analysis::model_name(row.model), verdict_text(row), std::to_string(row.trials),
           mean_and_sd(row.ours, is_percent), mean_and_sd(row.published, is_percent),
           equivalence ? format(is_percent ? "%.2f" : "%.2g", equivalence->margin * (is_percent ? 100 : 1)) : nothing,
           test ? p_text(test->p) : nothing, equivalence ? p_text(equivalence->p()) : nothing});
      has_remarks = has_remarks || !remark(row).empty();
    }
    if (has_remarks) {
      table.header.emplace_back("remarks");
      std::size_t line = 0;
      for (const paper::Row& row : found_.numbers) {
        if (row.item == item && row.task == task) table.rows[line++].push_back(remark(row));
      }
    }
    return table;
  }

  [[nodiscard]] std::string remark(const paper::Row& row) const {
    const auto note = notes_.find(row.task + "/" + row.model);
    const bool has_note = note != notes_.end() && row.item == "table 2";
    return row.note + (has_note ? (row.note.empty() ? "" : "; ") + note->second : "");
  }

  static analysis::ReportTable claims_table(const std::vector<const paper::Row*>& rows) {
    analysis::ReportTable table{
        {}, {"claim", "verdict", "task", "trials", "ours", "published", "what is measured", "remarks"}, {}};
    const auto number = [](const analysis::Moments& m) { return m.count > 0 ? format("%.3g", m.mean) : nothing; };
    for (const paper::Row* row : rows) {
      table.rows.push_back({sentence(row->statement), verdict_text(*row), row->task, std::to_string(row->trials),
                            number(row->ours), number(row->published), row->quantity, row->note});
    }
    if (std::ranges::all_of(rows, [](const paper::Row* row) { return row->note.empty(); })) {
      table.header.pop_back();
      for (auto& row : table.rows) row.pop_back();
    }
    return table;
  }

  analysis::ReportSection claims() {
    analysis::ReportSection section{
        "Claims",
        2,
        {analysis::ReportText{
            "What the paper says, as checks. Same: it holds here too, significantly; different: the opposite does. An "
            "ordering of two networks is a claim where the published results differ significantly."}}};
    for (const paper::Item& item : paper::contents()) {
      std::vector<const paper::Row*> rows;
      for (const paper::Row& row : found_.claims) {
        if (row.item == item.name) rows.push_back(&row);
      }
      if (rows.empty()) continue;
      analysis::ReportTable table = claims_table(rows);
      table.caption = sentence(item.name) + ": " + tally_of(found_.claims, item.name).text() + ".";
      section.parts.emplace_back(std::move(table));
    }
    return section;
  }

  analysis::ReportSection missing() {
    analysis::ReportSection section{"What was not run", 2, {}};
    if (found_.missing.empty()) {
      section.parts.emplace_back(analysis::ReportText{"Nothing: every training of the paper is there."});
      return section;
    }
    analysis::ReportTable table{
        "Trials of the paper that are not there with the published settings, and what they would cost: the published "
        "epochs, times "
        "the median of the seconds that an epoch took where one was trained, else times what it takes by the steps "
        "measured on two "
        "processor cores (docs/performance.md).",
        {"task", "models", "trials", "cost", "estimated from"},
        {}};
    for (const paper::Training& training : paper::trainings()) {
      glifr::Index trials = 0;
      double seconds = 0;
      bool is_known = true;
      std::vector<std::string> models;
      std::set<std::string> bases;
      for (const paper::Missing& each : found_.missing) {
        if (each.task != training.task) continue;
        trials += each.trials;
        models.push_back(analysis::model_name(each.model));
        is_known = is_known && each.seconds;
        if (each.seconds) seconds += *each.seconds * static_cast<double>(each.trials);
        if (!each.basis.empty())
          bases.insert(each.basis.starts_with("docs") ? each.basis
                                                      : "epochs of " + each.basis.substr(0, each.basis.find(',')));
      }
      if (trials == 0) continue;
      table.rows.push_back({training.task, models.size() == training.models.size() ? "all" : glifr::joined(models),
                            std::to_string(trials),
                            is_known      ? duration(seconds)
                            : seconds > 0 ? "at least " + duration(seconds)
                                          : "not measured",
                            bases.empty() ? nothing : glifr::joined(bases)});
    }
    section.parts.emplace_back(std::move(table));
    analysis::ReportTable commands{"The commands; --resume goes on with what is there.", {"task", "command"}, {}};
    for (const paper::Training& training : paper::trainings()) {
      if (std::ranges::find(found_.missing, training.task, &paper::Missing::task) != found_.missing.end())
        commands.rows.push_back({training.task, paper::command_of(training) + " --resume"});
    }
    section.parts.emplace_back(std::move(commands));
    return section;
  }

  analysis::ReportSection method() const {
    const paper::Levels& levels = options_.levels;
    const std::string margin = glifr::format_number(levels.margin);
    return {
        "How the verdicts are made",
        2,
        {analysis::ReportText{
             "Same: of at least " + std::to_string(levels.least_trials) +
             " trials, two one-sided tests (without equal variances) say, each at the level " +
             glifr::format_number(levels.equivalence) +
             ", that the difference of the means is smaller than the margin, which is " + margin +
             " published standard deviations between trials. Otherwise better or different: Welch's test finds a "
             "difference at the "
             "level " +
             glifr::format_number(levels.difference) +
             ". Otherwise not enough trials. That no difference is found does not make two means the same."},
         analysis::ReportText{
             "Tests are not corrected for their number. Trials in which a setting that can change a result is not the "
             "published "
             "one, or that were tested on other samples, are compared with nothing; the settings are named."},
         analysis::ReportText{"Claims are tested at the level " + glifr::format_number(levels.claim) +
                              ": orderings by Student's two-sample t-test, as in the paper; growth and falls by the "
                              "confidence interval of the mean "
                              "over trials; clusters by a sign test. Draws of silenced neurons are of one network."},
         analysis::ReportText{"Published values: " + std::string(paper::published_source)}}};
  }

  // ---- figures ----

  void add_figures(analysis::Report& report) {
    for (const paper::Item& item : paper::contents()) {
      if (!item.name.starts_with("figure")) continue;
      analysis::ReportSection section{sentence(item.name), 3, {}};
      section.parts.emplace_back(analysis::ReportText{"Published: " + item.shows});
      const std::size_t described = section.parts.size();
      try {
        add_figure(section, item.name);
      } catch (const glifr::OutputError&) {
        throw;
      } catch (const glifr::Error& error) {
        Session::warn(item.name + ": " + error.what());
        section.parts.emplace_back(analysis::ReportText{std::string("Not drawn: ") + error.what()});
      }
      if (section.parts.size() == described)
        section.parts.emplace_back(analysis::ReportText{"Not run. " + glifr::joined(item.commands, "; ")});
      report.sections.push_back(std::move(section));
    }
  }

  void add_figure(analysis::ReportSection& section, const std::string& name) {
    if (name == "figure 2") return add_traces(section);
    if (name == "figure 3") return add_realizable(section);
    if (name == "figure 6") return add_curves(section, name, {"sine", "lmnist", "nmnist", "pmnist"});
    if (name == "figure 7") return add_silencing(section, {"sine", "lmnist", "nmnist"});
    if (name == "figure 8") return add_curves(section, name, {"lmnist-lowsigma", "lmnist-anneal"});
    if (name == "figure 9") return add_clusters(section, {"lmnist"});
    if (name == "figure S1") return add_bars(section);
    if (name == "figure S2") return add_responses(section);
    if (name == "figure S3") return add_dropout(section);
    if (name == "figure S4") return add_histograms(section);
    if (name == "figure S5") return add_clusters(section, {"sine", "nmnist"});
  }

  /// The responses of two neurons like the published ones; the decay rates of their currents are ours.
  void add_traces(analysis::ReportSection& section) {
    struct Kind {
      const char* name;
      double r[2], a[2];
    };
    constexpr Kind kinds[] = {{"both currents negative, r = (-1, -1), a = (-5000, -5000) pA", {-1, -1}, {-5000, -5000}},
                              {"opposite currents, r = (-1, 1), a = (5000, -5000) pA", {-1, 1}, {5000, -5000}}};
    constexpr glifr::Index steps = 400;
    const std::vector<double> input(static_cast<std::size_t>(steps), 2.0);
    int number = 0;
    for (const Kind& kind : kinds) {
      std::vector<analysis::SigmaTrace> traces;
      analysis::GlifrConstants constants = glifr::default_constants<glifr::Glifr<0>>();
      for (const double sigma_v : {1.0, 1e-3}) {
        constants.sigma_v = sigma_v;
        const analysis::NeuronTable neuron{1, 2, {1, 0.05, kind.r[0], kind.r[1], 2, 2, kind.a[0], kind.a[1]}};
        traces.push_back({sigma_v, analysis::trace({neuron, constants, 1}, input)});
      }
      analysis::Figure drawn = analysis::trace_figure(input, traces, constants.dt);
      drawn.name = "figure_2_" + std::to_string(++number);
      drawn.caption =
          std::string("A neuron with ") + kind.name +
          ", k_j = 2/ms, threshold 1 mV, k_m = 0.05/ms, under a constant input of 2, for sigma_v = 1 and 1e-3 mV.";
      section.parts.emplace_back(figure(drawn));
    }
  }

  void add_realizable(analysis::ReportSection& section) {
    for (const analysis::Trial& trial : results_.trials) {
      if (trial.task != "realizable") continue;
      if (std::filesystem::exists(trial.files().last_checkpoint())) {
        analysis::Figure drawn = paper::realizable_figure(realizable_run(trial, data_));
        drawn.name = "figure_3";
        drawn.caption += " Trial " + std::to_string(trial.number) + ".";
        section.parts.emplace_back(figure(drawn));
      } else {
        analysis::Figure drawn = analysis::training_curve_figure(trial.metrics, trial.model);
        drawn.name = "figure_3";
        drawn.caption = "Training loss of trial " + std::to_string(trial.number) +
                        "; outputs and parameters are drawn where the checkpoint is there.";
        section.parts.emplace_back(figure(drawn));
      }
      break;
    }
    add_claims_of(section, "figure 3");
  }

  void add_claims_of(analysis::ReportSection& section, const std::string& item) {
    for (const paper::Row& row : found_.claims) {
      if (row.item == item && row.trials > 0)
        section.parts.emplace_back(analysis::ReportText{
            sentence(row.quantity) + format(": %.3g", row.ours.mean) +
            (row.published.count > 0 ? format("; published: %.3g", row.published.mean) : "") + "."});
    }
  }

  void add_curves(analysis::ReportSection& section, const std::string& item, std::initializer_list<const char*> of) {
    for (const std::string task : of) {
      const std::vector<std::string> models = paper::models_of_curves(task);
      std::vector<analysis::TrainingCurve> curves = training_curves(results_, task);
      std::erase_if(curves, [&](const analysis::TrainingCurve& curve) {
        return std::ranges::find(models, curve.model) == models.end();
      });
      if (curves.empty()) continue;
      analysis::Figure drawn = analysis::training_curves_figure(task, curves);
      drawn.name = "figure_" + item.substr(item.find(' ') + 1) + "_" + task;
      section.parts.emplace_back(figure(drawn));
      if (analysis::ReportTable table = numbers_table(item, task); !table.rows.empty())
        section.parts.emplace_back(std::move(table));
    }
  }

  void add_silencing(analysis::ReportSection& section, std::initializer_list<const char*> of) {
    for (const analysis::TaskAblation& ablation : silenced_) {
      if (std::ranges::find(of, ablation.task) == of.end()) continue;
      analysis::Figure drawn = analysis::ablation_figure(ablation);
      drawn.name = "figure_7_" + ablation.task;
      section.parts.emplace_back(figure(drawn));
    }
  }

  /// Of each network trained with dropout what is left with as large a share silenced.
  void add_dropout(analysis::ReportSection& section) {
    analysis::TaskAblation joint{"lmnist-dropout", true, {}};
    for (const analysis::TaskAblation& ablation : silenced_) {
      if (!ablation.task.starts_with(joint.task)) continue;
      const double share = std::stod("0" + ablation.task.substr(joint.task.size())) / 100;
      for (const analysis::ModelAblation& model : ablation.models) {
        const auto at = std::ranges::find(model.ratios, share);
        if (at == model.ratios.end()) continue;
        auto found = std::ranges::find(joint.models, model.model, &analysis::ModelAblation::model);
        if (found == joint.models.end()) found = joint.models.insert(found, {model.model, {}, {}});
        found->ratios.push_back(share);
        const auto place = static_cast<std::size_t>(at - model.ratios.begin());
        found->values.push_back(model.values[place]);
        if (!model.trials.empty()) found->trials.push_back(model.trials[place]);
      }
    }
    if (joint.models.empty()) return;
    analysis::Figure drawn = analysis::ablation_figure(joint);
    drawn.name = "figure_S3";
    section.parts.emplace_back(figure(drawn));
  }

  void add_bars(analysis::ReportSection& section) {
    for (const analysis::TaskSummary& summary : analysis::summarize(results_)) {
      const bool is_published = std::ranges::any_of(
          found_.numbers, [&](const paper::Row& row) { return row.item == "table 2" && row.task == summary.task; });
      if (!is_published || !analysis::is_tested(summary)) continue;
      analysis::Figure drawn = analysis::summary_figure(summary);
      drawn.name = "figure_S1_" + summary.task;
      section.parts.emplace_back(figure(drawn));
    }
  }

  void add_responses(analysis::ReportSection& section) {
    std::vector<TrainedRun> runs;
    const std::vector<std::string> models = paper::models_of_curves("sine");
    bool is_trained = false;
    for (const analysis::ModelTrials& group : models_of(results_, "sine")) {
      if (std::ranges::find(models, group.model) == models.end()) continue;
      is_trained = true;
      if (!std::filesystem::exists(group.trials.front()->tested_checkpoint())) continue;
      if (auto run = first_usable(group)) runs.push_back(std::move(*run));
    }
    if (runs.empty()) {
      if (is_trained)
        section.parts.emplace_back(analysis::ReportText{"Not drawn: the checkpoints are not there. " +
                                                        paper::find_item("figure S2").commands.front()});
      return;
    }
    analysis::Figure drawn = analysis::responses_figure(responses_of<double>(runs, data_, 0));
    drawn.name = "figure_S2";
    section.parts.emplace_back(figure(drawn));
  }

  /// The neurons of the first trial of LHetA on a task that has them.
  [[nodiscard]] std::optional<std::pair<glifr::Index, paper::TrainedNeurons>> neurons_of(
      const std::string& task) const {
    for (const analysis::Trial& trial : results_.trials) {
      if (trial.task != task || trial.model != "glifr_lheta") continue;
      if (auto neurons = paper::trained_neurons(trial)) return std::pair(trial.number, std::move(*neurons));
    }
    return std::nullopt;
  }

  void add_histograms(analysis::ReportSection& section) {
    for (const std::string task : {"sine", "lmnist"}) {
      const auto found = neurons_of(task);
      if (!found) continue;
      add_drawn(section, analysis::parameter_histogram_figure(found->second.learned, found->second.initial), "S4", task,
                found->first);
    }
  }

  void add_clusters(analysis::ReportSection& section, std::initializer_list<const char*> of) {
    for (const std::string task : of) {
      const auto found = neurons_of(task);
      constexpr glifr::Index most = 11;
      if (!found || found->second.learned.neurons <= most) continue;
      const paper::TrainedNeurons& neurons = found->second;
      const std::string number = task == "lmnist" ? "9" : "S5";
      const analysis::Clustering clustering = analysis::choose_clusters(neurons.learned.view(), most);
      section.parts.emplace_back(analysis::ReportText{"On " + task + ", " +
                                                      analysis::counted(clustering.best, "cluster") + " of " +
                                                      analysis::counted(neurons.learned.neurons, "neuron") + "."});
      add_drawn(section, analysis::cluster_index_figure(clustering), number, task, found->first);
      add_drawn(section, analysis::parameter_scatter_figure(neurons.learned, {clustering.labels}, neurons.initial),
                number, task, found->first);
      const auto currents = analysis::standard_currents();
      analysis::GlifrConstants constants = neurons.constants;
      constants.tau = constants.dt;
      add_drawn(section,
                analysis::fi_figure(analysis::fi_curves(neurons.learned, constants, currents), {clustering.labels},
                                    analysis::fi_curves(neurons.initial, constants, currents)),
                number, task, found->first);
    }
  }

  void add_drawn(analysis::ReportSection& section, analysis::Figure drawn, const std::string& number,
                 const std::string& task, glifr::Index trial) {
    drawn.name = "figure_" + number + "_" + task + "_" + drawn.name;
    drawn.caption += " LHetA on " + task + ", trial " + std::to_string(trial) + ".";
    section.parts.emplace_back(figure(drawn));
  }

  analysis::ReportFigure figure(const analysis::Figure& figure) { return {figure.caption, session_.draw(figure)}; }

  const Session& session_;
  const PaperOptions& options_;
  analysis::Results results_;
  std::vector<analysis::TaskAblation> silenced_;
  std::map<std::string, std::string> notes_;
  paper::Reproduction found_;
  glifr::DataStore data_;
};

void run(const Session& session, const PaperOptions& options) {
  if (!options.archive.empty()) {
    paper::archive(session.read_results(options.folder), options.folder, options.archive);
    std::cout << "wrote " << options.archive.string() << '\n';
    return;
  }
  const analysis::Report report = PaperComposer(session, options).compose();
  for (const auto& [name, text] :
       {std::pair("paper.html", analysis::to_html(report)), std::pair("paper.md", analysis::to_markdown(report))}) {
    const auto path = session.output(name);
    glifr::write_file_atomically(path, text);
    std::cout << "wrote " << path.string() << '\n';
  }
}

}  // namespace

void add_paper(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("paper",
                                         "Results held against the published ones: every table and figure of the paper "
                                         "with its command, a verdict for each number and claim, and what was not run "
                                         "(paper.html, paper.md, paper.csv, paper_tests.csv)");
  auto options = std::make_shared<PaperOptions>();
  add_results_option(*command, options->folder);
  cli::add_number(*command, "--margin", options->levels.margin, glifr::Range::above(0),
                  "Means that differ by less are the same, in published standard deviations between trials")
      ->type_name("SD")
      ->capture_default_str();
  cli::add_path(*command, "--archive", options->archive,
                "Instead of the page: copy what it needs of RESULTS, without checkpoints, to this folder")
      ->type_name("DIR");
  session.add_options(*command, {"--data"});
  command->callback([&session, options] { session.set_action([&session, options] { run(session, *options); }); });
}

}  // namespace glifr::apps
