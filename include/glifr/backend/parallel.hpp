#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

/// Threads. Bodies of loops are handed over by address, so that no user's file compiles oneTBB.
///
/// What runs in `parallel_for` and `Workers::run` takes numbers below the smallest normal one (1.2e-38 in
/// float, 2.2e-308 in double) for zero, on x86-64 and 64-bit ARM: many processors compute far slower with them,
/// and gradients that fade over time become that small.
namespace glifr {

namespace detail {

/// Runs call(body, 0) … call(body, count - 1) on the surrounding workers.
GLIFR_API void run_loop(Index count, void (*call)(void* body, Index i), void* body);

}  // namespace detail

/// Runs body(0) … body(count - 1), in any order, on the threads of the surrounding `Workers` (all of the machine's
/// where there are none). An exception of a body is thrown on after the others have stopped.
template <class Body>
void parallel_for(Index count, Body&& body) {
  using B = std::remove_reference_t<Body>;
  detail::run_loop(
      count, [](void* b, Index i) { (*static_cast<B*>(b))(i); },
      const_cast<std::remove_const_t<B>*>(std::addressof(body)));
}

/// DeviceFailure where so many threads, the caller counted in, cannot run at once: a process that may not start one can
/// be told so only here, not while it works. They are started for a moment, once in a process for each new highest
/// number, and no more of them than a `ThreadLimit` allows. `Workers` and `parallel_for` ask for their own; who makes
/// several `Workers` that work at once asks for the sum before.
GLIFR_API void require_threads(Index threads);

/// A group of threads that works on one thing: the caller and `threads - 1` helpers.
class GLIFR_API Workers {
 public:
  /// `threads` is 1 or more; std::logic_error otherwise. DeviceFailure as `require_threads`.
  explicit Workers(Index threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// The caller counted in.
  [[nodiscard]] Index threads() const { return threads_; }

  /// Runs f here; every `parallel_for` in it uses these workers. Other work is not taken up meanwhile.
  template <class F>
  auto run(F&& f) {
    using Result = std::invoke_result_t<F&>;
    if constexpr (std::is_void_v<Result>) {
      execute(f);
    } else {
      std::optional<Result> result;
      auto call = [&] { result.emplace(f()); };
      execute(call);
      return std::move(*result);
    }
  }

  /// Number of the calling worker within its group, 0 … threads - 1.
  [[nodiscard]] static Index current();

 private:
  template <class F>
  void execute(F& f) {
    execute([](void* g) { (*static_cast<F*>(g))(); }, const_cast<std::remove_const_t<F>*>(std::addressof(f)));
  }
  void execute(void (*call)(void* f), void* f);

  struct Threads;
  std::unique_ptr<Threads> group_;
  Index threads_;
};

/// Bounds the threads of the whole process while it lives.
class GLIFR_API ThreadLimit {
 public:
  /// `threads` is 1 or more; std::logic_error otherwise.
  explicit ThreadLimit(Index threads);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  struct Limit;
  std::unique_ptr<Limit> limit_;
};

}  // namespace glifr
