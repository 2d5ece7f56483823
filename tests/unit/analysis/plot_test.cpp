#include "glifr/analysis/plot.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

using namespace glifr;
using namespace glifr::analysis;

namespace {

Figure small_figure() {
  Figure figure;
  figure.name = "a figure's name";
  figure.tables.push_back(
      {"losses", {{"epoch", std::vector<double>{1, 2, 3}}, {"loss", std::vector<double>{0.5, std::nan(""), 0.25}}}});
  figure.tables.push_back({"models", {{"model", std::vector<std::string>{"rnn"}}, {"loss", std::vector<double>{1}}}});
  Panel panel;
  panel.x = {.label = "epoch"};
  panel.y = {.label = "loss of o'brien's " + literal("glifr_hom")};
  panel.has_key = true;
  panel.series.push_back({.mark = Mark::line, .table = "losses", .x = "epoch", .y = {"loss"}, .title = "it's"});
  figure.panels.push_back(panel);
  return figure;
}

/// Puts another PATH in place for as long as it lives.
class SearchPath {
 public:
  explicit SearchPath(const std::string& path) : before_(test::environment("PATH").value_or("")) {
    ::setenv("PATH", path.c_str(), 1);
  }
  ~SearchPath() { ::setenv("PATH", before_.c_str(), 1); }
  SearchPath(const SearchPath&) = delete;
  SearchPath& operator=(const SearchPath&) = delete;

 private:
  std::string before_;
};

}  // namespace

TEST_CASE("a figure leaves its data, its script and its drawings") {
  const test::TemporaryFolder folder;
  const Drawing drawing = draw(small_figure(), folder.path());
  const std::string name = drawing.script.stem().string();
  CHECK_THAT(name, Catch::Matches("a_figure_s_name-[0-9a-f]{8}"));
  CHECK(read_file(folder.path() / (name + "_losses.csv")) == "epoch,loss\n1,0.5\n2,\n3,0.25\n");
  CHECK(read_file(folder.path() / (name + "_models.csv")) == "model,loss\nrnn,1\n");
  CHECK(std::filesystem::exists(drawing.script));
  if (!drawing.is_drawn) GLIFR_SKIP(drawing.problem);
  CHECK_THAT(read_file(drawing.svg()), Catch::Contains("loss of o'brien's glifr_hom") && Catch::Contains("it's"));
  CHECK(read_file(drawing.pdf()).starts_with("%PDF"));
}

TEST_CASE("without gnuplot the data and the script are there, and the caller is told") {
  const test::TemporaryFolder folder;
  const SearchPath nothing(folder.path().string());
  const Drawing drawing = draw(small_figure(), folder.path());
  CHECK_FALSE(drawing.is_drawn);
  CHECK(drawing.has_no_gnuplot);
  CHECK_THAT(drawing.problem, Catch::Contains("gnuplot was not found") && Catch::Contains("a_figure_s_name-"));
  CHECK(std::filesystem::exists(drawing.script));
  CHECK_FALSE(std::filesystem::exists(drawing.svg()));
}

TEST_CASE("what gnuplot says of a broken script reaches the caller in one line") {
  const test::TemporaryFolder folder;
  Figure figure = small_figure();
  figure.panels[0].y.lower = figure.panels[0].y.upper = 1;  // an axis from 1 to 1
  const Drawing drawing = draw(figure, folder.path());
  CHECK_FALSE(drawing.is_drawn);
  if (drawing.problem.find("not found") == std::string::npos) CHECK_FALSE(drawing.has_no_gnuplot);
  CHECK(drawing.problem.find('\n') == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(drawing.svg()));
}

TEST_CASE("a series must name a table and columns that are there") {
  const test::TemporaryFolder folder;
  Figure figure = small_figure();
  figure.panels[0].series[0].y = {"los"};
  CHECK_THROWS_AS(draw(figure, folder.path()), std::invalid_argument);
  figure.panels[0].series[0].y = {};
  CHECK_THROWS_AS(draw(figure, folder.path()), std::invalid_argument);
  figure.panels[0].series[0].table = "loss";
  CHECK_THROWS_AS(draw(figure, folder.path()), std::invalid_argument);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a width is kept, and one that is too small is refused") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS(draw(small_figure(), folder.path(), 40), std::invalid_argument);
  CHECK(std::filesystem::is_empty(folder.path()));
  const Drawing drawing = draw(small_figure(), folder.path(), 85);
  if (!drawing.is_drawn) GLIFR_SKIP(drawing.problem);
  CHECK_THAT(read_file(drawing.svg()), Catch::Contains("width=\"321\""));  // 85 mm of 96 units an inch
}

TEST_CASE("a folder that is not there is an error that names the file") {
  CHECK_THROWS_WITH(draw(small_figure(), "/nonexistent/folder"), Catch::Contains("/nonexistent/folder"));
}

TEST_CASE("figures of different names never share a file") {
  const test::TemporaryFolder folder;
  const SearchPath without_gnuplot(folder.path().string());
  const auto script = [&](const std::string& name) {
    Figure figure = small_figure();
    figure.name = name;
    return draw(figure, folder.path()).script.filename().string();
  };
  CHECK(script("summary_sine-2.b") == "summary_sine-2.b.gp");
  CHECK(script("summary_a,b") != script("summary_a;b"));
  CHECK(script("summary_a,b") != script("summary_a_b"));
  CHECK(script("summary_a,b") != script("summary,a_b"));
  const std::string summary = script("summary_a,b"), curves = script("curves_a,b");
  REQUIRE(curves.starts_with("curves_a_b-"));
  CHECK(summary == "summary_" + curves.substr(std::string("curves_").size()));
}

