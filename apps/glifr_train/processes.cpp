#include "processes.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdint>
#include <thread>

#include "common/options.hpp"
#include "glifr/backend/cpu_target.hpp"
#include "glifr/backend/processors.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/io/detail/fnv1a.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/version.hpp"

namespace glifr::apps {

namespace {

/// This machine, and the processors that this process may run on.
std::string place() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::string text = std::string(host.data()) + ":";
  for (const glifr::Index processor : glifr::allowed_processors()) text += " " + std::to_string(processor);
  return text;
}

std::string describe_build() {
  return "glifr " + std::string(glifr::version()) + ", program of checksum " +
         std::to_string(glifr::detail::fnv1a_64(glifr::read_file("/proc/self/exe"))) + ", kernels for " +
         std::string(to_string(glifr::cpu_target()));
}

/// All that decides what is computed, and where it goes, a line each.
std::string describe_run(const Options& o, const std::vector<glifr::PlannedTrial>& plan) {
  constexpr const char* existing[] = {"neither --resume nor --overwrite", "--resume", "--overwrite"};
  std::string text = "--out " + o.run.out.string() + "\n--seed " + std::to_string(o.run.seed) + "\n--precision " +
                     std::string(to_string(o.run.precision)) + "\n--engine " + std::string(to_string(o.run.engine)) +
                     "\n" + existing[static_cast<std::size_t>(o.run.existing)] + "\n--distribute " + o.distribute +
                     "\n--device " + o.run.device;
  for (const glifr::PlannedTrial& planned : plan)
    text += "\ntrial " + std::to_string(planned.trial.number) + " " + glifr::to_line(to_json(planned.trial.settings));
  return text + "\n";
}

/// The line of a text around a place; of a long one what is near.
std::string line_at(const std::string& text, std::size_t place) {
  constexpr std::size_t before = 24, longest = 64;
  const std::size_t line = place == 0 ? 0 : text.rfind('\n', place - 1) + 1;
  const std::size_t first = std::max(line, place < before ? 0 : place - before);
  const std::size_t from = place - line < longest ? line : first;
  return text.substr(from, std::min(text.find('\n', place) - from, longest + (first - from)));
}

}  // namespace

glifr::Index default_threads(glifr::LaunchedGroup* group) {
  if (!group) return cli::default_threads();
  const std::string here = place();
  return cli::default_threads(std::ranges::count(group->gather_texts(here), here));
}

void require_same_run(glifr::LaunchedGroup& group, const Options& options,
                      const std::vector<glifr::PlannedTrial>& plan) {
  const std::vector<std::string> builds = group.gather_texts(describe_build());
  const std::vector<std::string> runs = group.gather_texts(describe_run(options, plan));
  for (std::size_t r = 1; r < builds.size(); ++r) {
    const std::string process = "process " + std::to_string(r);
    if (builds[r] != builds.front())
      throw glifr::ConfigError(
          process, "runs " + builds[r] + ", process 0 " + builds.front() + "; all processes must run the same");
    if (runs[r] == runs.front()) continue;
    // The first line in which they differ says most.
    const auto place = static_cast<std::size_t>(std::ranges::mismatch(runs[r], runs.front()).in1 - runs[r].begin());
    throw glifr::ConfigError(process, "was asked for something else than process 0, or sees other results in " +
                                          options.run.out.string() + ": '" + line_at(runs[r], place) + "' and '" +
                                          line_at(runs.front(), place) + "'");
  }
}

bool shares_trials(const glifr::LaunchedGroup& group, const Options& options,
                   const std::vector<glifr::PlannedTrial>& plan) {
  const std::vector<std::size_t> chains = glifr::chains_of(plan);
  const auto count = chains.empty() ? 0 : static_cast<glifr::Index>(std::ranges::max(chains)) + 1;
  return options.distribute == "trials" || (options.distribute == "auto" && count >= group.size());
}

void run_beside_others(glifr::LaunchedGroup& group, std::atomic<bool>& stop, const std::function<void()>& f) {
  std::atomic<bool> is_done = false;
  std::exception_ptr error;
  std::jthread worker([&] {
    try {
      f();
    } catch (...) {
      error = std::current_exception();
      stop = true;  // the others end with a checkpoint
    }
    is_done = true;
  });
  group.share_until_done(stop, [&] { return is_done.load(); });
  worker.join();
  glifr::agree(group, error);
}

}  // namespace glifr::apps
