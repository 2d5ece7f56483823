#include <cstdio>

#include "glifr/analysis/style.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/paper/models.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

struct CountOptions {
  std::optional<std::string> task, model;
  SettingOptions settings;
  std::optional<glifr::Index> match;
};

/// The settings of a model. Sizes of inputs and outputs that they do not say are those of the data.
glifr::Settings resolve(const glifr::Config& config, const glifr::Model& model, const glifr::DataFiles& files) {
  glifr::Settings settings = config.resolve(model);
  const bool has_sizes = settings.model.input_size > 0 && settings.model.output_size > 0;
  return has_sizes ? settings : config.resolve(model, &files);
}

/// The trained parameters of a network, which is not made where it may be of any size.
glifr::Index count_trained(const glifr::Settings& settings) {
  const glifr::Task& task = glifr::find_task(settings.task.base);
  if (task.knows("hidden_size")) return glifr::count_parameters(glifr::describe_network(settings)).trained;
  const auto network = glifr::make_network<double>(settings);
  (void)task.initialize(*network, settings, {.run = 0, .trial = 0});  // which may freeze weights
  return glifr::count_trained<double>(network->parameters());
}

glifr::Index count_trained(glifr::Settings settings, glifr::Index hidden_size) {
  settings.model.hidden_size = hidden_size;
  return count_trained(settings);
}

/// The largest hidden size with which a model has at most `parameters` trained parameters; nothing where one neuron has
/// more.
std::optional<glifr::Index> match_hidden_size(const glifr::Settings& settings, glifr::Index parameters) {
  const auto fits = [&](glifr::Index hidden_size) { return count_trained(settings, hidden_size) <= parameters; };
  if (!fits(1)) return std::nullopt;
  glifr::Index fitting = 1, beyond = 2;
  while (fits(beyond)) {
    fitting = beyond;
    beyond *= 2;
  }
  while (beyond - fitting > 1) {
    const glifr::Index middle = (fitting + beyond) / 2;
    (fits(middle) ? fitting : beyond) = middle;
  }
  return fitting;
}

/// The models that are asked for, or those that the file of settings describes, or all.
std::vector<glifr::Model> choose_models(const CountOptions& options, const glifr::Config& config) {
  std::string names;
  for (const glifr::Model& model : config.described_models()) names += (names.empty() ? "" : ",") + model.name;
  return glifr::paper::select_models(options.model.value_or(names.empty() ? "all" : names), config);
}

/// "64", or of several layers "11+9+6".
std::string hidden_sizes(const glifr::ModelSettings& model) {
  if (model.layers.empty()) return std::to_string(model.hidden_size);
  std::string sizes;
  for (const glifr::LayerDescription& layer : model.layers)
    sizes += (sizes.empty() ? "" : "+") + std::to_string(layer.size);
  return sizes;
}

void run(const Session& session, const CountOptions& options) {
  const std::filesystem::path& file = options.settings.config;
  glifr::Config config = file.empty() ? glifr::Config(options.task.value_or(std::string(glifr::default_task)))
                                      : glifr::Config::from_file(file, options.task);
  for (const std::string& assignment : options.settings.set) config.set(assignment);
  const glifr::DataStore data = session.open_data();
  if (options.match && !glifr::find_task(config.base_task()).knows("hidden_size")) {
    throw glifr::ConfigError("--match", "found " + std::to_string(*options.match) + "; the networks of task " +
                                            config.task() + " have a fixed size, accepted: no value");
  }
  glifr::Index wanted = 0;
  if (options.match) {
    wanted = count_trained(resolve(config, glifr::find_model("rnn"), data.files()), *options.match);
    std::printf("an RNN of %s has %td trained parameters on %s\n", analysis::counted(*options.match, "neuron").c_str(),
                wanted, config.task().c_str());
  }
  glifr::CsvRows csv({"task", "model", "hidden_size", "trained_parameters"});
  std::string too_large;
  for (const glifr::Model& model : choose_models(options, config)) {
    glifr::Settings settings = resolve(config, model, data.files());
    if (options.match && model.layers.empty()) {
      const auto fitting = match_hidden_size(settings, wanted);
      if (!fitting) {
        csv.cell(std::string_view(config.task())).cell(model.name).empty_cell().empty_cell().end_row();
        too_large += (too_large.empty() ? "" : ", ") + model.name;
        continue;
      }
      settings.model.hidden_size = *fitting;
    }
    const glifr::Index trained = count_trained(settings);
    const std::string sizes = hidden_sizes(settings.model);
    csv.cell(std::string_view(config.task())).cell(model.name).cell(std::string_view(sizes)).cell(trained).end_row();
    std::printf("  %-14s hidden size %4s  %8td trained parameters\n", model.name.c_str(), sizes.c_str(), trained);
  }
  if (!too_large.empty())
    Session::warn("one neuron has more trained parameters, so that the hidden size is left empty: " + too_large);
  session.write(csv, "count.csv");
}

}  // namespace

void add_count(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("count", "Trained parameters of each model of a task: count.csv");
  auto options = std::make_shared<CountOptions>();
  cli::add_text(*command, "--task", options->task,
                "Task whose input and output sizes and hidden sizes are taken (default sine, or what --config names)")
      ->type_name("NAME");
  cli::add_text(*command, "--model", options->model,
                "Names with commas, 'all' or 'paper' (default: those that --config describes, or else all)")
      ->type_name("NAME[,NAME...]");
  add_setting_options(*command, options->settings, "JSON file of settings over the task's",
                      "Change one setting, e.g. --set hidden_size=64; repeatable");
  cli::add_integer(*command, "--match", options->match, {.lowest = 1, .highest = 1e6},
                   "Instead of the task's hidden sizes, take for each model the largest with at most as many trained "
                   "parameters as an RNN of this hidden size; none where one neuron has more")
      ->type_name("N");
  session.add_output_option(*command);
  session.add_common_options(*command, {"--data"});
  command->callback([&session, options] { session.set_action([&session, options] { run(session, *options); }); });
}

}  // namespace glifr::apps
