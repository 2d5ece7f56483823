// The whole of glifr_train: parses the command line, calls the experiment layer, prints. Exit codes: 0 done, 1 the run
// failed, 2 what was asked is wrong, 130 interrupted.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "common/program.hpp"
#include "glifr/analysis/figures.hpp"
#include "glifr/apps/train.hpp"
#include "glifr/backend/gpu.hpp"
#include "glifr/backend/parallel.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/benchmark.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/plan.hpp"
#include "glifr/io/json.hpp"
#include "glifr/paper/models.hpp"
#include "options.hpp"
#include "progress.hpp"

namespace glifr::apps {

namespace {

std::atomic<bool> stop_requested = false;

/// The first Ctrl-C asks the run to stop after its step; the handler then goes, so that a second one ends the process
/// at once.
void request_stop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

glifr::Config make_config(const Options& o) {
  glifr::Config config = o.config.empty() ? glifr::Config(o.task.value_or(std::string(glifr::default_task)))
                                          : glifr::Config::from_file(o.config, o.task);
  for (const std::string& assignment : o.set) config.set(assignment);
  if (o.epochs) config.set("max_epochs=" + std::to_string(*o.epochs));
  if (!o.monitor.empty()) config.set("monitor=" + o.monitor);
  if (o.tensorboard) config.set("tensorboard=true");
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

/// Says what differs from the trial whose config.json is the file of settings: options are not taken from it.
void note_other_options(const Options& o, const glifr::Config& config, Progress& progress) {
  const bool is_float64 = o.run.precision == glifr::Precision::float64;
  const bool is_fused = o.run.engine == glifr::Engine::fused;
  const std::pair<const char*, boost::json::value> here[] = {{"seed", o.run.seed},
                                                             {"trial", o.first_trial},
                                                             {"precision", is_float64 ? "float64" : "float32"},
                                                             {"engine", is_fused ? "fused" : "composed"}};
  for (const auto& [name, value] : here) {
    const boost::json::value* there = config.record().if_contains(name);
    if (!there || *there == value) continue;
    progress.print(o.config.string() + ": records " + name + " " + glifr::to_line(*there) + "; this run has " +
                   glifr::to_line(value));
  }
}

/// Settles where to compute; DeviceUnavailable or ConfigError where what was asked for cannot be.
void choose_device(Options& o) {
  const glifr::GpuSettings gpu{.ordinal = gpu_ordinal(o.run.device).value_or(0), .uses_tf32 = o.uses_tf32};
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
  char text[128];
  if (outcome.accuracy) {
    std::snprintf(text, sizeof text, "test accuracy %.2f %%, test loss %.5g", 100 * *outcome.accuracy,
                  outcome.test.loss());
  } else {
    std::snprintf(text, sizeof text, "test loss %.6g", outcome.test.loss());
  }
  return trial.label() + ": " + text + " (" + folder.string() + ")";
}

/// Prints a trial's result and draws its figure as soon as it ends.
class Reporter final : public glifr::TrialObserver {
 public:
  Reporter(Progress& progress, const glifr::RunOptions& options) : progress_(progress), options_(options) {}

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
  void end(const glifr::Trial& trial, const glifr::TrialOutcome& outcome) override {
    progress_.remove(trial);
    if (outcome.state == glifr::TrialOutcome::State::interrupted) return;
    const glifr::TrialFolder folder = trial.folder(options_.out);
    progress_.print(result_line(trial, outcome, folder.path()));
    if (!options_.draws_figures || outcome.state == glifr::TrialOutcome::State::skipped) return;
    const auto drawing =
        glifr::analysis::draw_training_curve(folder.metrics(), trial.settings.model.name, folder.path());
    if (!drawing.is_drawn) progress_.print(trial.label() + ": no figure: " + drawing.problem);
  }

 private:
  Progress& progress_;
  const glifr::RunOptions& options_;
};

int run(const Options& asked) {
  Options o = asked;
  const glifr::Config config = make_config(o);
  const std::vector<glifr::Config> variations = config.sweep(o.sweep);
  const std::vector<glifr::Model> asked_models = choose_models(o, config);
  choose_device(o);
  const glifr::Index threads = o.threads > 0 ? o.threads : glifr::hardware_threads();
  const glifr::ThreadLimit limit(threads);

  Progress progress(isatty(STDOUT_FILENO) != 0);
  const auto reading = [&](const std::string& what, glifr::Index done, glifr::Index total) {
    progress.reading(what, done, total);
  };
  glifr::DataStore data({.root = o.data, .cache = o.cache, .progress = reading});
  if (o.print_config || o.benchmark) {
    for (const glifr::Config& variation : variations) {
      for (const glifr::Model& model : asked_models) {
        const glifr::Settings settings = variation.resolve(model, &data.files());
        if (o.print_config) {
          std::cout << glifr::to_text(to_json(settings)) << '\n';
        } else {
          std::cout << boost::json::serialize(glifr::run_benchmark(settings, o.run, threads, o.benchmark_seconds))
                    << std::endl;
        }
      }
    }
    return 0;
  }

  std::vector<glifr::PlannedTrial> plan;
  for (const glifr::Config& variation : variations) {
    const std::size_t offset = plan.size();
    for (glifr::PlannedTrial& planned :
         glifr::make_plan(variation, asked_models, o.first_trial, o.trials, o.run, data.files())) {
      if (planned.after) *planned.after += offset;
      plan.push_back(std::move(planned));
    }
  }
  progress.expect(plan.size());
  for (const glifr::PlannedTrial& planned : plan) {
    if (planned.is_prerequisite) progress.note(planned.trial, "trained first, for another model starts from it");
  }
  note_other_options(o, config, progress);
  Reporter reporter(progress, o.run);
  std::signal(SIGINT, request_stop);
  std::signal(SIGTERM, request_stop);
  const glifr::Index jobs =
      o.jobs > 0 ? std::min({o.jobs, threads, std::ssize(plan)}) : glifr::choose_jobs(plan, threads);
  const auto outcomes = glifr::run_plan(plan, o.run, data, threads, jobs, stop_requested, reporter);

  bool failed = false;
  for (const auto& [outcome, failure] : outcomes) {
    if (failure.empty()) continue;
    failed = true;
    std::cerr << "glifr_train: " << failure << '\n';
  }
  if (stop_requested) {
    progress.print("interrupted; go on with the same command and --resume");
    return 130;
  }
  return failed ? 1 : 0;
}

}  // namespace

int run_train(int argc, char** argv) {
  return cli::run_program("glifr_train", [&] {
    const ParsedOptions parsed = parse_options(argc, argv);
    return parsed.exit_code ? *parsed.exit_code : run(parsed.options);
  });
}

}  // namespace glifr::apps
