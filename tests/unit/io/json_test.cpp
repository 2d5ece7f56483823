#include "glifr/io/json.hpp"

#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "glifr/error.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

namespace glifr {
namespace {

namespace json = boost::json;
using Catch::Matchers::Contains;

TEST_CASE("a document is written for people and reads back the same") {
  const json::value document = {{"lr", 1e-4},
                                {"task", "sine"},
                                {"flag", true},
                                {"nothing", nullptr},
                                {"count", 5000},
                                {"empty", json::array()},
                                {"list", json::array{1, 0.1, "a\"b\n"}}};
  const std::string text = to_text(document);
  CHECK(text ==
        "{\n  \"lr\": 1e-04,\n  \"task\": \"sine\",\n  \"flag\": true,\n  \"nothing\": null,\n  \"count\": 5000,\n"
        "  \"empty\": [],\n  \"list\": [\n    1,\n    0.1,\n    \"a\\\"b\\n\"\n  ]\n}\n");
  CHECK(parse_json(text, "text") == document);
  CHECK(to_line(document) ==
        "{\"lr\": 1e-04, \"task\": \"sine\", \"flag\": true, \"nothing\": null, \"count\": 5000, \"empty\": [], "
        "\"list\": [1, 0.1, \"a\\\"b\\n\"]}");
}

TEST_CASE("numbers without a form in JSON become null") {
  CHECK(to_text(json::value(std::numeric_limits<double>::infinity())) == "null\n");
  CHECK(to_text(json::value(std::numeric_limits<double>::quiet_NaN())) == "null\n");
}

TEST_CASE("text that is not JSON is refused with the place") {
  CHECK_THROWS_WITH(parse_json("{\"a\": 1,\n  b}", "file.json"), Contains("file.json at byte 11: line 2 is not JSON"));
  for (const char* text : {"", "{", "{\"a\": 1", "[1, 2]]", "{} x", "\"\xff\"", "nan", "'a'"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_json(text, "file.json"), DataError);
  }
  CHECK_THROWS_AS(parse_json(std::string(1000, '['), "deep.json"), DataError);
}

TEST_CASE("a name that stands twice in one object is refused") {
  CHECK_THROWS_WITH(parse_json("{\"a\": 1,\n\"b\": 2,\n\"a\": 3}", "file.json"),
                    Contains("line 3 has 'a' for the second time"));
  CHECK_THROWS_AS(parse_json("{\"a\": 1, \"\\u0061\": 3}", "file.json"), DataError);
  CHECK_NOTHROW(parse_json("{\"a\": {\"a\": 1}, \"b\": [{\"a\": 1}, {\"a\": 1}]}", "file.json"));
}

TEST_CASE("every number reads back as the same number") {
  std::mt19937_64 generator(1);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<double> numbers{0.11935319286735585, 5e300, 1e22, std::numeric_limits<double>::max(),
                              std::numeric_limits<double>::denorm_min()};
  for (int i = 0; i < 10'000; ++i) numbers.push_back(uniform(generator) * std::pow(10, 300 * uniform(generator)));
  const json::value read = parse_json(to_text(json::value_from(numbers)), "numbers");
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (read.at(i).to_number<double>() != numbers[i]) FAIL(to_line(numbers[i]) << " became " << to_line(read.at(i)));
  }
  const json::value extremes{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::uint64_t>::max()};
  CHECK(parse_json(to_text(extremes), "numbers") == extremes);
}

TEST_CASE("a number that no double can hold is refused by its digits") {
  CHECK_THROWS_WITH(parse_json("{\"lr\":\n 1e999}", "file.json"),
                    Contains("line 2 has 1e999, which does not fit into 64 bits"));
  CHECK_THROWS_WITH(parse_json("[-1e400]", "file.json"), Contains("line 1 has -1e400, "));
  CHECK_THROWS_WITH(parse_json("[1e-400]", "file.json"), Contains("line 1 has 1e-400, "));
  CHECK_THROWS_WITH(parse_json("[1e99999999999]", "file.json"), Contains("does not fit into 64 bits"));
}

TEST_CASE("a whole number may be written with a point or an exponent") {
  CHECK(whole_number(parse_json("64", "n")) == 64);
  CHECK(whole_number(parse_json("64.0", "n")) == 64);
  CHECK(whole_number(parse_json("1e3", "n")) == 1000);
  for (const char* text : {"64.5", "1e300", "18446744073709551615", "\"64\"", "null", "true"}) {
    INFO(text);
    CHECK_FALSE(whole_number(parse_json(text, "n")));
  }
}

TEST_CASE("a byte order mark is skipped") {
  CHECK(parse_json("\xEF\xBB\xBF{\"a\": 1}", "file.json").at("a") == 1);
  CHECK_THROWS_AS(parse_json("\xEF\xBB\xBF", "file.json"), DataError);
}

TEST_CASE("documents may follow one another where several are accepted") {
  const auto documents = parse_json_documents("{\"a\": 1}\n\n{\"a\": 2}\n", "file.json");
  REQUIRE(documents.size() == 2);
  CHECK(documents[1].at("a") == 2);
  CHECK_THROWS_WITH(parse_json_documents("{\"a\": 1}\n{\"a\": }", "file.json"), Contains("line 2 is not JSON"));
  CHECK_THROWS_WITH(parse_json("{}\n{}", "file.json"), Contains("holds 2 JSON documents; accepted: one"));
}

TEST_CASE("a JSON file that is missing is a DataError") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS(read_json_file(folder.path() / "none.json"), DataError);
}

}  // namespace
}  // namespace glifr
