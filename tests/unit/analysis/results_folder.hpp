#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "glifr/io/csv.hpp"
#include "support/files.hpp"

namespace glifr::test {

/// Writes what glifr_train leaves of a trial, checkpoints aside: three epochs whose loss halves down to `loss`.
inline std::filesystem::path write_trial(const std::filesystem::path& results, const std::string& task,
                                         const std::string& model, int number, double loss,
                                         std::optional<double> accuracy) {
  const auto folder = results / task / model / ("trial_" + std::to_string(number));
  write_text(folder / "config.json", "{\"task\": \"" + task + "\", \"model\": \"" + model +
                                         "\", \"seed\": " + std::to_string(number) +
                                         ", \"version\": \"0.1.0\", \"max_epochs\": 3, \"hidden_size\": 8}\n");
  std::string metrics = "epoch,train_loss,train_acc,seconds\n";
  for (int epoch = 1; epoch <= 3; ++epoch) {
    metrics += std::to_string(epoch) + "," + format_number(loss * (8 >> epoch)) + "," +
               (accuracy ? format_number(*accuracy * epoch / 3) : std::string()) + ",0.5\n";
  }
  write_text(folder / "metrics.csv", metrics);
  write_text(folder / "test.json", "{\"test_loss\": " + format_number(loss) + ", \"test_acc\": " +
                                       (accuracy ? format_number(*accuracy) : std::string("null")) +
                                       ", \"samples\": 6}\n");
  return folder;
}

/// The published results (results.csv: task, model, trial, test_acc, test_loss, final_train_loss) in the form of a
/// results folder.
inline void write_published_results(const std::filesystem::path& csv, const std::filesystem::path& results) {
  std::ifstream file(csv);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string task, model, trial, accuracy, loss;
    for (std::string* cell : {&task, &model, &trial, &accuracy, &loss}) std::getline(cells, *cell, ',');
    write_trial(results, task, model, std::stoi(trial), std::stod(loss),
                accuracy.empty() ? std::nullopt : std::optional(std::stod(accuracy)));
  }
}

}  // namespace glifr::test
