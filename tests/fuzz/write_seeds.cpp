#include <filesystem>
#include <iostream>

#include "support/files.hpp"
#include "targets.hpp"

/// Writes the seeds of every target to FOLDER/TARGET, where its fuzzer takes them from.
int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: fuzz_seeds FOLDER\n";
    return 2;
  }
  for (const glifr::test::FuzzTarget& target : glifr::test::fuzz_targets) {
    int number = 0;
    for (const std::string& seed : target.seeds()) {
      const std::filesystem::path folder = std::filesystem::path(arguments[1]) / target.name;
      glifr::test::write_text(folder / ("seed-" + std::to_string(number++)), seed);
    }
  }
}
