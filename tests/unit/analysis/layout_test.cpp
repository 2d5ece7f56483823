// Where the parts of a figure stand: what is held here is what a reader sees, that nothing touches.
#include "src/analysis/layout.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace glifr;
using namespace glifr::analysis;
using namespace glifr::analysis::detail;

namespace {

std::vector<std::string> labels(const AxisLayout& axis) {
  std::vector<std::string> result;
  for (const Mark1d& mark : axis.marks) {
    if (!mark.label.empty()) result.push_back(mark.label);
  }
  return result;
}

using Words = std::vector<std::string>;

Figure figure_with_key(Index panels, Index columns, int titles) {
  Figure figure;
  figure.name = "figure";
  figure.columns = columns;
  figure.has_key = true;
  figure.tables.push_back({"table", {{"x", std::vector<double>{0, 1}}, {"y", std::vector<double>{2, 3}}}});
  for (Index p = 0; p < panels; ++p) {
    Panel& panel = figure.panels.emplace_back();
    panel.title = "title";
    panel.x.label = "x (ms)";
    panel.y.label = "y (mV)";
    for (int i = 0; i < titles; ++i) {
      panel.series.push_back({.table = "table", .x = "x", .y = {"y"}, .title = "series " + std::to_string(i)});
    }
  }
  return figure;
}

}  // namespace

TEST_CASE("an axis ends at round numbers around what is drawn") {
  const AxisLayout axis = lay_out_axis({}, -0.17, 0.79, 400, 12, true);
  CHECK(axis.lower == -0.2);
  CHECK_THAT(axis.upper, Catch::Matchers::WithinRel(0.8, 1e-12));
  CHECK(labels(axis) == Words{"-0.2", "0", "0.2", "0.4", "0.6", "0.8"});
  const AxisLayout given = lay_out_axis({.label = "x", .lower = 0, .upper = 1}, 0.3, 0.4, 300, 12, false);
  CHECK(labels(given) == Words{"0", "0.2", "0.4", "0.6", "0.8", "1.0"});
}

TEST_CASE("epochs are integers, also where there is one") {
  CHECK(labels(lay_out_axis({.label = "x", .is_count = true}, 1, 3, 400, 12, true)) == Words{"1", "2", "3"});
  CHECK(labels(lay_out_axis({.label = "x", .is_count = true}, 1, 1, 400, 12, true)) == Words{"0", "1", "2"});
  CHECK(labels(lay_out_axis({.label = "x", .is_count = true}, 1, 5000, 400, 12, true)).back() == "5000");
}

TEST_CASE("a count has marks at integers alone, wherever its axis ends and however few have room") {
  const auto marks = [](double lower, double upper, double length) {
    return labels(
        lay_out_axis({.label = "x", .lower = lower, .upper = upper, .is_count = true}, 1, 1, length, 12, true));
  };
  CHECK(marks(0.4, 1.6, 400) == Words{"1"});
  CHECK(marks(0.4, 2.6, 400) == Words{"1", "2"});
  CHECK(marks(0.4, 3.6, 30) == Words{"1", "3"});
  CHECK(marks(0.4, 0.6, 400).empty());
}

TEST_CASE("the first and the last bin of a histogram are whole on its axis, drawn as bars or as an outline") {
  for (const Mark mark : {Mark::boxes, Mark::outline}) {
    Figure figure;
    figure.name = "histogram";
    figure.tables.push_back(
        {"bins", {{"middle", std::vector<double>{1.5, 2.5, 3.5}}, {"count", std::vector<double>{1, 2, 3}}}});
    figure.panels.emplace_back().series.push_back({.mark = mark, .table = "bins", .x = "middle", .y = {"count"}});
    const AxisLayout axis = lay_out(figure, std::nullopt).panels[0].x;
    CHECK(axis.lower <= 1);
    CHECK(axis.upper >= 4);
  }
}

TEST_CASE("numbers on an axis do not run together") {
  for (const double length : {80.0, 150.0, 400.0}) {
    for (const auto& [low, high] :
         {std::pair(-10000.0, 9900.0), std::pair(1e-7, 3e-7), std::pair(1e6, 1.5e9), std::pair(0.0, 1e300)}) {
      const AxisLayout axis = lay_out_axis({}, low, high, length, 12, true);
      const auto place = [&](const Mark1d& mark) {
        return length * (mark.position - axis.lower) / (axis.upper - axis.lower);
      };
      CAPTURE(length, low, high, labels(axis));
      for (std::size_t i = 1; i < axis.marks.size(); ++i) {
        const double room = place(axis.marks[i]) - place(axis.marks[i - 1]);
        CHECK(room > 12 * (text_width(axis.marks[i].label) + text_width(axis.marks[i - 1].label)) / 2);
      }
    }
  }
}

TEST_CASE("an axis does not go beyond what a quantity can be") {
  CHECK(lay_out_axis({.label = "x", .least = 0}, -0.3, 1, 200, 12, false).lower == 0);
  CHECK(lay_out_axis({.label = "x", .greatest = 100}, 97, 99.9, 200, 12, false).upper == 100);
  CHECK(lay_out_axis({.label = "x", .least = 0, .greatest = 100}, 100, 100, 200, 12, false).upper == 100);
}

