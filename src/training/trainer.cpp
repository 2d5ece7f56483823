#include "glifr/training/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace glifr {

template <Scalar T>
Trainer<T>::Trainer(RecurrentNetwork<T>& network, const Dataset<T>& data, const TrainingSettings& settings,
                    Workers& workers)
    : network_(network),
      settings_(settings),
      workers_(workers),
      parameters_(network.parameters()),
      runner_(network, data, workers.threads(), settings.micro_batch),
      optimizer_(parameters_, settings.optimizer),
      order_(static_cast<std::size_t>(data.size())) {}

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
Score Trainer<T>::step(std::span<const Index> samples, double learning_rate) {
  const Random random(settings_.seed, Stream::dropout, static_cast<std::uint32_t>(position_.epoch));
  return workers_.run([&] {
    const auto gradient = runner_.gradient(parameters_, samples, settings_.engine, settings_.dropout, random);
    const auto stop = [&](const std::string& quantity) {
      throw NumericError(quantity, position_.epoch + 1, position_.step + 1);
    };
    if (gradient.not_finite) stop(gradient.not_finite);
    if (const auto name = optimizer_.step(gradient.shares, learning_rate)) stop("the gradient of " + *name);
    return gradient.score;
  });
}

template <Scalar T>
bool Trainer<T>::fit(std::span<Callback<T>* const> callbacks) {
  using Clock = std::chrono::steady_clock;
  while (position_.epoch < settings_.max_epochs) {
    const Index epoch = position_.epoch;
    const auto started = Clock::now();
    shuffle(epoch);
    for (Callback<T>* callback : callbacks) callback->begin_epoch(epoch);
    const double learning_rate = settings_.learning_rate.in_epoch(epoch);
    const auto size = static_cast<Index>(order_.size());
    while (position_.step < steps_per_epoch()) {
      const Index first = position_.step * settings_.batch_size;
      const auto count = static_cast<std::size_t>(std::min(settings_.batch_size, size - first));
      position_.running +=
          step(std::span<const Index>(order_).subspan(static_cast<std::size_t>(first), count), learning_rate);
      ++position_.step;
      bool goes_on = true;
      for (Callback<T>* callback : callbacks) goes_on = callback->after_step(position_) && goes_on;
      if (!goes_on) return false;
    }
    const Score score = position_.running;
    const bool has_accuracy = runner_.data().classes() > 0;
    const EpochReport report{epoch + 1, score.loss(), has_accuracy ? std::optional(score.accuracy()) : std::nullopt,
                             std::chrono::duration<double>(Clock::now() - started).count()};
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
