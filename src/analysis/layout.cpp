#include "layout.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>

#include "glifr/io/number.hpp"

namespace glifr::analysis::detail {
namespace {

constexpr double points = 96.0 / 72.0;
constexpr double millimetres = 96.0 / 25.4;
constexpr double infinity = std::numeric_limits<double>::infinity();

// In heights of a letter.
constexpr double line_height = 1.45;
constexpr double label_gap = 0.9;    // between the labels of a horizontal axis
constexpr double mark_space = 0.9;   // between a horizontal axis and its labels
constexpr double beside_axis = 1.4;  // between a vertical axis and the far side of the space around its labels
constexpr double key_gap = 1.2;      // between entries of a key
constexpr double sample_gap = 0.5;   // between a sample and its word
constexpr double edge = 0.8;         // around a figure
constexpr double least_height = 5;   // of the axes of a panel

/// A range of values, empty at first.
struct Extent {
  double low = infinity, high = -infinity;

  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  [[nodiscard]] bool is_empty() const { return low > high; }
};

const Column* find_column(const Figure& figure, const std::string& table, const std::string& name) {
  const auto found = std::ranges::find(figure.tables, table, &Table::name);
  if (found == figure.tables.end()) return nullptr;
  const auto column = std::ranges::find(found->columns, name, &Column::name);
  return column == found->columns.end() ? nullptr : &*column;
}

/// The number in a row, NaN where there is none.
double number_at(const Column* column, std::size_t row) {
  const auto* numbers = column ? std::get_if<std::vector<double>>(&column->values) : nullptr;
  return numbers && row < numbers->size() ? (*numbers)[row] : std::numeric_limits<double>::quiet_NaN();
}

bool is_about(const Figure& figure, const Series& series, std::size_t row) {
  if (!series.where) return true;
  const Column* column = find_column(figure, series.table, series.where->column);
  if (!column) return false;
  if (const auto* word = std::get_if<std::string>(&series.where->value)) {
    const auto* words = std::get_if<std::vector<std::string>>(&column->values);
    return words && row < words->size() && (*words)[row] == *word;
  }
  return number_at(column, row) == std::get<double>(series.where->value);
}

/// Half of what a mark takes along the horizontal axis.
double half_width(const Series& series, const Column* x) {
  if (series.mark == Mark::boxes || series.mark == Mark::cells) return series.box_width / 2;
  const double bin = series.mark == Mark::outline ? std::abs(number_at(x, 1) - number_at(x, 0)) : 0;
  return std::isfinite(bin) ? bin / 2 : 0;
}

/// What is drawn of a series, along both axes.
void add_extent(const Figure& figure, const Series& series, Extent& horizontal, Extent& vertical) {
  const Column* x = find_column(figure, series.table, series.x);
  const std::size_t rows = x ? std::visit([](const auto& values) { return values.size(); }, x->values) : 0;
  std::vector<const Column*> columns;
  for (const std::string& name : series.y) columns.push_back(find_column(figure, series.table, name));
  if (series.mark == Mark::numbers) columns.resize(1);  // the numbers of the other are written
  const double half_box = half_width(series, x);
  for (std::size_t row = 0; row < rows; ++row) {
    if (!is_about(figure, series, row)) continue;
    horizontal.add(number_at(x, row) - half_box);
    horizontal.add(number_at(x, row) + half_box);
    if (series.mark == Mark::error_bars && columns.size() == 2) {
      const double middle = number_at(columns[0], row), half = number_at(columns[1], row);
      for (const double value : {middle, middle - half, middle + half}) vertical.add(value);
      continue;
    }
    const double half_height = series.mark == Mark::cells ? 0.5 : 0;
    for (const Column* column : columns) {
      vertical.add(number_at(column, row) - half_height);
      vertical.add(number_at(column, row) + half_height);
    }
  }
  if (series.mark == Mark::boxes || series.mark == Mark::outline) vertical.add(0);
}

/// 1, 2 or 5 times a power of ten: the first such step that is at least `rough`.
double round_step(double rough) {
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= 0.999 * rough) return factor * power;
  }
  return 10 * power;
}

