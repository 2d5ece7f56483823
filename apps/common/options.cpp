#include "options.hpp"

#include <algorithm>
#include <cstdlib>

#include "glifr/backend/cpu_target.hpp"
#include "glifr/backend/processors.hpp"
#include "glifr/error.hpp"
#include "glifr/io/json_members.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"
#include "glifr/version.hpp"

namespace glifr::apps::cli {
namespace {

using glifr::ConfigError;
using glifr::Index;
using glifr::Range;

[[noreturn]] void refuse(const std::string& option, std::string_view typed, const std::string& accepted) {
  throw ConfigError(option, "found " + glifr::quote_unless_number(typed) + "; accepted: " + accepted);
}

Index to_integer(const std::string& option, std::string_view typed, const Range& range) {
  const std::optional<Index> number = glifr::parse_integer(typed);
  if (!number || !range.contains(static_cast<double>(*number))) refuse(option, typed, to_string(range, true));
  return *number;
}

double to_number(const std::string& option, std::string_view typed, const Range& range) {
  const std::optional<double> number = glifr::parse_number(typed);
  if (!number || !range.contains(*number)) refuse(option, typed, to_string(range));
  return *number;
}

std::string to_text(const std::string& option, const std::string& typed) {
  if (typed.empty()) refuse(option, typed, "a text that is not empty");
  if (typed.starts_with("--")) refuse(option, typed, "its value, before the next option (or './" + typed + "')");
  return typed;
}

/// An option that may be given once, with a value that `take` is called with.
template <class Take>
CLI::Option* add_once(CLI::App& app, const std::string& name, const std::string& help, Take take) {
  // What is triggered while the words are read is called for each of them.
  const auto take_only = [name, take, times = std::size_t{0}](const CLI::results_t& typed) mutable {
    times += typed.size();
    if (times > 1) {
      const std::string often = times == 2 ? "twice" : std::to_string(times) + " times";
      throw ConfigError(name, "is given " + often + "; accepted: once");
    }
    take(typed.front());
    return true;
  };
  return app.add_option(name, take_only, help)->take_all();
}

/// An option with one value, which `convert` makes of the text.
template <class Value, class Convert>
CLI::Option* add(CLI::App& app, const std::string& name, Value& value, const std::string& help, Convert convert) {
  return add_once(app, name, help, [&value, convert](const std::string& typed) { value = convert(typed); });
}

/// The same, with its value as the default that --help shows where the caller captures it.
template <class Value, class Convert, class Show>
CLI::Option* add(CLI::App& app, const std::string& name, Value& value, const std::string& help, Convert convert,
                 Show show) {
  return add(app, name, value, help, convert)->default_function([&value, show] { return show(value); });
}

}  // namespace

CLI::Option* add_integer(CLI::App& app, const std::string& name, Index& value, const Range& range,
                         const std::string& help) {
  return add(
      app, name, value, help, [name, range](const std::string& typed) { return to_integer(name, typed, range); },
      [](Index number) { return std::to_string(number); });
}

CLI::Option* add_integer(CLI::App& app, const std::string& name, std::optional<Index>& value, const Range& range,
                         const std::string& help) {
  return add(app, name, value, help,
             [name, range](const std::string& typed) { return to_integer(name, typed, range); });
}

CLI::Option* add_seed(CLI::App& app, std::uint64_t& value, const std::string& help) {
  const auto convert = [](const std::string& typed) {
    const std::optional<std::uint64_t> seed = glifr::parse_unsigned(typed);
    if (!seed) refuse("--seed", typed, "an integer >= 0 and <= 18446744073709551615");
    return *seed;
  };
  return add(app, "--seed", value, help, convert, [](std::uint64_t seed) { return std::to_string(seed); });
}

CLI::Option* add_number(CLI::App& app, const std::string& name, double& value, const Range& range,
                        const std::string& help) {
  return add(
      app, name, value, help, [name, range](const std::string& typed) { return to_number(name, typed, range); },
      [](double number) { return glifr::format_number(number); });
}

CLI::Option* add_number(CLI::App& app, const std::string& name, std::optional<double>& value, const Range& range,
                        const std::string& help) {
  return add(app, name, value, help, [name, range](const std::string& typed) { return to_number(name, typed, range); });
}

CLI::Option* add_numbers(CLI::App& app, const std::string& name, std::vector<double>& values, const Range& range,
                         const std::string& help) {
  const auto convert = [name, range](const std::string& typed) {
    std::vector<double> numbers;
    for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
      end = typed.find(',', begin);
      numbers.push_back(to_number(name, std::string_view(typed).substr(begin, end - begin), range));
    }
    return numbers;
  };
  return add(app, name, values, help, convert, [](const std::vector<double>& numbers) {
    return glifr::joined(numbers, ",", [](double number) { return glifr::format_number(number); });
  });
}

