#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>

#include "device_batches.hpp"
#include "glifr/core/device_parameters.hpp"
#include "glifr/training/engine.hpp"
#include "objective.hpp"

namespace glifr {

namespace {

using Clock = std::chrono::steady_clock;

/// Stands in for a device to see how much memory something takes there: gives addresses and does nothing.
class MeasuringDevice final : public Device {
 public:
  [[nodiscard]] std::string name() const override { return "none"; }
  void* allocate(std::size_t bytes) override {
    const std::uintptr_t address = next_;
    next_ += bytes;
    return reinterpret_cast<void*>(address);  // NOLINT: nobody looks there
  }
  void release(void*) noexcept override {}
  [[nodiscard]] std::size_t free_memory() const override { return 0; }
  void copy_in(void*, const void*, std::size_t) override {}
  void copy_out(void*, const void*, std::size_t) override {}
  void launch(const Launch&) override {}
  void gemm(kernels::Transpose, kernels::Transpose, View<const float>, View<const float>, float, View<float>) override {
  }
  void gemm(kernels::Transpose, kernels::Transpose, View<const double>, View<const double>, double,
            View<double>) override {}
  void wait() override {}
  void begin_recording() override {}
  std::unique_ptr<Recording> end_recording() override { return nullptr; }
  void drop_recording() noexcept override {}

 private:
  std::uintptr_t next_ = memory_alignment;
};

std::string gigabytes(double bytes) {
  const auto hundredths = static_cast<long long>(std::ceil(bytes / 1e7));
  const std::string rest = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + "." + (rest.size() < 2 ? "0" : "") + rest + " GB";
}

template <Scalar T>
bool is_finite(std::span<const T> values) {
  return std::all_of(values.begin(), values.end(), [](T x) { return std::isfinite(x); });
}

template <Scalar T>
class DeviceEngine final : public TrainingEngine<T> {
 public:
  DeviceEngine(const EngineParts<T>& parts, Device& device)
      : network_(parts.network),
        source_(parts.data),
        settings_(parts.settings),
        optimizer_(parts.optimizer),
        device_(device),
        objective_(parts.loss),
        batches_(parts.data, parts.network.outputs(), device, parts.settings.class_weights),
        parameters_(parts.network.parameters(), device),
        memory_(&device),
        order_size_(std::max(parts.data.size(), parts.settings.batch_size)),
        tape_(Tape<T>::Mode::record, &device) {
    objective_.check(network_, source_, settings_.class_weights);
    if (settings_.memory_mb > 0)
      throw ConfigError("memory_mb", "states are computed again on the processor alone (--device cpu); accepted for " +
                                         device_.name() + ": 0");
    const Index trained = parameters_.layout().trained_size();
    if (!optimizer_.first().empty()) first_ = memory_.template allocate_zeroed<T>(trained);
    if (!optimizer_.second().empty()) second_ = memory_.template allocate_zeroed<T>(trained);
    order_ = memory_.template allocate<Index>(order_size_);
    state_ = memory_.template allocate<device::StepState>(1);
    silencing_ = memory_.template allocate<T>(network_.neurons());
    tape_.use_on_device(&parameters_);
    reserve_memory();
  }

  void begin(const Epoch& epoch, const Position& position) override {
    if (parameters_are_here_) parameters_.load();
    if (optimizer_is_here_) load_optimizer();
    parameters_are_here_ = optimizer_is_here_ = false;
    epoch_ = epoch;
    const Random dropout(settings_.seed, Stream::dropout, static_cast<std::uint32_t>(epoch.number));
    start(epoch.order, position.running, dropout);
  }

  void advance(Position& position) override {
    constexpr double between_looks = 0.1;  // seconds
    const auto started = Clock::now();
    const Index samples = std::ssize(epoch_.order);
    const Index steps = (samples + epoch_.batch_size - 1) / epoch_.batch_size;
    const Index end = std::min(steps, position.step + stretch_), count = end - position.step;
    for (; position.step < end; ++position.step) {
      step(std::min(epoch_.batch_size, samples - position.step * epoch_.batch_size));
    }
    position.running = score();
    const double a_step = std::chrono::duration<double>(Clock::now() - started).count() / static_cast<double>(count);
    stretch_ = std::clamp<Index>(static_cast<Index>(between_looks / a_step), 1, 2 * stretch_);
  }

  Score evaluate() override {
    bring_back_parameters();
    parameters_.load();
    std::vector<Index> order(static_cast<std::size_t>(source_.size()));
    std::iota(order.begin(), order.end(), Index{0});
    start(order, {}, Random(0, Stream::dropout));
    tape_.set_mode(Tape<T>::Mode::forward_only);
    for (Index first = 0; first < source_.size(); first += settings_.batch_size) {
      const Index count = std::min(settings_.batch_size, source_.size() - first);
      tape_.clear();
      finish(tape_, forward(tape_, count, 0).tallied, count, {});
    }
    tape_.set_mode(Tape<T>::Mode::record);
    const device::StepState state = read_state();
    return {state.loss_sum, static_cast<Index>(state.correct), state.first};
  }

