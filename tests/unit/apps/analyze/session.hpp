#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "glifr/analysis/parameters.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/safetensors.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "support/python.hpp"
#include "support/torch_files.hpp"
#include "unit/analysis/results_folder.hpp"
#include "unit/datasets/fixtures.hpp"

/// What the tests of glifr_analyze run in.
namespace glifr::test::analyze {

namespace fs = std::filesystem;
using test::Finished;
using test::Process;
using test::TemporaryFolder;

/// A folder of its own for a test, with programs that run in it.
class Session {
 public:
  Finished analyze(const std::string& arguments) const { return run(GLIFR_ANALYZE, arguments); }
  /// With the neuron `test::Spiking`.
  Finished analyze_custom(const std::string& arguments) const { return run(GLIFR_CUSTOM_ANALYZE, arguments); }
  Finished train(const std::string& arguments) const {
    return run(GLIFR_TRAIN, arguments + " --no-figures --out " + results().string());
  }

  fs::path results() const { return folder_.path() / "results"; }
  fs::path out() const { return folder_.path() / "out"; }
  fs::path file(const std::string& name) const { return folder_.path() / name; }
  std::string out_option() const { return " --out " + out().string(); }

 private:
  Finished run(const char* program, const std::string& arguments) const {
    std::vector<std::string> words{program};
    std::istringstream stream(arguments);
    for (std::string word; stream >> word;) words.push_back(word);
    return Process(words, folder_.path()).wait();
  }

  TemporaryFolder folder_;
};

inline std::ptrdiff_t count_lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

inline void require_refused(const Finished& run, const std::string& culprit) {
  CAPTURE(run.error, culprit);
  CHECK(run.exit_code == 2);
  CHECK(count_lines(run.error) == 1);
  CHECK_THAT(run.error, Catch::StartsWith("glifr_analyze: ") && Catch::Contains(culprit));
}

/// A trained sine network, quickly.
inline void train_sine(const Session& session, const std::string& models, int epochs = 3) {
  const Finished run =
      session.train("--task sine --model " + models + " --epochs " + std::to_string(epochs) + " --set hidden_size=16");
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
}

}  // namespace glifr::test::analyze
