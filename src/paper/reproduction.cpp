#include "glifr/paper/reproduction.hpp"

#include <algorithm>
#include <array>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "glifr/analysis/clustering.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/network/models.hpp"
#include "glifr/paper/comparability.hpp"
#include "glifr/paper/contents.hpp"
#include "glifr/paper/published.hpp"

namespace glifr::paper {
namespace {

using analysis::Moments;
using analysis::Trial;

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// A single number in the place of moments.
Moments value(double number) {
  return {1, number, undefined};
}

/// The trials of a model on a task that may be compared with the published ones; where none may, all of them, and why.
struct Group {
  std::vector<const Trial*> trials{};
  bool is_comparable = true;
  std::string note{};
};

Group find_group(const analysis::Results& results, const std::string& task, const std::string& model) {
  Group comparable, other;
  std::vector<SettingDifference> differences;
  for (const Trial& trial : results.trials) {
    if (trial.task != task || trial.model != model) continue;
    const std::vector<SettingDifference> own = differences_from_published({model, {&trial}});
    (own.empty() ? comparable : other).trials.push_back(&trial);
    if (differences.empty()) differences = own;
  }
  if (other.trials.empty()) return comparable;
  if (comparable.trials.empty()) {
    other.is_comparable = false;
    other.note = "no test: " + differences_text(differences);
    return other;
  }
  comparable.note = analysis::counted(static_cast<Index>(other.trials.size()), "trial") +
                    " left out: " + differences_text(differences);
  return comparable;
}

template <class Value>
Moments moments_over(const Group& group, Value&& value_of) {
  std::vector<double> values;
  for (const Trial* trial : group.trials) {
    if (const std::optional<double> each = value_of(*trial)) values.push_back(*each);
  }
  return analysis::moments(values);
}

std::optional<double> tested(const Trial& trial, bool has_accuracy) {
  if (!trial.test) return std::nullopt;
  return has_accuracy ? trial.test->accuracy : std::optional(trial.test->loss);
}

std::optional<double> last_training_loss(const Trial& trial) {
  if (trial.metrics.train_loss.empty()) return std::nullopt;
  return trial.metrics.train_loss.back();
}

/// Models of which one is better than the other in the paper, on some of the tasks.
constexpr std::array<std::array<const char*, 2>, 20> ordered_models{{
    {"glifr_lheta", "glifr_homa"},  {"glifr_lhet", "glifr_hom"},
    {"glifr_fheta", "glifr_homa"},  {"glifr_fhet", "glifr_hom"},
    {"glifr_rheta", "glifr_homa"},  {"glifr_rhet", "glifr_hom"},
    {"glifr_rheta", "glifr_lheta"}, {"glifr_rhet", "glifr_lhet"},
    {"glifr_rheta", "glifr_fheta"}, {"glifr_homa", "glifr_hom"},
    {"glifr_lheta", "glifr_lhet"},  {"glifr_fheta", "glifr_fhet"},
    {"glifr_rheta", "glifr_rhet"},  {"lstmn", "rnn"},
    {"rnn", "glifr_homa"},          {"rnn", "glifr_lheta"},
    {"rnn", "glifr_fheta"},         {"rnn", "glifr_rheta"},
    {"lstmn", "glifr_lheta"},       {"lstmn", "glifr_rheta"},
}};

/// What is left of published networks where 40 % of their neurons are silenced: test losses on sine, accuracies on the
/// other tasks.
struct Silenced {
  std::string_view task, model;
  Moments result;
};

constexpr auto published_silencing = std::to_array<Silenced>({
    {"sine", "rnn", {10, 0.5913, 0.0706}},
    {"sine", "glifr_homa", {10, 0.56368, 0.132}},
    {"sine", "glifr_lheta", {10, 0.42648, 0.125}},
    {"sine", "glifr_fheta", {10, 0.56772, 0.102}},
    {"sine", "glifr_rheta", {10, 0.55261, 0.177}},
    {"lmnist", "rnn", {10, 0.23932, 0.0689}},
    {"lmnist", "glifr_homa", {10, 0.61167, 0.0481}},
    {"lmnist", "glifr_lheta", {10, 0.6161, 0.0531}},
    {"lmnist", "glifr_fheta", {10, 0.66652, 0.0587}},
    {"lmnist", "glifr_rheta", {10, 0.72261, 0.0319}},
    {"nmnist", "rnn", {10, 0.66478, 0.0315}},
    {"nmnist", "glifr_homa", {10, 0.68637, 0.108}},
    {"nmnist", "glifr_lheta", {10, 0.70617, 0.0734}},
    {"nmnist", "glifr_fheta", {10, 0.6371, 0.0772}},
    {"nmnist", "glifr_rheta", {10, 0.66578, 0.0991}},
    {"lmnist-dropout40", "rnn", {10, 0.3102, 0.0332}},
    {"lmnist-dropout40", "glifr_rheta", {10, 0.6706, 0.0484}},
});

/// Collects the rows; each function adds those of one kind.
class Comparer {
 public:
  Comparer(const analysis::Results& results, std::span<const analysis::TaskAblation> silenced, const Levels& levels)
      : results_(results), silenced_(silenced), levels_(levels) {}

