#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "glifr/neurons/scalar.hpp"

namespace glifr {

/// What a number is drawn for; streams never overlap.
enum class Stream : std::uint32_t { initialize = 1, shuffle = 2, dropout = 3, data = 4, analysis = 5 };

/// Counter-based random numbers: a number is a function of the seed, the stream, a key within the stream (an epoch, a
/// tensor) and a position, and of nothing that happened before. So results depend neither on the number of threads nor
/// on the order of work. Philox 4x32-10 (Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3).
class Random {
 public:
  /// The sequence of a seed, of one of its streams, under a key (an epoch, a parameter's place).
  GLIFR_INLINE constexpr Random(std::uint64_t seed, Stream stream, std::uint32_t key = 0)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        stream_{static_cast<std::uint32_t>(stream), key} {}

  /// Four independent words at a position.
  [[nodiscard]] GLIFR_INLINE constexpr std::array<std::uint32_t, 4> words(std::uint64_t position) const {
    std::array<std::uint32_t, 4> x{static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(position >> 32),
                                   stream_[0], stream_[1]};
    std::uint32_t k0 = key_[0], k1 = key_[1];
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * x[0], p1 = std::uint64_t{0xCD9E8D57u} * x[2];
      x = {static_cast<std::uint32_t>(p1 >> 32) ^ x[1] ^ k0, static_cast<std::uint32_t>(p1),
           static_cast<std::uint32_t>(p0 >> 32) ^ x[3] ^ k1, static_cast<std::uint32_t>(p0)};
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    return x;
  }

  /// Uniform in [0, 1), with 53 bits.
  [[nodiscard]] constexpr double uniform(std::uint64_t position) const {
    const auto w = words(position);
    return static_cast<double>((std::uint64_t{w[0]} << 21) ^ (w[1] >> 11)) * 0x1p-53;
  }

  /// Standard normal (Box-Muller).
  [[nodiscard]] double normal(std::uint64_t position) const {
    const auto w = words(position);
    const double u = (static_cast<double>((std::uint64_t{w[0]} << 21) ^ (w[1] >> 11)) + 0.5) * 0x1p-53;
    const double angle = 6.283185307179586476925 * (static_cast<double>(w[2]) * 0x1p-32);
    return std::sqrt(-2 * std::log(u)) * std::cos(angle);
  }

  /// Uniform among 0 … count - 1 (count < 2^32).
  [[nodiscard]] constexpr std::uint32_t below(std::uint64_t position, std::uint32_t count) const {
    return static_cast<std::uint32_t>((std::uint64_t{words(position)[0]} * count) >> 32);
  }

 private:
  std::array<std::uint32_t, 2> key_, stream_;
};

/// Puts values, fewer than 2^32, in a random order: the shuffle of Fisher and Yates, from the last place to the second,
/// by the numbers at positions `values.size()` to 2.
template <class Value>
void shuffle(std::span<Value> values, const Random& random) {
  for (std::size_t i = values.size(); i > 1; --i)
    std::swap(values[i - 1], values[random.below(i, static_cast<std::uint32_t>(i))]);
}

}  // namespace glifr