/// Numbers of one axis, all in the same form.
class NumberForm {
 public:
  /// For multiples of `step` of which `largest` is the largest in size.
  NumberForm(double step, double largest) {
    const auto decade = [](double value) { return static_cast<int>(std::floor(std::log10(value) + 1e-9)); };
    if (largest >= 1e5 || largest < 1e-3) exponent_ = decade(largest);
    decimals_ = std::max(0, exponent_ - decade(step));
  }

  [[nodiscard]] std::string operator()(double value) const {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals_, value / std::pow(10, exponent_));
    std::string number = std::stod(text) == 0 ? "0" : text;
    if (exponent_ == 0 || number == "0") return number;
    return number + "·10^{" + std::to_string(exponent_) + "}";
  }

 private:
  int exponent_ = 0, decimals_ = 0;
};

double widest(const std::vector<Mark1d>& marks) {
  double width = 0;
  for (const Mark1d& mark : marks) width = std::max(width, text_width(mark.label));
  return width;
}

/// How many heights of a letter lie between two labels that do not touch.
double space_for(const std::vector<Mark1d>& marks, bool is_horizontal) {
  return is_horizontal ? widest(marks) + label_gap : 1.7;
}

AxisLayout linear_axis(const Axis& axis, double low, double high, double length, double letter, bool is_horizontal) {
  if (axis.least) low = std::max(low, *axis.least);
  if (axis.greatest) high = std::min(high, *axis.greatest);
  if (high - low <= 1e-9 * std::max(std::abs(low), std::abs(high))) {  // a constant stands between others
    const double constant = (low + high) / 2;
    const double around = axis.is_count || constant == 0 ? 1 : std::abs(constant);
    low = axis.least ? std::max(*axis.least, constant - around) : constant - around;
    high = axis.greatest ? std::min(*axis.greatest, constant + around) : constant + around;
    if (high <= low) high = low + 1;
  }
  double step = round_step((high - low) / (is_horizontal ? 7 : 6));
  if (axis.is_count) step = std::max(1.0, step);
  AxisLayout layout;
  layout.lower = axis.lower.value_or(step * std::floor(low / step + 1e-6));
  layout.upper = axis.upper.value_or(step * std::ceil(high / step - 1e-6));
  if (axis.least) layout.lower = std::max(layout.lower, *axis.least);
  if (axis.greatest) layout.upper = std::min(layout.upper, *axis.greatest);
  const double largest = std::max(std::abs(layout.lower), std::abs(layout.upper));
  for (double label_step = step;; label_step = round_step(1.5 * label_step)) {
    const NumberForm text(label_step, largest);
    const double last = std::floor(layout.upper / label_step + 1e-6);
    layout.marks.clear();
    for (double multiple = std::ceil(layout.lower / label_step - 1e-6); multiple <= last; ++multiple)
      layout.marks.push_back({multiple * label_step, text(multiple * label_step)});
    if (layout.marks.size() < 2) break;
    const double distance = length * label_step / (layout.upper - layout.lower);
    if (distance >= letter * space_for(layout.marks, is_horizontal)) return layout;
  }
  // No two round numbers have room, but the ends may; of a count, the integers next to them.
  const NumberForm text(step, largest);
  const double first = axis.is_count ? std::ceil(layout.lower) : layout.lower;
  const double last = axis.is_count ? std::floor(layout.upper) : layout.upper;
  layout.marks.clear();
  if (first <= last) layout.marks.push_back({first, text(first)});
  if (first < last) layout.marks.push_back({last, text(last)});
  return layout;
}

std::string power_of_ten(int exponent) {
  return "10^{" + std::to_string(exponent) + "}";
}

