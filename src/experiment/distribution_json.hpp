#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <variant>

#include "glifr/cells/population.hpp"

/// Initial values and delays as configurations write them. `where` they stand, for messages: " of layer 2 in my.json".
namespace glifr::detail {

/// A number, {"uniform": [0.5, 2]}, {"normal": …}, {"lognormal": …} or {"file": …}. ConfigError for anything else.
[[nodiscard]] Distribution distribution_from_json(const boost::json::value& value, const std::string& key,
                                                  const std::string& where);

/// What `distribution_from_json` reads.
[[nodiscard]] boost::json::value to_json(const Distribution& distribution);

/// A delay for each neuron, or, of a plain number, one for all. ConfigError for anything else.
[[nodiscard]] std::variant<double, DelayDescription> delay_from_json(const boost::json::value& value,
                                                                     const std::string& where);

/// What `delay_from_json` reads.
[[nodiscard]] boost::json::value to_json(const DelayDescription& delay);

}  // namespace glifr::detail
