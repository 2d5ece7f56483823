#include "tasks.hpp"

#include <stdexcept>

#include "experiment/builtin_configs.hpp"

namespace glifr::detail {

std::string built_in_configuration(std::string_view name) {
  for (const BuiltinConfig& config : builtin_configs()) {
    if (config.name == name) return std::string(config.text);
  }
  throw std::logic_error("there is no configs/" + std::string(name) + ".json");
}

}  // namespace glifr::detail