  void bring_back_parameters() override {
    if (!parameters_are_here_) parameters_.store();
    parameters_are_here_ = true;
  }
  void bring_back_optimizer() override {
    if (!optimizer_is_here_) store_optimizer();
    optimizer_is_here_ = true;
  }

 private:
  /// A step on so many samples: run as it is the first time, recorded the second.
  struct Plan {
    Index runs = 0;
    std::unique_ptr<Device::Recording> recording;
  };
  struct Forward {
    Var<T> output;
    Tallied<T> tallied;
  };

  /// The coming steps take the samples of `order`; `done` is the score of those before.
  void start(std::span<const Index> order, const Score& done, const Random& dropout) {
    if (std::ssize(order) > order_size_)
      throw std::logic_error("a device was asked for more samples than it has room for");
    kernels::copy_in(memory_, order_, order.data(), std::ssize(order));
    device::StepState state;
    state.first = done.samples;
    state.learning_rate = epoch_.learning_rate;
    state.random = dropout;
    state.updates = updates_;
    state.loss_sum = done.loss_sum;
    state.correct = static_cast<double>(done.correct);
    device_.copy_in(state_, &state, sizeof state);
    // Constants of the neurons are part of what was recorded, and so is which layers have silenced neurons.
    if (auto constants = network_.constants(); constants != recorded_constants_) {
      plans_.clear();
      recorded_constants_ = std::move(constants);
    }
    if (network_.silencing() != loaded_silencing_) load_silencing();
  }

  void load_silencing() {
    plans_.clear();
    loaded_silencing_ = network_.silencing();
    T* to = silencing_;
    for (std::size_t k = 0; k < network_.depth(); ++k) {
      const std::vector<T>& factors = loaded_silencing_[k];
      kernels::copy_in(memory_, to, factors.data(), std::ssize(factors));
      to += network_.layer(k).size();
    }
  }

  Forward forward(Tape<T>& tape, Index count, double dropout) const {
    const Batch<T> batch = batches_.load(tape, state_, order_, count);
    const OutputMask<T> mask{
        .dropout = dropout, .samples = batch.samples, .random_at = &state_->random, .silencing_at = silencing_};
    const Var<T> output = network_
                              .forward(tape, batch.inputs,
                                       {.engine = settings_.engine,
                                        .mask = mask,
                                        .lengths = batch.lengths,
                                        .truncate_steps = settings_.truncate_steps})
                              .output;
    return {output, objective_.tally(output, batch)};
  }

  /// Adds to the gradients, which every update leaves at zero.
  Forward gradient(Tape<T>& tape, Index count) const {
    tape.clear();
    const Forward result = forward(tape, count, settings_.dropout);
    if (result.tallied.loss.is_empty()) {
      tape.backward_from(result.output);
    } else {
      tape.backward(result.tallied.loss);
    }
    return result;
  }

  /// A whole step: gradient, score, and the parameters' update.
  void update(Tape<T>& tape, Index count) const {
    const Forward result = gradient(tape, count);
    const Index size = parameters_.layout().trained_size();
    finish(tape, result.tallied, count,
           kernels::sum_to_few<double>(tape.memory(), size, device::Square<T>{parameters_.gradients()}));
    const OptimizerSettings& o = settings_.optimizer;
    if (o.is_adam()) {
      for_each_element(tape.device(), 1, size,
                       device::UpdateByAdam<T>{state_, o.beta1, o.beta2, o.eps, parameters_.gradients(),
                                               parameters_.values(), first_, second_});
    } else {
      for_each_element(
          tape.device(), 1, size,
          device::UpdateBySgd<T>{state_, o.momentum, parameters_.gradients(), parameters_.values(), first_});
    }
  }

  void finish(Tape<T>& tape, const Tallied<T>& tallied, Index count, const kernels::FewTerms<double>& squares) const {
    const OptimizerSettings& o = settings_.optimizer;
    for_each_element(tape.device(), 1, 1,
                     device::FinishStep{state_, count, tallied.tallies, 1 / tallied.terms_per_sample, squares, o.beta1,
                                        o.beta2, o.gradient_clip, o.decay()});
  }

  void step(Index count) {
    Plan& plan = plans_[count];
    // The first run brings cuBLAS and the kernels into the device, which cannot be done while work is recorded.
    if (plan.runs++ == 0) return update(tape_, count);
    if (!plan.recording) {
      plan.recording = record(device_, [&] { update(tape_, count); });
    }
    plan.recording->replay();
  }

  [[nodiscard]] device::StepState read_state() const {
    device::StepState state;
    device_.copy_out(&state, state_, sizeof state);
    return state;
  }

  /// The score of the epoch so far; waits. NumericError where a number was not finite.
  Score score() {
    const device::StepState state = read_state();
    updates_ = state.updates;
    if (state.failed >= 0) {
      const Index count = std::min(epoch_.batch_size, std::ssize(epoch_.order) - state.failed);
      throw NumericError(name_culprit(count), epoch_.number + 1,
                         epoch_.steps_before + state.failed / epoch_.batch_size + 1);
    }
    return {state.loss_sum, static_cast<Index>(state.correct), state.first};
  }

