#include "glifr/training/trainer.hpp"

#include <chrono>
#include <numeric>

#include "glifr/error.hpp"

namespace glifr {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Before an engine is made of them.
const TrainingSettings& checked(const TrainingSettings& settings) {
  if (settings.batch_size < 1) {
    throw ConfigError("batch_size", "expected 1 or more (TrainingSettings::batch_size), found " +
                                        std::to_string(settings.batch_size));
  }
  return settings;
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
      data_(data),
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
void Trainer<T>::shuffle(Index epoch) {
  std::iota(order_.begin(), order_.end(), Index{0});
  const Random random(settings_.seed, Stream::shuffle, static_cast<std::uint32_t>(epoch));
  for (std::size_t i = order_.size(); i > 1; --i)
    std::swap(order_[i - 1], order_[random.below(i, static_cast<std::uint32_t>(i))]);
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
  Position position{.epoch = position_.epoch};
  engine_->begin({position_.epoch, samples, std::ssize(samples), learning_rate, position_.step}, position);
  has_begun_ = false;
  engine_->advance(position);
  return position.running;
}

template <Scalar T>
bool Trainer<T>::fit(std::span<Callback<T>* const> callbacks) {
  while (position_.epoch < settings_.max_epochs) {
    const auto started = Clock::now();
    const double rate = settings_.learning_rate.in_epoch(position_.epoch) * learning_rate_factor_;
    const Epoch epoch{position_.epoch, order_, settings_.batch_size, rate};
    shuffle(epoch.number);
    has_begun_ = false;
    for (Callback<T>* callback : callbacks) callback->begin_epoch(epoch.number);
    while (position_.step < steps_per_epoch()) {
      if (!has_begun_) engine_->begin(epoch, position_);
      has_begun_ = true;
      engine_->advance(position_);
      bool goes_on = true;
      for (Callback<T>* callback : callbacks) goes_on = callback->after_step(position_) && goes_on;
      if (!goes_on) return false;
    }
    engine_->bring_back_parameters();
    const Score score = position_.running;
    const EpochReport report{epoch.number + 1, score.loss(),
                             data_.classes() > 0 ? std::optional(score.accuracy()) : std::nullopt,
                             seconds_since(started), rate};
    position_ = {.epoch = epoch.number + 1};
    bool goes_on = true;
    for (Callback<T>* callback : callbacks) goes_on = callback->after_epoch(report, position_) && goes_on;
    if (!goes_on) break;
  }
  return true;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace glifr