TEST_CASE("a name of any length makes names that file systems take, others for others") {
  const test::TemporaryFolder folder;
  const SearchPath without_gnuplot(folder.path().string());
  Figure figure = small_figure();
  figure.name = std::string(300, 'x');
  const Drawing drawing = draw(figure, folder.path());
  CHECK(std::filesystem::exists(drawing.script));
  CHECK(file_name(figure.name) != file_name(figure.name + "y"));
  CHECK(file_name(std::string(100, 'x')) == std::string(100, 'x'));
  CHECK(file_name("\u00e9\u00e9").starts_with("____-"));
}

TEST_CASE("a per cent sign stands on an axis, in titles and in keys as it is") {
  Figure figure = small_figure();
  figure.panels[0].title = "100%";
  figure.panels[0].x.tics = {{"50%b.csv", 1}, {"5% m%g", 2}, {"%s%%", 3}};
  figure.panels[0].series[0].title = "%d of them";
  const test::TemporaryFolder folder;
  const Drawing drawing = draw(figure, folder.path());
  if (drawing.has_no_gnuplot) GLIFR_SKIP(drawing.problem);
  REQUIRE(drawing.problem.empty());
  const std::string svg = read_file(drawing.svg());
  for (const char* text : {"100%", "50%b.csv", "5% m%g", "%s%%", "%d of them"})
    CHECK_THAT(svg, Catch::Contains(">" + std::string(text) + "<"));
}

TEST_CASE("control characters and bytes that are no text are drawn as replacement characters") {
  const std::string odd = "a\x01\xff z";
  Figure figure = small_figure();
  figure.caption = odd;
  figure.panels[0].title = odd;
  figure.tables[1].columns[0].values = std::vector<std::string>{odd};
  figure.panels[0].series.push_back({.mark = Mark::points,
                                     .table = "models",
                                     .x = "loss",
                                     .y = {"loss"},
                                     .title = odd,
                                     .where = Filter{"model", odd}});
  const test::TemporaryFolder folder;
  const Drawing drawing = draw(figure, folder.path());
  if (drawing.has_no_gnuplot) GLIFR_SKIP(drawing.problem);
  REQUIRE(drawing.problem.empty());
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().extension() == ".pdf") continue;
    INFO(entry.path());
    const std::string text = read_file(entry.path());
    CHECK(text.find_first_of("\x01\xff") == std::string::npos);
    if (entry.path().extension() == ".svg") CHECK_THAT(text, Catch::Contains("a\ufffd\ufffd z"));
  }
}

TEST_CASE("while gnuplot draws there is no half of a drawing, and links lead to the drawings") {
  const test::TemporaryFolder folder;
  const auto programs = folder.path() / "programs", drawings = folder.path() / "drawings";
  const std::string path = test::environment("PATH").value_or("");
  test::write_text(programs / "gnuplot",
                   "#!/bin/sh\nPATH='" + path + "'\ngnuplot \"$@\" || exit $?\nls -a > ../listing.txt\n");
  std::filesystem::permissions(programs / "gnuplot", std::filesystem::perms::all);
  std::filesystem::create_directory(drawings);
  Figure figure = small_figure();
  figure.name = "figure";
  std::filesystem::create_symlink("../linked.svg", drawings / "figure.svg");
  const SearchPath wrapped(programs.string());
  const Drawing drawing = draw(figure, drawings);
  if (!drawing.is_drawn) GLIFR_SKIP(drawing.problem);
  CHECK(read_file(folder.path() / "listing.txt") ==
        ".\n..\nfigure.gp\nfigure.svg\nfigure_losses.csv\nfigure_models.csv\n");
  CHECK(std::filesystem::is_symlink(drawing.svg()));
  CHECK_THAT(read_file(folder.path() / "linked.svg"), Catch::Contains("</svg>"));
  CHECK(read_file(drawing.pdf()).starts_with("%PDF"));
}

TEST_CASE("words with commas, quotes and blanks are drawn as they are") {
  for (const std::string word : {"sine,lr=0.01", "the \"first\" run", "it's one"}) {
    INFO(word);
    Figure figure;
    figure.name = "words";
    figure.tables.push_back({"words",
                             {{"model", std::vector<std::string>{word, "other"}},
                              {"x", std::vector<double>{1, 2}},
                              {word, std::vector<double>{3, 40}},
                              {"y of " + word, std::vector<double>{5, 50}}}});
    Panel panel;
    panel.series.push_back({.mark = Mark::points,
                            .table = "words",
                            .x = "x",
                            .y = {word},
                            .title = literal(word),
                            .where = Filter{"model", word}});
    panel.series.push_back({.mark = Mark::line, .table = "words", .x = "x", .y = {word, "y of " + word}});
    figure.panels.push_back(panel);
    const test::TemporaryFolder folder;
    const Drawing drawing = draw(figure, folder.path());
    // gnuplot fails where it finds no row of that word, or no column of that name.
    if (!drawing.is_drawn && drawing.problem.find("not found") != std::string::npos) GLIFR_SKIP(drawing.problem);
    REQUIRE(drawing.problem.empty());
    CHECK_THAT(read_file(drawing.svg()), Catch::Contains("<svg"));
  }
}
