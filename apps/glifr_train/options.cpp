#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "common/options.hpp"
#include "common/program.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"

namespace glifr::apps {

namespace {

std::string task_names() {
  std::string names;
  for (const glifr::TaskInfo& task : glifr::builtin_tasks()) names += "\n    " + task.name + ": " + task.description;
  return names;
}

/// What is wrong with a name of a device; nothing where it is one.
std::string check_device(const std::string& name) {
  if (name == "auto" || name == "cpu" || gpu_ordinal(name)) return {};
  return "found '" + name + "'; accepted: auto, cpu, cuda, cuda:N with the number of a GPU, from 0";
}

/// "3/8"; ConfigError where it is no part of a whole.
Shard parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto part = parse_integer(std::string_view(text).substr(0, slash));
  const auto parts =
      slash == std::string::npos ? std::nullopt : parse_integer(std::string_view(text).substr(slash + 1));
  if (!part || !parts || *part < 1 || *part > *parts) {
    throw ConfigError("--shard", "found '" + text + "'; accepted: K/N, part K of N, with K from 1 to N, as 3/8");
  }
  return {static_cast<std::size_t>(*part), static_cast<std::size_t>(*parts)};
}

constexpr std::array precisions{glifr::Precision::float32, glifr::Precision::float64};
constexpr std::array engines{glifr::Engine::fused, glifr::Engine::composed};

std::vector<std::string> names_of(const auto& values) {
  std::vector<std::string> names;
  for (const auto value : values) names.emplace_back(to_string(value));
  return names;
}

/// The value of one of these names.
auto find_named(const auto& values, std::string_view name) {
  return *std::ranges::find(values, name, [](auto value) { return to_string(value); });
}

}  // namespace

std::optional<int> gpu_ordinal(std::string_view device) {
  if (device == "cuda") return 0;
  constexpr std::string_view prefix = "cuda:";
  if (!device.starts_with(prefix)) return std::nullopt;
  const char *const first = device.data() + prefix.size(), *const end = device.data() + device.size();
  unsigned short ordinal = 0;  // a type without a sign, so that none is read
  const auto [stop, error] = std::from_chars(first, end, ordinal);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return ordinal;
}

