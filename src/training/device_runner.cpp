#include "glifr/training/device_runner.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "device_data.hpp"

namespace glifr {

namespace {

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

}  // namespace

template <Scalar T>
DeviceRunner<T>::DeviceRunner(RecurrentNetwork<T>& network, const Dataset<T>& data, const TrainingSettings& settings,
                              Device& device)
    : network_(network),
      source_(data),
      settings_(settings),
      device_(device),
      data_(std::make_unique<DeviceData<T>>(data, device)),
      parameters_(network.parameters(), device),
      memory_(&device),
      order_size_(std::max(data.size(), settings.batch_size)),
      tape_(Tape<T>::Mode::record, &device) {
  const bool keeps_second = settings.optimizer.kind == OptimizerSettings::Kind::adam;
  if (keeps_second || settings.optimizer.momentum != 0)
    first_ = memory_.template allocate_zeroed<T>(parameters_.trained_size());
  if (keeps_second) second_ = memory_.template allocate_zeroed<T>(parameters_.trained_size());
  order_ = memory_.template allocate<Index>(order_size_);
  state_ = memory_.template allocate<device::StepState>(1);
  silencing_ = memory_.template allocate<T>(network.hidden_size());
  tape_.use_on_device(&parameters_);
  reserve_memory();
}

template <Scalar T>
DeviceRunner<T>::~DeviceRunner() = default;

template <Scalar T>
std::size_t DeviceRunner<T>::memory_of_step(Index count) const {
  MeasuringDevice measuring;
  Tape<T> tape(Tape<T>::Mode::record, &measuring);
  tape.use_on_device(const_cast<DeviceParameters<T>*>(&parameters_));
  update(tape, count);
  return tape.memory().taken();
}

template <Scalar T>
void DeviceRunner<T>::reserve_memory() {
  const Index batch = std::min(settings_.batch_size, source_.size());
  const std::size_t needed = memory_of_step(batch), free = device_.free_memory();
  if (needed > free) {
    Index fitting = 0;  // by halves
    for (Index too_many = batch; too_many - fitting > 1;) {
      const Index middle = fitting + (too_many - fitting) / 2;
      (memory_of_step(middle) <= free ? fitting : too_many) = middle;
    }
    throw DeviceFault(device_.name(), "too little memory: a step with batch_size " + std::to_string(batch) + " needs " +
                                          gigabytes(static_cast<double>(needed)) + " beside the data, " +
                                          gigabytes(static_cast<double>(free)) + " are free; " +
                                          (fitting > 0 ? "batch_size " + std::to_string(fitting) + " would fit"
                                                       : "no batch would fit"));
  }
  tape_.memory().reserve(needed);
}

template <Scalar T>
typename DeviceRunner<T>::Forward DeviceRunner<T>::forward(Tape<T>& tape, Index count, double dropout) const {
  const auto batch = data_->take(tape, state_, order_, count);
  const Sequence<T> input = data_->inputs(tape, batch.samples);
  const OutputMask<T> mask{
      .dropout = dropout, .samples = batch.samples, .random_at = &state_->random, .silencing_at = silencing_};
  const Var<T> output = network_.forward(tape, input, {.engine = settings_.engine, .mask = mask}).output;
  if (source_.classes() > 0) {
    const Var<T> logits = tape.alias(output, {count, source_.classes()}, 0);
    auto* correct = tape.memory().template allocate_zeroed<double>(1);
    kernels::add_sums(tape.memory(), count, 1, device::IsCorrect<T>{logits.value(), batch.labels.data()},
                      View<double>(correct, 1, 1));
    return {output, softmax_cross_entropy<T>(logits, batch.labels), correct, 1};
  }
  const Index compared = output.shape()[0];
  const View<const T> asked = data_->targets(tape, compared, batch.samples);
  return {output, mean_squared_error<T>(output, asked), nullptr, 1 / static_cast<double>(compared * asked.columns)};
}

template <Scalar T>
typename DeviceRunner<T>::Forward DeviceRunner<T>::gradient(Tape<T>& tape, Index count) const {
  tape.clear();
  const View<T> gradients(parameters_.gradients(), 1, parameters_.trained_size());
  kernels::fill(tape.memory(), gradients, T(0));
  const Forward result = forward(tape, count, settings_.dropout);
  tape.backward(result.loss.value);
  return result;
}

template <Scalar T>
void DeviceRunner<T>::update(Tape<T>& tape, Index count) const {
  const Forward result = gradient(tape, count);
  const Index size = parameters_.trained_size();
  auto* squares = tape.memory().template allocate_zeroed<double>(1);
  kernels::add_sums(tape.memory(), 1, size, device::Square<T>{parameters_.gradients()}, View<double>(squares, 1, 1));
  finish(tape, result, count, squares);
  const OptimizerSettings& o = settings_.optimizer;
  if (o.kind == OptimizerSettings::Kind::adam) {
    for_each_element(tape.device(), 1, size,
                     device::UpdateByAdam<T>{state_, o.beta1, o.beta2, o.eps, parameters_.gradients(),
                                             parameters_.values(), first_, second_});
  } else {
    for_each_element(tape.device(), 1, size,
                     device::UpdateBySgd<T>{state_, o.momentum, parameters_.gradients(), parameters_.values(), first_});
  }
}

template <Scalar T>
void DeviceRunner<T>::finish(Tape<T>& tape, const Forward& forward, Index count, const double* squares) const {
  const OptimizerSettings& o = settings_.optimizer;
  for_each_element(tape.device(), 1, 1,
                   device::FinishStep{state_, count, forward.loss.sum_at, forward.loss_share, forward.correct, squares,
                                      o.beta1, o.beta2, o.gradient_clip});
}

template <Scalar T>
void DeviceRunner<T>::set_state(const device::StepState& state) {
  device_.copy_in(state_, &state, sizeof state);
}

template <Scalar T>
void DeviceRunner<T>::load(const Optimizer<T>& optimizer) {
  updates_ = optimizer.steps();
  std::vector<T> first(static_cast<std::size_t>(parameters_.trained_size())), second(first);
  for (const auto& state : optimizer.states()) {
    const Index offset = parameters_.offset_of(*state.parameter);
    std::copy_n(state.first.data(), state.first.size(), first.data() + offset);
    std::copy_n(state.second.data(), state.second.size(), second.data() + offset);
  }
  if (first_) kernels::copy_in(memory_, first_, first.data(), std::ssize(first));
  if (second_) kernels::copy_in(memory_, second_, second.data(), std::ssize(second));
}

template <Scalar T>
void DeviceRunner<T>::store(Optimizer<T>& optimizer) {
  device::StepState state;
  device_.copy_out(&state, state_, sizeof state);
  updates_ = state.updates;
  optimizer.set_steps(updates_);
  for (auto& state_of : optimizer.states()) {
    const Index offset = parameters_.offset_of(*state_of.parameter);
    if (first_) kernels::copy_out(&device_, state_of.first.data(), first_ + offset, state_of.first.size());
    if (second_) kernels::copy_out(&device_, state_of.second.data(), second_ + offset, state_of.second.size());
  }
}

template <Scalar T>
void DeviceRunner<T>::begin(std::span<const Index> order, const Score& done, double learning_rate,
                            const Random& dropout) {
  if (std::ssize(order) > order_size_)
    throw std::logic_error("a device was asked for more samples than it has room for");
  kernels::copy_in(memory_, order_, order.data(), std::ssize(order));
  ordered_ = std::ssize(order);
  device::StepState state;
  state.first = done.samples;
  state.learning_rate = learning_rate;
  state.random = dropout;
  state.updates = updates_;
  state.loss_sum = done.loss_sum;
  state.correct = static_cast<double>(done.correct);
  set_state(state);
  // Constants of the neurons are part of what was recorded, and so is whether any is silenced.
  if (auto constants = network_.constants(); constants != recorded_constants_) {
    plans_.clear();
    recorded_constants_ = std::move(constants);
  }
  if (const std::vector<T>& silencing = network_.silencing(); silencing != loaded_silencing_) {
    plans_.clear();
    kernels::copy_in(memory_, silencing_, silencing.data(), std::ssize(silencing));
    loaded_silencing_ = silencing;
  }
}

template <Scalar T>
void DeviceRunner<T>::step(Index count) {
  Plan& plan = plans_[count];
  // The first run brings cuBLAS and the kernels into the device, which cannot be done while work is recorded.
  if (plan.runs++ == 0) return update(tape_, count);
  if (!plan.recording) plan.recording = record(device_, [&] { update(tape_, count); });
  plan.recording->replay();
}

template <Scalar T>
Score DeviceRunner<T>::score(Index epoch, Index first_step) {
  device::StepState state;
  device_.copy_out(&state, state_, sizeof state);
  updates_ = state.updates;
  if (state.failed >= 0) {
    const Index count = std::min(settings_.batch_size, ordered_ - state.failed);
    throw NumericError(name_culprit(count), epoch, first_step + state.failed / settings_.batch_size);
  }
  return {state.loss_sum, static_cast<Index>(state.correct), state.first};
}

/// Runs the failed step once more, for since then nothing has changed, and looks at its numbers.
template <Scalar T>
std::string DeviceRunner<T>::name_culprit(Index count) {
  const auto holds_finite = [&](const T* there, Index size) {
    std::vector<T> values(static_cast<std::size_t>(size));
    kernels::copy_out(&device_, values.data(), there, size);
    return is_finite<T>(values);
  };
  const Forward result = gradient(tape_, count);
  if (!std::isfinite(result.loss.sum())) {
    const View<T> output = result.output.value();
    for (Index r = 0; r < output.rows; ++r) {
      if (!holds_finite(output.row(r), output.columns)) return "the network's output";
    }
    return "the loss";
  }
  for (const Parameter<T>* parameter : network_.parameters()) {
    if (parameter->is_trained && !holds_finite(parameters_.gradient_of(*parameter), parameter->value.size()))
      return "the gradient of " + parameter->name;
  }
  return "the gradients' norm";
}

template <Scalar T>
Score DeviceRunner<T>::evaluate() {
  std::vector<Index> order(static_cast<std::size_t>(source_.size()));
  std::iota(order.begin(), order.end(), Index{0});
  begin(order, {}, 0, Random(0, Stream::dropout));
  tape_.set_mode(Tape<T>::Mode::forward_only);
  for (Index first = 0; first < source_.size(); first += settings_.batch_size) {
    const Index count = std::min(settings_.batch_size, source_.size() - first);
    tape_.clear();
    finish(tape_, forward(tape_, count, 0), count, nullptr);
  }
  tape_.set_mode(Tape<T>::Mode::record);
  device::StepState state;
  device_.copy_out(&state, state_, sizeof state);
  return {state.loss_sum, static_cast<Index>(state.correct), state.first};
}

template class DeviceRunner<float>;
template class DeviceRunner<double>;

}  // namespace glifr
