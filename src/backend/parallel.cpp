#include "glifr/backend/parallel.hpp"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#include "glifr/error.hpp"
#include "subnormals.hpp"

// The only place that names oneTBB.
namespace glifr {

namespace {

/// A point that what comes before it on one thread reaches before what comes after it on another. oneTBB does so by
/// itself; only the thread sanitizer, which does not look into a packaged oneTBB, has to be told.
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
Handover loop_begun, loop_ended;

int checked(const char* what, Index threads) {
  if (threads < 1)
    throw std::logic_error(std::string(what) + ": expected 1 thread or more, found " + std::to_string(threads));
  return static_cast<int>(threads);
}

/// The most threads that were seen to run at once, and one attempt at a time.
std::atomic<Index> threads_seen = 1;
std::mutex attempt;

/// Starts threads beside the caller's and lets them end when all are there; the reason why there are not so many.
std::error_code start_at_once(Index others, Index& started) {
  std::latch all_are_there(1);
  std::vector<std::jthread> threads;
  std::error_code failure;
  try {
    threads.reserve(static_cast<std::size_t>(others));
    while (std::ssize(threads) < others) threads.emplace_back([&] { all_are_there.wait(); });
  } catch (const std::system_error& error) {
    failure = error.code();
  } catch (const std::bad_alloc&) {
    failure = std::make_error_code(std::errc::not_enough_memory);
  }
  started = std::ssize(threads);
  all_are_there.count_down();
  return failure;
}

}  // namespace

// oneTBB starts threads from threads of its own, where it is the end of the process that there can be no more.
void require_threads(Index threads) {
  if (threads <= threads_seen) return;
  const auto limit = tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
  threads = std::min(threads, static_cast<Index>(limit));
  const std::lock_guard lock(attempt);
  if (threads <= threads_seen) return;
  Index others = 0;
  if (const std::error_code failure = start_at_once(threads - 1, others)) {
    const std::string there = std::to_string(others + 1);
    throw DeviceFailure("cpu", "only " + there + " of " + std::to_string(threads) + " threads can be started (" +
                                   failure.message() + "); fewer of them (--threads " + there +
                                   "), or higher limits of processes and memory (ulimit, the container's), help");
  }
  threads_seen = threads;
}

void detail::run_loop(Index count, void (*call)(void* body, Index i), void* body) {
  if (count > 1) require_threads(tbb::this_task_arena::max_concurrency());
  loop_begun.give();
  // A thread that waits for the others takes up nothing else, or the body of a loop around this one could begin anew
  // amid another one of its own.
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(
        tbb::blocked_range<Index>(0, count, 1),
        [&](const tbb::blocked_range<Index>& range) {
          loop_begun.take();
          const FlushSubnormals flush;
          for (Index i = range.begin(); i != range.end(); ++i) call(body, i);
          loop_ended.give();
        },
        tbb::simple_partitioner());
  });
  loop_ended.take();
}

struct Workers::Threads {
  tbb::task_arena arena;
};

Workers::Workers(Index threads)
    : group_(std::make_unique<Threads>(Threads{tbb::task_arena(checked("Workers", threads))})), threads_(threads) {
  require_threads(threads);
}

Workers::~Workers() = default;

void Workers::execute(void (*call)(void* f), void* f) {
  group_->arena.execute([&] {
    tbb::this_task_arena::isolate([&] {
      const FlushSubnormals flush;
      call(f);
    });
  });
}

Index Workers::current() {
  return tbb::this_task_arena::current_thread_index();
}

struct ThreadLimit::Limit {
  tbb::global_control control;
};

ThreadLimit::ThreadLimit(Index threads)
    : limit_(new Limit{
          {tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(checked("ThreadLimit", threads))}}) {}

ThreadLimit::~ThreadLimit() = default;

}  // namespace glifr
