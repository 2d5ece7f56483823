#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <typeindex>
#include <vector>

#include "glifr/backend/detail/kernels.hpp"
#include "glifr/backend/gpu.hpp"
#include "glifr/error.hpp"

namespace glifr::test {

/// A device made of the host: loops instead of threads, our products instead of cuBLAS, a list of calls as a recording.
/// What it is asked for is done when somebody waits, as if it were slow.
/// Its memory can be touched by what runs on it and by nothing else, and what is launched may carry no address of the
/// host: code that mixes the two up ends here as it would on a GPU. Memory that was never written, or was given back,
/// holds NaN. While work is recorded it refuses what a GPU cannot
/// record: copies, memory, waiting. In a build with CUDA, what is launched must have
/// been compiled for the GPU too.
class EmulatedDevice : public Device {
 public:
  explicit EmulatedDevice(std::size_t capacity = std::size_t{1} << 30) : capacity_(capacity) {
    memory_ =
        static_cast<std::byte*>(mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (memory_ == MAP_FAILED) throw std::runtime_error("no address space for an emulated device");
  }
  ~EmulatedDevice() override { munmap(memory_, reserved); }

  // What a test looks at.
  Index allocations = 0, launches = 0, copies_in = 0, copies_out = 0, replays = 0;
  /// The launch that a fault is found in, counted from now on.
  void fail_at(Index launch) { fault_at_ = launches + launch; }

  [[nodiscard]] std::string name() const override { return "emulated device"; }

  void* allocate(std::size_t bytes) override {
    refuse_while_recording("memory");
    if (bytes > free_memory()) throw DeviceFailure("emulated device", "out of memory");
    void* start = memory_ + used_;
    used_ += (bytes + page - 1) / page * page;
    ++allocations;
    ++live_;
    sizes_[start] = bytes;
    enqueue([start, bytes] { std::memset(start, 0xff, bytes); });  // NaN, and indices that lead nowhere
    return start;
  }
  void release(void* memory) noexcept override {
    enqueue([memory, bytes = sizes_[memory]] { std::memset(memory, 0xff, bytes); });
    run_pending();
    sizes_.erase(memory);
    if (--live_ == 0) used_ = 0;
  }
  /// From now on launches are refused whose body holds an address of the host where one of the device is expected. Not
  /// always, for what stood on the stack between two numbers of a body may by chance look like such an address.
  void look_for_addresses_of_host() { looks_for_addresses_ = true; }

  [[nodiscard]] std::size_t free_memory() const override { return capacity_ - std::min(capacity_, used_); }

  void copy_in(void* to, const void* from, std::size_t bytes) override {
    refuse_while_recording("a copy to the device");
    ++copies_in;
    require_ours(to);
    const auto* first = static_cast<const std::byte*>(from);
    enqueue([to, copy = std::vector<std::byte>(first, first + bytes)] { std::memcpy(to, copy.data(), copy.size()); });
  }
  void copy_out(void* to, const void* from, std::size_t bytes) override {
    refuse_while_recording("a copy from the device");
    ++copies_out;
    wait();
    const Access access(*this);
    require_ours(from);
    std::memcpy(to, from, bytes);
  }

  void launch(const Launch& launch) override {
#ifdef GLIFR_TEST_KERNELS
    if (!is_compiled_for_gpu(launch.type))
      throw std::logic_error(std::string("no kernel was compiled for the GPU for ") + launch.type.name());
#endif
    std::vector<std::byte> body(launch.body_size);
    std::memcpy(body.data(), launch.body, launch.body_size);
    if (looks_for_addresses_) refuse_addresses_of_host(body, launch.type);
    enqueue([this, body, rows = launch.rows, columns = launch.columns, run = launch.run] {
      if (++launches == fault_at_) has_fault_ = true;
      run(body.data(), rows, columns);
    });
  }
  void gemm(kernels::Transpose ta, kernels::Transpose tb, View<const float> a, View<const float> b, float beta,
            View<float> c) override {
    enqueue([=] { kernels::host<float>().gemm(ta, tb, a, b, beta, c); });
  }
  void gemm(kernels::Transpose ta, kernels::Transpose tb, View<const double> a, View<const double> b, double beta,
            View<double> c) override {
    enqueue([=] { kernels::host<double>().gemm(ta, tb, a, b, beta, c); });
  }

  /// Has something done in turn, as a library does that puts its own work into the queue of a GPU.
  void call(std::function<void()> work) {
    enqueue(std::move(work));
  }

  void wait() override {
    refuse_while_recording("to wait");
    run_pending();
    if (has_fault_) throw DeviceFailure("emulated device", "a fault was asked for");
  }

  void begin_recording() override {
    refuse_while_recording("another recording");
    recording_ = std::make_unique<Calls>();
    recording_->device = this;
  }
  std::unique_ptr<Recording> end_recording() override {
    return std::move(recording_);
  }
  void drop_recording() noexcept override {
    recording_.reset();
  }

 private:
  struct Calls final : Recording {
    std::vector<std::function<void()>> list;
    EmulatedDevice* device = nullptr;
    void replay() override {
      device->refuse_while_recording("a replay");
      ++device->replays;
      device->run_pending();
      device->run(list);
    }
  };

  /// While it lives, the device's memory may be touched.
  class Access {
   public:
    explicit Access(EmulatedDevice& device) : device_(device) { protect(PROT_READ | PROT_WRITE); }
    ~Access() { protect(PROT_NONE); }

   private:
    void protect(int how) const { mprotect(device_.memory_, std::max(device_.used_, page), how); }
    EmulatedDevice& device_;
  };

  void refuse_while_recording(const char* what) const {
    if (recording_) throw std::logic_error(std::string(what) + " was asked for while work for a device is recorded");
  }
  void enqueue(std::function<void()> call) {
    if (recording_) {
      recording_->list.push_back(std::move(call));
      return;
    }
    pending_.push_back(std::move(call));
  }
  void run_pending() {
    run(pending_);
    pending_.clear();
  }
  void run(const std::vector<std::function<void()>>& calls) {
    if (calls.empty()) return;
    const Access access(*this);
    for (const auto& call : calls) call();
  }

  /// std::logic_error where a body holds an address of memory that the host has, in a place where bodies of its kind
  /// held one of the device before: anywhere else it may be what stood on the stack between two numbers.
  void refuse_addresses_of_host(const std::vector<std::byte>& body, std::type_index type) {
    constexpr std::size_t size = sizeof(std::uintptr_t);
    std::vector<bool>& holds_address = addresses_[type];
    holds_address.resize(body.size() / size);
    for (std::size_t i = 0; i < holds_address.size(); ++i) {
      std::uintptr_t word;
      std::memcpy(&word, body.data() + i * size, size);
      const void* const there = reinterpret_cast<const void*>(word);  // NOLINT: only compared
      if (is_allocated(there)) {
        holds_address[i] = true;
      } else if (holds_address[i] && word >= page && !is_ours(there) && is_mapped(word)) {
        throw std::logic_error("an address of the host at byte " + std::to_string(i * size) + " of a " + type.name());
      }
    }
  }
  [[nodiscard]] bool is_allocated(const void* p) const {
    const auto next = sizes_.upper_bound(const_cast<void*>(p));  // NOLINT: only compared
    if (next == sizes_.begin()) return false;
    const auto& [first, bytes] = *std::prev(next);
    return p < static_cast<const std::byte*>(first) + bytes;
  }
  static bool is_mapped(std::uintptr_t address) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      std::size_t end = 0;
      const std::uintptr_t first = std::stoull(line, &end, 16), last = std::stoull(line.substr(end + 1), nullptr, 16);
      if (address >= first && address < last) return true;
    }
    return false;
  }

  [[nodiscard]] bool is_ours(const void* p) const {
    return p >= memory_ && p < memory_ + reserved;
  }
  void require_ours(const void* p) const {
    if (!is_ours(p)) throw std::logic_error("a copy to or from the device names memory of the host as the device's");
  }

  static constexpr std::size_t page = 4096, reserved = std::size_t{4} << 30;
  std::byte* memory_;
  std::size_t capacity_, used_ = 0;
  Index live_ = 0, fault_at_ = -1;
  bool has_fault_ = false, looks_for_addresses_ = false;
  std::map<void*, std::size_t> sizes_;                      // of what was allocated
  std::map<std::type_index, std::vector<bool>> addresses_;  // the words of bodies that hold some
  std::vector<std::function<void()>> pending_;
  std::unique_ptr<Calls> recording_;
};

}  // namespace glifr::test
