#pragma once

#include <filesystem>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/process.hpp"

namespace glifr::test {

/// The Python interpreter of the tests, $GLIFR_PYTHON or python3 in the PATH, where it has the modules ("numpy, h5py").
inline std::optional<std::string> python_with(const std::string& modules) {
  std::vector<std::string> candidates;
  if (const auto chosen = environment("GLIFR_PYTHON")) {
    candidates.push_back(*chosen);
  } else {
    std::istringstream folders(environment("PATH").value_or(""));
    for (std::string folder; std::getline(folders, folder, ':');) candidates.push_back(folder + "/python3");
  }
  const TemporaryFolder folder;
  for (const std::string& interpreter : candidates) {
    if (!std::filesystem::exists(interpreter)) continue;
    if (Process({interpreter, "-c", "import " + modules}, folder.path()).wait().exit_code == 0) return interpreter;
  }
  return std::nullopt;
}

/// Runs a Python script in a folder, where it may leave files; what it prints. Throws with its complaints where it
/// fails.
inline std::string run_python(const std::string& interpreter, const std::filesystem::path& folder,
                              const std::string& script) {
  const std::string in_folder = "import os\nos.chdir('" + folder.string() + "')\n";
  const TemporaryFolder output;
  const Finished finished = Process({interpreter, "-c", in_folder + script}, output.path()).wait();
  if (finished.exit_code != 0) throw std::runtime_error("Python failed: " + finished.error);
  return finished.out;
}

}  // namespace glifr::test
