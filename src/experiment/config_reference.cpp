#include <algorithm>
#include <boost/json.hpp>
#include <initializer_list>

#include "config_values.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/io/json.hpp"

namespace glifr {
namespace {

namespace json = boost::json;

constexpr std::string_view introduction = R"(# Configuration

Every setting of an experiment is a key with a value. `glifr_train --task TASK` starts from the settings of a built-in task or variation
(the files in [`configs/`](../configs), which are part of the program); over them come those of `--config FILE`, over these each
`--set key=value`. `glifr_train --print-config` shows what comes out. An unknown key, a value of the wrong type or out of range, and a key
that the task does not know are errors.

A configuration file is a JSON object of keys:

```json
{"base": "lmnist", "lr": 0.002, "hidden_size": {"default": 64, "rnn": 70}}
```

- `base` names the built-in task or variation over which the file lies. Such a file is a variation: a task by its own name, under which its
  results are filed. Without `base` it changes the task that `--task` names.
- `name` is the name of the variation; without it, that of the file.
- `description` says what it is for.
- `models` describes models of your own by their layers; see below.

What `--print-config` prints, and the `config.json` of a trial, are such files, too. They name the `task` (and the `base_task` that it
varies) in place of `base` and `name`, and the `model`: without `--model`, this is what is trained. A key that may differ by model has the
file's value for this model; where that is not the task's own value for it, it is a change, and holds for the other models, too (among
them the one from which a heterogeneous model starts). Several models may follow one another in a file, a JSON object each, with the same
value of every other key. `version`, `seed`, `trial`, `precision`, `device`, `engine`, `cpu_target`, `trained_parameters`, `data`, `starts_from` and
`imported_from` of a `config.json` record what that trial was and are not taken over: `--seed`, `--first-trial`, `--precision`, `--device`, `--engine` and `--cpu-target` say
what this run is; where seed, trial, precision or engine differ, a line says so.

Numbers are decimal (`010` is ten) and finite; an integer may be written in any way that is whole (`64`, `64.0`, `1e3`) in files and in
`--set`, and in digits alone in the other options.

Where a key takes values by model name, `default` stands for the models that are not named; models that neither names keep the value they had.

## Models of your own

`models` holds models by their names, each a list of `layers` from the input on; the readout follows the last one:

```json
{"base": "lmnist", "models": {"deep": {"layers": [
    {"neuron": "glifr", "size": 64, "num_ascs": 2, "parameters": {"k_m": {"train": false}}},
    {"neuron": "rnn", "size": 32, "synaptic_delay": 0.5}]}}}
```

| member of a layer | meaning | accepted | default |
| --- | --- | --- | --- |
| `neuron` | kind of neurons | glifr, rnn, lstm, or a neuron that the program registers | `glifr` |
| `size` | neurons | an integer >= 1 and <= 1000000 | with `groups`, their sum |
| `num_ascs` | after-spike currents a neuron, of neurons that have any | glifr: 0 to 4 | `0` |
| `synaptic_delay` | ms from firing to its effect on other neurons, at least one step | a number >= 0, or a delay for each neuron (below) | the task's; lstm `0` |
| `parameters` | by the name of a parameter of the neuron, or `all` for those not named: `per`, `train`, `initial` (below) | glifr: thresh, k_m, k_j, r_j, a_j | a value for each neuron, trained |
| `lateral` | which neurons send to which | `"all"`, `"none"`, `{"density": P}`, `{"file": "mask.npy"}` | `"all"` |
| `input` | which inputs reach which neurons | as `lateral` | `"all"` |
| `inhibitory` | share of the neurons whose lateral weights are 0 or less, those of the others 0 or more (Dale's law) | a number >= 0 and <= 1 | weights of any sign |
| `groups` | parts of the layer by their names (below) | | none |
| a constant of the neuron | glifr: `tau`, `sigma_v`, `R`, `I0`, `v_reset` | its range | the configuration's |

A parameter's `per` is `neuron` (a value for each), `layer` or `group` (one that all share); `train` is true or false; `initial` is in physical units: a number,
`{"uniform": [LOWEST, HIGHEST]}`, `{"normal": {"mean": M, "sd": S}}`, `{"lognormal": {"median": M, "sigma": S}}`, or `{"file": "learnedparams.csv", "column": "k_m"}`, from which values
are drawn with replacement. Values that a neuron cannot have are drawn again.

A delay for each neuron is one of these distributions with `"train": true` or `false` beside it, and `"range": [SHORTEST, LONGEST]` where the distribution is not uniform; `"initial": MS` is the same
number for all. A range that is wider than delays that are not trained has no effect and is refused. Files are relative to the data root, or absolute. A mask is an array [senders, receivers] of finite numbers; pairs with 0 are not connected.
`config.json` records the CRC-32 of what was read from these files (`checksum`).

A group has `size` and may have `parameters` (`train` and `initial`), `synaptic_delay`, `inhibitory` (a share, `true` or `false`) and `lateral`, an object: to the neurons of the group of that name, `"all"`,
`"none"` or a density. What it does not say is as in the layer. [Populations](populations.md) has the equations and examples.

`hidden_size`, `num_ascs` and `train_dynamics` have no effect on such a model; `--set` and `--sweep` refuse them where no other model is trained. `--model deep` trains it; without `--model`, all that the file describes are trained. It starts from the homogeneous initial values. Resuming, ablation, curves and report work as
for the published models; `glifr_analyze parameters` and, of GLIFR neurons, `fi-curve` and `cluster` take a layer of it by `--layer K`. Trajectories of the parameters of layer K are in
`parameters/neuron_layer_K.NAME.csv`.
)";

/// The configurations of the tasks.
std::vector<Config> base_tasks() {
  std::vector<Config> tasks;
  for (const Task* task : known_tasks()) tasks.emplace_back(task->name());
  return tasks;
}

bool is_key_of(const ConfigKey& key, const Config& config) {
  const std::vector<ConfigKey> keys = config_keys(find_task(config.base_task()));
  return std::ranges::find(keys, key.name, &ConfigKey::name) != keys.end();
}

std::string tasks_of(const ConfigKey& key, const std::vector<Config>& tasks) {
  std::string text;
  bool is_of_all = true;
  for (const Config& task : tasks) {
    if (is_key_of(key, task)) {
      text.append(text.empty() ? "" : ", ").append(task.task());
    } else {
      is_of_all = false;
    }
  }
  return is_of_all ? "all" : text;
}

/// A value in all models, as "128, lstmn 63": that of most, then those of the others.
std::string value_text(const ConfigKey& key, const Config& config) {
  const auto value_in = [&](const Model& model) {
    // What its `auto` becomes depends on the data, which are not there.
    const bool is_open = key.name == "monitor";
    const json::value value =
        detail::value_of(key, is_open ? default_settings(find_task(config.base_task())) : config.resolve(model));
    const json::string* text = value.if_string();
    // A size that is not known before the data are is 0, which nobody can ask for.
    const bool is_size = key.name == "input_size" || key.name == "output_size";
    if (is_size && value == 0) return std::string("from the data");
    return "`" + (text ? std::string(*text) : to_line(value)) + "`";
  };
  if (!key.is_by_model) return value_in(known_models().front());
  std::vector<std::string> values;
  for (const Model& model : known_models()) values.push_back(value_in(model));
  const std::string common = *std::ranges::max_element(
      values, {}, [&](const std::string& value) { return std::ranges::count(values, value); });
  std::string text = common;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != common) text.append(", ").append(known_models()[i].name).append(" ").append(values[i]);
  }
  return text;
}