  Reproduction compare() {
    add_results();
    add_training_losses();
    add_realizable();
    add_orderings();
    add_silencing();
    add_narrow_threshold();
    add_diversity();
    add_clusters();
    add_missing();
    const bool has_published_settings = std::ranges::any_of(
        groups_, [](const auto& each) { return each.second.is_comparable && !each.second.trials.empty(); });
    if (!has_published_settings) {
      for (auto* rows : {&found_.numbers, &found_.claims}) {
        for (Row& row : *rows) row.has_verdict = false;
      }
    }
    return std::move(found_);
  }

 private:
  const Group& group(const std::string& task, const std::string& model) {
    const auto [place, is_new] = groups_.try_emplace({task, model});
    if (is_new) place->second = find_group(results_, task, model);
    return place->second;
  }

  // ---- numbers ----

  void add_number(Row row, const Group& from, bool more_is_better) {
    row.trials = row.ours.count;
    row.has_verdict = from.is_comparable;
    row.note = from.note;
    if (from.is_comparable) row.judgement = judge(row.ours, row.published, more_is_better, levels_);
    found_.numbers.push_back(std::move(row));
  }

  void add_results() {
    for (const Training& training : trainings()) {
      for (const std::string& model : training.models) {
        const PublishedResult* published = find_published(training.task, model);
        if (!published) continue;
        const bool has_accuracy = published->accuracy.count > 0;
        const Group& ours = group(training.task, model);
        add_number({.item = "table 2",
                    .task = training.task,
                    .model = model,
                    .quantity = has_accuracy ? "test accuracy" : "test loss",
                    .ours = moments_over(ours, [&](const Trial& trial) { return tested(trial, has_accuracy); }),
                    .published = has_accuracy ? published->accuracy : published->loss},
                   ours, has_accuracy);
      }
    }
  }

  void add_training_losses() {
    for (const Training& training : trainings()) {
      for (const std::string& model : models_of_curves(training.task)) {
        const PublishedResult* published = find_published(training.task, model);
        if (!published) continue;
        const Group& ours = group(training.task, model);
        add_number({.item = training.task == "lmnist-anneal" ? "figure 8" : "figure 6",
                    .task = training.task,
                    .model = model,
                    .quantity = "training loss in the last epoch",
                    .ours = moments_over(ours, last_training_loss),
                    .published = published->training},
                   ours, false);
      }
    }
  }

  // ---- claims ----

  void add_claim(Row row, std::initializer_list<const Group*> from, Verdict verdict) {
    for (const Group* each : from) {
      row.has_verdict = row.has_verdict && each->is_comparable;
      if (row.note.empty()) row.note = each->note;
    }
    row.judgement.verdict = verdict;
    found_.claims.push_back(std::move(row));
  }

  /// Whether a mean over trials lies above a bound: same, where its confidence interval does.
  Verdict lies_above(const Moments& ours, double bound) const {
    const auto interval = analysis::confidence_interval(ours, 1 - levels_.claim);
    if (!interval) return Verdict::not_enough_trials;
    return interval->lower > bound   ? Verdict::same
           : interval->upper < bound ? Verdict::different
                                     : Verdict::not_enough_trials;
  }

