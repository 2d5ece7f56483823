#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "glifr/io/number.hpp"
#include "gnuplot.hpp"
#include "layout.hpp"
#include "text.hpp"

namespace glifr::analysis::detail {
namespace {

std::string on_one_line(std::string_view text) {
  std::string result = printable(text);
  std::ranges::replace_if(
      result, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return result;
}

/// Text in single quotes, where gnuplot gives a meaning to nothing but the quote itself.
std::string quote(std::string_view text) {
  std::string result(1, '\'');
  for (const char c : on_one_line(text)) result.append(c == '\'' ? 2 : 1, c);
  result += '\'';
  return result;
}

/// The label of a mark on an axis, which gnuplot takes for the format of its number.
std::string quote_format(std::string_view text) {
  std::string result;
  for (const char c : text) result.append(c == '%' ? 2 : 1, c);
  return quote(result);
}

std::string number(double value) {
  return format_number(value);
}

/// '#RRGGBB', or with transparency in front, as gnuplot has it: '#AARRGGBB'.
std::string color(const Ink& ink) {
  const auto transparency = static_cast<std::uint32_t>(std::lround(255 * (1 - ink.opacity)));
  std::ostringstream out;
  out << "rgb '#" << std::hex << std::uppercase << std::setfill('0') << std::setw(transparency == 0 ? 6 : 8)
      << (transparency << 24 | ink.color) << '\'';
  return out.str();
}

bool draws_an_area(Mark mark) {
  return mark == Mark::band || mark == Mark::boxes || mark == Mark::cells;
}

bool takes_two_columns(Mark mark) {
  return mark == Mark::band || mark == Mark::error_bars || mark == Mark::numbers;
}

bool draws_points(Mark mark) {
  return mark == Mark::points || mark == Mark::line_and_points || mark == Mark::error_bars;
}

std::string_view gnuplot_name(Mark mark) {
  switch (mark) {
    case Mark::line:
      return "lines";
    case Mark::points:
      return "points";
    case Mark::line_and_points:
      return "linespoints";
    case Mark::error_bars:
      return "yerrorbars";
    case Mark::band:
      return "filledcurves";
    case Mark::boxes:
      return "boxes";
    case Mark::outline:
      return "histeps";
    case Mark::numbers:
      return "labels";
    case Mark::cells:
      return "boxxyerror";
  }
  throw std::invalid_argument("figure: unknown mark");
}

void write_ink(std::ostream& out, Mark mark, const Ink& ink) {
  if (draws_an_area(mark)) {
    out << " fillcolor " << color(ink) << " fillstyle solid noborder";
    return;
  }
  if (mark == Mark::numbers) {
    out << " textcolor " << color(ink);
    return;
  }
  out << " linecolor " << color(ink) << " linewidth " << number(ink.width) << " dashtype " << ink.dash;
  if (draws_points(mark)) out << " pointtype " << ink.point << " pointsize " << number(ink.point_size);
}

const Table& find_table(const Figure& figure, const std::string& name) {
  const auto table = std::ranges::find(figure.tables, name, &Table::name);
  if (table == figure.tables.end())
    throw std::invalid_argument("figure " + figure.name + ": there is no table " + name);
  return *table;
}

void check_columns(const Figure& figure, const Series& series) {
  const Table& table = find_table(figure, series.table);
  const auto check = [&](const std::string& name) {
    if (std::ranges::find(table.columns, name, &Column::name) != table.columns.end()) return;
    throw std::invalid_argument("figure " + figure.name + ", table " + table.name + ": there is no column " + name);
  };
  check(series.x);
  std::ranges::for_each(series.y, check);
  if (series.where) check(series.where->column);
  if (series.y.empty() || (takes_two_columns(series.mark) && series.y.size() != 2)) {
    throw std::invalid_argument("figure " + figure.name + ", table " + table.name + ": a series lacks columns");
  }
}

/// The columns as words of a string, for gnuplot to go through.
std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ' ';
    const bool is_one_word = name.find_first_of(" '") == std::string::npos;
    text += is_one_word ? table_word(name) : '"' + table_word(name) + '"';
  }
  return text;
}

/// `value` in the rows that the series is about, and nothing in the others.
std::string filtered(const Series& series, const std::string& value) {
  if (!series.where) return "(" + value + ")";
  const std::string name = quote(table_word(series.where->column));
  std::ostringstream out;
  if (const auto* word = std::get_if<std::string>(&series.where->value)) {
    out << "(stringcolumn(" << name << ") eq " << quote(table_word(*word));
  } else {
    out << "(column(" << name << ") == " << number(std::get<double>(series.where->value));
  }
  out << " ? " << value << " : NaN)";
  return out.str();
}

void write_series(std::ostream& out, const Figure& figure, const Series& series) {
  const auto column = [](const std::string& name) { return "column(" + quote(table_word(name)) + ")"; };
  const bool repeats = !takes_two_columns(series.mark) && series.y.size() > 1;
  if (repeats) out << "for [name in " << quote(joined(series.y)) << "] ";
  out << quote(table_file(figure, find_table(figure, series.table))) << " using (" << column(series.x)
      << "):" << filtered(series, repeats ? std::string("column(name)") : column(series.y[0]));
  if (series.mark == Mark::numbers) {
    out << ":(sprintf('%.0f', " << column(series.y[1]) << "))";
  } else if (takes_two_columns(series.mark)) {
    out << ":(" << column(series.y[1]) << ')';
  }
  if (series.mark == Mark::boxes) out << ":(" << number(series.box_width) << ')';
  if (series.mark == Mark::cells) out << ":(" << number(series.box_width / 2) << "):(0.5)";
  out << " with " << gnuplot_name(series.mark);
  write_ink(out, series.mark, series.ink);
  out << " notitle";
}

/// Places on the page, in gnuplot's fractions from the lower left corner.
class Screen {
 public:
  explicit Screen(const Layout& layout) : width_(layout.width), height_(layout.height) {}