AxisLayout logarithmic_axis(const Axis& axis, double low, double high, double length, double letter,
                            bool is_horizontal) {
  AxisLayout layout{axis.lower.value_or(0.7 * low), axis.upper.value_or(1.4 * high), {}, 0};
  const auto position = [&](double value) {
    return length * std::log(value / layout.lower) / std::log(layout.upper / layout.lower);
  };
  const int first = static_cast<int>(std::floor(std::log10(layout.lower)));
  const int last = static_cast<int>(std::ceil(std::log10(layout.upper)));
  const double decade = position(10 * layout.lower);
  const double space = letter * (is_horizontal ? text_width("10^{-10}") + label_gap : 1.7);
  const int stride = std::max(1, static_cast<int>(std::ceil(space / decade)));
  const auto is_on_it = [&](double value) { return value >= 0.999 * layout.lower && value <= 1.001 * layout.upper; };
  int labelled = 0;
  for (int exponent = first; exponent <= last; ++exponent) {
    const double power = std::pow(10, exponent);
    if (is_on_it(power)) {
      const bool has_label = (exponent % stride + stride) % stride == 0;
      labelled += has_label;
      layout.marks.push_back({power, has_label ? power_of_ten(exponent) : ""});
    }
    for (int factor = 2; factor < 10 && stride == 1; ++factor) {
      if (is_on_it(factor * power)) layout.marks.push_back({factor * power, ""});
    }
  }
  if (labelled >= 2) return layout;
  // Less than two powers of ten in sight: their multiples are labelled, too.
  double end = -infinity;
  for (Mark1d& mark : layout.marks) {
    const double power = std::pow(10, std::floor(std::log10(mark.position) + 1e-9));
    const auto factor = std::lround(mark.position / power);
    if (factor != 1 && factor != 2 && factor != 5) continue;
    const std::string text = NumberForm(power, mark.position)(mark.position);
    if (position(mark.position) - end < (is_horizontal ? letter * (text_width(text) + label_gap) : 1.7 * letter)) {
      mark.label.clear();
      continue;
    }
    mark.label = text;
    end = position(mark.position);
  }
  return layout;
}

/// Words in place of numbers: turned where they would touch; where even turned ones would, only some are written.
AxisLayout worded_axis(const Axis& axis, double low, double high, double length, double letter, bool is_horizontal) {
  AxisLayout layout{axis.lower.value_or(low), axis.upper.value_or(high), {}, 0};
  double nearest = infinity;
  for (std::size_t i = 0; i < axis.tics.size(); ++i) {
    layout.marks.push_back({axis.tics[i].position, axis.tics[i].label});
    if (i > 0) nearest = std::min(nearest, std::abs(axis.tics[i].position - axis.tics[i - 1].position));
  }
  const double distance = length * nearest / (layout.upper - layout.lower);
  if (distance >= letter * space_for(layout.marks, is_horizontal)) return layout;
  constexpr double turned_space = 1.6, upright_space = 1.3;
  if (is_horizontal) layout.rotation = distance >= turned_space * letter ? 45 : 90;
  const auto every = static_cast<std::size_t>(std::max(1.0, std::ceil(upright_space * letter / distance)));
  for (std::size_t i = 0; i < layout.marks.size(); ++i) {
    if (i % every != 0) layout.marks[i].label.clear();
  }
  return layout;
}

/// Height that the labels of a horizontal axis take.
double label_height(const AxisLayout& axis, double letter) {
  if (axis.rotation == 0) return letter * 1.2;
  return letter * ((axis.rotation == 45 ? 0.75 : 1.0) * widest(axis.marks) + 0.8);
}

/// Entries of a key, each title and colour once.
std::vector<const Series*> key_of(std::span<const Panel> panels) {
  std::vector<const Series*> entries;
  for (const Panel& panel : panels) {
    for (const Series& series : panel.series) {
      if (series.title.empty()) continue;
      const bool is_there = std::ranges::any_of(entries, [&](const Series* other) {
        return other->title == series.title && other->ink.color == series.ink.color;
      });
      if (!is_there) entries.push_back(&series);
    }
  }
  return entries;
}

