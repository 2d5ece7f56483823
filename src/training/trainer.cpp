#include "glifr/training/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "glifr/training/device_runner.hpp"

namespace glifr {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

template <Scalar T>
Trainer<T>::Trainer(RecurrentNetwork<T>& network, const Dataset<T>& data, const TrainingSettings& settings,
                    Workers& workers, Device* device)
    : network_(network),
      settings_(settings),
      workers_(workers),
      parameters_(network.parameters()),
      runner_(network, data, workers.threads(), settings.micro_batch),
      optimizer_(parameters_, settings.optimizer),
      order_(static_cast<std::size_t>(data.size())) {
  if (settings.batch_size < 1) {
    throw ConfigError("batch_size", "expected 1 or more (TrainingSettings::batch_size), found " +
                                        std::to_string(settings.batch_size));
  }
  if (device) on_device_ = std::make_unique<DeviceRunner<T>>(network, data, settings, *device);
}

template <Scalar T>
Trainer<T>::~Trainer() = default;

template <Scalar T>
Index Trainer<T>::steps_per_epoch() const {
  return (static_cast<Index>(order_.size()) + settings_.batch_size - 1) / settings_.batch_size;
}

template <Scalar T>
void Trainer<T>::shuffle(Index epoch) {
  std::iota(order_.begin(), order_.end(), Index{0});
  const Random random(settings_.seed, Stream::shuffle, static_cast<std::uint32_t>(epoch));
  for (std::size_t i = order_.size(); i > 1; --i)
    std::swap(order_[i - 1], order_[random.below(i, static_cast<std::uint32_t>(i))]);
}

template <Scalar T>
Random Trainer<T>::dropout_numbers() const {
  return Random(settings_.seed, Stream::dropout, static_cast<std::uint32_t>(position_.epoch));
}

template <Scalar T>
Index Trainer<T>::batch_at(Index step) const {
  return std::min(settings_.batch_size, static_cast<Index>(order_.size()) - step * settings_.batch_size);
}

template <Scalar T>
Score Trainer<T>::step(std::span<const Index> samples, double learning_rate) {
  if (on_device_) {
    start_device(samples, {}, learning_rate);
    on_device_->step(std::ssize(samples));
    has_begun_ = false;
    return on_device_->score(position_.epoch + 1, position_.step + 1);
  }
  return workers_.run([&] {
    const auto gradient =
        runner_.gradient(parameters_, samples, settings_.engine, settings_.dropout, dropout_numbers());
    const auto stop = [&](const std::string& quantity) {
      throw NumericError(quantity, position_.epoch + 1, position_.step + 1);
    };
    if (gradient.not_finite) stop(gradient.not_finite);
    if (const auto name = optimizer_.step(gradient.shares, learning_rate)) stop("the gradient of " + *name);
    return gradient.score;
  });
}

template <Scalar T>
void Trainer<T>::start_device(std::span<const Index> order, const Score& done, double learning_rate) {
  if (parameters_are_here_) on_device_->load_parameters();
  if (optimizer_is_here_) on_device_->load(optimizer_);
  parameters_are_here_ = optimizer_is_here_ = false;
  on_device_->begin(order, done, learning_rate, dropout_numbers());
  has_begun_ = true;
}

template <Scalar T>
void Trainer<T>::bring_back_parameters() {
  if (!parameters_are_here_) on_device_->store_parameters();
  parameters_are_here_ = true;
  has_begun_ = false;
}

template <Scalar T>
void Trainer<T>::bring_back_optimizer() {
  if (!optimizer_is_here_) on_device_->store(optimizer_);
  optimizer_is_here_ = true;
  has_begun_ = false;
}

/// Some steps of an epoch, one at the least.
template <Scalar T>
void Trainer<T>::advance(double learning_rate) {
  if (on_device_) return advance_on_device(learning_rate);
  const auto first = static_cast<std::size_t>(position_.step * settings_.batch_size);
  const auto count = static_cast<std::size_t>(batch_at(position_.step));
  position_.running += step(std::span<const Index>(order_).subspan(first, count), learning_rate);
  ++position_.step;
}

template <Scalar T>
void Trainer<T>::advance_on_device(double learning_rate) {
  constexpr double between_looks = 0.1;  // seconds
  if (!has_begun_) start_device(order_, position_.running, learning_rate);
  const auto started = Clock::now();
  const Index end = std::min(steps_per_epoch(), position_.step + stretch_), count = end - position_.step;
  for (; position_.step < end; ++position_.step) on_device_->step(batch_at(position_.step));
  position_.running = on_device_->score(position_.epoch + 1);
  const double a_step = seconds_since(started) / static_cast<double>(count);
  stretch_ = std::clamp<Index>(static_cast<Index>(between_looks / a_step), 1, 2 * stretch_);
}

template <Scalar T>
bool Trainer<T>::fit(std::span<Callback<T>* const> callbacks) {
  while (position_.epoch < settings_.max_epochs) {
    const Index epoch = position_.epoch;
    const auto started = Clock::now();
    shuffle(epoch);
    has_begun_ = false;
    for (Callback<T>* callback : callbacks) callback->begin_epoch(epoch);
    const double learning_rate = settings_.learning_rate.in_epoch(epoch);
    while (position_.step < steps_per_epoch()) {
      advance(learning_rate);
      bool goes_on = true;
      for (Callback<T>* callback : callbacks) goes_on = callback->after_step(position_) && goes_on;
      if (!goes_on) return false;
    }
    bring_back_parameters();
    const Score score = position_.running;
    const bool has_accuracy = runner_.data().classes() > 0;
    const EpochReport report{epoch + 1, score.loss(), has_accuracy ? std::optional(score.accuracy()) : std::nullopt,
                             seconds_since(started)};
    position_ = {.epoch = epoch + 1};
    bool goes_on = true;
    for (Callback<T>* callback : callbacks) goes_on = callback->after_epoch(report, position_) && goes_on;
    if (!goes_on) break;
  }
  return true;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace glifr
