#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>

#include "device_batches.hpp"
#include "device_sums.hpp"
#include "glifr/core/device_parameters.hpp"
#include "glifr/neurons/indexing.hpp"
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
  DeviceEngine(const EngineParts<T>& parts, Device& device, DeviceLinks* links)
      : network_(parts.network),
        source_(parts.data),
        settings_(parts.settings),
        optimizer_(parts.optimizer),
        device_(device),
        links_(links),
        group_(links ? &links->group() : nullptr),
        shares_(settings_.device_shares > 0 ? settings_.device_shares
                : group_                    ? group_->size()
                                            : 1),
        objective_(parts.loss),
        batches_(parts.data, parts.network.outputs(), device, parts.settings.class_weights),
        parameters_(parts.network.parameters(), device),
        sums_(parameters_.gradients(), parameters_.layout().trained_size(), shares_, device, links),
        memory_(&device),
        most_epochs_(links ? 1 : std::clamp<Index>(4096 / std::max<Index>(1, parts.data.size()), 1, 256)),
        order_size_(std::max(parts.data.size() * most_epochs_, parts.settings.batch_size)),
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
    starts_ = memory_.template allocate<device::EpochStart>(most_epochs_ + 1);
    scores_ = memory_.template allocate<device::Tally>(most_epochs_);
    silencing_ = memory_.template allocate<T>(network_.neurons());
    tallies_ = memory_.template allocate<device::Tally>(std::max(shares_, pieces_of_evaluation()));
    tape_.use_on_device(&parameters_);
    reserve_memory();
  }

  void begin(const Epoch& epoch, const Position& position) override {
    take_up_parameters();
    epoch_ = epoch;
    start(epoch.order, state_of(start_of(epoch), position.running));
  }

  void advance(Position& position) override {
    const auto started = Clock::now();
    const Index end = std::min(steps_of(epoch_), position.step + stretch_), count = end - position.step;
    for (; position.step < end; ++position.step) step(samples_of(epoch_, position.step));
    const device::StepState state = read_state();
    updates_ = state.updates;
    const Index samples = state.failed >= 0 ? state.failed : state.first;
    position.running = {state.loss_sum, static_cast<Index>(state.correct), samples};
    if (state.failed >= 0) {
      position.step = samples / epoch_.batch_size;
      report_failure(position.step);
    }
    choose_stretch(started, count);
  }

  [[nodiscard]] Index epochs_at_once() const override {
    const Index steps = (source_.size() + settings_.batch_size - 1) / settings_.batch_size;
    return std::clamp<Index>(stretch_ / std::max<Index>(1, steps), 1, most_epochs_);
  }

  std::vector<Score> take_epochs(std::span<const Epoch> epochs, Position& position) override {
    const auto started = Clock::now();
    take_up_parameters();
    epoch_ = epochs.front();
    std::vector<Index> order;
    std::vector<device::EpochStart> starts;
    for (const Epoch& epoch : epochs) {
      order.insert(order.end(), epoch.order.begin(), epoch.order.end());
      starts.push_back(start_of(epoch));
    }
    starts.emplace_back();
    if (std::ssize(epochs) > most_epochs_) throw std::logic_error("a device was asked for too many epochs together");
    kernels::copy_in(memory_, starts_, starts.data(), std::ssize(starts));
    device::StepState state = state_of(starts.front(), {});
    state.epoch_size = state.epoch_end = std::ssize(epoch_.order);
    start(order, state);
    for (const Epoch& epoch : epochs) {
      for (Index i = 0; i < steps_of(epoch); ++i) step(samples_of(epoch, i));
    }
    state = read_state();
    updates_ = state.updates;
    std::vector<device::Tally> tallies(static_cast<std::size_t>(state.epochs));
    kernels::copy_out(&device_, tallies.data(), scores_, std::ssize(tallies));
    std::vector<Score> scores;
    for (const device::Tally& tally : tallies)
      scores.push_back({tally.loss, static_cast<Index>(tally.correct), state.epoch_size});
    const Index samples = state.first - state.epochs * state.epoch_size;
    position = {epoch_.number + state.epochs,
                samples / epoch_.batch_size,
                {state.loss_sum, static_cast<Index>(state.correct), samples}};
    choose_stretch(started, steps_of(epoch_) * std::ssize(epochs));
    return scores;
  }

  Score evaluate() override {
    bring_back_parameters();
    parameters_.load();
    const Index all = source_.size(), pieces = pieces_of_evaluation();
    std::vector<Index> order(static_cast<std::size_t>(all));
    std::iota(order.begin(), order.end(), Index{0});
    start(order, state_of({}, {}));
    const auto [first, last] = pieces_of(pieces, group_ ? group_->rank() : 0);
    tape_.set_mode(Tape<T>::Mode::forward_only);
    for (Index i = first; i < last; ++i) {
      const Index begin = i * piece_size(), count = std::min(piece_size(), all - begin);
      tape_.clear();
      keep(tape_, forward(tape_, begin, count, count, 0).tallied, tallies_ + i);
    }
    tape_.set_mode(Tape<T>::Mode::record);
    std::vector<device::Tally> tallies(static_cast<std::size_t>(pieces));
    kernels::copy_out(&device_, tallies.data() + first, tallies_ + first, last - first);
    gather(tallies);
    Score score{0, 0, all};
    device::Tally sum;
    for (const device::Tally& tally : tallies) sum += tally;
    score.loss_sum = sum.loss;
    score.correct = static_cast<Index>(sum.correct);
    return score;
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
    Index samples = 0;
    typename DeviceSums<T>::Plan sums{};
    Index runs = 0;
    std::vector<std::unique_ptr<Device::Recording>> recordings{};  // of its parts

    /// Where a share begins.
    [[nodiscard]] Index begin(Index share) const { return samples * share / sums.shares; }
  };
  struct Forward {
    Var<T> output;
    Tallied<T> tallied;
  };

  static Index steps_of(const Epoch& epoch) {
    return (std::ssize(epoch.order) + epoch.batch_size - 1) / epoch.batch_size;
  }
  static Index samples_of(const Epoch& epoch, Index step) {
    return std::min(epoch.batch_size, std::ssize(epoch.order) - step * epoch.batch_size);
  }
  [[nodiscard]] device::EpochStart start_of(const Epoch& epoch) const {
    return {epoch.learning_rate, Random(settings_.seed, Stream::dropout, static_cast<std::uint32_t>(epoch.number))};
  }
  /// In an epoch, behind the samples of the score `done`.
  [[nodiscard]] device::StepState state_of(const device::EpochStart& epoch, const Score& done) const {
    device::StepState state;
    state.first = done.samples;
    state.learning_rate = epoch.learning_rate;
    state.random = epoch.random;
    state.updates = updates_;
    state.loss_sum = done.loss_sum;
    state.correct = static_cast<double>(done.correct);
    return state;
  }

  /// Sends to the device what may have changed on the host.
  void take_up_parameters() {
    if (parameters_are_here_) parameters_.load();
    if (optimizer_is_here_) load_optimizer();
    parameters_are_here_ = optimizer_is_here_ = false;
  }

  /// The coming steps take the samples of `order`.
  void start(std::span<const Index> order, const device::StepState& state) {
    if (std::ssize(order) > order_size_)
      throw std::logic_error("a device was asked for more samples than it has room for");
    kernels::copy_in(memory_, order_, order.data(), std::ssize(order));
    device_.copy_in(state_, &state, sizeof state);
    // Constants of the neurons are part of what was recorded, and so is which layers have silenced neurons.
    if (auto constants = network_.constants(); constants != recorded_constants_) {
      plans_.clear();
      recorded_constants_ = std::move(constants);
    }
    if (network_.silencing() != loaded_silencing_) load_silencing();
  }

  /// How many steps to take before the next look at the scores, by the time that some took.
  void choose_stretch(Clock::time_point started, Index steps) {
    constexpr double between_looks = 0.1;  // seconds
    const double a_step = std::chrono::duration<double>(Clock::now() - started).count() / static_cast<double>(steps);
    // All devices look at the same steps.
    stretch_ = decided_by_first(group_, [&] {
      return static_cast<Index>(std::clamp(between_looks / a_step, 1.0, 2.0 * static_cast<double>(stretch_)));
    });
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

  /// Of `count` samples from the batch's sample `first` on; `whole`: of the batch.
  Forward forward(Tape<T>& tape, Index first, Index count, Index whole, double dropout) const {
    const Batch<T> batch = batches_.load(tape, state_, order_ + first, count, whole);
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

  void clear_gradients(Arena& memory) const {
    kernels::fill(memory, View<T>(parameters_.gradients(), 1, parameters_.layout().trained_size()), T(0));
  }

  /// Keeps what a part of a batch adds to the score.
  void keep(Tape<T>& tape, const Tallied<T>& tallied, device::Tally* kept) const {
    for_each_element(tape.device(), 1, 1, device::KeepTally{tallied.tallies, 1 / tallied.terms_per_sample, kept});
  }

  /// Whether a batch is computed in shares, here or on several devices.
  [[nodiscard]] bool is_shared(const Plan& plan) const { return links_ || plan.sums.shares > 1; }

  /// The gradient of a share, in the place of what an update leaves, which is zero.
  Forward gradient(Tape<T>& tape, const Plan& plan, Index share) const {
    tape.clear();
    if (is_shared(plan)) clear_gradients(tape.memory());
    const Index first = plan.begin(share), count = plan.begin(share + 1) - first;
    const Forward result = forward(tape, first, count, plan.samples, settings_.dropout);
    if (result.tallied.loss.is_empty()) {
      tape.backward_from(result.output);
    } else {
      tape.backward(result.tallied.loss);
    }
    if (is_shared(plan)) keep(tape, result.tallied, tallies_ + share);
    return result;
  }

  /// The gradients of all of this device's shares, summed as far as they are its own; what the last share added to the
  /// score. `look`: what to do after each.
  template <class Look>
  Tallied<T> sum_own(const Plan& plan, const Look& look) {
    const auto [first, last] = plan.sums.own;
    if (first == last) tape_.clear();
    Tallied<T> tallied{};
    for (Index share = first; share < last; ++share) {
      const Forward result = gradient(tape_, plan, share);
      look(result);
      sums_.join(&device_, plan.sums, static_cast<std::size_t>(share - first));
      tallied = result.tallied;
    }
    return tallied;
  }

  /// Moves the parameters by the sum of all shares. `tallied`: by the only one, where the batch is not shared.
  void move(Tape<T>& tape, const Plan& plan, const Tallied<T>& tallied) const {
    const Index size = parameters_.layout().trained_size();
    const bool shared = is_shared(plan);
    const auto tallies = shared ? kernels::FewTerms<device::Tally>{tallies_, plan.sums.shares} : tallied.tallies;
    const auto squares = kernels::sum_to_few<double>(tape.memory(), size, device::Square<T>{parameters_.gradients()});
    const OptimizerSettings& o = settings_.optimizer;
    for_each_element(
        tape.device(), 1, 1,
        device::FinishStep{state_, plan.samples, tallies, shared ? 1 : 1 / tallied.terms_per_sample, squares, o.beta1,
                           o.beta2, o.gradient_clip, o.largest_norm<T>(), starts_, scores_});
    if (o.is_adam()) {
      for_each_decay(o.decay(), [&](Index begin, Index end, double decay) {
        for_each_element(
            tape.device(), 1, end - begin,
            device::UpdateByAdam<T>{state_, o.beta1, o.beta2, o.eps, decay, parameters_.gradients() + begin,
                                    parameters_.values() + begin, first_ + begin, second_ + begin});
      });
    } else {
      for_each_element(
          tape.device(), 1, size,
          device::UpdateBySgd<T>{state_, o.momentum, parameters_.gradients(), parameters_.values(), first_});
    }
  }

  /// Calls f(begin, end, decay) for the trained parameters: for each stretch of those that a decay takes a share of, or
  /// does not; for all at once where there is none.
  template <class F>
  void for_each_decay(double decay, F&& f) const {
    const auto trained = parameters_.layout().trained();
    const Index size = parameters_.layout().trained_size();
    if (decay == 0) return f(Index{0}, size, 0.0);
    for (std::size_t k = 0, next = 0; k < trained.size(); k = next) {
      const bool decays = trained[k].parameter->decays();
      while (next < trained.size() && trained[next].parameter->decays() == decays) ++next;
      f(trained[k].offset, next < trained.size() ? trained[next].offset : size, decays ? decay : 0.0);
    }
  }

  /// Runs the parts of a step by `run`, and the exchanges among devices: as one part where they can be recorded.
  template <class Run>
  void take_step(const Plan& plan, const Run& run) {
    const auto compute = [&] { return sum_own(plan, [](const Forward&) {}); };
    const auto sum = [&] { sums_.sum_slice(&device_, plan.sums); };
    const auto finish = [&] { move(tape_, plan, {}); };
    if (!links_) {
      run([&] { move(tape_, plan, compute()); });
    } else if (links_->can_be_recorded()) {
      run([&] {
        compute();
        sums_.exchange_nodes(plan.sums);
        sum();
        sums_.exchange_slices(plan.sums);
        finish();
      });
    } else {
      run([&] { compute(); });
      sums_.exchange_nodes(plan.sums);
      run(sum);
      sums_.exchange_slices(plan.sums);
      run(finish);
    }
  }

  [[nodiscard]] Plan plan_step(Index count) const {
    return {.samples = count, .sums = sums_.plan(std::min(shares_, count), tallies_)};
  }

  void step(Index count) {
    Plan& plan = plans_[count];
    if (plan.runs == 0) plan = plan_step(count);
    // The first run brings cuBLAS and the kernels into the device, which cannot be done while work is recorded.
    const bool is_first = plan.runs++ == 0;
    std::size_t part = 0;
    take_step(plan, [&](const auto& work) {
      if (is_first) return work();
      if (part == plan.recordings.size()) plan.recordings.push_back(record(device_, work));
      plan.recordings[part++]->replay();
    });
  }

  /// Samples that are taken at a time where nothing is trained: as many as a share has.
  [[nodiscard]] Index piece_size() const { return (settings_.batch_size + shares_ - 1) / shares_; }
  [[nodiscard]] Index pieces_of_evaluation() const { return (source_.size() + piece_size() - 1) / piece_size(); }
  [[nodiscard]] ShareRange pieces_of(Index pieces, Index rank) const {
    return group_ ? part_of_shares(pieces, rank, group_->size()) : ShareRange{0, pieces};
  }
  /// Gives all processes the tallies of all.
  void gather(std::vector<device::Tally>& tallies) const {
    if (!group_) return;
    std::vector<std::span<std::byte>> all;
    for (Index r = 0; r < group_->size(); ++r) {
      const auto [first, last] = pieces_of(std::ssize(tallies), r);
      all.push_back(std::as_writable_bytes(
          std::span(tallies).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first))));
    }
    group_->gather(at(all, group_->rank()), all);
  }

  [[nodiscard]] device::StepState read_state() const {
    device::StepState state;
    device_.copy_out(&state, state_, sizeof state);
    return state;
  }

  /// In a step, a number was not finite.
  [[noreturn]] void report_failure(Index step) {
    throw NumericError(name_culprit(samples_of(epoch_, step)), epoch_.number + 1, epoch_.steps_before + step + 1);
  }

  /// The sum of the losses of a part of a batch; waits.
  [[nodiscard]] double loss_of(const Tallied<T>& tallied) const {
    std::vector<device::Tally> tallies(static_cast<std::size_t>(tallied.tallies.count));
    kernels::copy_out(&device_, tallies.data(), tallied.tallies.data, std::ssize(tallies));
    device::Tally sum;
    for (const device::Tally& tally : tallies) sum += tally;
    return sum.loss;
  }

  /// Runs the failed step once more, for since then nothing has changed, and looks at its numbers.
  [[nodiscard]] std::string name_culprit(Index count) {
    const std::string culprit = look_for_culprit(count);
    clear_gradients(memory_);
    return culprit;
  }
  [[nodiscard]] std::string look_for_culprit(Index count) {
    const auto holds_finite = [&](const T* there, Index size) {
      std::vector<T> values(static_cast<std::size_t>(size));
      kernels::copy_out(&device_, values.data(), there, size);
      return is_finite<T>(values);
    };
    const Plan plan = plan_step(count);
    constexpr unsigned output_is_finite = 1, loss_is_finite = 2;
    unsigned found = output_is_finite | loss_is_finite;
    sum_own(plan, [&](const Forward& share) {
      if (std::isfinite(loss_of(share.tallied))) return;
      found &= ~loss_is_finite;
      const View<T> output = share.output.value();
      for (Index r = 0; r < output.rows; ++r) {
        if (!holds_finite(output.row(r), output.columns)) found &= ~output_is_finite;
      }
    });
    if (group_) {
      found = group_->common_bits(found);
      sums_.exchange_nodes(plan.sums);
      sums_.sum_slice(&device_, plan.sums);
      sums_.exchange_slices(plan.sums);
    }
    if ((found & output_is_finite) == 0) return "the network's output";
    if ((found & loss_is_finite) == 0) return "the loss";
    for (const auto& [parameter, offset] : parameters_.layout().trained()) {
      if (!holds_finite(parameters_.gradients() + offset, parameter->value.size()))
        return "the gradient of " + parameter->name;
    }
    return settings_.optimizer.is_adam() ? OptimizerSettings::mean_of_squares : "the gradients' norm";
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
    // Shares are computed one after another in the same memory.
    const Plan largest{.samples = (count + shares_ - 1) / shares_};
    move(tape, largest, gradient(tape, largest, 0).tallied);
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
  DeviceLinks* links_;  // null: this device works alone
  Group* group_;        // that of the links
  Index shares_;        // of a batch
  Objective<T> objective_;
  DeviceBatches<T> batches_;
  DeviceParameters<T> parameters_;
  DeviceSums<T> sums_;
  Arena memory_;
  T *first_ = nullptr, *second_ = nullptr;  // of the optimiser
  Index most_epochs_;                       // that are taken together
  Index order_size_;                        // room for samples in `order_`
  Index* order_ = nullptr;
  device::StepState* state_ = nullptr;
  device::EpochStart* starts_ = nullptr;  // of epochs that are taken together
  device::Tally* scores_ = nullptr;       // theirs
  device::Tally* tallies_ = nullptr;      // of the shares of a batch, or of the pieces that are evaluated
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
std::unique_ptr<TrainingEngine<T>> make_device_engine(const EngineParts<T>& parts, Device& device, DeviceLinks* links) {
  return std::make_unique<DeviceEngine<T>>(parts, device, links);
}

#define GLIFR_INSTANTIATE(T) \
  template std::unique_ptr<TrainingEngine<T>> make_device_engine<T>(const EngineParts<T>&, Device&, DeviceLinks*)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
