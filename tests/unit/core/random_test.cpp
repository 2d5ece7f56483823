#include "glifr/core/random.hpp"

#include <array>
#include <cmath>
#include <set>
#include <span>
#include <vector>

#include "support/catch.hpp"

namespace {

using namespace glifr;

using Words = std::array<std::uint32_t, 4>;

TEST_CASE("known answers of Philox 4x32-10") {
  // The vectors published with Random123 (Salmon et al. 2011); seed is the key, position, stream and key are the
  // counter.
  CHECK(Random(0, Stream{0}, 0).words(0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(Random(~0ull, Stream{~0u}, ~0u).words(~0ull) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(Random(0x299f31d0a4093822, Stream{0x13198a2e}, 0x03707344).words(0x85a308d3243f6a88) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a shuffle is of all values, and the same for the same seed") {
  std::vector<int> values{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  shuffle(std::span(values), Random(3, Stream::shuffle));
  CHECK(values == std::vector<int>{6, 7, 9, 0, 5, 8, 2, 1, 3, 4});
  shuffle(std::span(values).first(0), Random(3, Stream::shuffle));
}

TEST_CASE("a number depends on seed, stream, key and position, and on nothing else") {
  std::set<Words> seen;
  std::size_t drawn = 0;
  for (const std::uint64_t seed : {0ull, 1ull, 1ull << 32}) {
    for (const Stream stream : {Stream::initialize, Stream::shuffle, Stream::dropout, Stream::data, Stream::analysis}) {
      for (const std::uint32_t key : {0u, 1u, 7u}) {
        const Random random(seed, stream, key);
        for (std::uint64_t position = 0; position < 500; ++position, ++drawn) seen.insert(random.words(position));
        for (std::uint64_t position = 1; position < 500; ++position, ++drawn) seen.insert(random.words(position << 32));
      }
    }
  }
  CHECK(seen.size() == drawn);
  const Random random(3, Stream::data);
  const double late = random.uniform(1000);
  (void)random.uniform(0);
  CHECK(random.uniform(1000) == late);
}

/// Mean of f over `count` positions.
template <class F>
double mean(int count, F f) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += f(static_cast<std::uint64_t>(i));
  return sum / count;
}

TEST_CASE("uniform numbers have the moments of their distribution and stay below 1") {
  constexpr int count = 200000;
  const Random random(42, Stream::data);
  const double centre = mean(count, [&](auto i) { return random.uniform(i); });
  const double variance = mean(count, [&](auto i) { return std::pow(random.uniform(i) - 0.5, 2); });
  const double neighbours =
      mean(count, [&](auto i) { return (random.uniform(i) - 0.5) * (random.uniform(i + 1) - 0.5); });
  // Five standard errors.
  CHECK(std::abs(centre - 0.5) < 5 * std::sqrt(1.0 / 12 / count));
  CHECK(std::abs(variance - 1.0 / 12) < 5 * std::sqrt(1.0 / 180 / count));
  CHECK(std::abs(neighbours) < 5 / 12.0 / std::sqrt(count));
  double least = 1, most = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    least = std::min(least, random.uniform(i));
    most = std::max(most, random.uniform(i));
  }
  CHECK((least >= 0 && least < 1e-4 && most < 1 && most > 1 - 1e-4));
}

TEST_CASE("normal numbers have the moments of their distribution") {
  constexpr int count = 200000;
  const Random random(42, Stream::data);
  const auto moment = [&](int k) { return mean(count, [&](auto i) { return std::pow(random.normal(i), k); }); };
  CHECK(std::abs(moment(1)) < 5 * std::sqrt(1.0 / count));
  CHECK(std::abs(moment(2) - 1) < 5 * std::sqrt(2.0 / count));
  CHECK(std::abs(moment(3)) < 5 * std::sqrt(15.0 / count));
  CHECK(std::abs(moment(4) - 3) < 5 * std::sqrt(96.0 / count));
}

TEST_CASE("whole numbers below a bound are all drawn, about equally often") {
  const Random random(1, Stream::shuffle, 9);
  for (const std::uint32_t bound : {1u, 2u, 7u, 100u}) {
    std::vector<int> seen(bound);
    const int draws = static_cast<int>(bound) * 1000;
    for (int i = 0; i < draws; ++i) {
      const std::uint32_t value = random.below(static_cast<std::uint64_t>(i), bound);
      REQUIRE(value < bound);
      ++seen[value];
    }
    for (const int count : seen) CHECK(std::abs(count - 1000) < 6 * std::sqrt(1000.0));
  }
  for (std::uint64_t i = 0; i < 1000; ++i) REQUIRE(random.below(i, 0xffffffff) < 0xffffffff);
}

}  // namespace
