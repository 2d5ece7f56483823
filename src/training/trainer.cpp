#include "glifr/training/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <optional>
#include <stdexcept>

#include "checked_setting.hpp"
#include "glifr/error.hpp"

namespace glifr {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Whether all callbacks let the training go on.
template <class Callbacks, class Call>
bool tell_all(const Callbacks& callbacks, Call call) {
  bool goes_on = true;
  for (auto* callback : callbacks) goes_on = call(*callback) && goes_on;
  return goes_on;
}

EpochReport report_on(const Epoch& epoch, const Score& score, bool has_classes, double seconds) {
  return {epoch.number + 1, score.loss(), has_classes ? std::optional(score.accuracy()) : std::nullopt, seconds,
          epoch.learning_rate};
}

/// Before an engine is made of them. ConfigError where a number is out of its range.
const TrainingSettings& checked(const TrainingSettings& settings) {
  using detail::require_setting;
  const auto at_least = [](Index lowest, const char* key, const std::string& member, Index found) {
    require_setting(found >= lowest, key, member, lowest == 1 ? "1 or more" : "0 or more", static_cast<double>(found));
  };
  at_least(1, "batch_size", "TrainingSettings::batch_size", settings.batch_size);
  at_least(0, "micro_batch", "TrainingSettings::micro_batch", settings.micro_batch);
  at_least(0, "shares", "TrainingSettings::shares", settings.shares);
  at_least(0, "device_shares", "TrainingSettings::device_shares", settings.device_shares);
  at_least(0, "max_epochs", "TrainingSettings::max_epochs", settings.max_epochs);
  at_least(0, "truncate_steps", "TrainingSettings::truncate_steps", settings.truncate_steps);
  require_setting(settings.memory_mb >= 0 && std::isfinite(settings.memory_mb), "memory_mb",
                  "TrainingSettings::memory_mb", "0 or more", settings.memory_mb);
  require_setting(settings.dropout >= 0 && settings.dropout <= 1, "dropout_prob", "TrainingSettings::dropout", "0 to 1",
                  settings.dropout);
  const LearningRate& rate = settings.learning_rate;
  require_setting(setting_ranges::learning_rate, "lr", "LearningRate::initial", rate.initial);
  require_setting(setting_ranges::step_factor, "lr_step_factor", "LearningRate::step_factor", rate.step_factor);
  at_least(1, "lr_step_epochs", "LearningRate::step_epochs", rate.step_epochs);
  at_least(0, "lr_warmup_epochs", "LearningRate::warmup_epochs", rate.warmup_epochs);
  at_least(1, "lr_plateau_patience", "LearningRate::plateau_patience", rate.plateau_patience);
  return settings;
}

template <Scalar T>
const Dataset<T>& checked(const Dataset<T>& data) {
  if (data.size() < 1 || data.time_steps() < 1) {
    throw ShapeError("training data", "1 sample or more of 1 time step or more",
                     std::to_string(data.size()) + " samples of " + std::to_string(data.time_steps()) + " steps");
  }
  return data;
}

}  // namespace

template <Scalar T>
Trainer<T>::Trainer(RecurrentNetwork<T>& network, const Dataset<T>& data, const TrainingSettings& settings,
                    Workers& workers, LossFunction<T> loss)
    : Trainer(
          network, data, settings, [&](const EngineParts<T>& parts) { return make_worker_engine<T>(parts, workers); },
          std::move(loss)) {}

template <Scalar T>
Trainer<T>::Trainer(RecurrentNetwork<T>& network, const Dataset<T>& data, const TrainingSettings& settings,
                    const MakeEngine& make_engine, LossFunction<T> loss)
    : network_(network),
      data_(checked(data)),
      settings_(checked(settings)),
      optimizer_(network.parameters(), settings.optimizer),
      engine_(make_engine({network_, data_, settings_, optimizer_, std::move(loss)})),
      order_(static_cast<std::size_t>(data.size())) {}

template <Scalar T>
Trainer<T>::~Trainer() = default;

template <Scalar T>
Index Trainer<T>::steps_per_epoch() const {
  return (data_.size() + settings_.batch_size - 1) / settings_.batch_size;
}

template <Scalar T>
Epoch Trainer<T>::begin_epoch(Index number, Index place, Callbacks callbacks) {
  const auto order =
      std::span(order_).subspan(static_cast<std::size_t>(place * data_.size()), static_cast<std::size_t>(data_.size()));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(order, Random(settings_.seed, Stream::shuffle, static_cast<std::uint32_t>(number)));
  const double rate = settings_.learning_rate.in_epoch(number, settings_.max_epochs) * learning_rate_factor_;
  for (Callback<T>* callback : callbacks) callback->begin_epoch(number);
  return {number, order, settings_.batch_size, rate};
}

