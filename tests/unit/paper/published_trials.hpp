#pragma once

#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <functional>
#include <string>

#include "glifr/experiment/config.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"
#include "glifr/paper/published.hpp"
#include "support/files.hpp"

namespace glifr::test {

/// What is changed in the settings of a trial.
using Change = std::function<void(boost::json::object&)>;

/// Writes what glifr_train leaves of a trial with the published settings, checkpoints aside: three epochs whose loss
/// halves down to `loss`. The test result is `result`: an accuracy where the task has classes.
inline std::filesystem::path write_published_trial(const std::filesystem::path& results, const std::string& task,
                                                   const std::string& model, int number, double result,
                                                   double training_loss, const Change& change = {}) {
  const auto folder = results / task / model / ("trial_" + std::to_string(number));
  boost::json::object config = to_json(Config(task).resolve(find_model(model)));
  config["seed"] = number;
  config["version"] = "0.1.0";
  if (change) change(config);
  write_text(folder / "config.json", to_text(config));
  const paper::PublishedResult* published = paper::find_published(task, model);
  const bool has_accuracy = published && published->accuracy.count > 0;
  std::string metrics = "epoch,train_loss,train_acc,seconds\n";
  for (int epoch = 1; epoch <= 3; ++epoch) {
    metrics += std::to_string(epoch) + "," + format_number(training_loss * (8 >> epoch)) + "," +
               (has_accuracy ? "0.5" : "") + ",2\n";
  }
  write_text(folder / "metrics.csv", metrics);
  write_text(folder / "test.json", "{\"test_loss\": " + format_number(has_accuracy ? 0.1 : result) +
                                       ", \"test_acc\": " + (has_accuracy ? format_number(result) : "null") +
                                       ", \"samples\": " + std::to_string(paper::published_test_samples(task)) + "}\n");
  return folder;
}

/// The same of `trials` trials, whose results have a mean that is `shift` published standard deviations from the
/// published one, and its standard deviation.
inline void write_published_trials(const std::filesystem::path& results, const std::string& task,
                                   const std::string& model, int trials, double shift, const Change& change = {}) {
  const paper::PublishedResult* published = paper::find_published(task, model);
  const analysis::Moments& moments = published->accuracy.count > 0 ? published->accuracy : published->loss;
  for (int i = 0; i < trials; ++i) {
    // Half of the trials above the mean, half below it by as much; sd with n - 1 in the denominator.
    const double side = trials == 1 ? 0 : std::sqrt((trials - 1.0) / trials) * (i % 2 == 0 ? 1 : -1);
    write_published_trial(results, task, model, i, moments.mean + moments.sd * (shift + side), published->training.mean,
                          change);
  }
}

}  // namespace glifr::test
