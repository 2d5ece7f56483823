#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/analysis/plot.hpp"
#include "glifr/export.hpp"

/// Where everything of a figure stands. Lengths are in units of 1/96 inch, from the upper left corner.
namespace glifr::analysis::detail {

/// A mark on an axis; without a label it is a small one.
struct Mark1d {
  double position = 0;  ///< in units of the axis
  std::string label;    ///< in gnuplot's enhanced text
};

/// An axis with its ends and marks.
struct AxisLayout {
  double lower = 0;
  double upper = 1;
  std::vector<Mark1d> marks;
  int rotation = 0;  ///< of the labels, degrees: 0, 45 or 90
};

/// An entry of a key: what explains a series, from its sample's left end on, at the height of its middle.
struct KeyEntry {
  const Series* series = nullptr;
  double left = 0;
  double middle = 0;
};

struct PanelLayout {
  double left = 0, right = 0, top = 0, bottom = 0;  ///< of the axes
  AxisLayout x, y;
  std::vector<KeyEntry> key;
  double title_middle = 0, x_label_middle = 0, y_label_middle = 0;  ///< heights of the first two, distance of the third
};

struct Layout {
  double width = 0, height = 0;
  double letter = 0;  ///< height of the letters
  std::vector<PanelLayout> panels;
  std::vector<KeyEntry> key;
};

/// Length of the sample in front of a key's word, in heights of the letters.
inline constexpr double sample_length = 2;

/// The width of a text in gnuplot's enhanced form, in heights of its letters: rather too much than too little, for any
/// sans-serif font.
[[nodiscard]] GLIFR_API double text_width(std::string_view text);

/// Lays a figure out, `width` mm wide or, without that, as wide as it asks for.
[[nodiscard]] GLIFR_API Layout lay_out(const Figure& figure, std::optional<double> width);

/// Round numbers on an axis from `low` to `high` that is `length` long, labels and letters as high as `letter`; they do
/// not run together.
[[nodiscard]] GLIFR_API AxisLayout lay_out_axis(const Axis& axis, double low, double high, double length, double letter,
                                                bool is_horizontal);

}  // namespace glifr::analysis::detail
