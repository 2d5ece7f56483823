#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "config_values.hpp"
#include "glifr/experiment/config.hpp"

namespace glifr {

namespace detail {

/// Keys and values of one source.
struct ConfigLayer {
  boost::json::object values;
  Origin origin;
};

}  // namespace detail

struct Config::Content {
  std::string task, base_task;
  std::vector<detail::ConfigLayer> layers;  // checked, lowest first
  std::vector<std::string> models;
  std::vector<Model> described;
  boost::json::object record;
};

}  // namespace glifr