template <Scalar T>
Optimizer<T>& Trainer<T>::optimizer() {
  engine_->bring_back_optimizer();
  has_begun_ = false;
  return optimizer_;
}

template <Scalar T>
RecurrentNetwork<T>& Trainer<T>::network() {
  engine_->bring_back_parameters();
  has_begun_ = false;
  return network_;
}

template <Scalar T>
Score Trainer<T>::step(std::span<const Index> samples, double learning_rate) {
  if (samples.empty()) throw std::logic_error("a step needs one sample or more");
  check_samples(samples, data_.size());
  detail::require_setting(setting_ranges::learning_rate, "lr", "Trainer::step", learning_rate);
  const Index number = position_.epoch + single_steps_++;
  Position position{.epoch = number};
  engine_->begin({number, samples, std::ssize(samples), learning_rate}, position);
  has_begun_ = false;
  engine_->advance(position);
  return position.running;
}

template <Scalar T>
bool Trainer<T>::fit(std::span<Callback<T>* const> callbacks) {
  Outcome outcome = Outcome::goes_on;
  try {
    while (outcome == Outcome::goes_on && position_.epoch < settings_.max_epochs) {
      const Index count = epochs_at_once(callbacks);
      outcome = count > 1 ? fit_epochs(count, callbacks) : fit_epoch(callbacks);
    }
  } catch (const NumericError&) {
    engine_->bring_back_parameters();
    throw;
  }
  if (outcome == Outcome::is_stopped) engine_->bring_back_parameters();
  return outcome != Outcome::is_stopped;
}

template <Scalar T>
Index Trainer<T>::epochs_at_once(Callbacks callbacks) const {
  if (position_.step > 0) return 1;
  Index count = std::min(engine_->epochs_at_once(), settings_.max_epochs - position_.epoch);
  for (const Callback<T>* callback : callbacks) count = std::min(count, callback->epochs_at_once(position_.epoch));
  return count;
}

template <Scalar T>
auto Trainer<T>::fit_epoch(Callbacks callbacks) -> Outcome {
  const auto started = Clock::now();
  const Epoch epoch = begin_epoch(position_.epoch, 0, callbacks);
  has_begun_ = false;
  while (position_.step < steps_per_epoch()) {
    if (!has_begun_) engine_->begin(epoch, position_);
    has_begun_ = true;
    engine_->advance(position_);
    if (!tell_all(callbacks, [&](Callback<T>& callback) { return callback.after_step(position_); }))
      return Outcome::is_stopped;
  }
  engine_->bring_back_parameters();
  const EpochReport report = report_on(epoch, position_.running, data_.classes() > 0, seconds_since(started));
  position_ = {.epoch = report.epoch};
  const auto tell = [&](Callback<T>& callback) { return callback.after_epoch(report, position_); };
  return tell_all(callbacks, tell) ? Outcome::goes_on : Outcome::is_complete;
}

template <Scalar T>
auto Trainer<T>::fit_epochs(Index count, Callbacks callbacks) -> Outcome {
  const auto started = Clock::now();
  order_.resize(static_cast<std::size_t>(count * data_.size()));
  std::vector<Epoch> epochs;
  for (Index i = 0; i < count; ++i) epochs.push_back(begin_epoch(position_.epoch + i, i, callbacks));
  has_begun_ = false;
  const std::vector<Score> scores = engine_->take_epochs(epochs, position_);
  engine_->bring_back_parameters();
  const double seconds = seconds_since(started) / static_cast<double>(count);
  const bool are_over = scores.size() == epochs.size();
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const EpochReport report = report_on(epochs[i], scores[i], data_.classes() > 0, seconds);
    const bool is_last = i + 1 == epochs.size();
    if (is_last) {
      position_ = {epochs[i].number, steps_per_epoch(), scores[i]};
      if (!tell_all(callbacks, [&](Callback<T>& callback) { return callback.after_step(position_); }))
        return Outcome::is_stopped;
      position_ = {.epoch = report.epoch};
    }
    const Position end{.epoch = report.epoch};
    if (tell_all(callbacks, [&](Callback<T>& callback) { return callback.after_epoch(report, end); })) continue;
    if (!is_last) throw std::logic_error("a callback that hears of several epochs together ended the training before");
    return Outcome::is_complete;
  }
  return are_over ? Outcome::goes_on : fit_epoch(callbacks);
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace glifr