  [[nodiscard]] std::string x(double from_left) const { return fraction(from_left / width_); }
  [[nodiscard]] std::string y(double from_top) const { return fraction(1 - from_top / height_); }
  [[nodiscard]] std::string at(double from_left, double from_top) const {
    return "screen " + x(from_left) + "," + y(from_top);
  }

 private:
  static std::string fraction(double value) { return number(std::round(value * 1e5) / 1e5); }

  double width_, height_;
};

void write_label(std::ostream& out, const std::string& text, const std::string& place, const char* how) {
  if (!text.empty()) out << "  set label " << quote(text) << " at " << place << ' ' << how << '\n';
}

/// What a key shows in front of its words.
void write_key(std::ostream& out, const Screen& screen, const std::vector<KeyEntry>& key, double letter) {
  for (const KeyEntry& entry : key) {
    const Ink& ink = entry.series->ink;
    const Mark mark = entry.series->mark;
    const double right = entry.left + sample_length * letter;
    if (draws_an_area(mark)) {
      out << "  set object rectangle from " << screen.at(entry.left, entry.middle + 0.35 * letter) << " to "
          << screen.at(right, entry.middle - 0.35 * letter);
      write_ink(out, mark, ink);
      out << '\n';
    } else if (mark != Mark::points && mark != Mark::error_bars) {
      out << "  set arrow from " << screen.at(entry.left, entry.middle) << " to " << screen.at(right, entry.middle)
          << " nohead";
      write_ink(out, Mark::line, ink);
      out << '\n';
    }
    if (draws_points(mark)) {
      out << "  set label '' at " << screen.at((entry.left + right) / 2, entry.middle) << " point linecolor "
          << color(ink) << " linewidth " << number(ink.width) << " pointtype " << ink.point << " pointsize "
          << number(ink.point_size) << '\n';
    }
    write_label(out, entry.series->title, screen.at(right + 0.5 * letter, entry.middle), "left");
  }
}

void write_axis(std::ostream& out, const Axis& axis, const AxisLayout& layout, char letter) {
  out << "  set " << letter << "range [" << number(layout.lower) << ':' << number(layout.upper) << "]\n";
  out << (axis.is_logarithmic ? "  set" : "  unset") << " logscale " << letter << '\n';
  out << "  set " << letter << "tics ";
  if (letter == 'x') {
    if (layout.rotation == 0) {
      out << "norotate offset 0,0.4 ";
    } else {
      out << "rotate by " << layout.rotation << " right offset 0,0 ";
    }
  }
  const char* separator = "(";
  for (const Mark1d& mark : layout.marks) {
    out << separator << quote_format(axis.hides_numbers ? "" : mark.label) << ' ' << number(mark.position);
    if (mark.label.empty() && axis.tics.empty()) out << " 1";
    separator = ", ";
  }
  out << (layout.marks.empty() ? "()\n" : ")\n");
}

constexpr const char* grid = "set grid noxtics ytics linetype 1 linecolor rgb '#E4E4E4' linewidth 0.6\n";

bool draws_cells(const Panel& panel) {
  return std::ranges::any_of(panel.series, [](const Series& series) { return series.mark == Mark::cells; });
}

void write_panel(std::ostream& out, const Figure& figure, const Panel& panel, const PanelLayout& layout,
                 const Screen& screen, double letter) {
  out << "\n  set lmargin at screen " << screen.x(layout.left) << "; set rmargin at screen " << screen.x(layout.right)
      << "; set bmargin at screen " << screen.y(layout.bottom) << "; set tmargin at screen " << screen.y(layout.top)
      << '\n';
  write_axis(out, panel.x, layout.x, 'x');
  write_axis(out, panel.y, layout.y, 'y');
  const double center = (layout.left + layout.right) / 2, middle = (layout.top + layout.bottom) / 2;
  write_label(out, panel.title, screen.at(center, layout.title_middle), "center");
  write_label(out, panel.x.label, screen.at(center, layout.x_label_middle), "center");
  write_label(out, panel.y.label, screen.at(layout.y_label_middle, middle), "center rotate by 90");
  write_key(out, screen, layout.key, letter);
  const bool has_grid = !draws_cells(panel);  // through which its lines would be seen
  if (!has_grid) out << "  unset grid\n";
  out << "  plot ";
  const char* separator = "";
  const auto next = [&] {
    out << separator;
    separator = ", \\\n       ";
  };
  for (const double guide : panel.guides) {
    next();
    out << number(guide) << " with lines linecolor rgb '#888888' linewidth 1 dashtype 3 notitle";
  }
  for (const Series& series : panel.series) {
    next();
    write_series(out, figure, series);
  }
  if (panel.guides.empty() && panel.series.empty()) out << "NaN notitle";
  out << "\n  unset label; unset arrow; unset object\n";
  if (!has_grid) out << "  " << grid;
}

}  // namespace

