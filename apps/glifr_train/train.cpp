// The whole of glifr_train: parses the command line, calls the experiment layer, prints. Exit codes: 0 done, 1 the run
// failed, 2 what was asked is wrong, 75 another run holds a folder, 130 interrupted.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string_view>

#include "common/format.hpp"
#include "common/options.hpp"
#include "common/program.hpp"
#include "glifr/analysis/figures.hpp"
#include "glifr/apps/train.hpp"
#include "glifr/backend/gpu.hpp"
#include "glifr/backend/parallel.hpp"
#include "glifr/distributed/group.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/benchmark.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/plan.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/text.hpp"
#include "glifr/io/trial_folder.hpp"
#include "glifr/paper/models.hpp"
#include "options.hpp"
#include "processes.hpp"
#include "progress.hpp"

namespace glifr::apps {

namespace {

std::atomic<bool> stop_requested = false;

/// Asks the run to stop after its step. After the first Ctrl-C that handler goes, so that a second one ends the process
/// at once; batch systems send the other signals as often as they like.
void request_stop(int signal) {
  stop_requested = true;
  if (signal == SIGINT) std::signal(signal, SIG_DFL);
}

/// Thrown where a run is asked to stop while it reads data, of which nothing is kept.
struct ReadingStopped {};

/// What a user, a terminal or a batch system says before it ends a process. Heeded also where the caller ignores it: a
/// shell does so with SIGINT of what a script starts in the background, and `kill -INT` must still stop a run there.
/// SIGHUP alone stays ignored, for nohup means it.
void heed_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU}) {
    struct sigaction action {};
    const bool is_ignored = ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
    if (is_ignored && signal == SIGHUP) continue;
    action = {};
    action.sa_handler = request_stop;
    action.sa_flags = SA_RESTART;
    ::sigaction(signal, &action, nullptr);
  }
}

glifr::Config make_config(const Options& o) {
  glifr::Config config = o.config.empty() ? glifr::Config(o.task.value_or(std::string(glifr::default_task)))
                                          : glifr::Config::from_file(o.config, o.task, o.name.has_value());
  for (const std::string& assignment : o.set) config.set(assignment);
  const auto require_not_swept = [&](const std::string& key, const std::string& setting) {
    for (const std::string& sweep : o.sweep) {
      if (cli::key_of(sweep) == key)
        throw glifr::ConfigError("--sweep", "found " + sweep + ", and there is " + setting + "; accepted: one of them");
    }
  };
  for (const std::string& assignment : o.set) require_not_swept(cli::key_of(assignment), "--set " + assignment);
  const auto set_by_option = [&](const char* option, const std::string& key, const std::string& value) {
    for (const std::string& assignment : o.set) {
      if (assignment.starts_with(key + "=") && assignment != key + "=" + value)
        throw glifr::ConfigError(
            option, "sets " + key + " to " + value + ", and there is --set " + assignment + "; accepted: one of them");
    }
    require_not_swept(key, option);
    config.set(key + "=" + value);
  };
  if (o.epochs) set_by_option("--epochs", "max_epochs", std::to_string(*o.epochs));
  if (!o.monitor.empty()) set_by_option("--monitor", "monitor", o.monitor);
  if (o.tensorboard) set_by_option("--tensorboard", "tensorboard", "true");
  if (o.name) config.rename(*o.name);
  return config;
}

/// The models that are asked for: by --model, or by the file of settings.
std::vector<glifr::Model> choose_models(const Options& o, const glifr::Config& config) {
  std::string names;
  for (const std::string& model : config.models()) names += (names.empty() ? "" : ",") + model;
  if (names.empty()) {
    for (const glifr::Model& model : config.described_models()) names += (names.empty() ? "" : ",") + model.name;
  }
  if (names.empty()) names = "glifr_lheta";
  return glifr::paper::select_models(o.model.value_or(names), config);
}

/// Refuses a width of the threshold that annealing replaces in all that is trained.
void check_width(const Options& o, const std::vector<glifr::Config>& variations,
                 const std::vector<glifr::Model>& models) {
  const auto is_width = [](const std::string& assignment) { return cli::key_of(assignment) == "sigma_v"; };
  const auto found = std::ranges::find_if(o.set, is_width);
  if (found == o.set.end()) return;
  for (const glifr::Config& variation : variations) {
    for (const glifr::Model& model : models) {
      if (!variation.resolve(model).training.sigma_v_anneal) return;
    }
  }
  throw glifr::ConfigError(
      "--set", "found " + *found +
                   ", which has no effect where sigma_v_anneal is true: "
                   "sigma_v_first and sigma_v_last are the widths; accepted: these, or sigma_v_anneal=false");
}