TEST_CASE("a logarithmic axis has powers of ten, as many as have room, or multiples of them") {
  CHECK(labels(lay_out_axis({.label = "x", .is_logarithmic = true}, 1e-3, 0.5, 200, 12, false)) ==
        Words{"10^{-3}", "10^{-2}", "10^{-1}"});
  CHECK(labels(lay_out_axis({.label = "x", .is_logarithmic = true}, 1e-8, 1e8, 150, 12, false)).size() < 8);
  CHECK(labels(lay_out_axis({.label = "x", .lower = 0.15, .upper = 4, .is_logarithmic = true}, 0.2, 3, 200, 12,
                            false)) == Words{"0.2", "0.5", "1", "2"});
}

TEST_CASE("words are turned where they would touch") {
  Axis axis{.label = "x", .lower = -0.5, .upper = 9.5};
  for (int i = 0; i < 10; ++i) axis.tics.push_back({"LHetA", static_cast<double>(i)});
  CHECK(lay_out_axis(axis, 0, 9, 900, 12, true).rotation == 0);
  CHECK(lay_out_axis(axis, 0, 9, 280, 12, true).rotation == 45);
  CHECK(lay_out_axis(axis, 0, 9, 170, 12, true).rotation == 90);
  CHECK(labels(lay_out_axis(axis, 0, 9, 80, 12, true)).size() == 5);
}

TEST_CASE("keys stand above the panels, in as many rows as they need, and panels do not overlap") {
  for (const std::optional<double> width : {std::optional<double>(), std::optional(85.0), std::optional(170.0)}) {
    for (const int titles : {1, 5, 30}) {
      const Figure figure = figure_with_key(6, 3, titles);
      const Layout layout = lay_out(figure, width);
      CAPTURE(width.value_or(0), titles);
      REQUIRE(layout.key.size() == static_cast<std::size_t>(titles));
      for (const KeyEntry& entry : layout.key) {
        CHECK(entry.middle + layout.letter / 2 < layout.panels[0].title_middle - layout.letter / 2);
        CHECK(entry.left + layout.letter * (sample_length + 0.5 + text_width(entry.series->title)) <= layout.width);
      }
      for (std::size_t p = 0; p < layout.panels.size(); ++p) {
        const PanelLayout& panel = layout.panels[p];
        CHECK(panel.left < panel.right);
        CHECK(panel.right <= layout.width);
        CHECK(panel.x_label_middle + layout.letter / 2 <= layout.height);
        for (std::size_t q = 0; q < p; ++q) {
          const PanelLayout& other = layout.panels[q];
          const bool is_beside = other.right < panel.y_label_middle - layout.letter / 2;
          const bool is_below = other.x_label_middle + layout.letter / 2 < panel.title_middle - layout.letter / 2;
          CHECK((is_beside || is_below));
        }
      }
    }
  }
  CHECK(lay_out(figure_with_key(6, 3, 1), 85).panels[2].left == lay_out(figure_with_key(6, 3, 1), 85).panels[0].left);
}

TEST_CASE("one unit is as long along both axes where they are to be equal") {
  for (const double aspect : {0.3, 0.8, 1.5}) {
    Figure figure = figure_with_key(2, 2, 1);
    figure.aspect = aspect;
    figure.panels[0].has_equal_axes = true;
    for (const std::optional<double> width : {std::optional<double>(), std::optional(85.0)}) {
      const Layout layout = lay_out(figure, width);
      const PanelLayout& equal = layout.panels[0];
      const double along_x = (equal.right - equal.left) / (equal.x.upper - equal.x.lower);
      const double along_y = (equal.bottom - equal.top) / (equal.y.upper - equal.y.lower);
      CHECK_THAT(along_x, Catch::Matchers::WithinRel(along_y, 1e-9));
      CHECK((equal.x.lower < 1e-9 && equal.x.upper > 1 - 1e-9 && equal.y.lower < 2 + 1e-9 && equal.y.upper > 3 - 1e-9));
      CHECK(labels(equal.x).size() >= 2);
    }
  }
}

TEST_CASE("panels that are compared have the same vertical range") {
  Figure figure = figure_with_key(2, 2, 1);
  figure.tables.push_back({"far", {{"x", std::vector<double>{0, 1}}, {"y", std::vector<double>{50, 90}}}});
  figure.panels[1].series.push_back({.table = "far", .x = "x", .y = {"y"}});
  const Layout own = lay_out(figure, {});
  CHECK(own.panels[0].y.upper < 50);
  figure.shares_y = true;
  const Layout shared = lay_out(figure, {});
  CHECK(shared.panels[0].y.lower == shared.panels[1].y.lower);
  CHECK(shared.panels[0].y.upper == shared.panels[1].y.upper);
  CHECK(shared.panels[0].y.upper >= 90);
  CHECK(labels(shared.panels[0].y) == labels(shared.panels[1].y));
}

TEST_CASE("what gnuplot's markup does not show has no width") {
  CHECK(text_width("V_{th}") < text_width("Vthxx"));
  CHECK(text_width("a\\_b") == text_width("aab"));
  CHECK(text_width("±") == text_width("x"));
}