/// A key's value in each of the tasks that vary nothing; an empty text where the task does not know the key.
std::vector<std::string> values_by_task(const ConfigKey& key, const std::vector<Config>& tasks) {
  std::vector<std::string> values;
  for (const Config& task : tasks) {
    values.push_back(is_key_of(key, task) ? value_text(key, task) : "");
  }
  return values;
}

/// The value that all tasks give that know the key, or nothing where they differ.
std::optional<std::string> common_value(const std::vector<std::string>& values) {
  std::optional<std::string> common;
  for (const std::string& value : values) {
    if (value.empty()) continue;
    if (common && *common != value) return std::nullopt;
    common = value;
  }
  return common;
}

void append_row(std::string& text, std::initializer_list<std::string_view> cells) {
  text += '|';
  for (const std::string_view cell : cells) text.append(" ").append(cell).append(" |");
  text += '\n';
}

}  // namespace

std::string config_reference() {
  const std::vector<Config> tasks = base_tasks();

  std::string text(introduction);
  std::string differing;
  std::string group;
  for (const ConfigKey& key : config_keys()) {
    if (key.group != group) {
      group = key.group;
      text.append("\n## ").append(group).append("\n\n");
      append_row(text, {"key", "meaning", "unit", "accepted", "default", "tasks"});
      append_row(text, {"---", "---", "---", "---", "---", "---"});
    }
    const std::vector<std::string> values = values_by_task(key, tasks);
    const std::optional<std::string> common = common_value(values);
    const std::string name = "`" + std::string(key.name) + "`";
    append_row(text, {name, key.help, key.unit, key.accepted(), common ? *common : "by task, see below",
                      tasks_of(key, tasks)});
    if (!common) {
      differing.append("| ").append(name).append(" |");
      for (const std::string& value : values) differing.append(" ").append(value).append(" |");
      differing += '\n';
    }
  }

  text += "\n## Defaults that depend on the task\n\n| key |";
  for (const Config& task : tasks) text.append(" ").append(task.task()).append(" |");
  text.append("\n| --- |");
  for (std::size_t i = 0; i < tasks.size(); ++i) text += " --- |";
  text.append("\n").append(differing);

  text += "\n## Built-in tasks and variations\n\n";
  append_row(text, {"name", "variation of", "what it is"});
  append_row(text, {"---", "---", "---"});
  for (const TaskInfo& task : builtin_tasks()) append_row(text, {task.name, task.base, task.description});
  return text;
}

}  // namespace glifr
