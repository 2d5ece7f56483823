#include "glifr/io/json_members.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"

namespace glifr {

JsonMembers::JsonMembers(const boost::json::value& document, std::string name) : name_(std::move(name)) {
  if (!document.is_object()) throw DataError(name_, "found no JSON object");
  object_ = document.as_object();
}

bool JsonMembers::has(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
  return object_.contains(key);
}

double JsonMembers::number(std::string_view key, const Range& range) {
  return checked(key, take(key), range);
}

double JsonMembers::number_or(std::string_view key, double otherwise, const Range& range) {
  return has(key) ? number(key, range) : otherwise;
}

Index JsonMembers::integer_or(std::string_view key, Index otherwise, const Range& range) {
  if (!has(key)) return otherwise;
  const boost::json::value value = take(key);
  const std::optional<Index> number = whole_number(value);
  if (!number || !range.contains(static_cast<double>(*number))) refuse(key, value, to_string(range, true));
  return *number;
}

std::vector<double> JsonMembers::numbers(std::string_view key, const Range& range, std::optional<Index> size) {
  const boost::json::value value = take(key);
  const std::string expected = size ? "a list of " + std::to_string(*size) + " numbers" : "a list of numbers";
  if (!value.is_array()) refuse(key, value, expected);
  std::vector<double> result;
  for (const boost::json::value& element : value.as_array()) result.push_back(checked(key, element, range));
  if (size && static_cast<Index>(result.size()) != *size) refuse(key, value, expected);
  return result;
}

void JsonMembers::check_that_none_is_left() const {
  if (object_.empty()) return;
  throw DataError(name_, "unknown key " + std::string(object_.begin()->key()) + "; accepted are " + joined(known_));
}

void JsonMembers::fail(std::string_view key, const std::string& problem) const {
  throw DataError(name_, "key " + std::string(key) + " " + problem);
}

boost::json::value JsonMembers::take(std::string_view key) {
  if (!has(key)) fail(key, "is missing");
  const auto found = object_.find(key);
  boost::json::value value = std::move(found->value());
  object_.erase(found);
  return value;
}

void JsonMembers::refuse(std::string_view key, const boost::json::value& value, const std::string& expected) const {
  fail(key, "is " + to_line(value) + ", expected " + expected);
}

double JsonMembers::checked(std::string_view key, const boost::json::value& value, const Range& range) const {
  const double number = value.is_number() ? value.to_number<double>() : 0;
  if (!value.is_number() || !range.contains(number)) refuse(key, value, to_string(range));
  return number;
}

}  // namespace glifr
