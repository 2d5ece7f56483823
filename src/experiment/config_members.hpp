#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/neurons/range.hpp"

namespace glifr::detail {

/// The members of an object of a configuration, taken one by one; what is left in the end is refused. Every function
/// throws ConfigError, naming the member and where it stands, for a value that is not accepted.
class ConfigMembers {
 public:
  /// `what` the object is, and in which `place`, for messages: "layer 2", " in my.json". ConfigError where it is none.
  ConfigMembers(const boost::json::value& value, std::string what, std::string place);

  /// The member of that name, or nothing.
  std::optional<boost::json::value> take(const std::string& name);
  /// A text, or `otherwise` where there is no such member.
  std::string text(const std::string& name, const std::string& otherwise);
  /// A whole number in the range, or `otherwise`.
  Index whole(const std::string& name, Index otherwise, const Range& range);
  /// A number in the range, or nothing.
  std::optional<double> number(const std::string& name, const Range& range);
  /// True or false, or `otherwise`.
  bool flag(const std::string& name, bool otherwise);

  [[noreturn]] void refuse(const std::string& name, const std::string& found, const std::string& accepted) const;
  void check_that_none_is_left() const;

 private:
  std::string what_, place_;
  boost::json::object members_;
  std::string known_;
};

/// ConfigError for a value; `where` it was found: " of lateral of layer 2 in my.json".
[[noreturn]] void refuse_value(const std::string& key, const boost::json::value& found, const std::string& where,
                               const std::string& accepted);

}  // namespace glifr::detail
