#pragma once

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#include "glifr/backend/view.hpp"

/// The only place that names oneTBB.
namespace glifr {

/// Processors that this process may use.
inline Index hardware_threads() {
  return tbb::this_task_arena::max_concurrency();
}

namespace detail {

/// A point that what comes before it on one thread reaches before what comes after it on another. oneTBB sees to that
/// by itself; only the thread sanitizer, which does not look into a packaged oneTBB, has to be told.
class Handover {
 public:
#ifdef __SANITIZE_THREAD__
  void give() {
    __tsan_release(this);
  }
  void take() {
    __tsan_acquire(this);
  }
#else
  void give() {}
  void take() {}
#endif
};
// Of no one loop: a body could not read where its own stands before it has taken.
inline Handover loop_begun, loop_ended;

}  // namespace detail

/// Runs body(0) … body(count - 1), in any order, on the threads of the surrounding `Workers` (all of the machine's
/// where there are none). An exception of a body is thrown on after the others have stopped.
template <class Body>
void parallel_for(Index count, Body&& body) {
  detail::loop_begun.give();
  tbb::parallel_for(
      tbb::blocked_range<Index>(0, count, 1),
      [&](const tbb::blocked_range<Index>& range) {
        detail::loop_begun.take();
        for (Index i = range.begin(); i != range.end(); ++i) body(i);
        detail::loop_ended.give();
      },
      tbb::simple_partitioner());
  detail::loop_ended.take();
}

/// A group of threads that works on one thing: the caller and `threads - 1` helpers.
class Workers {
 public:
  /// `threads` is 1 or more; std::logic_error otherwise.
  explicit Workers(Index threads) : arena_(checked(threads)), threads_(threads) {}

  /// The caller counted in.
  [[nodiscard]] Index threads() const { return threads_; }

  /// Runs f here; every `parallel_for` in it uses these workers. Other work is not taken up meanwhile.
  template <class F>
  auto run(F&& f) {
    return arena_.execute([&] { return tbb::this_task_arena::isolate([&] { return f(); }); });
  }

  /// Number of the calling worker within its group, 0 … threads - 1.
  static Index current() { return tbb::this_task_arena::current_thread_index(); }

 private:
  static int checked(Index threads) {
    if (threads < 1) throw std::logic_error("Workers need 1 thread or more, found " + std::to_string(threads));
    return static_cast<int>(threads);
  }

  tbb::task_arena arena_;
  Index threads_;
};

/// Bounds the threads of the whole process while it lives.
class ThreadLimit {
 public:
  /// `threads` is 1 or more.
  explicit ThreadLimit(Index threads)
      : control_(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads)) {}

 private:
  tbb::global_control control_;
};

}  // namespace glifr
