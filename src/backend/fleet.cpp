#include "glifr/backend/fleet.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <stdexcept>
#include <type_traits>
#include <variant>
#include <vector>

namespace glifr {

namespace {

/// A launch with its body.
struct LaunchCall {
  Launch launch;
  std::vector<std::byte> body;

  explicit LaunchCall(const Launch& asked) : launch(asked), body(asked.body_size) {
    std::memcpy(body.data(), asked.body, asked.body_size);
  }
  [[nodiscard]] Launch to_launch() const {
    Launch copy = launch;
    copy.body = body.data();
    return copy;
  }
  [[nodiscard]] bool is_like(const LaunchCall& other) const {
    const Launch &a = launch, &b = other.launch;
    return a.type == b.type && a.body_size == b.body_size && a.rows == b.rows && a.columns == b.columns;
  }
};

template <class T>
struct ProductCall {
  kernels::Transpose ta, tb;
  View<const T> a, b;
  T beta;
  View<T> c;

  [[nodiscard]] bool is_like(const ProductCall& other) const {
    const auto have_one_size = [](const auto& x, const auto& y) {
      return x.rows == y.rows && x.columns == y.columns && x.stride == y.stride;
    };
    return ta == other.ta && tb == other.tb && beta == other.beta && have_one_size(a, other.a) &&
           have_one_size(b, other.b) && have_one_size(c, other.c);
  }
};

using Call = std::variant<LaunchCall, ProductCall<float>, ProductCall<double>>;

bool are_alike(const Call& x, const Call& y) {
  if (x.index() != y.index()) return false;
  return std::visit([&](const auto& call) { return call.is_like(std::get<std::decay_t<decltype(call)>>(y)); }, x);
}

}  // namespace

class Fleet::Implementation : public std::enable_shared_from_this<Fleet::Implementation> {
 public:
  Implementation(std::unique_ptr<Device> device, Patience patience) : device_(std::move(device)), patience_(patience) {}

  std::unique_ptr<Device> open_lane() {
    const std::lock_guard lock(mutex_);
    auto lane = std::make_unique<Lane>(shared_from_this());
    lanes_.push_back(lane.get());
    return lane;
  }

 private:
  /// What a lane recorded. `kind` is the same for recordings that are alike.
  struct Recorded {
    std::vector<Call> calls;
    std::size_t kind = 0;
  };

  class Lane final : public Device {
   public:
    explicit Lane(std::shared_ptr<Implementation> fleet) : fleet_(std::move(fleet)) {}
    ~Lane() override { fleet_->close(*this); }

    [[nodiscard]] std::string name() const override { return fleet_->device_->name(); }
    void* allocate(std::size_t bytes) override {
      refuse_while_recording("memory");
      return fleet_->with_device(*this, [&](Device& device) { return device.allocate(bytes); });
    }
    void release(void* memory) noexcept override {
      try {
        fleet_->with_device(*this, [&](Device& device) { device.release(memory); });
      } catch (...) {
        // The device failed, and was given up with its memory; the lane's next request reports that.
      }
    }
    [[nodiscard]] std::size_t free_memory() const override {
      const std::lock_guard lock(fleet_->mutex_);
      return fleet_->device_->free_memory();
    }
    void copy_in(void* to, const void* from, std::size_t bytes) override {
      refuse_while_recording("a copy to the device");
      fleet_->with_device(*this, [&](Device& device) { device.copy_in(to, from, bytes); });
    }
    void copy_out(void* to, const void* from, std::size_t bytes) override {
      refuse_while_recording("a copy from the device");
      fleet_->with_device(*this, [&](Device& device) { device.copy_out(to, from, bytes); });
    }
    void launch(const Launch& launch) override {
      if (recording_) return void(recording_->calls.emplace_back(LaunchCall(launch)));
      fleet_->with_device(*this, [&](Device& device) { device.launch(launch); });
    }
    void gemm(kernels::Transpose ta, kernels::Transpose tb, View<const float> a, View<const float> b, float beta,
              View<float> c) override {
      multiply<float>({ta, tb, a, b, beta, c});
    }
    void gemm(kernels::Transpose ta, kernels::Transpose tb, View<const double> a, View<const double> b, double beta,
              View<double> c) override {
      multiply<double>({ta, tb, a, b, beta, c});
    }
    void wait() override {
      refuse_while_recording("to wait");
      fleet_->with_device(*this, [](Device& device) { device.wait(); });
    }

    void begin_recording() override {
      refuse_while_recording("another recording");
      recording_ = std::make_unique<Recorded>();
    }
    std::unique_ptr<Recording> end_recording() override {
      fleet_->classify(*recording_);
      return std::make_unique<Replays>(*this, std::move(recording_));
    }
    void drop_recording() noexcept override { recording_.reset(); }

   private:
    friend Implementation;

    class Replays final : public Recording {
     public:
      Replays(Lane& lane, std::unique_ptr<Recorded> recorded) : lane_(lane), recorded_(std::move(recorded)) {}
      ~Replays() override { lane_.fleet_->forget(lane_, *recorded_); }
      void replay() override {
        lane_.refuse_while_recording("a replay");
        lane_.fleet_->enqueue(lane_, *recorded_);
      }

     private:
      Lane& lane_;
      std::unique_ptr<Recorded> recorded_;
    };

    template <class T>
    void multiply(const ProductCall<T>& call) {
      if (recording_) return void(recording_->calls.emplace_back(call));
      fleet_->with_device(*this,
                          [&](Device& device) { device.gemm(call.ta, call.tb, call.a, call.b, call.beta, call.c); });
    }
    void refuse_while_recording(const char* what) const {
      if (recording_) throw std::logic_error(std::string(what) + " was asked for while work for a device is recorded");
    }

