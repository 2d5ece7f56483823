#include "glifr/backend/parallel.hpp"

#include <atomic>
#include <limits>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"

using namespace glifr;

namespace {

/// The half of the smallest normal number, as the calling thread computes it.
template <class T>
T half_of_the_smallest() {
  volatile T smallest = std::numeric_limits<T>::min();
  return smallest * T{0.5};
}

/// A subnormal number, as the calling thread reads it.
template <class T>
T double_of_a_subnormal() {
  volatile T subnormal = std::numeric_limits<T>::min() / 2;
  return subnormal * T{2};
}

template <class T>
bool flushes() {
  return half_of_the_smallest<T>() == 0 && double_of_a_subnormal<T>() == 0;
}

}  // namespace

TEST_CASE("workers and limits have one thread or more", "[parallel]") {
  for (const Index threads : {Index{0}, Index{-1}}) {
    CHECK_THROWS_WITH(Workers(threads), "Workers: expected 1 thread or more, found " + std::to_string(threads));
    CHECK_THROWS_WITH(ThreadLimit(threads), "ThreadLimit: expected 1 thread or more, found " + std::to_string(threads));
  }
}

TEST_CASE("threads are tried as far as the limit allows them", "[parallel]") {
  const ThreadLimit limit(2);
  CHECK_NOTHROW(require_threads(1'000'000));
  CHECK_NOTHROW(Workers(1'000));
}

#if defined(__x86_64__) || defined(__aarch64__)

TEMPLATE_TEST_CASE("numbers below the smallest normal one are zero on all threads", "[parallel]", float, double) {
  Workers workers(4);
  constexpr Index count = 1000;
  std::atomic<Index> flushed = 0;
  CHECK(workers.run([&] {
    parallel_for(count, [&](Index) { flushed += flushes<TestType>() ? 1 : 0; });
    return flushes<TestType>();
  }));
  CHECK(flushed == count);

  flushed = 0;
  parallel_for(count, [&](Index) { flushed += flushes<TestType>() ? 1 : 0; });
  CHECK(flushed == count);
}

TEMPLATE_TEST_CASE("outside of workers they are numbers as before, also after an exception", "[parallel]", float,
                   double) {
  Workers workers(2);
  workers.run([] {});
  CHECK(half_of_the_smallest<TestType>() > 0);
  CHECK_THROWS_AS(workers.run([]() -> int { throw std::runtime_error("a mistake"); }), std::runtime_error);
  CHECK(half_of_the_smallest<TestType>() > 0);
  CHECK_THROWS_AS(parallel_for(10, [](Index) { throw std::runtime_error("a mistake"); }), std::runtime_error);
  CHECK(double_of_a_subnormal<TestType>() > 0);
}

#endif
