#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "glifr/experiment/trial.hpp"

namespace glifr::apps {

/// Shows how training goes on: on a terminal one line that is rewritten and fits its width, elsewhere plain lines from
/// time to time.
class Progress final : public glifr::TrialObserver {
 public:
  /// Where it is told to be silent, lines that stay are only kept.
  explicit Progress(bool is_terminal, bool is_silent = false) : is_terminal_(is_terminal), is_silent_(is_silent) {}

  /// How many trials there will be.
  void expect(std::size_t trials) { trials_ = trials; }

  void note(const glifr::Trial& trial, const std::string& text) override;
  void begin(const glifr::Trial& trial, glifr::Index steps_per_epoch, glifr::Index samples) override;
  void after_step(const glifr::Trial& trial, const glifr::Position& position) override;
  void after_epoch(const glifr::Trial& trial, const glifr::EpochReport& report) override;
  void after_validation(const glifr::Trial& trial, double loss, std::optional<double> accuracy) override;

  /// A line that stays.
  void print(const std::string& line);
  /// What was printed while it was silent.
  [[nodiscard]] std::string kept() const { return kept_; }
  /// Long reading of data.
  void reading(const std::string& what, glifr::Index done, glifr::Index total);
  /// A trial ended; its line on the terminal goes.
  void remove(const glifr::Trial& trial);

 private:
  using Clock = std::chrono::steady_clock;
  struct Running {
    glifr::Index steps_per_epoch = 1, samples = 0, first_step = -1;
    glifr::EpochReport last{};
    std::optional<double> val_loss{}, val_acc{};
    glifr::Position position{};
    Clock::time_point started = Clock::now();
    std::string label;
    glifr::Index max_epochs = 1;
  };

  [[nodiscard]] std::string describe(const Running& running, std::size_t columns) const;
  void show();
  void erase();

  std::size_t trials_ = 1, finished_ = 0;
  bool is_terminal_, is_silent_;
  std::string kept_;
  std::mutex mutex_;
  std::map<const glifr::Trial*, Running> running_;
  Clock::time_point shown_ = Clock::now();
  bool line_is_open_ = false;
};

}  // namespace glifr::apps
