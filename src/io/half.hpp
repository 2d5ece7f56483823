#pragma once

#include <bit>
#include <cstdint>

namespace glifr::detail {

/// The 16 bits of IEEE 754's half precision: sign, 5 bits of exponent, 10 of fraction.
struct Half {
  std::uint16_t bits = 0;

  explicit operator float() const {
    const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31, exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    if (exponent == 0) {  // zero or below the smallest normal number: whole multiples of 2^-24
      const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
      return sign != 0 ? -magnitude : magnitude;
    }
    const std::uint32_t widened = exponent == 0x1f ? 0xff : exponent + (127 - 15);
    return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
  }
  explicit operator double() const { return static_cast<float>(*this); }
};

/// The leading 16 bits of a float.
struct BrainFloat {
  std::uint16_t bits = 0;

  explicit operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
  explicit operator double() const { return static_cast<float>(*this); }
};

}  // namespace glifr::detail
