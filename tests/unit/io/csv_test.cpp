#include "glifr/io/csv.hpp"

#include <cmath>
#include <limits>
#include <random>

#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;
using test::TemporaryFolder;

CsvNumbers read_text(std::string_view text, CsvFormat format = {}) {
  const TemporaryFolder folder;
  test::write_text(folder.path() / "numbers.csv", text);
  return read_csv_numbers(folder.path() / "numbers.csv", format);
}

/// What is said of a table that is refused.
std::string refusal(const std::string& text) {
  try {
    (void)read_text(text);
  } catch (const DataError& error) {
    return error.what();
  }
  return {};
}

TEST_CASE("numbers are written in the shortest digits") {
  CHECK(format_number(0.1) == "0.1");
  CHECK(format_number(0.1f) == "0.1");
  CHECK(format_number(1.0) == "1");
  CHECK(format_number(1e-8) == "1e-08");
  CHECK(format_number(-0.0) == "-0");
  CHECK(format_number(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(format_number(-std::numeric_limits<float>::infinity()) == "-inf");
}

TEST_CASE("a table of words and numbers is read as text") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "cells.csv";
  test::write_text(file, "task,note\nsine,\"a, b\"\nlmnist,\n");
  const CsvCells table = read_csv_cells(file);
  CHECK(table.header == std::vector<std::string>{"task", "note"});
  CHECK(table.rows == std::vector<std::vector<std::string>>{{"sine", "a, b"}, {"lmnist", ""}});
  CHECK(table.column("note") == 1);
  CHECK_FALSE(table.column("model"));
  test::write_text(file, "task,note\nsine\n");
  CHECK_THROWS_WITH(read_csv_cells(file), Contains("line 2: found 1 cells; the first line has 2"));
  test::write_text(file, "");
  CHECK_THROWS_WITH(read_csv_cells(file), Contains("is empty"));
}

TEST_CASE("a text stands for a number as a whole or not at all") {
  CHECK(parse_number("+.5") == 0.5);
  CHECK(parse_number("-2.5e3") == -2500);
  CHECK(parse_number("-Inf") == -std::numeric_limits<double>::infinity());
  for (const char* text : {"", "+", "--1", "+-1", "1 ", " 1", "1,5", "0x10", "1e999", "1e-999", "e5", "one"}) {
    INFO(text);
    CHECK_FALSE(parse_number(text));
  }
}

TEMPLATE_TEST_CASE("every number reads back as the same number", "", float, double) {
  std::mt19937_64 generator(1);
  std::normal_distribution<double> mantissa;
  std::uniform_real_distribution<double> exponent(-37, 37);
  std::vector<TestType> values{std::numeric_limits<TestType>::max(), std::numeric_limits<TestType>::denorm_min(),
                               std::numeric_limits<TestType>::lowest(), TestType(0)};
  for (int i = 0; i < 10'000; ++i) {
    values.push_back(static_cast<TestType>(mantissa(generator) * std::pow(10, exponent(generator))));
  }
  CsvRows rows;
  rows.row(std::span<const TestType>(values));
  const CsvNumbers table = read_text(rows.text());
  REQUIRE(table.columns == std::ssize(values));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (static_cast<TestType>(table.values[i]) != values[i]) FAIL(values[i] << " became " << table.values[i]);
  }
}

TEST_CASE("rows hold cells of all kinds") {
  CsvRows rows{"epoch", "loss", "accuracy"};
  rows.cell(1).cell(0.25).empty_cell().end_row();
  rows.cell(Index{2}).cell(0.5f).cell("none").end_row();
  CHECK(rows.text() == "epoch,loss,accuracy\n1,0.25,\n2,0.5,none\n");
}

TEST_CASE("text with commas, quotes or line ends stands in quotes and reads back") {
  const TemporaryFolder folder;
  const std::vector<std::string> names{"sine,lr=0.01", "a \"b\", c", "two words", "\"", ","};
  CsvRows rows;
  for (const std::string& name : names) rows.cell(name);
  rows.end_row();
  CHECK(std::string(rows.text()).starts_with("\"sine,lr=0.01\",\"a \"\"b\"\", c\",two words,"));
  rows.write(folder.path() / "numbers.csv");
  CHECK(read_csv_numbers(folder.path() / "numbers.csv", {.has_header = true}).header == names);
}