/// Puts the entries of a key in as many rows as they need, in columns where that is more than one; returns its height.
double place_key(const std::vector<const Series*>& entries, double left, double right, double top, double letter,
                 std::vector<KeyEntry>& key) {
  if (entries.empty()) return 0;
  double sum = 0, largest = 0;
  std::vector<double> widths;
  for (const Series* series : entries) {
    widths.push_back(letter * (sample_length + sample_gap + text_width(series->title) + key_gap));
    sum += widths.back();
    largest = std::max(largest, widths.back());
  }
  const double slack = key_gap * letter;  // the last entry of a row needs no gap
  const bool is_one_row = sum - slack <= right - left;
  const auto count = entries.size();
  auto columns = static_cast<std::size_t>(std::max(1.0, std::floor((right - left + slack) / largest)));
  const std::size_t rows = is_one_row ? 1 : (count + columns - 1) / columns;
  columns = (count + rows - 1) / rows;
  double at = left;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t row = is_one_row ? 0 : i / columns;
    if (!is_one_row) at = left + static_cast<double>(i % columns) * largest;
    key.push_back({entries[i], at, top + letter * line_height * (static_cast<double>(row) + 0.5)});
    at += widths[i];
  }
  return letter * line_height * static_cast<double>(rows) + 0.3 * letter;
}

/// Share of an axis at which a value stands.
double share_of(const AxisLayout& layout, const Axis& axis, double value) {
  if (axis.is_logarithmic) return std::log(value / layout.lower) / std::log(layout.upper / layout.lower);
  return (value - layout.lower) / (layout.upper - layout.lower);
}

/// Lays out a figure step by step: heights follow from the width of the columns, the marks of vertical axes from these,
/// margins from the marks, and the marks of horizontal axes from what the margins leave.
class Planner {
 public:
  Planner(const Figure& figure, std::optional<double> width) : figure_(figure) {
    layout_.width = std::round(width ? *width * millimetres : figure.width);
    layout_.letter = letter_ = (width ? 8 : 9) * points;
    const auto count = std::max<Index>(1, static_cast<Index>(figure.panels.size()));
    const double fitting = figure.least_panel_width > 0 ? layout_.width / figure.least_panel_width : 1e9;
    columns_ =
        std::min<std::size_t>({static_cast<std::size_t>(std::max<Index>(1, figure.columns)),
                               static_cast<std::size_t>(std::max(1.0, fitting)), static_cast<std::size_t>(count)});
    slot_ = (layout_.width - 2 * edge * letter_) / static_cast<double>(columns_);
    height_ = std::max(least_height * letter_, figure.aspect * slot_);
    for (const Panel& panel : figure.panels) widen(height_, letter_ * text_width(panel.y.label));
    left_.resize(columns_, letter_);
    right_.resize(columns_, letter_);
    layout_.panels.resize(figure.panels.size());
    horizontal_.resize(figure.panels.size());
    vertical_.resize(figure.panels.size());
  }

  Layout plan() {
    find_extents();
    for (std::size_t p = 0; p < layout_.panels.size(); ++p) plan_vertical_axis(p);
    // The outer labels along the bottom may need wider margins, which leave less room for labels.
    for (int round = 0; round < 2; ++round) {
      for (std::size_t p = 0; p < layout_.panels.size(); ++p) plan_horizontal_axis(p);
    }
    for (int round = 0; round < 2; ++round) {  // labels of wider ranges, too
      for (std::size_t p = 0; p < layout_.panels.size(); ++p) make_axes_equal(p);
    }
    double top = edge * letter_;
    if (figure_.has_key) top += plan_key(top);
    for (std::size_t first = 0; first < layout_.panels.size(); first += columns_) {
      top = plan_row(first, std::min(layout_.panels.size(), first + columns_), top);
    }
    layout_.height = std::ceil(top + 0.3 * letter_);
    return std::move(layout_);
  }