    std::shared_ptr<Implementation> fleet_;
    std::unique_ptr<Recorded> recording_;
    // Under the fleet's lock:
    std::deque<const Recorded*> queue_;  // replays that were not run yet
    bool is_waiting_ = false;            // for these
    Index done_ = 0;                     // replays that were run
  };

  /// Recordings of several lanes as one, run as they are the first time (which brings kernels into the device) and
  /// recorded the second.
  struct Joint {
    Index runs = 0;
    std::unique_ptr<Device::Recording> recording;
  };

  void close(Lane& lane) {
    const std::lock_guard lock(mutex_);
    std::erase(lanes_, &lane);
    changed_.notify_all();
  }

  void classify(Recorded& recorded) {
    const std::lock_guard lock(mutex_);
    for (const auto& [kind, calls] : kinds_) {
      if (std::equal(calls.begin(), calls.end(), recorded.calls.begin(), recorded.calls.end(), are_alike)) {
        recorded.kind = kind;
        return;
      }
    }
    recorded.kind = kinds_.size();
    kinds_.emplace_back(recorded.kind, recorded.calls);
  }

  void enqueue(Lane& lane, const Recorded& recorded) {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    lane.queue_.push_back(&recorded);
  }

  /// Before a recording is gone.
  void forget(Lane& lane, const Recorded& recorded) noexcept {
    std::unique_lock lock(mutex_);
    settle(lane, lock);
    std::erase_if(joints_, [&](const auto& joint) {
      return std::find(joint.first.begin(), joint.first.end(), &recorded) != joint.first.end();
    });
  }

  /// f(device), after the replays that the lane asked for before.
  template <class F>
  std::invoke_result_t<F, Device&> with_device(Lane& lane, F&& f) {
    std::unique_lock lock(mutex_);
    settle(lane, lock);
    if (failure_) std::rethrow_exception(failure_);
    return f(*device_);
  }

  /// Until the lane's replays have been asked of the device.
  void settle(Lane& lane, std::unique_lock<std::mutex>& lock) noexcept {
    lane.is_waiting_ = !lane.queue_.empty();
    while (!lane.queue_.empty() && !failure_) {
      const bool all_wait = std::all_of(lanes_.begin(), lanes_.end(), [](const Lane* l) { return l->is_waiting_; });
      if (!all_wait && changed_.wait_for(lock, patience_) == std::cv_status::no_timeout) continue;
      if (!lane.queue_.empty() && !failure_) run_some();
      changed_.notify_all();
    }
    lane.is_waiting_ = false;
    if (failure_) lane.queue_.clear();
  }

  /// The next replays of those that wait: of the lane that is furthest behind and of all that have the same to do.
  void run_some() noexcept {
    const Lane* last = nullptr;
    for (const Lane* lane : lanes_) {
      if (lane->is_waiting_ && (!last || lane->done_ < last->done_)) last = lane;
    }
    const std::size_t kind = last->queue_.front()->kind;
    std::vector<Lane*> together;
    std::vector<const Recorded*> key;
    std::size_t count = last->queue_.size();
    for (Lane* lane : lanes_) {
      if (!lane->is_waiting_ || lane->queue_.front()->kind != kind) continue;
      const Recorded* const front = lane->queue_.front();
      const auto other = std::find_if(lane->queue_.begin(), lane->queue_.end(),
                                      [&](const Recorded* recorded) { return recorded != front; });
      count = std::min(count, static_cast<std::size_t>(other - lane->queue_.begin()));
      together.push_back(lane);
      key.push_back(front);
    }
    try {
      Joint& joint = joints_[key];
      for (std::size_t i = 0; i < count; ++i) replay(joint, key);
    } catch (...) {
      failure_ = std::current_exception();
      return;
    }
    for (Lane* lane : together) {
      lane->queue_.erase(lane->queue_.begin(), lane->queue_.begin() + static_cast<std::ptrdiff_t>(count));
      lane->done_ += static_cast<Index>(count);
      lane->is_waiting_ = !lane->queue_.empty();
    }
  }

  void replay(Joint& joint, const std::vector<const Recorded*>& recordings) {
    if (joint.runs++ == 0) return run(recordings);
    if (!joint.recording) joint.recording = record(*device_, [&] { run(recordings); });
    joint.recording->replay();
  }

  /// The calls of recordings that are alike, one after another.
  void run(const std::vector<const Recorded*>& recordings) {
    std::vector<Launch> launches;
    for (std::size_t i = 0; i < recordings.front()->calls.size(); ++i) {
      if (std::holds_alternative<LaunchCall>(recordings.front()->calls[i])) {
        launches.clear();
        for (const Recorded* recorded : recordings)
          launches.push_back(std::get<LaunchCall>(recorded->calls[i]).to_launch());
        device_->launch_lanes(launches);
        continue;
      }
      for (const Recorded* recorded : recordings)
        std::visit([&](const auto& call) { multiply(call); }, recorded->calls[i]);
    }
  }
  template <class T>
  void multiply(const ProductCall<T>& call) {
    device_->gemm(call.ta, call.tb, call.a, call.b, call.beta, call.c);
  }
  void multiply(const LaunchCall&) {}

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Device> device_;
  Patience patience_;
  std::vector<Lane*> lanes_;
  std::vector<std::pair<std::size_t, std::vector<Call>>> kinds_;
  std::map<std::vector<const Recorded*>, Joint> joints_;
  std::exception_ptr failure_;
};

Fleet::Fleet(std::unique_ptr<Device> device, Patience patience)
    : implementation_(std::make_shared<Implementation>(std::move(device), patience)) {}
Fleet::~Fleet() = default;

std::unique_ptr<Device> Fleet::open_lane() {
  return implementation_->open_lane();
}

}  // namespace glifr