  /// Whether `first - second` has the sign of the published difference.
  Verdict has_sign(const Moments& first, const Moments& second, double published_difference) const {
    const auto test = analysis::pooled_t_test(first, second);
    if (!test || !(test->p < levels_.claim)) return Verdict::not_enough_trials;
    return (first.mean > second.mean) == (published_difference > 0) ? Verdict::same : Verdict::different;
  }

  void add_realizable() {
    const std::string task = "realizable", model = "glifr_lheta";
    const Group& ours = group(task, model);
    const Moments decades = moments_over(ours, [](const Trial& trial) -> std::optional<double> {
      const auto& losses = trial.metrics.train_loss;
      if (losses.empty() || !(losses.back() > 0)) return std::nullopt;
      return std::log10(losses.front() / losses.back());
    });
    add_claim({.item = "figure 3",
               .task = task,
               .model = model,
               .statement = "a neuron learns another's output: the loss falls to a tenth or less",
               .quantity = "factor by which the loss falls (geometric mean over trials)",
               .ours = decades.count > 0 ? value(std::pow(10, decades.mean)) : Moments{},
               .published = value(0.16468 / 6.30e-4),
               .trials = decades.count},
              {&ours}, lies_above(decades, 1));
  }

  /// "A better than B", wherever the published means differ significantly.
  void add_orderings() {
    for (const Training& training : trainings()) {
      for (const auto& [first, second] : ordered_models) {
        const PublishedResult* one = find_published(training.task, first);
        const PublishedResult* other = find_published(training.task, second);
        if (!one || !other) continue;
        const bool has_accuracy = one->accuracy.count > 0;
        const Moments theirs[] = {has_accuracy ? one->accuracy : one->loss,
                                  has_accuracy ? other->accuracy : other->loss};
        const auto test = analysis::pooled_t_test(theirs[0], theirs[1]);
        if (!test || test->p >= levels_.claim) continue;
        const bool first_is_better = (theirs[0].mean > theirs[1].mean) == has_accuracy;
        add_ordering(training.task, first_is_better ? first : second, first_is_better ? second : first, has_accuracy,
                     std::abs(theirs[0].mean - theirs[1].mean) * (has_accuracy ? 1 : -1));
      }
    }
  }

  void add_ordering(const std::string& task, const std::string& better, const std::string& worse, bool has_accuracy,
                    double published_difference) {
    const Group &first = group(task, better), &second = group(task, worse);
    const auto of_test = [&](const Trial& trial) { return tested(trial, has_accuracy); };
    const Moments ours[] = {moments_over(first, of_test), moments_over(second, of_test)};
    const Index trials = std::min(ours[0].count, ours[1].count);
    add_claim({.item = "table 2",
               .task = task,
               .model = better,
               .statement = analysis::model_name(better) + " better than " + analysis::model_name(worse),
               .quantity = has_accuracy ? "difference of test accuracies" : "difference of test losses",
               .ours = trials > 0 ? value(ours[0].mean - ours[1].mean) : Moments{},
               .published = value(published_difference),
               .trials = trials},
              {&first, &second}, has_sign(ours[0], ours[1], published_difference));
  }

  /// What is left with `ratio` of the neurons silenced, over draws or trials, where it is known and finite.
  [[nodiscard]] Moments silenced(const std::string& task, const std::string& model, double ratio) const {
    for (const analysis::TaskAblation& ablation : silenced_) {
      if (ablation.task != task) continue;
      for (const analysis::ModelAblation& each : ablation.models) {
        if (each.model != model) continue;
        const auto found = std::ranges::find(each.ratios, ratio);
        if (found == each.ratios.end()) continue;
        const auto at = static_cast<std::size_t>(found - each.ratios.begin());
        const Moments moments = analysis::moments(independent_values(ablation, each, at));
        return std::isfinite(moments.mean) ? moments : Moments{};
      }
    }
    return {};
  }