 private:
  void find_extents() {
    for (std::size_t p = 0; p < layout_.panels.size(); ++p) {
      const Panel& panel = figure_.panels[p];
      for (const Series& series : panel.series) add_extent(figure_, series, horizontal_[p], vertical_[p]);
      for (const double guide : panel.guides) vertical_[p].add(guide);
    }
    if (!figure_.shares_y) return;
    Extent all;
    for (const Extent& vertical : vertical_) {
      all.add(vertical.low);
      all.add(vertical.high);
    }
    std::ranges::fill(vertical_, all);
  }

  void plan_vertical_axis(std::size_t p) {
    const Panel& panel = figure_.panels[p];
    AxisLayout& axis = layout_.panels[p].y;
    axis = lay_out_axis(panel.y, vertical_[p].low, vertical_[p].high, height_, letter_, false);
    const double label = panel.y.label.empty() ? 0 : line_height;
    widen(left_[p % columns_], letter_ * (widest(axis.marks) + beside_axis + label));
  }

  void plan_horizontal_axis(std::size_t p) {
    const Axis& wanted = figure_.panels[p].x;
    double& left = left_[p % columns_];
    double& right = right_[p % columns_];
    const double length = slot_ - left - right;
    AxisLayout& axis = layout_.panels[p].x;
    axis = lay_out_axis(wanted, horizontal_[p].low, horizontal_[p].high, length, letter_, true);
    if (wanted.hides_numbers || axis.rotation == 90) return;
    for (const Mark1d& mark : axis.marks) {
      const double before = share_of(axis, wanted, mark.position) * length, width = letter_ * text_width(mark.label);
      if (axis.rotation == 45) {
        widen(left, 0.75 * width - before + 0.4 * letter_);
      } else {
        widen(right, width / 2 - (length - before) + 0.4 * letter_);
      }
    }
  }

  /// Where one unit is to be as long along both axes, the one with room to spare shows a wider range.
  void make_axes_equal(std::size_t p) {
    const Panel& panel = figure_.panels[p];
    if (!panel.has_equal_axes) return;
    PanelLayout& place = layout_.panels[p];
    const double width = slot_ - left_[p % columns_] - right_[p % columns_];
    const double unit = std::max((place.x.upper - place.x.lower) / width, (place.y.upper - place.y.lower) / height_);
    const auto widened = [&](const Axis& wanted, const AxisLayout& axis, double length, bool is_horizontal) {
      const double middle = (axis.lower + axis.upper) / 2, half = unit * length / 2;
      Axis fixed = wanted;
      fixed.lower = middle - half;
      fixed.upper = middle + half;
      return lay_out_axis(fixed, *fixed.lower, *fixed.upper, length, letter_, is_horizontal);
    };
    place.x = widened(panel.x, place.x, width, true);
    place.y = widened(panel.y, place.y, height_, false);
    widen(left_[p % columns_], letter_ * (widest(place.y.marks) + beside_axis + line_height));
  }

  /// The key of the whole figure stands above the axes of the first column, or further left where it needs fewer rows.
  double plan_key(double top) {
    const auto entries = key_of(figure_.panels);
    const double left = edge * letter_, right = layout_.width - left, indented = left + left_[0];
    std::vector<KeyEntry> unused;
    const double height = place_key(entries, left, right, top, letter_, unused);
    const bool has_room = height == place_key(entries, indented, right, top, letter_, unused);
    return place_key(entries, has_room ? indented : left, right, top, letter_, layout_.key);
  }

  /// Height of a panel's title and key.
  double height_above(std::size_t p) {
    const Panel& panel = figure_.panels[p];
    std::vector<KeyEntry> unused;
    const double key = panel.has_key ? place_key(key_of(std::span(&panel, 1)), layout_.panels[p].left,
                                                 layout_.panels[p].right, 0, letter_, unused)
                                     : 0;
    return key + letter_ * (panel.title.empty() ? 0.5 : line_height);
  }