TEST_CASE("a file that grows is whole after every row") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "metrics.csv";
  CsvAppender file = CsvAppender::start(path, CsvRows{"epoch", "loss"});
  CHECK(read_file(path) == "epoch,loss\n");
  CsvRows rows;
  for (int epoch = 1; epoch <= 3; ++epoch) {
    rows.clear();
    rows.cell(epoch).cell(0.5 * epoch).end_row();
    file.append(rows);
  }
  file.sync();
  CHECK(read_file(path) == "epoch,loss\n1,0.5\n2,1\n3,1.5\n");

  SECTION("it starts anew") {
    CsvAppender::start(path, CsvRows{"a"});
    CHECK(read_file(path) == "a\n");
  }
  SECTION("it goes on from any line") {
    CsvAppender resumed = CsvAppender::resume(path, 2);
    CHECK(read_file(path) == "epoch,loss\n1,0.5\n");
    resumed.append(rows);
    CHECK(read_file(path) == "epoch,loss\n1,0.5\n3,1.5\n");
  }
  SECTION("it cannot go on from a line that it has not") {
    CHECK_THROWS_WITH(CsvAppender::resume(path, 5), Contains("has 4 lines"));
    CHECK_THROWS_AS(CsvAppender::resume(folder.path() / "none.csv", 1), DataError);
  }
}

TEST_CASE("a row that does not fit on the disk leaves no trace") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "metrics.csv";
  CsvAppender file = CsvAppender::start(path, CsvRows{"epoch", "loss"});
  CsvRows row;
  row.row(std::vector<double>(1000, 0.125));
  {
    const test::SmallFiles limit(1000);
    CHECK_THROWS_WITH(file.append(row), Contains("metrics.csv: cannot be written: File too large"));
  }
  CHECK(read_file(path) == "epoch,loss\n");
}

TEST_CASE("tables of numbers are read with and without names") {
  const CsvNumbers named =
      read_text("a, b\r\n1,-2.5e3\r\n+3,inf\r\n\r\n", {.has_header = true, .allows_not_finite = true});
  CHECK(named.header == std::vector<std::string>{"a", "b"});
  CHECK(named.rows == 2);
  CHECK(named(0, 1) == -2500);
  CHECK(named(1, 0) == 3);
  CHECK(named(1, 1) == std::numeric_limits<double>::infinity());

  const CsvNumbers bare = read_text("1\nnan\n-INF", {.allows_not_finite = true});
  CHECK(bare.header.empty());
  CHECK(bare.rows == 3);
  CHECK(std::isnan(bare(1, 0)));
  CHECK(bare.row(2)[0] == -std::numeric_limits<double>::infinity());

  CHECK(read_text("a,b\n", {.has_header = true}).rows == 0);
  CHECK(read_text("1e-400,-2e-324\n").values == std::vector<double>{0, 0});
}

TEST_CASE("empty cells are NaN where they are allowed") {
  const CsvNumbers table = read_text("1,,2\n3,4,\n", {.allows_empty_cells = true});
  CHECK(std::isnan(table(0, 1)));
  CHECK(std::isnan(table(1, 2)));
  CHECK_THROWS_WITH(read_text("1,,2\n"), Contains("line 1, column 2: found ''; a number is needed"));
}