ParsedOptions parse_options(int argc, char** argv) {
  ParsedOptions parsed;
  Options& o = parsed.options;
  CLI::App app("Trains GLIFR, RNN and LSTM networks and writes every trial to OUT/TASK/MODEL/trial_N.",
               cli::program_name());
  cli::add_version(app);
  app.get_formatter()->column_width(30);

  cli::add_text(app, "--task", o.task, "What to learn (default sine, or what --config names):" + task_names())
      ->type_name("NAME");
  cli::add_text(app, "--model", o.model,
                "Networks to train: names with commas, 'all' (every one that can learn the task) or 'paper' (those "
                "published for it) (default glifr_lheta, or those that --config names). Names: " +
                    glifr::joined(glifr::known_models(), ", ", &glifr::Model::name) +
                    ". The fhet and rhet models start from the trained lhet ones of the same trial, which are trained "
                    "first if need be")
      ->type_name("NAME[,NAME...]");
  cli::add_integer(app, "--ntrials", o.trials, {.lowest = 1, .highest = 1e6},
                   "Trials of each model, each from its own seed")
      ->type_name("N")
      ->capture_default_str();
  cli::add_integer(app, "--first-trial", o.first_trial, cli::counts_or_none, "Number of the first trial")
      ->type_name("N")
      ->capture_default_str();

  std::optional<std::string> shard;
  cli::add_text(app, "--shard", shard,
                "Run the K-th of N parts of all that is asked for (K from 1 to N), as a task of an array of jobs does; "
                "models that start from each other stay together")
      ->type_name("K/N");
  bool waits = false;
  app.add_flag("--wait", waits,
               "Wait for trials that another run is training, and take complete ones as they are (unless with "
               "--overwrite), instead of failing; the default with --shard");
  cli::add_text(app, "--name", o.name,
                "File the results as OUT/NAME/MODEL instead of OUT/TASK/MODEL: tells runs with other settings apart")
      ->type_name("NAME");

  cli::add_path(app, "--config", o.config,
                "JSON file of settings over the built-in ones, as --print-config prints it (-: standard input); its "
                "\"base\" or \"task\" "
                "names the task")
      ->type_name("FILE");
  app.add_option("--set", o.set,
                 "Change one setting, e.g. --set lr=1e-3; repeatable, of a key given twice the last counts; the keys "
                 "are in docs/configuration.md")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option(
         "--sweep", o.sweep,
         "Train a variation for each value of a setting, e.g. --sweep lr=1e-3,3e-4; repeatable: every combination. "
         "Results are filed as TASK@lr=0.001; glifr_analyze summary --by lr compares them")
      ->type_name("KEY=VALUE,...")
      ->allow_extra_args(false);
  cli::add_choice(app, "--monitor", o.monitor, {"train_loss", "val_loss", "val_acc"},
                  "By what epochs are compared: train_loss, val_loss or val_acc; the same as --set monitor=NAME")
      ->type_name("NAME");
  app.add_flag(
      "--tensorboard", o.tensorboard,
      "Write an event file that TensorBoard reads into each trial's folder; the same as --set tensorboard=true");
  cli::add_integer(app, "--epochs", o.epochs, cli::counts,
                   "Passes over the training data; the same as --set max_epochs=N")
      ->type_name("N");

  const char* data = std::getenv("GLIFR_DATA");
  o.data = data && *data ? data : "./datasets";
  cli::add_path(app, "--data", o.data, "Root folder of the data sets (default $GLIFR_DATA, then ./datasets)")
      ->type_name("DIR");
  cli::add_path(app, "--cache", o.cache, "Folder for decoded recordings (default: beside the data)")->type_name("DIR");
  o.run.out = "results";
  cli::add_path(app, "--out", o.run.out, "Folder for the results")->type_name("DIR")->capture_default_str();
  bool resume = false, overwrite = false, no_figures = false;
  CLI::Option* resume_flag = app.add_flag("--resume", resume, "Skip complete trials and go on with partial ones");
  app.add_flag("--overwrite", overwrite, "Start trials afresh that are there already")->excludes(resume_flag);
  app.add_flag("--no-figures", no_figures, "Draw no figures");

  o.run.device = "auto";
  cli::add_text(app, "--device", o.run.device,
                "Where to compute: cpu, cuda (the first GPU), cuda:N (GPU N), or auto (a GPU where there is one)")
      ->type_name("NAME")
      ->check(check_device)
      ->capture_default_str();
  cli::add_cpu_target(app);
  app.add_flag("--tf32", o.uses_tf32, "On a GPU, take products of float32 from their leading bits: faster, less exact");
  std::string precision(to_string(o.run.precision)), engine(to_string(o.run.engine));
  cli::add_choice(app, "--precision", precision, names_of(precisions), "Numbers to compute with: float32 or float64")
      ->type_name("NAME")
      ->capture_default_str();
  cli::add_threads(app, o.threads);
  cli::add_integer(app, "--jobs", o.jobs, cli::threads,
                   "Trials side by side, within the threads or on the GPU (default: chosen by the size of a step)")
      ->type_name("N");
  cli::add_choice(app, "--distribute", o.distribute, {"auto", "batch", "trials"},
                  "What the processes that mpirun or srun starts share out: the batches of each trial, or the trials; "
                  "auto: trials where there are as many as processes, batches otherwise")
      ->type_name("NAME")
      ->capture_default_str();
  cli::add_seed(app, o.run.seed, "Seed of all random numbers: same seed, same bits, on any number of threads")
      ->type_name("S")
      ->capture_default_str();
  cli::add_choice(app, "--engine", engine, names_of(engines),
                  "fused scans, or composed of single operations (slow, for comparison)")
      ->type_name("NAME")
      ->capture_default_str();

  CLI::Option* const benchmark = app.add_flag(
      "--benchmark", o.benchmark, "Time training steps on synthetic data of the task's shape and print a line of JSON");
  cli::add_number(app, "--benchmark-seconds", o.benchmark_seconds, glifr::Range::above(0),
                  "How long to time, in seconds")
      ->type_name("S")
      ->capture_default_str();
  app.add_flag("--print-config", o.print_config,
               "Print the resolved settings of each model as JSON, which --config takes, and exit")
      ->excludes(benchmark);

  for (const CLI::Option* option : app.get_options())
    parsed.names.insert(parsed.names.end(), option->get_lnames().begin(), option->get_lnames().end());
  parsed.exit_code = cli::parse(app, argc, argv);
  if (o.config == "-") o.config = "/dev/stdin";
  o.run.existing = resume ? glifr::Existing::resume : overwrite ? glifr::Existing::overwrite : glifr::Existing::refuse;
  o.draws_figures = !no_figures;
  if (shard) o.shard = parse_shard(*shard);
  o.run.waits = waits || shard;
  o.run.precision = find_named(precisions, precision);
  o.run.engine = find_named(engines, engine);
  return parsed;
}

}  // namespace glifr::apps
