#include "glifr/error.hpp"
#include "glifr/training/engine.hpp"
#include "micro_batches.hpp"
#include "pieces.hpp"

namespace glifr {

namespace {

/// Steps on the workers of this process, or of a group of processes.
template <Scalar T>
class WorkerEngine final : public TrainingEngine<T> {
 public:
  WorkerEngine(const EngineParts<T>& parts, Workers& workers, Group* group)
      : settings_(parts.settings),
        workers_(workers),
        optimizer_(parts.optimizer),
        parameters_(parts.network.parameters()),
        micro_batches_(parts.network, parts.data, workers.threads(),
                       {.micro_batch = parts.settings.micro_batch, .shares = parts.settings.shares, .group = group},
                       parts.loss, parts.settings.class_weights),
        reduce_(parameters_, group) {
    micro_batches_.limit(settings_.truncate_steps, settings_.memory_mb);
  }

  void begin(const Epoch& epoch, const Position&) override { epoch_ = epoch; }

  void advance(Position& position) override {
    position.running += workers_.run([&] { return step(position.step); });
    ++position.step;
  }

  Score evaluate() override {
    return workers_.run([&] { return micro_batches_.evaluate(settings_.engine); });
  }

 private:
  Score step(Index number) {
    const Random dropout(settings_.seed, Stream::dropout, static_cast<std::uint32_t>(epoch_.number));
    const auto gradient = micro_batches_.gradient(parameters_, part(epoch_.order, epoch_.batch_size, number),
                                                  settings_.engine, settings_.dropout, dropout);
    const auto stop = [&](const std::string& quantity) {
      throw NumericError(quantity, epoch_.number + 1, epoch_.steps_before + number + 1);
    };
    if (gradient.not_finite) stop(gradient.not_finite);
    const auto [sum, norm, not_finite] = reduce_(gradient.parts, gradient.shares);
    if (not_finite) stop("the gradient of " + not_finite->name);
    const OptimizerSettings& optimizer = optimizer_.settings();
    if (optimizer.clipped(norm) > optimizer.template largest_norm<T>()) stop(OptimizerSettings::mean_of_squares);
    optimizer_.apply(*sum, norm, epoch_.learning_rate);
    return gradient.score;
  }

  const TrainingSettings& settings_;
  Workers& workers_;
  Optimizer<T>& optimizer_;
  ParameterList<T> parameters_;
  MicroBatches<T> micro_batches_;
  Reduction<T> reduce_;
  Epoch epoch_;
};

}  // namespace

template <Scalar T>
std::unique_ptr<TrainingEngine<T>> make_worker_engine(const EngineParts<T>& parts, Workers& workers) {
  return std::make_unique<WorkerEngine<T>>(parts, workers, nullptr);
}

template <Scalar T>
std::unique_ptr<TrainingEngine<T>> make_group_engine(const EngineParts<T>& parts, Workers& workers, Group& group) {
  return std::make_unique<WorkerEngine<T>>(parts, workers, &group);
}

#define GLIFR_INSTANTIATE(T)                                                                          \
  template std::unique_ptr<TrainingEngine<T>> make_worker_engine<T>(const EngineParts<T>&, Workers&); \
  template std::unique_ptr<TrainingEngine<T>> make_group_engine<T>(const EngineParts<T>&, Workers&, Group&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