  /// More is left of GLIFR networks than of RNNs where 40 % of the neurons are silenced.
  void add_silencing() {
    for (const Silenced& each : published_silencing) {
      const auto rnn = std::ranges::find_if(
          published_silencing, [&](const Silenced& other) { return other.task == each.task && other.model == "rnn"; });
      if (each.model == "rnn" || analysis::pooled_t_test(each.result, rnn->result)->p >= levels_.claim) continue;
      add_silencing(std::string(each.task), std::string(each.model), each.result.mean - rnn->result.mean);
    }
  }

  void add_silencing(const std::string& task, const std::string& model, double published_difference) {
    const Moments ours[] = {silenced(task, model, 0.4), silenced(task, "rnn", 0.4)};
    const Index draws = std::min(ours[0].count, ours[1].count);
    const bool is_dropout = task != "sine" && task != "lmnist" && task != "nmnist";
    Row row{.item = is_dropout ? "figure S3" : "figure 7",
            .task = task,
            .model = model,
            .statement = "40 % silenced, " + std::string(is_dropout ? "trained with as much dropout, " : "") +
                         analysis::model_name(model) + " better than RNN",
            .quantity = task == "sine" ? "difference of test losses" : "difference of test accuracies",
            .ours = draws > 0 ? value(ours[0].mean - ours[1].mean) : Moments{},
            .published = value(published_difference),
            .trials = draws};
    const bool has_several_trials = std::ranges::any_of(silenced_, [&](const analysis::TaskAblation& ablation) {
      return ablation.task == task && ablation.has_several_trials();
    });
    if (draws > 0) {
      row.note = has_several_trials ? "of each trial the mean over draws of the silenced neurons"
                                    : "trials are draws of the silenced neurons, of trained networks as published";
    }
    add_claim(std::move(row), {&group(task, model), &group(task, "rnn")},
              has_sign(ours[0], ours[1], published_difference));
  }

  /// Networks learn although the threshold is narrow from the start.
  void add_narrow_threshold() {
    const std::string task = "lmnist-lowsigma";
    for (const std::string& model : models_of_curves(task)) {
      const Group& ours = group(task, model);
      const Moments fall = moments_over(ours, [](const Trial& trial) -> std::optional<double> {
        if (trial.metrics.train_loss.empty()) return std::nullopt;
        return trial.metrics.train_loss.front() - trial.metrics.train_loss.back();
      });
      add_claim(
          {.item = "figure 8",
           .task = task,
           .model = model,
           .statement = analysis::model_name(model) + " learns with sigma_v = 1e-3 mV from the start: its loss falls",
           .quantity = "training loss in the last epoch",
           .ours = moments_over(ours, last_training_loss),
           .published = model == "glifr_lheta" ? value(1.1217) : Moments{},
           .trials = fall.count},
          {&ours}, lies_above(fall, 0));
    }
  }

  /// The spread of a field's values over neurons and currents.
  static double spread(const analysis::NeuronTable& neurons, bool of_a) {
    std::vector<double> values;
    for (Index j = 0; j < neurons.num_ascs; ++j) {
      const std::vector<double> column = neurons.column(of_a ? neurons.a(j) : neurons.r(j));
      values.insert(values.end(), column.begin(), column.end());
    }
    return analysis::moments(values).sd;
  }

  void add_diversity() {
    const std::string model = "glifr_lheta";
    for (const std::string task : {"sine", "lmnist", "nmnist"}) {
      const Group& ours = group(task, model);
      for (const bool of_a : {true, false}) {
        const Moments growth = moments_over(ours, [&](const Trial& trial) -> std::optional<double> {
          const auto neurons = trained_neurons(trial);
          if (!neurons) return std::nullopt;
          return std::log(spread(neurons->learned, of_a) / spread(neurons->initial, of_a));
        });
        add_claim({.item = "figure S4",
                   .task = task,
                   .model = model,
                   .statement = std::string("learned after-spike currents diversify: the standard deviation of ") +
                                (of_a ? "a_j" : "r_j") + " grows",
                   .quantity = "factor",
                   .ours = growth.count > 0 ? value(std::exp(growth.mean)) : Moments{},
                   .published = task == "lmnist" ? value(of_a ? 81.9 : 41.4) : Moments{},
                   .trials = growth.count},
                  {&ours}, lies_above(growth, 0));
      }
    }
  }

