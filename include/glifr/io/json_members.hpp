#pragma once

#include <algorithm>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/io/number.hpp"
#include "glifr/neurons/neuron.hpp"

namespace glifr {

/// The members of a JSON object, taken out one by one, so that what nobody asked for can be refused. Every function
/// throws DataError, naming file and key, where a value is missing, of another kind or out of range.
class GLIFR_API JsonMembers {
 public:
  /// `name` stands for the file in messages. DataError where the document is no object.
  JsonMembers(const boost::json::value& document, std::string name);

  /// Whether there is such a key, which thereby counts as one that may be there.
  [[nodiscard]] bool has(std::string_view key);
  /// A number in the range.
  [[nodiscard]] double number(std::string_view key, const Range& range = {});
  /// The same, or `otherwise` where there is no such key.
  [[nodiscard]] double number_or(std::string_view key, double otherwise, const Range& range = {});
  /// A whole number in the range, or `otherwise` where there is no such key.
  [[nodiscard]] Index integer_or(std::string_view key, Index otherwise, const Range& range = {});
  /// A list of numbers; of `size` numbers where that is given.
  [[nodiscard]] std::vector<double> numbers(std::string_view key, const Range& range = {},
                                            std::optional<Index> size = {});
  /// DataError naming a key that nobody asked for, and those that may be there.
  void check_that_none_is_left() const;

 private:
  boost::json::value take(std::string_view key);
  [[noreturn]] void fail(std::string_view key, const std::string& problem) const;
  [[noreturn]] void refuse(std::string_view key, const boost::json::value& value, const std::string& expected) const;
  double checked(std::string_view key, const boost::json::value& value, const Range& range) const;

  boost::json::object object_;
  std::string name_;
  std::vector<std::string> known_;
};

/// Fills the members of a neuron's constants or (in physical units) parameters from those of the same names in a JSON
/// object, arrays from lists. Where `may_be_missing`, a member without a key keeps its value.
template <class Struct>
void take_fields(JsonMembers& json, Struct& object, bool may_be_missing) {
  for_each_field(object, [&](auto& member, const Field& field) {
    if (may_be_missing && !json.has(field.name)) return;
    if constexpr (detail::is_array<std::remove_cvref_t<decltype(member)>>) {
      const std::vector<double> values = json.numbers(field.name, field.range, static_cast<Index>(member.size()));
      std::copy(values.begin(), values.end(), member.begin());
    } else {
      member = json.number(field.name, field.range);
    }
  });
}

}  // namespace glifr
