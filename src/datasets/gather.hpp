#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/error.hpp"

namespace glifr::detail {

/// ShapeError where values do not fill `[time_steps, samples, features]`.
inline void check_values(const std::string& what, const Shape& shape, std::size_t values) {
  const bool is_sound = shape.rank() == 3 && shape[0] > 0 && shape[1] > 0 && shape[2] > 0;
  if (!is_sound) throw ShapeError(what, "[time_steps, samples, features], each 1 or more", to_string(shape));
  if (static_cast<Index>(values) != shape.size())
    throw ShapeError(what, std::to_string(shape.size()) + " values for " + to_string(shape), std::to_string(values));
}

/// ShapeError where one of the labels is no class.
template <class Label>
void check_labels(const char* what, const std::vector<Label>& labels, Index classes) {
  for (const Label label : labels) {
    if (label < 0 || label >= classes)
      throw ShapeError(what, "0 to " + std::to_string(classes - 1), std::to_string(label));
  }
}

/// Copies the chosen samples of `[time_steps, samples, features]`.
template <Scalar T>
void gather(const std::vector<T>& values, const Shape& shape, std::span<const Index> chosen, T* to) {
  const T* from = values.data();
  for (Index step = 0; step < shape[0]; ++step, from += shape[1] * shape[2]) {
    if (shape[2] == 1) {  // a call to copy one number takes longer than the number
      for (const Index sample : chosen) *to++ = from[sample];
    } else {
      for (const Index sample : chosen) to = std::copy_n(from + sample * shape[2], shape[2], to);
    }
  }
}

}  // namespace glifr::detail