  /// Runs the failed step once more, for since then nothing has changed, and looks at its numbers.
  [[nodiscard]] std::string name_culprit(Index count) {
    const Forward result = gradient(tape_, count);
    const std::string culprit = look_for_culprit(result);
    kernels::fill(memory_, View<T>(parameters_.gradients(), 1, parameters_.layout().trained_size()), T(0));
    return culprit;
  }
  [[nodiscard]] std::string look_for_culprit(const Forward& result) {
    const auto holds_finite = [&](const T* there, Index size) {
      std::vector<T> values(static_cast<std::size_t>(size));
      kernels::copy_out(&device_, values.data(), there, size);
      return is_finite<T>(values);
    };
    std::vector<device::Tally> tallies(static_cast<std::size_t>(result.tallied.tallies.count));
    kernels::copy_out(&device_, tallies.data(), result.tallied.tallies.data, std::ssize(tallies));
    device::Tally total;
    for (const device::Tally& tally : tallies) total += tally;
    if (!std::isfinite(total.loss)) {
      const View<T> output = result.output.value();
      for (Index r = 0; r < output.rows; ++r) {
        if (!holds_finite(output.row(r), output.columns)) return "the network's output";
      }
      return "the loss";
    }
    for (const auto& [parameter, offset] : parameters_.layout().trained()) {
      if (!holds_finite(parameters_.gradients() + offset, parameter->value.size()))
        return "the gradient of " + parameter->name;
    }
    return "the gradients' norm";
  }

  void load_optimizer() {
    updates_ = optimizer_.steps();
    if (first_) kernels::copy_in(memory_, first_, optimizer_.first().data(), std::ssize(optimizer_.first()));
    if (second_) kernels::copy_in(memory_, second_, optimizer_.second().data(), std::ssize(optimizer_.second()));
  }
  void store_optimizer() {
    updates_ = read_state().updates;
    optimizer_.set_steps(updates_);
    if (first_) kernels::copy_out(&device_, optimizer_.first().data(), first_, std::ssize(optimizer_.first()));
    if (second_) kernels::copy_out(&device_, optimizer_.second().data(), second_, std::ssize(optimizer_.second()));
  }

  struct StepMemory {
    std::size_t all, zeroed;  // bytes
  };
  [[nodiscard]] StepMemory memory_of_step(Index count) {
    MeasuringDevice measuring;
    Tape<T> tape(Tape<T>::Mode::record, &measuring);
    tape.use_on_device(&parameters_);
    update(tape, count);
    return {tape.memory().taken(), tape.memory().taken_zeroed()};
  }

  void reserve_memory() {
    const Index batch = std::min(settings_.batch_size, source_.size());
    const auto [needed, zeroed] = memory_of_step(batch);
    const std::size_t free = device_.free_memory();
    if (needed > free) {
      Index fitting = 0;  // by halves
      for (Index too_many = batch; too_many - fitting > 1;) {
        const Index middle = fitting + (too_many - fitting) / 2;
        (memory_of_step(middle).all <= free ? fitting : too_many) = middle;
      }
      throw DeviceFailure(
          device_.name(),
          "too little memory: a step with batch_size " + std::to_string(batch) + " needs " +
              gigabytes(static_cast<double>(needed)) + " beside the data, " + gigabytes(static_cast<double>(free)) +
              " are free; " +
              (fitting > 0 ? "batch_size " + std::to_string(fitting) + " would fit" : "no batch would fit"));
    }
    tape_.memory().reserve(needed, zeroed);
  }

  RecurrentNetwork<T>& network_;
  const Dataset<T>& source_;
  const TrainingSettings& settings_;
  Optimizer<T>& optimizer_;
  Device& device_;
  Objective<T> objective_;
  DeviceBatches<T> batches_;
  DeviceParameters<T> parameters_;
  Arena memory_;
  T *first_ = nullptr, *second_ = nullptr;  // of the optimiser
  Index order_size_;                        // room for samples in `order_`
  Index* order_ = nullptr;
  device::StepState* state_ = nullptr;
  T* silencing_ = nullptr;  // factors on the neurons' outputs, layer by layer; those of layers without any are not set
  Epoch epoch_;
  Index updates_ = 0;
  Index stretch_ = 1;                // steps between looks at the scores
  bool parameters_are_here_ = true;  // on the host, rather than on the device
  bool optimizer_is_here_ = true;    // likewise, its state
  Tape<T> tape_;
  std::map<Index, Plan> plans_;  // by samples
  std::vector<std::pair<std::string, double>> recorded_constants_;
  std::vector<std::vector<T>> loaded_silencing_;
};

}  // namespace

template <Scalar T>
std::unique_ptr<TrainingEngine<T>> make_device_engine(const EngineParts<T>& parts, Device& device) {
  return std::make_unique<DeviceEngine<T>>(parts, device);
}

#define GLIFR_INSTANTIATE(T) \
  template std::unique_ptr<TrainingEngine<T>> make_device_engine<T>(const EngineParts<T>&, Device&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
