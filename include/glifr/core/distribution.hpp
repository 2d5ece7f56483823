#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "glifr/core/random.hpp"

namespace glifr {

/// Where the initial values of a parameter come from, in physical units: one number, a distribution, or recorded
/// numbers from which values are drawn with replacement.
struct Distribution {
  /// What it is.
  enum class Kind { number, uniform, normal, lognormal, recorded };

  Kind kind = Kind::number;  ///< what it is
  double first = 0;          ///< the number; lowest of `uniform`; mean of `normal`; median of `lognormal`
  double second = 0;         ///< highest of `uniform`; standard deviation of `normal`; of `lognormal`, that of ln(x)
  std::string file{};        ///< of `recorded`, where it was named by a configuration: its CSV file …
  std::string column{};      ///< … the column there …
  std::string checksum{};    ///< … and the CRC-32 of the values that it held; empty: not known
  std::vector<double> values{};  ///< of `recorded`: what is drawn from

  /// The same number for all.
  static Distribution number(double value) { return {.first = value}; }
  /// All numbers of [lowest, highest) alike.
  static Distribution uniform(double lowest, double highest) {
    return {.kind = Kind::uniform, .first = lowest, .second = highest};
  }
  /// Of this mean and standard deviation.
  static Distribution normal(double mean, double deviation) {
    return {.kind = Kind::normal, .first = mean, .second = deviation};
  }
  /// Numbers whose logarithm has a normal distribution of mean ln(median) and standard deviation sigma.
  static Distribution lognormal(double median, double sigma) {
    return {.kind = Kind::lognormal, .first = median, .second = sigma};
  }
  /// Drawn with replacement from these numbers, of which there is one or more.
  static Distribution recorded(std::vector<double> values) {
    return {.kind = Kind::recorded, .values = std::move(values)};
  }

  bool operator==(const Distribution&) const = default;

  /// The number at a position of a sequence of random numbers.
  [[nodiscard]] double at(const Random& random, std::uint64_t position) const {
    switch (kind) {
      case Kind::uniform:
        return first + (second - first) * random.uniform(position);
      case Kind::normal:
        return first + second * random.normal(position);
      case Kind::lognormal:
        return first * std::exp(second * random.normal(position));
      case Kind::recorded:
        return values[random.below(position, static_cast<std::uint32_t>(values.size()))];
      case Kind::number:
        break;
    }
    return first;
  }

  /// The first of the numbers at `position`, `position + stride`, … that is accepted: of a distribution whose tails
  /// reach beyond what a parameter may be, the part inside. Nothing where none of a thousand is, or the only one.
  template <class Accept>
  [[nodiscard]] std::optional<double> draw(const Random& random, std::uint64_t position, std::uint64_t stride,
                                           Accept&& accept) const {
    const int attempts = kind == Kind::number ? 1 : 1000;
    for (int attempt = 0; attempt < attempts; ++attempt, position += stride) {
      const double value = at(random, position);
      if (accept(value)) return value;
    }
    return std::nullopt;
  }
};

}  // namespace glifr
