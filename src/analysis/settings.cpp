// Trials by their settings: sweeps, and whatever else was set differently.
#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "glifr/analysis/summary.hpp"
#include "glifr/error.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"
#include "glifr/network/models.hpp"
#include "task_order.hpp"

namespace glifr::analysis {
namespace {

/// Members of config.json that say which trial it is.
bool names_the_trial(std::string_view name) {
  return name == "task" || name == "base_task" || name == "model" || name == "trial";
}

/// The keys and values in the name of a variation, behind the @: TASK@KEY=VALUE,KEY=VALUE.
std::vector<std::pair<std::string_view, std::string_view>> assignments_in(std::string_view task) {
  std::vector<std::pair<std::string_view, std::string_view>> assignments;
  std::size_t place = task.find('@');
  while (place < task.size()) {
    const std::size_t end = task.find(',', place + 1);
    const std::string_view assignment = task.substr(place + 1, end == task.npos ? end : end - place - 1);
    const std::size_t sign = assignment.find('=');
    assignments.emplace_back(assignment.substr(0, sign), sign == task.npos ? "" : assignment.substr(sign + 1));
    place = end;
  }
  return assignments;
}

/// What the layers of a described model have under a name, joined by +, as "30+12" of their sizes; nothing where there
/// are no layers. A layer that does not say its after-spike currents has none.
std::optional<std::string> text_of_layers(const boost::json::object& config, std::string_view name) {
  const std::string_view member = name == "hidden_size" ? "size" : name;
  const boost::json::value* layers = config.if_contains("layers");
  if ((member != "size" && member != "num_ascs") || !layers || !layers->is_array()) return std::nullopt;
  std::string text;
  for (const boost::json::value& layer : layers->get_array()) {
    const boost::json::value* value = layer.is_object() ? layer.get_object().if_contains(member) : nullptr;
    text += (text.empty() ? "" : "+") + (value && value->is_number() ? to_line(*value) : std::string("0"));
  }
  return text;
}

/// Orders values: numbers by size, then texts.
bool comes_before(const std::string& first, const std::string& second) {
  const std::optional<double> a = parse_number(first), b = parse_number(second);
  if (a && b) return *a < *b;
  return a.has_value() != b.has_value() ? a.has_value() : first < second;
}

bool come_before(const std::vector<std::string>& first, const std::vector<std::string>& second) {
  return std::ranges::lexicographical_compare(first, second, comes_before);
}

/// Whether two trials of a model are one training: the same draws came to the same losses, since what was set otherwise
/// has no effect on this model.
bool are_one_training(const Trial& a, const Trial& b) {
  return a.number == b.number && setting_text(a, "seed") == setting_text(b, "seed") &&
         a.metrics.train_loss == b.metrics.train_loss && a.test->loss == b.test->loss &&
         a.test->accuracy == b.test->accuracy;
}

/// The results of trials that differ in nothing but what was set: those of one number and seed.
std::vector<std::pair<double, double>> pairs_of(const std::vector<const Trial*>& first,
                                                const std::vector<const Trial*>& second, bool are_accuracies) {
  const auto result = [&](const Trial& trial) { return are_accuracies ? *trial.test->accuracy : trial.test->loss; };
  std::vector<std::pair<double, double>> pairs;
  for (const Trial* a : first) {
    const std::string seed = setting_text(*a, "seed");
    if (seed.empty() || a->is_imported()) continue;  // an imported network was not trained with the seed
    for (const Trial* b : second) {
      if (b->number == a->number && !b->is_imported() && setting_text(*b, "seed") == seed)
        pairs.emplace_back(result(*a), result(*b));
    }
  }
  return pairs;
}

/// Whether one of these trials is the same training.
bool hold(const std::vector<const Trial*>& trials, const Trial& trial) {
  return std::ranges::any_of(trials, [&](const Trial* each) { return are_one_training(*each, trial); });
}

}  // namespace

bool detail::task_comes_before(const std::string& first, const std::string& second) {
  const std::string a = first.substr(0, first.find('@')), b = second.substr(0, second.find('@'));
  if (a != b) return a < b;
  const auto words = [](const std::string& task) {  // key, value, key, value
    std::vector<std::string> list;
    for (const auto& [key, value] : assignments_in(task))
      list.insert(list.end(), {std::string(key), std::string(value)});
    return list;
  };
  const std::vector<std::string> of_first = words(first), of_second = words(second);
  if (come_before(of_first, of_second)) return true;
  return !come_before(of_second, of_first) && first < second;  // the same values, written differently
}

std::vector<std::string> setting_names(const Results& results) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const Trial& trial : results.trials) {
    for (const boost::json::key_value_pair& member : trial.config) {
      const std::string name(member.key());
      const bool is_one = !member.value().is_structured() && !member.value().is_null();
      if (is_one && !names_the_trial(name)) add(name);
    }
    for (const std::string& name : swept_settings(trial.task)) add(name);
    for (const char* name : {"hidden_size", "num_ascs"}) {
      if (text_of_layers(trial.config, name)) add(name);
    }
  }
  return names;
}