/// Says what differs from the trial whose config.json is the file of settings: options are not taken from it.
void note_other_options(const Options& o, const glifr::Config& config, Progress& progress) {
  const std::pair<const char*, boost::json::value> here[] = {
      {"seed", o.run.seed},
      {"trial", o.first_trial},
      {"precision", boost::json::value(std::string(to_string(o.run.precision)))},
      {"engine", boost::json::value(std::string(to_string(o.run.engine)))}};
  for (const auto& [name, value] : here) {
    const boost::json::value* there = config.record().if_contains(name);
    if (!there || *there == value) continue;
    progress.print(o.config.string() + ": records " + name + " " + glifr::to_line(*there) + "; this run has " +
                   glifr::to_line(value));
  }
}

/// The GPU for one of the processes that share a machine: each its own, as far as there are so many.
int gpu_of(const glifr::LaunchedGroup& group) {
  const int there = glifr::gpu_count();
  return there > 0 ? static_cast<int>(group.local().rank) % there : 0;
}

/// Settles where to compute; DeviceUnavailable or ConfigError where what was asked for cannot be.
void choose_device(Options& o, const glifr::LaunchedGroup* group) {
  const bool is_free = o.run.device == "auto" || o.run.device == "cuda";  // which GPU it is
  const int ordinal = group && is_free ? gpu_of(*group) : gpu_ordinal(o.run.device).value_or(0);
  const glifr::GpuSettings gpu{.ordinal = ordinal, .uses_tf32 = o.uses_tf32};
  const auto problem = o.run.device == "cpu" ? "the processor was asked for" : glifr::gpu_problem(gpu.ordinal);
  if (problem && gpu_ordinal(o.run.device))
    throw glifr::DeviceUnavailable("--device " + o.run.device, *problem + "; accepted here: auto, cpu");
  if (o.uses_tf32 && problem) throw glifr::ConfigError("--tf32", "only a GPU has TF32: " + *problem);
  o.run.device = problem ? "cpu" : "cuda";
  if (!problem) o.run.open_device = [gpu] { return glifr::open_gpu(gpu); };
}

std::string result_line(const glifr::Trial& trial, const glifr::TrialOutcome& outcome,
                        const std::filesystem::path& folder) {
  if (outcome.state == glifr::TrialOutcome::State::skipped)
    return trial.label() + ": complete already, skipped (" + folder.string() + ")";
  const std::string text =
      outcome.accuracy ? format("test accuracy %.2f %%, test loss %.5g", 100 * *outcome.accuracy, outcome.test.loss())
                       : format("test loss %.6g", outcome.test.loss());
  return trial.label() + ": " + text + " (" + folder.string() + ")";
}

/// Prints a trial's result and draws its figure as soon as it ends.
class Reporter final : public glifr::TrialObserver {
 public:
  Reporter(Progress& progress, const Options& options) : progress_(progress), options_(options) {}

  void note(const glifr::Trial& trial, const std::string& text) override { progress_.note(trial, text); }
  void begin(const glifr::Trial& trial, glifr::Index steps, glifr::Index samples) override {
    progress_.begin(trial, steps, samples);
  }
  void after_step(const glifr::Trial& trial, const glifr::Position& position) override {
    progress_.after_step(trial, position);
  }
  void after_epoch(const glifr::Trial& trial, const glifr::EpochReport& report) override {
    progress_.after_epoch(trial, report);
  }
  void after_validation(const glifr::Trial& trial, double loss, std::optional<double> accuracy) override {
    progress_.after_validation(trial, loss, accuracy);
  }
  void fail(const glifr::Trial& trial) override { progress_.remove(trial); }
  void end(const glifr::Trial& trial, const glifr::TrialOutcome& outcome) override {
    progress_.remove(trial);
    if (outcome.state == glifr::TrialOutcome::State::interrupted) return;
    const glifr::TrialFolder folder = trial.folder(options_.run.out);
    progress_.print(result_line(trial, outcome, folder.path()));
    if (!options_.draws_figures || outcome.state == glifr::TrialOutcome::State::skipped) return;
    const auto drawing = glifr::analysis::draw_trial(folder, trial.settings.task.name, trial.settings.model.name);
    if (!drawing.is_drawn) progress_.print(trial.label() + ": no figure: " + drawing.problem);
  }

 private:
  Progress& progress_;
  const Options& options_;
};