std::string table_word(std::string_view word) {
  std::string text;
  for (const char c : printable(word)) {
    if (c == ',') {
      text += "\u201a";
    } else if (c == '"') {
      text += "\u2033";
    } else {
      text += c == '\n' || c == '\r' ? ' ' : c;
    }
  }
  return text;
}

std::string table_file(const Figure& figure, const Table& table) {
  return file_name(figure.name) + (figure.tables.size() == 1 ? "" : "_" + file_name(table.name)) + ".csv";
}

std::string gnuplot_script(const Figure& figure, std::optional<double> width) {
  for (const Panel& panel : figure.panels) {
    for (const Series& series : panel.series) check_columns(figure, series);
  }
  const std::string name = file_name(figure.name);  // which needs no quoting
  const Layout layout = lay_out(figure, width);
  const Screen screen(layout);
  std::ostringstream out;
  if (!figure.caption.empty()) out << "# " << on_one_line(figure.caption) << '\n';
  out << "# To restyle the figure, change this script and run, in its folder: gnuplot " << name << ".gp\n"
      << "set encoding utf8\n"
         "set datafile separator comma\n"
         "set datafile columnheaders\n"
         "set border 3 linecolor rgb '#444444'\n"
         "set tics nomirror out scale 0.6,0.35\n"
      << grid
      << "set errorbars 0.6\n"
         "# The white disc that gnuplot draws behind a point: hidden by it, but not empty, which is no valid SVG.\n"
         "set pointintervalbox 0.1\n"
         "unset key\n"
         "\n"
         "do for [format in 'svg pdf'] {\n"
         "  if (format eq 'svg') {\n"
      << "    set terminal svg size " << number(layout.width) << ',' << number(layout.height) << " font 'Helvetica,"
      << number(layout.letter)
      << "' background 'white'\n"
         "  } else {\n"
      << "    set terminal pdfcairo size " << number(layout.width / 96) << "in," << number(layout.height / 96)
      << "in fontscale 0.75 font 'Helvetica," << number(layout.letter * 72 / 96)
      << "' background 'white'\n"
         "  }\n"
      << "  # glifr gives other names, svg and pdf: a drawing gets its own when it is whole.\n"
      << "  set output exists(format) ? value(format) : '" << name << ".'.format\n"
      << "  set multiplot\n";
  write_key(out, screen, layout.key, layout.letter);
  for (std::size_t p = 0; p < figure.panels.size(); ++p) {
    write_panel(out, figure, figure.panels[p], layout.panels[p], screen, layout.letter);
  }
  out << "\n  unset multiplot\n  unset output\n}\n";
  return out.str();
}

}  // namespace glifr::analysis::detail
