#pragma once

#include <string_view>

#include "glifr/neurons/members.hpp"

/// The constants of a neuron as numbers.
namespace glifr {

/// The constant of this name, or null; the second, third … of an array are called _2, _3 ….
template <class Constants>
double* find_constant(Constants& constants, std::string_view name) {
  double* found = nullptr;
  for_each_scalar(constants, [&](double& value, const ScalarPlace& place) {
    if (name == scalar_name(place)) found = &value;
  });
  return found;
}

/// The time step (ms), which is the constant that is called dt, or 1 where there is none.
template <class Constants>
double time_step(Constants constants) {
  const double* dt = find_constant(constants, "dt");
  return dt ? *dt : 1;
}

/// A neuron's constants with the values of its `fields`.
template <class N>
constexpr typename N::template Constants<double> default_constants() {
  typename N::template Constants<double> constants{};
  for_each_scalar(constants, [](double& value, const ScalarPlace& place) { value = place.field.value.value_or(0); });
  return constants;
}

}  // namespace glifr