/// All that is asked for, or the part of it that --shard names.
std::vector<glifr::PlannedTrial> make_whole_plan(const Options& o, const std::vector<glifr::Config>& variations,
                                                 const std::vector<glifr::Model>& models,
                                                 const glifr::DataFiles& files) {
  std::vector<glifr::PlannedTrial> plan;
  for (const glifr::Config& variation : variations) {
    const std::size_t offset = plan.size();
    for (glifr::PlannedTrial& planned : glifr::make_plan(variation, models, o.first_trial, o.trials, o.run, files)) {
      if (planned.after) *planned.after += offset;
      plan.push_back(std::move(planned));
    }
  }
  return o.shard ? glifr::part_of(plan, o.shard->part - 1, o.shard->parts) : plan;
}

/// Prints the settings, or times, of each model.
void describe_models(const Options& o, const std::vector<glifr::Config>& variations,
                     const std::vector<glifr::Model>& models, const glifr::DataFiles& files, glifr::Index threads) {
  const bool speaks = !o.run.group || o.run.group->rank() == 0;
  for (const glifr::Config& variation : variations) {
    for (const glifr::Model& model : models) {
      const glifr::Settings settings = variation.resolve(model, &files);
      const std::string text =
          o.print_config ? glifr::to_text(to_json(settings))
                         : boost::json::serialize(glifr::run_benchmark(settings, o.run, threads, o.benchmark_seconds));
      if (speaks) std::cout << text << std::endl;
    }
  }
}

/// Says how to go on with a run that was stopped; its exit code.
int end_stopped(Progress& progress, const Options& o) {
  progress.print(o.run.existing == glifr::Existing::overwrite
                     ? "interrupted; go on with the same command, and --resume in place of --overwrite"
                     : "interrupted; go on with the same command and --resume");
  return 130;
}

/// Whether a trial was stopped, or not begun, so that a run may go on with it.
bool is_left(const glifr::PlannedOutcome& planned) {
  if (!planned.outcome) return planned.failure.empty();
  return planned.outcome->state == glifr::TrialOutcome::State::interrupted;
}

/// What the trials of the other processes had to say, and how the run ended.
int report(const std::vector<glifr::PlannedOutcome>& outcomes, Progress& progress, const Options& o,
           glifr::LaunchedGroup* group, bool by_trials) {
  std::string failures;
  for (const auto& [outcome, failure] : outcomes) {
    if (!failure.empty()) failures += cli::program_name() + ": " + failure + "\n";
  }
  bool stopped = stop_requested && std::ranges::any_of(outcomes, is_left);
  if (group) {
    stopped = !group->all_of(!stopped);
    const auto lines = group->gather_texts(progress.kept());
    const auto failed = group->gather_texts(failures);
    if (group->rank() > 0) return stopped ? 130 : 0;  // the first process decides
    for (std::size_t r = 1; by_trials && r < lines.size(); ++r) {
      if (!lines[r].empty()) progress.print(lines[r].substr(0, lines[r].size() - 1));
      failures += failed[r];
    }
  }
  std::cerr << failures << std::flush;
  if (stopped) return end_stopped(progress, o);
  return failures.empty() ? 0 : 1;
}

/// Whether output goes to a terminal on which a line can be written anew.
bool can_rewrite_lines() {
  const char* kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && (!kind || kind != std::string_view("dumb"));
}

std::vector<std::filesystem::path> folders_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> folders;
  std::error_code error;  // what cannot be looked at holds none
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code unknown;
    if (entry->is_directory(unknown)) folders.push_back(entry->path());
  }
  std::ranges::sort(folders);
  return folders;
}

/// The tasks of which a folder of results holds trials.
std::vector<std::string> tasks_in(const std::filesystem::path& results) {
  const auto is_trial = [](const std::filesystem::path& folder) {
    std::error_code unknown;
    return std::filesystem::exists(glifr::TrialFolder(folder).record(), unknown);
  };
  const auto is_model = [&](const std::filesystem::path& folder) {
    return std::ranges::any_of(folders_in(folder), is_trial);
  };
  std::vector<std::string> tasks;
  for (const std::filesystem::path& folder : folders_in(results)) {
    if (std::ranges::any_of(folders_in(folder), is_model)) tasks.push_back(folder.filename());
  }
  return tasks;
}

/// Refuses to go on with the task that is taken where none is named, if there are trials of other tasks alone.
void check_resumed_task(const Options& o) {
  const bool is_named = o.task || o.name || !o.config.empty();
  if (o.run.existing != glifr::Existing::resume || is_named) return;
  const std::vector<std::string> tasks = tasks_in(o.run.out);
  const std::string taken(glifr::default_task);
  const auto is_taken = [&](const std::string& task) { return task == taken || task.starts_with(taken + "@"); };
  if (tasks.empty() || std::ranges::any_of(tasks, is_taken)) return;
  throw glifr::ConfigError("--resume", o.run.out.string() + " holds trials of " + glifr::joined(tasks) +
                                           " and none of " + taken +
                                           ", the default; accepted: --task, --config or --name, which say what to go "
                                           "on with");
}