CLI::Option* add_text(CLI::App& app, const std::string& name, std::string& value, const std::string& help) {
  return add(
      app, name, value, help, [name](const std::string& typed) { return to_text(name, typed); },
      [](const std::string& text) { return text; });
}

CLI::Option* add_text(CLI::App& app, const std::string& name, std::optional<std::string>& value,
                      const std::string& help) {
  return add(app, name, value, help, [name](const std::string& typed) { return to_text(name, typed); });
}

CLI::Option* add_path(CLI::App& app, const std::string& name, std::filesystem::path& value, const std::string& help) {
  return add(
      app, name, value, help, [name](const std::string& typed) { return to_text(name, typed); },
      [](const std::filesystem::path& path) { return path.string(); });
}

CLI::Option* add_choice(CLI::App& app, const std::string& name, std::string& value,
                        const std::vector<std::string>& choices, const std::string& help) {
  const auto convert = [name, choices](const std::string& typed) {
    if (std::ranges::find(choices, typed) == choices.end()) refuse(name, typed, glifr::joined(choices));
    return typed;
  };
  return add(app, name, value, help, convert, [](const std::string& word) { return word; });
}

std::string key_of(const std::string& assignment) {
  return assignment.substr(0, assignment.find('='));
}

CLI::Option* add_threads(CLI::App& app, Index& value) {
  return add_integer(app, "--threads", value, threads,
                     "Threads of the whole process (default: SLURM_CPUS_PER_TASK, or the processors that it may use)")
      ->type_name("N");
}

Index default_threads(Index sharing) {
  const Index available = glifr::available_processors();
  if (const char* text = std::getenv("SLURM_CPUS_PER_TASK")) {
    if (const auto count = glifr::parse_integer(text); count && *count > 0) return std::min(*count, available);
  }
  return std::max<Index>(1, available / sharing);
}

void add_cpu_target(CLI::App& app) {
  const auto use = [](const std::string& typed) {
    glifr::use_cpu_target(glifr::parse_cpu_target(to_text("--cpu-target", typed), "--cpu-target"));
  };
  add_once(app, "--cpu-target",
           "Instruction set of the kernels: baseline, x86-64-v3, x86-64-v4 or x86-64-v4-amx; results differ between "
           "them by rounding (default $GLIFR_CPU_TARGET, then auto: the highest that this machine has)",
           use)
      ->type_name("NAME")
      ->trigger_on_parse();
}

void add_version(CLI::App& app) {
  app.add_flag_callback(
         "--version",
         [&app] {
           throw CLI::CallForVersion(app.get_name() + " " + std::string(glifr::version()) + " (kernels for " +
                                         std::string(to_string(glifr::cpu_target())) + ")",
                                     0);
         },
         "Print the version and the instruction set of the kernels, and exit")
      ->configurable(false);
}

std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    // CLI11 would take the next word for the value.
    const std::string_view word = argv[i];
    if (word.starts_with("--") && word.find('=') == word.size() - 1) {
      refuse(std::string(word.substr(0, word.size() - 1)), "", "a value behind the '='");
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    const std::vector<CLI::App*> subcommands = app.get_subcommands();
    const std::string subcommand = subcommands.empty() ? "" : " " + subcommands.front()->get_name();
    throw glifr::Error(std::string(error.what()) + " (see " + app.get_name() + subcommand + " --help)");
  }
  (void)glifr::cpu_target();  // what the environment says is wrong before anything is written
  return std::nullopt;
}

}  // namespace glifr::apps::cli