TEST_CASE("damaged tables are refused with the line") {
  CHECK_THROWS_WITH(read_text("1,2\n3\n"), Contains("line 2: found 1 cells; the first line has 2"));
  CHECK_THROWS_WITH(read_text("1,2\n\n3,4\n"), Contains("line 2 is empty"));
  CHECK_THROWS_WITH(read_text("1,2\n \t\r\n3,4\n"), Contains("line 2 is empty"));
  CHECK_THROWS_WITH(read_text("a,b\n1,x\n", {.has_header = true}), Contains("line 2, column 2 (b): found 'x'"));
  CHECK_THROWS_WITH(read_text("1 2\n"), Contains("found '1 2'"));
  CHECK_THROWS_WITH(read_text("0x10\n"), Contains("found '0x10'"));
  CHECK_THROWS_WITH(read_text("1,1e400\n"), Contains("found '1e400'; a number that fits into 64 bits is needed"));
  CHECK_THROWS_AS(read_text(""), DataError);
  CHECK_THROWS_AS(read_text(" \n\n"), DataError);
  CHECK_THROWS_WITH(read_text("thresh,k_m\n1,2\n"), Contains("'thresh'") && Contains("no line of names"));
  CHECK_THROWS_WITH(read_text("1;2\n"), Contains("line 1: columns are separated by ';'; commas are needed"));
  CHECK_THROWS_WITH(read_text("\"a\";\"b\"\n1,5;2,5\n", {.has_header = true}), Contains("separated by ';'"));
  CHECK_THROWS_WITH(read_text("a\tb\n1\t2\n", {.has_header = true}), Contains("separated by tabs; commas are needed"));
  CHECK(read_text("\"a;b\"\n1\n", {.has_header = true}).header == std::vector<std::string>{"a;b"});
  CHECK_THROWS_WITH(read_text("\"1\n2\"\n"), Contains("line 1: found a quote that is not closed in its line") &&
                                                 Contains("a cell may not go over several lines"));
  CHECK_THROWS_WITH(read_text("\"1\"2\n"), Contains("line 1: found a quote"));
  CHECK(refusal("1,2\n" + std::string(100000, 'x') + ",2\n").size() < 300);
}

TEST_CASE("numbers that are not finite are refused with line and column unless they are allowed") {
  CHECK_THROWS_WITH(read_text("1,2\n3,nan\n"), Contains("line 2, column 2: found 'nan'; a finite number is needed"));
  CHECK_THROWS_WITH(read_text("1,2\n-inf,4\n"), Contains("line 2, column 1: found '-inf'"));
  CHECK_THROWS_WITH(read_text("a,b\n1,NaN\n", {.has_header = true, .allows_empty_cells = true}),
                    Contains("line 2, column 2 (b): found 'NaN'"));
}

TEST_CASE("tables come with byte order marks, quotes and the line ends of all systems") {
  const std::vector<double> values{1, 0.5, 2, 0.25};
  for (const std::string text :
       {"\xef\xbb\xbf"
        "1,0.5\n2,0.25\n",
        "1,0.5\r\n2,0.25\r\n", "1,0.5\r2,0.25\r", "1, 0.5\n2 ,0.25", "\"1\",\"0.5\"\n 2,\"0.25\" \n"}) {
    INFO(text);
    const CsvNumbers table = read_text(text);
    CHECK((table.rows == 2 && table.columns == 2));
    CHECK(table.values == values);
  }
}

TEST_CASE("a file of another kind in place of a table is said to be one") {
  const std::string zip("PK\x03\x04\x14\0\0\0", 8),
      wide(
          "1\0,\0"
          "2\0",
          6),
      marked(
          "\xff\xfe"
          "1\0",
          4);
  CHECK_THROWS_WITH(read_text(zip), Contains("found a ZIP archive") && Contains("a table of numbers"));
  CHECK_THROWS_WITH(read_text("\x89HDF\r\n\x1a\n...."), Contains("found an HDF5 file"));
  CHECK_THROWS_WITH(read_text(" \n<!DOCTYPE HTML><html></html>"), Contains("found a web page (HTML)"));
  CHECK_THROWS_WITH(read_text("version https://git-lfs.github.com/spec/v1\n"), Contains("found a Git LFS pointer"));
  CHECK_THROWS_WITH(read_text(wide), Contains("found UTF-16 text"));
  CHECK_THROWS_WITH(read_text(marked), Contains("found UTF-16 text"));
}

}  // namespace
}  // namespace glifr