/// Trains all that is asked for, or this process's part of it.
int train(Options o, const glifr::Config& config, const std::vector<glifr::Config>& variations,
          const std::vector<glifr::Model>& models, glifr::DataStore& data, glifr::Index threads, Progress& progress,
          glifr::LaunchedGroup* group) {
  const bool speaks = !group || group->rank() == 0;
  glifr::on_first(group, [&] { check_resumed_task(o); });
  glifr::check_variations(variations, models, data.files());
  std::vector<glifr::PlannedTrial> plan = make_whole_plan(o, variations, models, data.files());
  if (group) require_same_run(*group, o, plan);
  const bool by_trials = group && shares_trials(*group, o, plan);
  if (group && !by_trials) o.run.group = group;
  if (by_trials) {
    glifr::on_first(group, [&] { glifr::check_plan(plan, o.run); });  // of all, before one of them begins
    plan = glifr::part_of(plan, static_cast<std::size_t>(group->rank()), static_cast<std::size_t>(group->size()));
  }
  if (plan.empty() && speaks) progress.print("nothing to do in this part of what is asked for");
  progress.expect(plan.size());
  for (const glifr::PlannedTrial& planned : plan) {
    if (planned.is_prerequisite) progress.note(planned.trial, "trained first, for another model starts from it");
  }
  if (speaks) note_other_options(o, config, progress);
  Reporter reporter(progress, o);
  // Trials on a GPU take threads of the processor only now and then.
  const glifr::Index limit_of_jobs = o.run.open_device ? o.jobs : std::min(o.jobs, threads);
  const glifr::Index jobs = o.run.group         ? 1
                            : o.jobs > 0        ? std::clamp<glifr::Index>(std::ssize(plan), 1, limit_of_jobs)
                            : o.run.open_device ? glifr::choose_lanes(plan)
                                                : glifr::choose_jobs(plan, threads);
  std::vector<glifr::PlannedOutcome> outcomes;
  const auto train_plan = [&] {
    outcomes = glifr::run_plan(plan, o.run, data, threads, jobs, stop_requested, reporter);
  };
  if (by_trials) {
    run_beside_others(*group, stop_requested, train_plan);
  } else {
    train_plan();
  }
  return report(outcomes, progress, o, group, by_trials);
}

int run(const Options& asked, glifr::LaunchedGroup* group) {
  Options o = asked;
  const bool speaks = !group || group->rank() == 0;
  const glifr::Config config = make_config(o);
  const std::vector<glifr::Config> variations = config.sweep(o.sweep);
  const std::vector<glifr::Model> asked_models = choose_models(o, config);
  variations.front().check_effect(asked_models);
  check_width(o, variations, asked_models);
  choose_device(o, group);
  const glifr::Index by_default = default_threads(group);  // which all processes of a group work out together
  const glifr::Index threads = o.threads > 0 ? o.threads : by_default;
  const glifr::ThreadLimit limit(threads);

  // mpirun gives every process a terminal, wherever its own output goes.
  Progress progress(!group && can_rewrite_lines(), !speaks);
  const auto reading = [&](const std::string& what, glifr::Index done, glifr::Index total) {
    if (stop_requested && !group) throw ReadingStopped();  // a group stops together, after its first step
    progress.reading(what, done, total);
  };
  glifr::DataStore data({.root = o.data, .cache = o.cache, .progress = reading});
  if (o.print_config || o.benchmark) {
    o.run.group = group;
    if (group) require_same_run(*group, o, {});
    describe_models(o, variations, asked_models, data.files(), threads);
    return 0;
  }

  heed_signals();  // before data are read, which may take long
  try {
    return train(o, config, variations, asked_models, data, threads, progress, group);
  } catch (const ReadingStopped&) {
    return end_stopped(progress, o);
  }
}

/// The option of which somebody may have thought who took this name for a key: "first_trial".
std::optional<std::string> find_option(const std::vector<std::string>& names, std::string key) {
  std::ranges::replace(key, '_', '-');
  const auto found = std::ranges::find(names, key);
  return found == names.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

int run_train(int argc, char** argv) {
  cli::name_program(argc, argv, "glifr_train");
  return cli::run_program_in_group([&](glifr::LaunchedGroup* group) {
    const ParsedOptions parsed = parse_options(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    try {
      return run(parsed.options, group);
    } catch (const glifr::UnknownKey& error) {
      const auto option = find_option(parsed.names, error.key());
      if (!option) throw;
      throw glifr::Error(std::string(error.what()) + "; there is the option --" + *option);
    }
  });
}

}  // namespace glifr::apps
