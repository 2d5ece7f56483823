#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "glifr/io/csv.hpp"
#include "gnuplot.hpp"

namespace glifr::analysis::detail {
namespace {

std::string on_one_line(std::string_view text) {
  std::string result(text);
  std::ranges::replace(result, '\n', ' ');
  return result;
}

/// Text in single quotes, where gnuplot gives a meaning to nothing but the quote itself.
std::string quote(std::string_view text) {
  std::string result(1, '\'');
  for (const char c : on_one_line(text)) result.append(c == '\'' ? 2 : 1, c);
  result += '\'';
  return result;
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
  return mark == Mark::band || mark == Mark::boxes;
}

bool takes_two_columns(Mark mark) {
  return mark == Mark::band || mark == Mark::error_bars;
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
  }
  throw std::invalid_argument("figure: unknown mark");
}

void write_ink(std::ostream& out, Mark mark, const Ink& ink) {
  if (draws_an_area(mark)) {
    out << " fillcolor " << color(ink) << " fillstyle solid noborder";
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
  if (takes_two_columns(series.mark)) out << ":(" << column(series.y[1]) << ')';
  if (series.mark == Mark::boxes) out << ":(" << number(series.box_width) << ')';
  out << " with " << gnuplot_name(series.mark);
  write_ink(out, series.mark, series.ink);
  out << " notitle";
}

void write_key_entry(std::ostream& out, const Series& series) {
  const Mark mark = draws_an_area(series.mark) ? Mark::boxes : series.mark == Mark::outline ? Mark::line : series.mark;
  out << "keyentry with " << gnuplot_name(mark);
  write_ink(out, mark, series.ink);
  out << " title " << quote(series.title);
}

void write_axis(std::ostream& out, const Axis& axis, char letter) {
  const auto bound = [](const std::optional<double>& value) { return value ? number(*value) : std::string("*"); };
  out << "  set " << letter << "label " << quote(axis.label) << '\n';
  out << "  set " << letter << "range [" << bound(axis.lower) << ':' << bound(axis.upper) << "]\n";
  if (axis.is_logarithmic) out << "  set logscale " << letter << "; set format " << letter << " '10^{%T}'\n";
  if (axis.hides_numbers) out << "  set format " << letter << " ''\n";
  if (axis.step) out << "  set " << letter << "tics " << number(*axis.step) << '\n';
  if (axis.tics.empty()) return;
  out << "  set " << letter << "tics";
  const char* separator = " (";
  for (const Tic& tic : axis.tics) {
    out << separator << quote(tic.label) << ' ' << number(tic.position);
    separator = ", ";
  }
  out << ")\n";
}

/// Takes back what one panel sets and the next must not inherit.
void write_axis_end(std::ostream& out, const Axis& axis, char letter) {
  if (axis.is_logarithmic) out << "  unset logscale " << letter << '\n';
  if (axis.is_logarithmic || axis.hides_numbers) out << "  set format " << letter << '\n';
  if (axis.step || !axis.tics.empty()) out << "  set " << letter << "tics autofreq\n";
}

void write_panel(std::ostream& out, const Figure& figure, const Panel& panel) {
  out << "\n  set title " << quote(panel.title) << '\n';
  write_axis(out, panel.x, 'x');
  write_axis(out, panel.y, 'y');
  if (panel.key.empty()) {
    out << "  unset key\n";
  } else {
    out << "  set key default; set key Left reverse samplen 2 spacing 1.15 " << panel.key << '\n';
  }
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
    check_columns(figure, series);
    write_series(out, figure, series);
    if (series.title.empty()) continue;
    next();
    write_key_entry(out, series);
  }
  out << '\n';
  write_axis_end(out, panel.x, 'x');
  write_axis_end(out, panel.y, 'y');
}

}  // namespace

std::string file_name(std::string_view name) {
  std::string safe(name);
  for (char& c : safe) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && c != '_') c = '_';
  }
  if (safe == name) return safe;
  std::uint32_t hash = 0x811c9dc5;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x01000193;
  std::ostringstream number;
  number << std::hex << std::setfill('0') << std::setw(8) << hash;
  return safe + '-' + number.str();
}

std::string table_word(std::string_view word) {
  std::string text;
  for (const char c : word) {
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

std::string gnuplot_script(const Figure& figure) {
  const std::string name = file_name(figure.name);
  const auto panels = static_cast<Index>(figure.panels.size());
  std::ostringstream out;
  if (!figure.caption.empty()) out << "# " << on_one_line(figure.caption) << '\n';
  out << "# To restyle the figure, change this script and run, in its folder: gnuplot " << name << ".gp\n"
      << "set encoding utf8\n"
         "set datafile separator comma\n"
         "set datafile columnheaders\n"
         "set border 3 linecolor rgb '#444444'\n"
         "set tics nomirror out scale 0.6\n"
         "set grid y linetype 1 linecolor rgb '#E4E4E4' linewidth 0.6\n"
         "set errorbars 0.6\n"
         "set pointintervalbox 0.001\n"
         "set title offset 0,-0.4\n"
         "set xlabel offset 0,0.3\n"
         "\n"
         "do for [format in 'svg pdf'] {\n"
         "  if (format eq 'svg') {\n"
      << "    set terminal svg size " << number(figure.width) << ',' << number(figure.height)
      << " font 'Helvetica,12' background 'white'\n"
         "  } else {\n"
      << "    set terminal pdfcairo size " << number(figure.width / 96) << "in," << number(figure.height / 96)
      << "in font 'Helvetica,13' background 'white'\n"
         "  }\n"
      << "  set output '" << name << ".'.format\n";
  if (panels > 1) {
    out << "  set multiplot layout " << (panels + figure.columns - 1) / figure.columns << ',' << figure.columns
        << " margins char 11," << number(figure.right_margin) << ",3.2," << number(figure.top_margin)
        << " spacing char 11," << number(figure.row_gap) << '\n';
  }
  for (const Panel& panel : figure.panels) write_panel(out, figure, panel);
  if (panels > 1) out << "\n  unset multiplot\n";
  out << "  unset output\n}\n";
  return out.str();
}

}  // namespace glifr::analysis::detail
