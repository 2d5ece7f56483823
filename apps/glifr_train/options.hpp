#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/experiment/trial.hpp"

namespace glifr::apps {

/// A part of a plan: number `part`, from 1, of `parts`.
struct Shard {
  std::size_t part, parts;
};

/// What the command line of glifr_train asks for, as it was typed.
struct Options {
  std::optional<std::string> task, model;
  std::filesystem::path config, data, cache;
  std::vector<std::string> set, sweep;
  std::optional<glifr::Index> epochs;
  glifr::Index trials = 1, first_trial = 0, threads = 0, jobs = 0;
  glifr::RunOptions run;
  std::string monitor, distribute = "auto";
  std::optional<std::string> name;
  std::optional<Shard> shard;
  bool tensorboard = false, draws_figures = true;
  bool benchmark = false, print_config = false, uses_tf32 = false;
  double benchmark_seconds = 3;
};

/// The number of the GPU that "cuda" or "cuda:N" names; nothing for other devices.
[[nodiscard]] std::optional<int> gpu_ordinal(std::string_view device);

/// Parses the command line. Help and version are printed here; `exit_code` is then set, as it is where the command line
/// is wrong.
struct ParsedOptions {
  Options options;
  std::vector<std::string> names;  // of all options that there are, without "--"
  std::optional<int> exit_code;
};
[[nodiscard]] ParsedOptions parse_options(int argc, char** argv);

}  // namespace glifr::apps