  [[nodiscard]] double height_below(std::size_t p) const {
    const Axis& axis = figure_.panels[p].x;
    const double numbers = axis.hides_numbers ? 0 : label_height(layout_.panels[p].x, letter_) + mark_space * letter_;
    return numbers + letter_ * (axis.label.empty() ? 1 : 0.6 + line_height);
  }

  /// Places the panels of a row; returns where the next may begin.
  double plan_row(std::size_t first, std::size_t end, double top) {
    double above = 0, below = 0;
    for (std::size_t p = first; p < end; ++p) {
      const double slot_left = edge * letter_ + static_cast<double>(p % columns_) * slot_;
      layout_.panels[p].left = slot_left + left_[p % columns_];
      layout_.panels[p].right = slot_left + slot_ - right_[p % columns_];
      widen(above, height_above(p));
      widen(below, height_below(p));
    }
    for (std::size_t p = first; p < end; ++p) {
      const Panel& panel = figure_.panels[p];
      PanelLayout& place = layout_.panels[p];
      place.top = top + above;
      place.bottom = place.top + height_;
      const double title = letter_ * (panel.title.empty() ? 0.5 : line_height);
      const double key_top = place.top - height_above(p) + title;
      if (panel.has_key) {
        (void)place_key(key_of(std::span(&panel, 1)), place.left, place.right, key_top, letter_, place.key);
      }
      place.title_middle = key_top - title / 2;
      place.y_label_middle = place.left - letter_ * (widest(place.y.marks) + beside_axis + line_height / 2);
      const double numbers = panel.x.hides_numbers ? 0 : label_height(place.x, letter_) + mark_space * letter_;
      place.x_label_middle = place.bottom + numbers + line_height / 2 * letter_;
    }
    return top + above + height_ + below;
  }

  static void widen(double& margin, double needed) { margin = std::max(margin, needed); }

  const Figure& figure_;
  double letter_ = 0, slot_ = 0, height_ = 0;  // slot: width of a column with its margins; height: of the axes
  std::size_t columns_ = 1;
  std::vector<double> left_, right_;           // margins of the columns
  std::vector<Extent> horizontal_, vertical_;  // of the panels
  Layout layout_;
};

}  // namespace

double text_width(std::string_view text) {
  constexpr double letter = 0.62, raised = 0.8;
  double width = 0;
  double scale = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) continue;  // within a letter of several bytes
    if (c == '_' || c == '^') {
      scale = raised;
      if (i + 1 < text.size() && text[i + 1] == '{')
        ++i;
      else if (i + 1 < text.size())
        width += letter * raised, scale = 1, ++i;
      continue;
    }
    if (c == '}') scale = 1;
    if (c == '{' || c == '}') continue;
    if (c == '\\' && i + 1 < text.size()) c = text[++i];
    width += scale * (c == 'm' || c == 'M' || c == 'W' || c == 'w' || c == '%' || c == '@' ? 1.0 : letter);
  }
  return width;
}

AxisLayout lay_out_axis(const Axis& axis, double low, double high, double length, double letter, bool is_horizontal) {
  if (low > high) low = 0, high = 1;
  if (!axis.tics.empty()) return worded_axis(axis, low, high, length, letter, is_horizontal);
  if (!axis.is_logarithmic) {
    return linear_axis(axis, axis.lower.value_or(low), axis.upper.value_or(high), length, letter, is_horizontal);
  }
  return logarithmic_axis(axis, low, high, length, letter, is_horizontal);
}

Layout lay_out(const Figure& figure, std::optional<double> width) {
  if (width && *width < least_figure_width) {
    throw std::invalid_argument("figure " + figure.name + ": a width of " + format_number(*width) +
                                " mm is too small, accepted are " + format_number(least_figure_width) + " mm or more");
  }
  return Planner(figure, width).plan();
}

}  // namespace glifr::analysis::detail
