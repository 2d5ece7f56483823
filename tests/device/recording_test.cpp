// What may be asked of a device while work for it is recorded, and how it comes out of a recording that failed.
#include <stdexcept>
#include <thread>
#include <vector>

#include "glifr/backend/detail/dispatch.hpp"
#include "support/devices.hpp"

namespace {

using namespace glifr;

/// Three numbers on a device.
class Numbers {
 public:
  explicit Numbers(Device* device) : device_(device), memory_(device) { set(0); }
  void set(double value) { kernels::fill(memory_, view_, value); }
  [[nodiscard]] double first() const {
    double number = 0;
    kernels::copy_out(device_, &number, view_.data, 1);
    return number;
  }
  [[nodiscard]] Arena& memory() { return memory_; }
  [[nodiscard]] double* data() { return view_.data; }

 private:
  Device* device_;
  Arena memory_;
  View<double> view_{memory_.allocate<double>(3), 1, 3};
};

TEST_CASE("what was recorded runs when it is replayed, as often as that") {
  GLIFR_NEEDS_DEVICE(device);
  Numbers numbers(device);
  const auto recording = record(*device, [&] { numbers.set(5); });
  CHECK(numbers.first() == 0);
  for (const double other : {1.0, 2.0}) {
    recording->replay();
    CHECK(numbers.first() == 5);
    numbers.set(other);
    CHECK(numbers.first() == other);
  }
}

TEST_CASE("what cannot be replayed is refused while work is recorded") {
  GLIFR_NEEDS_DEVICE(device);
  Numbers numbers(device);
  const double value = 7;
  double back = 0;
  const auto refused = [&](const char* what, auto&& work) {
    INFO(what);
    CHECK_THROWS_AS(record(*device, work), std::logic_error);
    CHECK(numbers.first() == 0);
  };
  refused("a copy to the device", [&] { kernels::copy_in(numbers.memory(), numbers.data(), &value, 1); });
  refused("a copy from the device", [&] { kernels::copy_out(device, &back, numbers.data(), 1); });
  refused("memory", [&] { (void)device->allocate(64); });
  refused("to wait", [&] { device->wait(); });
  refused("a recording in a recording", [&] { (void)record(*device, [] {}); });
}

TEST_CASE("after an exception in the middle of a recording the device works and records") {
  GLIFR_NEEDS_DEVICE(device);
  Numbers numbers(device);
  const auto fail = [&] {
    numbers.set(3);
    throw std::runtime_error("of the caller");
  };
  CHECK_THROWS_WITH(record(*device, fail), "of the caller");
  CHECK(numbers.first() == 0);
  numbers.set(4);
  CHECK(numbers.first() == 4);
  record(*device, [&] { numbers.set(6); })->replay();
  CHECK(numbers.first() == 6);
}

TEST_CASE("numbers that go to a device may change at once, however many they are") {
  GLIFR_NEEDS_DEVICE(device);
  Arena memory(device);
  for (const Index count : {Index{1}, Index{1000}, Index{3'000'000}}) {
    std::vector<double> source(static_cast<std::size_t>(count)), back(source.size());
    double* there = memory.allocate<double>(count);
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<double>(i) + round;
      kernels::copy_in(memory, there, source.data(), count);
      std::fill(source.begin(), source.end(), -1.0);
    }
    kernels::copy_out(device, back.data(), there, count);
    CHECK(back.front() == 2);
    CHECK(back.back() == static_cast<double>(count - 1) + 2);
  }
}

TEST_CASE("a device may be handed from one thread to another") {
  GLIFR_NEEDS_DEVICE(device);
  Numbers numbers(device);
  double found = 0;
  std::thread([&] {
    numbers.set(8);
    record(*device, [&] { numbers.set(9); })->replay();
    found = numbers.first();
  }).join();
  CHECK(found == 9);
  CHECK(numbers.first() == 9);
}

}  // namespace
