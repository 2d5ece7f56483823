// glifr_train: parses the command line, calls the experiment layer, prints. Exit codes: 0 done, 1 the run failed, 2
// what was asked is wrong, 130 interrupted.
#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "glifr/analysis/figures.hpp"
#include "glifr/backend/gpu.hpp"
#include "glifr/backend/parallel.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/benchmark.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/plan.hpp"
#include "glifr/io/json.hpp"
#include "options.hpp"
#include "progress.hpp"

namespace {

std::atomic<bool> stop_requested = false;

/// The first Ctrl-C asks the run to stop after its step; the handler then goes, so that a second one ends the process
/// at once.
void request_stop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

glifr::Config make_config(const Options& o) {
  const auto task = o.task.empty() ? std::nullopt : std::optional<std::string_view>(o.task);
  glifr::Config config =
      o.config.empty() ? glifr::Config(task.value_or(glifr::default_task)) : glifr::Config::from_file(o.config, task);
  for (const std::string& assignment : o.set) config.set(assignment);
  if (o.epochs) config.set("max_epochs=" + std::to_string(*o.epochs));
  return config;
}

/// Settles where to compute; DeviceError or ConfigError where what was asked for cannot be.
void choose_device(Options& o) {
  const glifr::GpuSettings gpu{.ordinal = gpu_ordinal(o.run.device).value_or(0), .uses_tf32 = o.uses_tf32};
  const auto problem = o.run.device == "cpu" ? "the processor was asked for" : glifr::gpu_problem(gpu.ordinal);
  if (problem && gpu_ordinal(o.run.device))
    throw glifr::DeviceError("--device " + o.run.device, *problem + "; accepted here: auto, cpu");
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
  void end(const glifr::Trial& trial, const glifr::TrialOutcome& outcome) override {
    progress_.remove(trial);
    if (outcome.state == glifr::TrialOutcome::State::interrupted) return;
    const auto folder = trial.folder(options_.out);
    progress_.print(result_line(trial, outcome, folder));
    if (!options_.draws_figures || outcome.state == glifr::TrialOutcome::State::skipped) return;
    const auto drawing = glifr::analysis::draw_training_curve(folder / "metrics.csv", trial.settings.model, folder);
    if (!drawing.is_drawn) progress_.print(trial.label() + ": no figure: " + drawing.problem);
  }

 private:
  Progress& progress_;
  const glifr::RunOptions& options_;
};

int run(const Options& asked) {
  Options o = asked;
  const glifr::Config config = make_config(o);
  const std::vector<glifr::Model> asked_models = glifr::select_models(o.model, config.task(), config.base_task());
  choose_device(o);
  const glifr::Index threads = o.threads > 0 ? o.threads : glifr::hardware_threads();
  const glifr::ThreadLimit limit(threads);

  if (o.print_config || o.benchmark) {
    for (const glifr::Model& model : asked_models) {
      const glifr::Settings settings = config.resolve(model);
      if (o.print_config) {
        std::cout << glifr::to_text(to_json(settings)) << '\n';
      } else {
        std::cout << boost::json::serialize(glifr::run_benchmark(settings, o.run, threads, o.benchmark_seconds))
                  << std::endl;
      }
    }
    return 0;
  }

  const auto plan = glifr::make_plan(config, asked_models, o.first_trial, o.trials, o.run);
  Progress progress(plan.size(), isatty(STDOUT_FILENO) != 0);
  for (const glifr::PlannedTrial& planned : plan) {
    if (planned.is_prerequisite) progress.note(planned.trial, "trained first, for another model starts from it");
  }
  Reporter reporter(progress, o.run);
  glifr::DataStore data(o.data, o.cache, [&](const std::string& what, glifr::Index done, glifr::Index total) {
    progress.reading(what, done, total);
  });
  std::signal(SIGINT, request_stop);
  std::signal(SIGTERM, request_stop);
  const glifr::Index jobs = o.jobs > 0 ? std::min<glifr::Index>(o.jobs, threads) : glifr::choose_jobs(plan, threads);
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

/// 2 where the request or its input is wrong, 1 where the run failed.
int exit_code_of(const glifr::Error& error) {
  const bool run_failed = dynamic_cast<const glifr::NumericError*>(&error) ||
                          dynamic_cast<const glifr::OutputError*>(&error) ||
                          dynamic_cast<const glifr::DeviceFault*>(&error);
  return run_failed ? 1 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that reaches the limit on its size is an error of the write, not the end
  const ParsedOptions parsed = parse_options(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  try {
    return run(parsed.options);
  } catch (const glifr::Error& error) {
    std::cerr << "glifr_train: " << error.what() << std::endl;
    return exit_code_of(error);
  } catch (const std::exception& error) {
    std::cerr << "glifr_train: " << error.what() << std::endl;
    return 1;
  }
}