std::string setting_text(const Trial& trial, std::string_view name) {
  const boost::json::value* value = trial.config.if_contains(name);
  if (!value) {
    // The layers of a described model say what a key stands for, each its own; a sweep gave it one value for all.
    for (const auto& [key, swept] : assignments_in(trial.task)) {
      if (key == name) return std::string(swept);
    }
    return text_of_layers(trial.config, name).value_or("");
  }
  if (value->is_structured() || value->is_null()) return "";
  if (value->is_string()) return std::string(value->as_string());
  return value->is_double() ? format_number(value->as_double()) : to_line(*value);
}

SettingSummary summarize_by(const Results& results, const std::vector<std::string>& keys) {
  const std::vector<std::string> known = setting_names(results);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (std::find(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(i), keys[i]) !=
        keys.begin() + static_cast<std::ptrdiff_t>(i))
      throw ConfigError("--by", "names " + keys[i] + " twice");
    if (std::ranges::find(known, keys[i]) != known.end()) continue;
    throw ConfigError("--by", "found '" + keys[i] + "', a setting of no trial; accepted: " + joined(known));
  }
  SettingSummary summary{keys, {}};
  std::vector<std::vector<const Trial*>> members;  // of each group
  for (const Trial& trial : results.trials) {
    if (!trial.test) continue;
    std::vector<std::string> values;
    for (const std::string& key : keys) values.push_back(setting_text(trial, key));
    const auto found = std::ranges::find_if(summary.groups, [&](const SettingGroup& group) {
      return group.base_task == trial.base_task() && group.results.model == trial.model && group.values == values;
    });
    const auto place = static_cast<std::size_t>(found - summary.groups.begin());
    if (found == summary.groups.end()) {
      summary.groups.push_back({trial.base_task(), values, {trial.model, {}, {}}});
      members.emplace_back();
    }
    if (hold(members[place], trial)) continue;
    members[place].push_back(&trial);
    summary.groups[place].results.add(trial);
  }
  std::ranges::stable_sort(summary.groups, [](const SettingGroup& a, const SettingGroup& b) {
    const auto place = [](const SettingGroup& g) {
      return std::tuple(g.base_task, place_of_model(g.results.model), g.results.model);
    };
    return place(a) != place(b) ? place(a) < place(b) : come_before(a.values, b.values);
  });
  return summary;
}

std::vector<SettingGroup> groups_of(const SettingSummary& summary, const std::string& base_task) {
  std::vector<SettingGroup> groups;
  std::ranges::copy_if(summary.groups, std::back_inserter(groups),
                       [&](const SettingGroup& group) { return group.base_task == base_task; });
  return groups;
}

std::vector<std::string> swept_settings(std::string_view task) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : assignments_in(task)) keys.emplace_back(key);
  return keys;
}

Results sweep_of(const Results& results, std::string_view task) {
  Results sweep;
  const std::string beginning = std::string(task) + "@";
  for (const Trial& trial : results.trials) {
    if (trial.task.starts_with(beginning)) sweep.trials.push_back(trial);
  }
  return sweep;
}

std::vector<VariationComparison> compare_variations(const Results& results) {
  struct Variation {
    std::string task, model;
    ModelSummary results{};
    std::vector<const Trial*> trials{};
  };
  std::map<std::string, std::vector<Variation>> by_base;
  for (const Trial& trial : results.trials) {
    if (!trial.test) continue;
    std::vector<Variation>& variations = by_base[trial.base_task()];
    const auto found = std::ranges::find_if(
        variations, [&](const Variation& each) { return each.task == trial.task && each.model == trial.model; });
    Variation& variation =
        found != variations.end() ? *found : variations.emplace_back(Variation{trial.task, trial.model, {}});
    variation.results.add(trial);
    variation.trials.push_back(&trial);
  }
  std::vector<VariationComparison> comparisons;
  for (auto& [base, variations] : by_base) {
    std::ranges::stable_sort(variations, {}, [](const Variation& each) { return place_of_model(each.model); });
    for (const Variation& first : variations) {
      for (const Variation& second : variations) {
        const bool has_accuracy = first.results.has_accuracy();
        if (first.model != second.model || first.task == second.task) continue;
        if (has_accuracy != second.results.has_accuracy()) continue;  // losses of different kinds
        if (std::ranges::any_of(second.trials, [&](const Trial* trial) { return hold(first.trials, *trial); }))
          continue;
        const auto pairs = pairs_of(first.trials, second.trials, has_accuracy);
        comparisons.push_back(
            {base, first.model, has_accuracy,
             compare(first.task, first.results.values(has_accuracy), second.task, second.results.values(has_accuracy)),
             std::ssize(pairs), paired_t_test(pairs)});
      }
    }
  }
  return comparisons;
}

}  // namespace glifr::analysis
