#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "glifr/cells/cell.hpp"
#include "glifr/error.hpp"
#include "glifr/io/json_members.hpp"
#include "glifr/neurons/constants.hpp"

namespace glifr {

/// The settings of a layer of neurons N from a JSON object: input_size, hidden_size, synaptic_delay (ms) and the
/// neuron's constants under the names of their fields. What is not there keeps its default. `name` stands for the file
/// in messages. DataError for a key that is unknown, of the wrong kind or out of its field's range.
template <Neuron N>
[[nodiscard]] CellSettings<N> cell_settings(const boost::json::value& document, const std::string& name) {
  JsonMembers json(document, name);
  CellSettings<N> settings;
  constexpr Range sizes{.lowest = 1, .highest = 1e6};
  settings.input_size = json.integer_or("input_size", settings.input_size, sizes);
  settings.hidden_size = json.integer_or("hidden_size", settings.hidden_size, sizes);
  take_fields(json, settings.constants, true);
  if (!(time_step(settings.constants) > 0)) throw DataError(name, "key dt is not above 0");
  settings.delay = delay_steps(json.number_or("synaptic_delay", 0, Range{.lowest = 0, .highest = 1e6}),
                               time_step(settings.constants));
  json.check_that_none_is_left();
  return settings;
}

}  // namespace glifr
