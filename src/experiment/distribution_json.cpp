#include "distribution_json.hpp"

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <optional>
#include <tuple>
#include <utility>

#include "config_members.hpp"
#include "glifr/error.hpp"
#include "glifr/io/number.hpp"

namespace glifr::detail {

namespace json = boost::json;

namespace {

constexpr Range delays = Range::from(0);

bool is_finite_number(const json::value& value) {
  return value.is_number() && std::isfinite(value.to_number<double>());
}

/// Two numbers: a list of them, or an object of two members.
std::pair<double, double> pair_from_json(const json::value& value, const std::string& key,
                                         const std::array<const char*, 2>& names, const std::string& where) {
  const auto refuse_pair = [&] {
    refuse_value(key, value, where,
                 std::string("two numbers, as [0.5, 2]") +
                     (names[0] ? std::string(" or {\"") + names[0] + "\": 1, \"" + names[1] + "\": 0.5}" : ""));
  };
  if (const json::array* list = value.if_array()) {
    if (list->size() != 2 || !is_finite_number((*list)[0]) || !is_finite_number((*list)[1])) refuse_pair();
    return {(*list)[0].to_number<double>(), (*list)[1].to_number<double>()};
  }
  const json::object* object = value.if_object();
  if (!object || !names[0]) refuse_pair();
  const json::value *first = object->if_contains(names[0]), *second = object->if_contains(names[1]);
  if (object->size() != 2 || !first || !second || !is_finite_number(*first) || !is_finite_number(*second))
    refuse_pair();
  return {first->to_number<double>(), second->to_number<double>()};
}

constexpr const char* known_distributions =
    "a number, {\"uniform\": [LOWEST, HIGHEST]}, {\"normal\": {\"mean\": M, \"sd\": S}}, "
    "{\"lognormal\": {\"median\": M, \"sigma\": S}} or "
    "{\"file\": \"learnedparams.csv\", \"column\": \"k_m\"}";

/// That of the values in a column of a file.
void take_recorded(ConfigMembers& members, const std::string& key, const std::string& where,
                   std::optional<Distribution>& found) {
  if (const auto file = members.take("file")) {
    if (found || !file->is_string() || file->get_string().empty())
      refuse_value("file", *file, " of " + key + where, "the name of a CSV file");
    found = Distribution{.kind = Distribution::Kind::recorded, .file = std::string(file->get_string())};
  }
  if (const auto column = members.take("column")) {
    if (!found || found->kind != Distribution::Kind::recorded || !column->is_string())
      refuse_value("column", *column, " of " + key + where, "the name of a column of the file, as k_m");
    found->column = std::string(column->get_string());
  }
  if (const auto checksum = members.take("checksum")) {
    if (!found || found->kind != Distribution::Kind::recorded || !checksum->is_string())
      refuse_value("checksum", *checksum, " of " + key + where, "text, beside a file, as config.json records it");
    found->checksum = std::string(checksum->get_string());
  }
}

/// The distribution that is a member of an object beside others; nothing where there is none.
std::optional<Distribution> take_distribution(ConfigMembers& members, const std::string& key,
                                              const std::string& where) {
  std::optional<Distribution> found;
  const auto take = [&](const char* kind, const std::array<const char*, 2>& names, auto&& make) {
    const auto value = members.take(kind);
    if (!value) return;
    if (found) refuse_value(key, *value, where, "one distribution");
    const auto [first, second] = pair_from_json(*value, kind, names, " of " + key + where);
    found = make(first, second);
    const bool is_uniform = found->kind == Distribution::Kind::uniform;
    const bool is_there =
        is_uniform ? second >= first : second >= 0 && (found->kind != Distribution::Kind::lognormal || first > 0);
    if (!is_there)
      refuse_value(kind, *value, " of " + key + where,
                   is_uniform ? "the lowest and the highest number"
                              : "a width >= 0, and of a lognormal distribution a median > 0");
  };
  take("uniform", {nullptr, nullptr}, Distribution::uniform);
  take("normal", {"mean", "sd"}, Distribution::normal);
  take("lognormal", {"median", "sigma"}, Distribution::lognormal);
  take_recorded(members, key, where, found);
  return found;
}

void add_distribution(json::object& object, const Distribution& distribution) {
  using Kind = Distribution::Kind;
  const double first = distribution.first, second = distribution.second;
  switch (distribution.kind) {
    case Kind::number:
      object["initial"] = first;
      break;
    case Kind::uniform:
      object["uniform"] = json::array{first, second};
      break;
    case Kind::normal:
      object["normal"] = json::object{{"mean", first}, {"sd", second}};
      break;
    case Kind::lognormal:
      object["lognormal"] = json::object{{"median", first}, {"sigma", second}};
      break;
    case Kind::recorded:
      object["file"] = distribution.file;
      if (!distribution.column.empty()) object["column"] = distribution.column;
      if (!distribution.checksum.empty()) object["checksum"] = distribution.checksum;
      break;
  }
}

/// Refuses a range beyond all delays that there are and, since none is trained, will be.
void require_effect(const DelayDescription& delay, const std::string& where) {
  const bool is_number = delay.initial.kind == Distribution::Kind::number;
  if (delay.is_trained || (!is_number && delay.initial.kind != Distribution::Kind::uniform)) return;
  const double first = delay.initial.first, last = is_number ? first : delay.initial.second;
  const bool is_wider = delay.shortest <= first && delay.longest >= last;
  if (!is_wider || (delay.shortest == first && delay.longest == last)) return;
  refuse_value("range", json::array{delay.shortest, delay.longest}, " of synaptic_delay" + where,
               "none beside delays of " + format_number(first) + (is_number ? "" : " to " + format_number(last)) +
                   " ms, or \"train\": true");
}

/// The shortest and the longest delay: stated, or those of the initial values where these show them.
void take_range(ConfigMembers& members, const std::string& where, DelayDescription& delay) {
  const Distribution::Kind kind = delay.initial.kind;
  if (const auto range = members.take("range")) {
    std::tie(delay.shortest, delay.longest) =
        pair_from_json(*range, "range", {nullptr, nullptr}, " of synaptic_delay" + where);
  } else if (kind == Distribution::Kind::uniform) {
    std::tie(delay.shortest, delay.longest) = std::pair(delay.initial.first, delay.initial.second);
  } else if (kind == Distribution::Kind::number && !delay.is_trained) {
    delay.shortest = delay.longest = delay.initial.first;
  } else {
    throw ConfigError("range", "is missing in synaptic_delay" + where +
                                   "; accepted: the shortest and the longest delay, ms, as [0.5, 3]");
  }
}

}  // namespace

Distribution distribution_from_json(const json::value& value, const std::string& key, const std::string& where) {
  if (is_finite_number(value)) return Distribution::number(value.to_number<double>());
  if (!value.is_object()) refuse_value(key, value, where, known_distributions);
  ConfigMembers members(value, key, where);
  const auto found = take_distribution(members, key, where);
  members.check_that_none_is_left();
  if (!found) refuse_value(key, value, where, known_distributions);
  return *found;
}

json::value to_json(const Distribution& distribution) {
  if (distribution.kind == Distribution::Kind::number) return distribution.first;
  json::object object;
  add_distribution(object, distribution);
  return object;
}

std::variant<double, DelayDescription> delay_from_json(const json::value& value, const std::string& where) {
  const std::string key = "synaptic_delay";
  if (value.is_number()) {
    if (!delays.contains(value.to_number<double>())) refuse_value(key, value, where, to_string(delays));
    return value.to_number<double>();
  }
  const std::string accepted =
      "a number >= 0 (ms), or an object of a distribution (uniform, normal, lognormal, file; or "
      "\"initial\", a number), \"train\" and, for other distributions than uniform, \"range\"";
  if (!value.is_object()) refuse_value(key, value, where, accepted);
  ConfigMembers members(value, key, where);
  DelayDescription delay;
  auto distribution = take_distribution(members, key, where);
  if (const auto initial = members.take("initial")) {
    if (distribution) refuse_value("initial", *initial, " of " + key + where, "one distribution");
    distribution = distribution_from_json(*initial, "initial", " of " + key + where);
  }
  if (!distribution) refuse_value(key, value, where, accepted);
  delay.initial = *distribution;
  delay.is_trained = members.flag("train", false);
  take_range(members, where, delay);
  if (!(delay.shortest >= 0 && delay.longest >= delay.shortest && delay.longest <= 1e6)) {
    refuse_value(key, value, where, "delays of 0 to 1000000 ms, the shortest before the longest");
  }
  require_effect(delay, where);
  members.check_that_none_is_left();
  return delay;
}

json::value to_json(const DelayDescription& delay) {
  json::object object;
  add_distribution(object, delay.initial);
  object["range"] = json::array{delay.shortest, delay.longest};
  object["train"] = delay.is_trained;
  return object;
}

}  // namespace glifr::detail
