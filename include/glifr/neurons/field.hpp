#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "glifr/neurons/range.hpp"
#include "glifr/neurons/transform.hpp"

namespace glifr {

/// What there is to know about one member of a neuron's `State`, `Parameters` or `Constants`: the single description
/// that allocation, checkpoints, configuration keys, analyses and scans are driven by.
struct Field {
  const char* name;        ///< of the physical quantity: "k_m"
  const char* unit = "1";  ///< of the physical quantity: "1/ms"
  /// Parameters: the name under which the raw value is stored; `name` where the two are the same.
  const char* stored_as = nullptr;
  /// Parameters: how the raw value becomes the physical one, and so between which bounds it stays.
  Transform transform = Transform::identity;
  /// Constants: the value where the user gives none (0 where it is not said). Parameters: the physical initial value,
  /// drawn from [value - spread, value + spread); where neither it nor `initial` is said, the raw one is drawn as
  /// weights are, from [-1/sqrt(N), 1/sqrt(N)).
  std::optional<double> value = {};
  double spread = 0;  ///< see `value`
  /// Parameters: the raw initial value, where it takes more to say: from a number `u` drawn uniformly from [0, 1), `dt`
  /// (ms) and the number of neurons.
  double (*initial)(double u, double dt, double neurons) = nullptr;
  /// Constants: the values that a user may give.
  Range range = {};
  /// Constants: what it means, in a line of the reference of configuration keys; may be left out.
  const char* meaning = nullptr;
  /// Parameters: stored with the shape [extent * neurons] instead of [extent, 1, neurons].
  bool is_flat = false;

  /// The name in files.
  [[nodiscard]] constexpr const char* stored_name() const { return stored_as ? stored_as : name; }
};

/// Whether a parameter is a quantity of the neuron's dynamics, and no weight like others, as the biases of RNN and LSTM
/// are.
inline bool has_physical_meaning(const Field& field) {
  return field.unit != std::string("1") || field.transform != Transform::identity;
}

/// The raw initial value of a parameter, from a number `u` drawn uniformly from [0, 1); `dt` in ms.
inline double initial_raw(const Field& field, double u, double dt, double neurons) {
  if (field.initial) return field.initial(u, dt, neurons);
  if (field.value) return to_raw(field.transform, *field.value - field.spread + 2 * field.spread * u, dt);
  return (2 * u - 1) / std::sqrt(neurons);
}

/// What scalar `index` of a field is called where scalars are told apart: the field's name, for the second, third … of
/// an array followed by _2, _3 …
inline std::string scalar_name(const Field& field, int index) {
  std::string name = field.name;
  if (index > 0) name.append("_").append(std::to_string(index + 1));
  return name;
}

}  // namespace glifr
