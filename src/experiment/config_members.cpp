#include "config_members.hpp"

#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"

namespace glifr::detail {

namespace json = boost::json;

ConfigMembers::ConfigMembers(const json::value& value, std::string what, std::string place)
    : what_(std::move(what)), place_(std::move(place)) {
  const json::object* object = value.if_object();
  if (!object) refuse(what_, to_line(value), "an object");
  members_ = *object;
}

std::optional<json::value> ConfigMembers::take(const std::string& name) {
  known_ += (known_.empty() ? "" : ", ") + name;
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  json::value value = found->value();
  members_.erase(found);
  return value;
}

std::string ConfigMembers::text(const std::string& name, const std::string& otherwise) {
  const auto value = take(name);
  if (!value) return otherwise;
  if (!value->is_string()) refuse(name, to_line(*value), "text");
  return std::string(value->get_string());
}

Index ConfigMembers::whole(const std::string& name, Index otherwise, const Range& range) {
  const auto value = take(name);
  if (!value) return otherwise;
  const std::optional<Index> number = whole_number(*value);
  if (!number || !range.contains(static_cast<double>(*number))) refuse(name, to_line(*value), to_string(range, true));
  return *number;
}

std::optional<double> ConfigMembers::number(const std::string& name, const Range& range) {
  const auto value = take(name);
  if (!value) return std::nullopt;
  if (!value->is_number() || !range.contains(value->to_number<double>()))
    refuse(name, to_line(*value), to_string(range));
  return value->to_number<double>();
}

bool ConfigMembers::flag(const std::string& name, bool otherwise) {
  const auto value = take(name);
  if (!value) return otherwise;
  if (!value->is_bool()) refuse(name, to_line(*value), "true or false");
  return value->get_bool();
}

void ConfigMembers::refuse(const std::string& name, const std::string& found, const std::string& accepted) const {
  throw ConfigError(name,
                    "found " + found + (name == what_ ? "" : " in " + what_) + place_ + "; accepted: " + accepted);
}

void ConfigMembers::check_that_none_is_left() const {
  if (members_.empty()) return;
  const std::string name(members_.begin()->key());
  throw ConfigError(name, "is no member of " + what_ + place_ + "; accepted: " + known_);
}

void refuse_value(const std::string& key, const json::value& found, const std::string& where,
                  const std::string& accepted) {
  throw ConfigError(key, "found " + to_line(found) + where + "; accepted: " + accepted);
}

}  // namespace glifr::detail
