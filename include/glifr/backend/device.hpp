#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <typeindex>
#include <utility>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/neurons/scalar.hpp"

namespace glifr {

namespace kernels {

enum class Transpose : bool { no, yes };

}  // namespace kernels

/// A kernel body to be run on a device for every element of a matrix, with what a device needs to find or make the code
/// for it.
struct Launch {
  std::type_index type;  ///< of the body
  const void* body;
  std::size_t body_size;
  Index rows, columns;
  void (*run)(const void* body, Index rows, Index columns);  ///< the loop over all elements on the calling thread
};

/// Something with its own memory that works through what it is asked for in order, while the caller goes on: a GPU
/// (`open_gpu`), or a stand-in for one. This is all of it that the rest of the library knows. A device belongs to one
/// thread at a time and outlives the memory taken from it. DeviceFailure where it fails; what fails while the caller
/// goes on is reported by the next call that waits.
class GLIFR_API Device {
 public:
  /// Work that was recorded and can be asked for again as a whole.
  class Recording {
   public:
    virtual ~Recording() = default;
    /// Asks for all of it again: the same bodies, on what memory holds by then.
    virtual void replay() = 0;
  };

  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device() = default;

  /// As its maker calls it.
  [[nodiscard]] virtual std::string name() const = 0;

  /// Uninitialised memory, aligned to `memory_alignment`.
  virtual void* allocate(std::size_t bytes) = 0;
  /// Gives back what `allocate` gave, once all that was asked for before is done with it.
  virtual void release(void* memory) noexcept = 0;
  /// Bytes that can still be had.
  [[nodiscard]] virtual std::size_t free_memory() const = 0;

  /// From the host's memory, which may change as soon as this returns.
  virtual void copy_in(void* to, const void* from, std::size_t bytes) = 0;
  /// To the host's memory: waits for all that was asked for before.
  virtual void copy_out(void* to, const void* from, std::size_t bytes) = 0;

  /// Asks for a body to be run. What it holds is taken over at once, what it points to must last until it has run.
  virtual void launch(const Launch& launch) = 0;
  /// The same body for several problems of one shape: launches of one type and of one size, whose bodies differ in what
  /// they hold. As if they were launched one after another, which a device may do at once.
  virtual void launch_lanes(std::span<const Launch> lanes) {
    for (const Launch& lane : lanes) launch(lane);
  }
  /// As `kernels::gemm`.
  virtual void gemm(kernels::Transpose transpose_a, kernels::Transpose transpose_b, View<const float> a,
                    View<const float> b, float beta, View<float> c) = 0;
  virtual void gemm(kernels::Transpose transpose_a, kernels::Transpose transpose_b, View<const double> a,
                    View<const double> b, double beta, View<double> c) = 0;

  /// Until everything is done that was asked for.
  virtual void wait() = 0;

  /// From here to `end_recording`, launches and products are noted instead of run. What else is asked for meanwhile, a
  /// copy above all, is a std::logic_error: it could not be replayed. See `record`.
  virtual void begin_recording() = 0;
  [[nodiscard]] virtual std::unique_ptr<Recording> end_recording() = 0;
  /// Ends a recording that is not wanted.
  virtual void drop_recording() noexcept = 0;
};

/// What `work()` asks of a device, recorded instead of run. Where `work` throws, the device is as before.
template <class Work>
[[nodiscard]] std::unique_ptr<Device::Recording> record(Device& device, Work&& work) {
  device.begin_recording();
  try {
    std::forward<Work>(work)();
  } catch (...) {
    device.drop_recording();
    throw;
  }
  return device.end_recording();
}

/// Runs body(row, column) for every element of a matrix of `rows` by `columns`, in any order: on the device, or on the
/// calling thread where that is null. A body is a plain struct of numbers and of pointers into the memory of that
/// device or of the host, and its call a plain function of the element's row and column.
template <class Body>
void for_each_element(Device* device, Index rows, Index columns, const Body& body) {
  static_assert(std::is_trivially_copyable_v<Body>, "the body of a kernel is copied to the device byte by byte");
  const auto run = [](const void* object, Index all_rows, Index all_columns) {
    const Body here = *static_cast<const Body*>(object);
    for (Index r = 0; r < all_rows; ++r) {
      for (Index c = 0; c < all_columns; ++c) here(r, c);
    }
  };
  if (!device) return run(&body, rows, columns);
  if (rows > 0 && columns > 0) device->launch({typeid(Body), &body, sizeof(Body), rows, columns, run});
}

}  // namespace glifr
