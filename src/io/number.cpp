#include "glifr/io/number.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace glifr {
namespace {

template <class Number>
std::string format(Number value) {
  std::array<char, 32> digits;  // the longest double takes 24
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

/// The number that a text stands for, or whether it is one that does not fit.
template <class Number>
struct Parsed {
  std::optional<Number> value;
  bool is_out_of_range = false;
};

template <class Number>
Parsed<Number> parse_whole(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return {};
  if (error == std::errc()) return {value};
  return {std::nullopt, error == std::errc::result_out_of_range};
}

template <class Number>
std::optional<Number> parse(std::string_view text) {
  return parse_whole<Number>(text).value;
}

/// Of a decimal number that no double can hold: whether it is too small, not too large.
bool is_too_small(std::string_view text) {
  const std::size_t end = std::min(text.find_first_of("eE"), text.size());
  const std::string_view digits = text.substr(0, end), exponent = text.substr(std::min(end + 1, text.size()));
  const auto point = static_cast<Index>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<Index>(digits.find_first_of("123456789"));
  const std::optional<Index> power = exponent.empty() ? 0 : parse<Index>(exponent);
  return power ? *power + point - first < 0 : exponent.starts_with('-');
}

}  // namespace

std::string format_number(double value) {
  return format(value);
}

std::string format_number(float value) {
  return format(value);
}

std::optional<double> parse_number(std::string_view text) {
  return parse<double>(text);
}

std::optional<double> parse_measured_number(std::string_view text) {
  const Parsed<double> parsed = parse_whole<double>(text);
  if (parsed.is_out_of_range && is_too_small(text)) return text.starts_with('-') ? -0.0 : 0.0;
  return parsed.value;
}

bool is_too_large_number(std::string_view text) {
  return parse_whole<double>(text).is_out_of_range && !is_too_small(text);
}

std::optional<Index> parse_integer(std::string_view text) {
  return parse<Index>(text);
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  return parse<std::uint64_t>(text);
}

std::optional<Index> whole_number(double value) {
  constexpr double largest = 1LL << 53;
  if (!(std::abs(value) <= largest) || value != std::trunc(value)) return std::nullopt;
  return static_cast<Index>(value);
}

std::string to_string(const Range& range, bool is_integer) {
  const auto digits = [&](double bound) {
    return is_integer ? std::to_string(static_cast<Index>(bound)) : format_number(bound);
  };
  const bool has_lowest = range.lowest != Range{}.lowest, has_highest = range.highest != Range{}.highest;
  std::string text = is_integer ? "an integer" : "a number";
  if (has_lowest) text += (range.excludes_lowest ? " > " : " >= ") + digits(range.lowest);
  if (has_lowest && has_highest) text += " and";
  if (has_highest) text += (range.excludes_highest ? " < " : " <= ") + digits(range.highest);
  return text;
}

std::string quote_unless_number(std::string_view text) {
  constexpr std::size_t longest = 48;
  const std::string shown(text.size() > longest ? std::string(text.substr(0, longest - 3)) + "..." : text);
  if (parse_number(text)) return shown;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_out_of_range = error == std::errc::result_out_of_range && end == text.data() + text.size();
  return is_out_of_range ? shown + ", which does not fit into 64 bits" : "'" + shown + "'";
}

}  // namespace glifr
