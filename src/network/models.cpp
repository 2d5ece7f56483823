#include "glifr/network/models.hpp"

#include <algorithm>
#include <string>

#include "glifr/error.hpp"
#include "glifr/io/text.hpp"

namespace glifr {

const std::vector<Model>& known_models() {
  static const std::vector<Model> models = detail::make_built_in_models();
  return models;
}

std::size_t place_of_model(std::string_view name) {
  const auto found = std::ranges::find(known_models(), name, &Model::name);
  return static_cast<std::size_t>(found - known_models().begin());
}

const Model& find_model(std::string_view name) {
  const auto found = std::ranges::find(known_models(), name, &Model::name);
  if (found != known_models().end()) return *found;
  throw ConfigError("model",
                    "found '" + std::string(name) + "'; accepted: " + joined(known_models(), ", ", &Model::name));
}

}  // namespace glifr
