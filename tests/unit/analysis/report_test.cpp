#include "glifr/analysis/report.hpp"

#include <set>
#include <string>

#include "glifr/error.hpp"
#include "glifr/paper/published.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

using namespace glifr;
using namespace glifr::analysis;

namespace {

/// A drawing as gnuplot makes it, in little.
constexpr const char* drawing = R"svg(<?xml version="1.0" encoding="utf-8"  standalone="no"?>
<svg 
 width="640" height="400"
 viewBox="0 0 640 400"
 xmlns="http://www.w3.org/2000/svg"
 xmlns:xlink="http://www.w3.org/1999/xlink"
>
<title>Gnuplot</title>
<desc>Produced by GNUPLOT</desc>
<g id="gnuplot_canvas">
<rect x="0" y="0" width="640" height="400" fill="#ffffff"/>
<defs><circle id='gpDot' r='0.5' stroke-width='0.5'/><use xlink:href='#gpDot' id='gpPt6'/></defs>
<path stroke-width="1" fill="url(#gpPat1)" d="M0,0"/><g id="plot_1"><title>plot_1</title></g>
</g>
</svg>
)svg";

Drawing drawn_in(const test::TemporaryFolder& folder) {
  test::write_text(folder.path() / "figure.svg", drawing);
  return {folder.path() / "figure.gp", true, {}};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a report holds its figures, each with ids of its own, and asks no network") {
  const test::TemporaryFolder folder;
  const ReportFigure figure{"a \"caption\"", drawn_in(folder)};
  const std::string page = to_html({"title", "subtitle", {{"one", 2, {figure, figure}}}});
  CHECK(count(page, "<svg") == 2);
  CHECK(count(page, "id='figure-1-gpDot'") == 1);
  CHECK(count(page, "href='#figure-2-gpDot'") == 1);
  CHECK(count(page, "url(#figure-2-gpPat1)") == 1);
  CHECK(count(page, "aria-label=\"a &quot;caption&quot;\"") == 2);
  CHECK(count(page, "style=\"--width:640px\"") == 2);
  CHECK(count(page, "<?xml") == 0);
  CHECK(count(page, "GNUPLOT") == 0);
  CHECK(count(page, "<title>") == 1);
  CHECK(count(page, "stroke-width=\"1\"") == 2);
  CHECK(count(page, "<script") == 0);
  CHECK(count(page, "http") == 2 * 2);  // the names of the two XML namespaces
}

TEST_CASE("what HTML gives a meaning to is escaped") {
  const std::string page = to_html(
      {"a<b",
       "c & d",
       {{"<script>",
         2,
         {ReportText{"x < y"}, ReportTable{"\"t\"", {"<h>"}, {{"<c>", "&"}}}, ReportListing{"l>", "{\"a\": 1}"}}}}});
  CHECK(count(page, "<script") == 0);
  CHECK(count(page, "a&lt;b") == 2);
  CHECK(count(page, "x &lt; y") == 1);
  CHECK(count(page, "<th scope=\"col\">&lt;h&gt;</th>") == 1);
  CHECK(count(page, "<th scope=\"row\">&lt;c&gt;</th><td>&amp;</td>") == 1);
  CHECK(count(page, "<pre>{&quot;a&quot;: 1}</pre>") == 1);
}

TEST_CASE("control characters and bytes that are no UTF-8 do not reach a page") {
  const std::string odd =
      "\x01\x1b\x7f\xff|caf\xc3\xa9|\xc3|\xc0\xaf|\xed\xa0\x80|\xef\xbf\xbf|\xc2\x85|\xf0\x9f\x98\x80|\xf4\x90\x80\x80|"
      "\ttab";
  const std::string r = "\ufffd";
  const std::string seen = r + r + r + r + "|caf\u00e9|" + r + "|" + r + r + "|" + r + r + r + "|" + r + "|" + r +
                           "|\U0001f600|" + r + r + r + r + "|\ttab";
  const Report report{"t", "s", {{"one", 2, {ReportText{odd}}}}};
  CHECK(count(to_html(report), "<p>" + seen + "</p>") == 1);
  CHECK_THAT(to_markdown({"t", "s", {{"one", 2, {ReportText{"a\x01"}}}}}), Catch::Contains("a" + r));
}

TEST_CASE("a figure that was not drawn says why in its place") {
  const std::string page = to_html({"t", "s", {{"one", 2, {ReportFigure{"caption", {"x.gp", false, "no gnuplot"}}}}}});
  CHECK(count(page, "Not drawn: no gnuplot") == 1);
}

TEST_CASE("a column with a long text begins at the left, whole") {
  const std::string page = to_html(
      {"t",
       "s",
       {{"one", 2, {ReportTable{"c", {"h", "n", "w"}, {{"a", "1", "short"}, {"b", "2", std::string(41, 'x')}}}}}}});
  CHECK(count(page, "<th scope=\"col\" class=\"words\">w</th>") == 1);
  CHECK(count(page, "<td class=\"words\">short</td>") == 1);
  CHECK(count(page, "<td>1</td>") == 1);
}

TEST_CASE("a report as Markdown: tables, links to figures, and nothing that Markdown would take for its own") {
  const test::TemporaryFolder folder;
  const std::string page =
      to_markdown({"a_b",
                   "c*d",
                   {{"one", 2, {ReportText{"x < y\nz"}, ReportTable{"cap|tion", {"h", "k"}, {{"a|b", "`c`"}}}}},
                    {"two",
                     3,
                     {ReportFigure{"seen", drawn_in(folder)}, ReportFigure{"gone", {"x.gp", false, "no gnuplot"}},
                      ReportListing{"l", "{<}"}}}}});
  CHECK(page ==
        "# a\\_b\n\nc\\*d\n\n## one\n\nx \\< y z\n\n*cap\\|tion*\n\n| h | k |\n|---|---|\n| a\\|b | \\`c\\` |\n\n"
        "### two\n\n![seen](figure.svg)\n\n*seen*\n\n*gone Not drawn: no gnuplot*\n\n"
        "<details><summary>l</summary>\n<pre>\n{&lt;}</pre>\n</details>\n");
}

TEST_CASE("the contents name the sections, not their parts") {
  const std::string page = to_html({"t", "s", {{"whole", 2, {}}, {"part", 3, {}}}});
  CHECK(count(page, "<a href=\"#section-1\">whole</a>") == 1);
  CHECK(count(page, "<h3 id=\"section-2\">part</h3>") == 1);
  CHECK(count(page, "href=\"#section-2\"") == 0);
}

TEST_CASE("a drawing that is gone is an error that names it") {
  const test::TemporaryFolder folder;
  const ReportFigure figure{"caption", {folder.path() / "figure.gp", true, {}}};
  CHECK_THROWS_WITH(to_html({"t", "s", {{"one", 2, {figure}}}}), Catch::Contains("figure.svg"));
}

TEST_CASE("published results are there by task and model") {
  const paper::PublishedResult* result = paper::find_published("lmnist", "glifr_rheta");
  REQUIRE(result);
  CHECK(result->accuracy.count == 10);
  CHECK(result->accuracy.mean > 0.94);
  CHECK(paper::find_published("sine", "rnn")->accuracy.count == 0);
  CHECK_FALSE(paper::find_published("lmnist", "nobody"));
  CHECK(paper::published_test_samples("sine") == 6);
  CHECK(paper::published_test_samples("lmnist-anneal") == 10000);
}