  void add_clusters() {
    const std::string model = "glifr_lheta";
    for (const std::string task : {"lmnist", "nmnist"}) {
      const Group& ours = group(task, model);
      std::vector<double> counts;
      for (const Trial* trial : ours.trials) {
        const auto neurons = trained_neurons(*trial);
        constexpr Index most = 11;
        if (!neurons || neurons->learned.neurons <= most) continue;
        counts.push_back(static_cast<double>(analysis::choose_clusters(neurons->learned.view(), most).best));
      }
      const auto trials = static_cast<Index>(counts.size());
      add_claim({.item = task == "lmnist" ? "figure 9" : "figure S5",
                 .task = task,
                 .model = model,
                 .statement = "the neurons fall into more than one cluster",
                 .quantity = "clusters (mean over trials)",
                 .ours = analysis::moments(counts),
                 .published = task == "lmnist" ? value(4) : Moments{},
                 .trials = trials},
                {&ours}, is_usual(std::ranges::count_if(counts, [](double n) { return n > 1; }), trials));
    }
  }

  /// Sign test: whether what happened in some of the trials happens in more than half of all.
  Verdict is_usual(Index happened, Index trials) const {
    if (trials < 2) return Verdict::not_enough_trials;
    const boost::math::binomial_distribution<double> even(static_cast<double>(trials), 0.5);
    const auto count = static_cast<double>(happened);
    const double at_least = happened == 0 ? 1 : cdf(complement(even, count - 1));
    if (at_least < levels_.claim) return Verdict::same;
    return cdf(even, count) < levels_.claim ? Verdict::different : Verdict::not_enough_trials;
  }

  // ---- what is not there ----

  /// Seconds an epoch, a value a trial of a task and model, whatever its settings.
  [[nodiscard]] std::vector<double> seconds_of_epochs(const std::string& task, const std::string& model) const {
    std::vector<double> seconds;
    for (const Trial& trial : results_.trials) {
      if (trial.task != task || trial.model != model || trial.metrics.epoch.empty()) continue;
      double sum = 0;
      for (const double each : trial.metrics.seconds) sum += each;
      if (std::isfinite(sum)) seconds.push_back(sum / trial.metrics.epoch.back());
    }
    return seconds;
  }

  static double median(std::vector<double> values) {
    const auto middle = values.begin() + std::ssize(values) / 2;
    std::ranges::nth_element(values, middle);
    return *middle;
  }

  /// How long a trial takes: by the epochs of trials that are there, of the task or of that which it varies, or else by
  /// `typical_seconds`.
  void estimate_time(Missing& missing) const {
    const Settings published = Config(missing.task).resolve(find_model(missing.model));
    const auto epochs = static_cast<double>(published.training.max_epochs);
    for (const std::string& task : {missing.task, published.task.base}) {
      const std::vector<double> seconds = seconds_of_epochs(task, missing.model);
      if (seconds.empty()) continue;
      missing.seconds = median(seconds) * epochs;
      missing.basis = task + ", " + analysis::model_name(missing.model) + ", " +
                      analysis::counted(static_cast<Index>(seconds.size()), "trial");
      return;
    }
    if (const auto typical = typical_seconds(published.task.base, missing.model)) {
      missing.seconds = *typical * epochs;
      missing.basis = "docs/performance.md";
    }
  }

  void add_missing() {
    for (const Training& training : trainings()) {
      for (const std::string& model : training.models) {
        const Group& there = group(training.task, model);
        const Index done = there.is_comparable ? static_cast<Index>(there.trials.size()) : 0;
        if (done >= training.trials) continue;
        Missing missing{training.task, model, training.trials - done};
        estimate_time(missing);
        found_.missing.push_back(std::move(missing));
      }
    }
  }

  const analysis::Results& results_;
  std::span<const analysis::TaskAblation> silenced_;
  Levels levels_;
  std::map<std::pair<std::string, std::string>, Group> groups_;
  Reproduction found_;
};

}  // namespace

Reproduction reproduce(const analysis::Results& results, std::span<const analysis::TaskAblation> silenced,
                       const Levels& levels) {
  return Comparer(results, silenced, levels).compare();
}

}  // namespace glifr::paper
