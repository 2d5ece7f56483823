#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

#include "common/format.hpp"

namespace glifr::apps {

using glifr::Index;

namespace {

/// "1:02:03", "0:20"
std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole >= 3600) return format("%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  return format("%ld:%02ld", whole / 60, whole % 60);
}

std::string bar(double share, std::size_t width) {
  const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(width));
  return "[" + std::string(full, '=') + std::string(width - full, ' ') + "]";
}

/// Columns of the terminal, asked each time, for it may have been resized.
std::size_t terminal_columns() {
  constexpr std::size_t usual = 80;
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

/// Part of a line, with what separates it from the part before it.
struct Part {
  std::string separator, text;
  int rank = 0;  // the part of the highest rank is left out first
};

std::string join(const std::vector<Part>& parts) {
  std::string line;
  for (const Part& part : parts) line += (line.empty() ? "" : part.separator) + part.text;
  return line;
}

/// The line with as many of its parts as there is room for; what remains at last is cut.
std::string fit(std::vector<Part> parts, std::size_t columns) {
  std::string line = join(parts);
  while (line.size() > columns && parts.size() > 1) {
    parts.erase(std::ranges::max_element(parts, {}, &Part::rank));
    line = join(parts);
  }
  return line.substr(0, columns);
}

}  // namespace

void Progress::print(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (is_silent_) {
    kept_ += line + "\n";
    return;
  }
  erase();
  std::cout << line << std::endl;
}

void Progress::note(const glifr::Trial& trial, const std::string& text) {
  print(trial.label() + ": " + text);
}

void Progress::reading(const std::string& what, Index done, Index total) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (is_silent_) return;
  if (done < total && now - shown_ < std::chrono::milliseconds(is_terminal_ ? 100 : 5000)) return;
  shown_ = now;
  erase();
  const std::string line = what + ": " + std::to_string(done) + " of " + std::to_string(total);
  if (is_terminal_ && done < total) {
    std::cout << fit({{"", line}}, terminal_columns() - 1) << std::flush;
    line_is_open_ = true;
  } else {
    std::cout << line << std::endl;
  }
}

void Progress::begin(const glifr::Trial& trial, Index steps_per_epoch, Index samples) {
  const std::lock_guard lock(mutex_);
  Running& running = running_[&trial];
  running.steps_per_epoch = steps_per_epoch;
  running.samples = samples;
  running.label = trial.label();
  running.max_epochs = trial.settings.training.max_epochs;
}

void Progress::after_step(const glifr::Trial& trial, const glifr::Position& position) {
  const std::lock_guard lock(mutex_);
  Running& running = running_[&trial];
  running.position = position;
  if (running.first_step < 0) running.first_step = position.epoch * running.steps_per_epoch + position.step - 1;
  show();
}

void Progress::after_epoch(const glifr::Trial& trial, const glifr::EpochReport& report) {
  const std::lock_guard lock(mutex_);
  running_[&trial].last = report;
}

void Progress::after_validation(const glifr::Trial& trial, double loss, std::optional<double> accuracy) {
  const std::lock_guard lock(mutex_);
  Running& running = running_[&trial];
  running.val_loss = loss;
  running.val_acc = accuracy;
}

void Progress::remove(const glifr::Trial& trial) {
  const std::lock_guard lock(mutex_);
  running_.erase(&trial);
  ++finished_;
}

std::string Progress::describe(const Running& r, std::size_t columns) const {
  const double elapsed = std::chrono::duration<double>(Clock::now() - r.started).count();
  const double all = static_cast<double>(r.max_epochs * r.steps_per_epoch);
  const double done = static_cast<double>(r.position.epoch * r.steps_per_epoch + r.position.step);
  const double here = done - static_cast<double>(std::max<Index>(0, r.first_step));
  const double per_second = elapsed > 0 ? here / elapsed : 0;
  const double samples_per_step = static_cast<double>(r.samples) / static_cast<double>(r.steps_per_epoch);
  const auto& score = r.position.running;
  const bool has_epoch = r.last.epoch > 0;
  const std::size_t bar_width = columns < 100 ? 10 : 20;
  std::vector<Part> parts;
  if (is_terminal_ && trials_ > 1) {
    parts.push_back({"", "[" + std::to_string(finished_) + "/" + std::to_string(trials_) + " trials]", 5});
  }
  parts.push_back({" ", r.label, 2});
  parts.push_back({" ", bar(done / all, bar_width), 6});
  parts.push_back({" ", "epoch " + std::to_string(std::min(r.position.epoch + 1, r.max_epochs)) + "/" +
                            std::to_string(r.max_epochs)});
  parts.push_back({", ", "loss " + format("%.4g", has_epoch ? r.last.loss : score.loss()), 1});
  if (has_epoch && r.last.accuracy) parts.push_back({", ", format("accuracy %.2f %%", 100 * *r.last.accuracy), 4});
  if (r.val_acc) {
    parts.push_back({", ", format("validation %.2f %%", 100 * *r.val_acc), 3});
  } else if (r.val_loss) {
    parts.push_back({", ", format("validation %.4g", *r.val_loss), 3});
  }
  parts.push_back({", ", format("%.0f samples/s", per_second * samples_per_step), 7});
  if (per_second > 0) parts.push_back({", ", clock_text((all - done) / per_second) + " left", 3});
  return fit(std::move(parts), columns);
}

void Progress::show() {
  const auto now = Clock::now();
  if (is_silent_) return;
  if (now - shown_ < (is_terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000))) return;
  shown_ = now;
  if (!is_terminal_) {
    for (const auto& [trial, running] : running_) std::cout << describe(running, std::string::npos) << '\n';
    std::cout << std::flush;
    return;
  }
  // Where several run, the line shows the one that is furthest behind, and how many are done.
  const auto behind = std::min_element(running_.begin(), running_.end(), [](const auto& a, const auto& b) {
    return a.second.position.epoch < b.second.position.epoch;
  });
  if (behind == running_.end()) return;
  erase();
  std::cout << describe(behind->second, terminal_columns() - 1) << std::flush;  // some terminals wrap a full line
  line_is_open_ = true;
}

void Progress::erase() {
  if (!line_is_open_) return;
  std::cout << "\r\033[K" << std::flush;
  line_is_open_ = false;
}

}  // namespace glifr::apps
