#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/neurons/range.hpp"

/// The options of both programs. CLI11 finds them on the command line; what their values may be is decided here, by the
/// one parser of numbers (glifr/io/number.hpp). A value that is not accepted is a ConfigError that names the option,
/// the value as it was typed, and what is accepted.
namespace glifr::apps::cli {

/// Counts and numbers of things.
inline constexpr glifr::Range counts{.lowest = 1, .highest = 1e9};
/// The same with 0.
inline constexpr glifr::Range counts_or_none{.lowest = 0, .highest = 1e9};
/// Threads, and what runs on them.
inline constexpr glifr::Range threads{.lowest = 1, .highest = 4096};

/// A whole number in decimal digits.
CLI::Option* add_integer(CLI::App& app, const std::string& name, glifr::Index& value, const glifr::Range& range,
                         const std::string& help);
/// The same where the option may be absent.
CLI::Option* add_integer(CLI::App& app, const std::string& name, std::optional<glifr::Index>& value,
                         const glifr::Range& range, const std::string& help);
/// A seed: 0 to 2^64 - 1.
CLI::Option* add_seed(CLI::App& app, std::uint64_t& value, const std::string& help);
/// A number.
CLI::Option* add_number(CLI::App& app, const std::string& name, double& value, const glifr::Range& range,
                        const std::string& help);
/// The same where the option may be absent.
CLI::Option* add_number(CLI::App& app, const std::string& name, std::optional<double>& value, const glifr::Range& range,
                        const std::string& help);
/// Numbers with commas between them, at least one.
CLI::Option* add_numbers(CLI::App& app, const std::string& name, std::vector<double>& values, const glifr::Range& range,
                         const std::string& help);

/// A text that is not empty, as names are. One that begins with "--" is a forgotten value before the next option.
CLI::Option* add_text(CLI::App& app, const std::string& name, std::string& value, const std::string& help);
/// The same where the option may be absent.
CLI::Option* add_text(CLI::App& app, const std::string& name, std::optional<std::string>& value,
                      const std::string& help);
/// A file or folder: a text that is not empty.
CLI::Option* add_path(CLI::App& app, const std::string& name, std::filesystem::path& value, const std::string& help);
/// One of several words.
CLI::Option* add_choice(CLI::App& app, const std::string& name, std::string& value,
                        const std::vector<std::string>& choices, const std::string& help);

/// The key that "lr=0.1" changes.
[[nodiscard]] std::string key_of(const std::string& assignment);

/// --threads, the number of them; 0 stays where the option is absent.
CLI::Option* add_threads(CLI::App& app, glifr::Index& value);
/// Threads of a process where --threads does not say: SLURM_CPUS_PER_TASK, or the processors that it may use, of which
/// `sharing` processes that may use the same ones take equal parts.
[[nodiscard]] glifr::Index default_threads(glifr::Index sharing = 1);
/// --cpu-target, which is in use from when it is parsed on.
void add_cpu_target(CLI::App& app);
/// --version: the program, the library's version, and the instruction set in use.
void add_version(CLI::App& app);

/// Parses the command line. Where that ends the program, having printed help or version, the exit code; nothing where
/// the program may go on. Error where the command line is wrong.
[[nodiscard]] std::optional<int> parse(CLI::App& app, int argc, char** argv);

}  // namespace glifr::apps::cli
