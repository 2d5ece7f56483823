#include "glifr/io/json.hpp"

#include <boost/json.hpp>
#include <limits>

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

TEST_CASE("a JSON file that is missing is a DataError") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS(read_json_file(folder.path() / "none.json"), DataError);
}

}  // namespace
}  // namespace glifr
