#include "glifr/io/number.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace glifr {
namespace {

TEST_CASE("digits are decimal, whatever zeros lead them") {
  CHECK(parse_integer("010") == 10);
  CHECK(parse_integer("08") == 8);
  CHECK(parse_integer("-010") == -10);
  CHECK(parse_unsigned("007") == 7);
  CHECK(parse_number("010") == 10);
  CHECK(parse_number("00.50") == 0.5);
}

TEST_CASE("whole numbers are taken up to the last that fits, and nothing is folded") {
  CHECK(parse_integer("9223372036854775807") == std::numeric_limits<Index>::max());
  CHECK(parse_integer("-9223372036854775808") == std::numeric_limits<Index>::min());
  CHECK(parse_unsigned("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  CHECK(parse_unsigned("+0") == 0);
  for (const char* text : {"", "+", "-", "+-1", "++1", " 1", "1 ", "1e3", "1.0", "0x10", "1,000", "1_000", "one",
                           "18446744073709551616"}) {
    INFO(text);
    CHECK_FALSE(parse_integer(text));
    CHECK_FALSE(parse_unsigned(text));
  }
  CHECK_FALSE(parse_integer("9223372036854775808"));
  CHECK_FALSE(parse_integer("-9223372036854775809"));
  CHECK_FALSE(parse_unsigned("-1"));
}

TEST_CASE("in a table, what is too small for a double is 0, what is too large is none") {
  const std::string zeros(400, '0');
  for (const std::string& text : std::vector<std::string>{"1e-400", "2e-324", "+0.1e-999", "." + zeros + "1",
                                                          "0." + zeros + "1e10", "1e-99999999999999999999"}) {
    INFO(text);
    CHECK(parse_measured_number(text) == 0);
    CHECK_FALSE(parse_number(text));
    CHECK_FALSE(is_too_large_number(text));
  }
  CHECK(std::signbit(*parse_measured_number("-1e-400")));
  CHECK(parse_measured_number("3e-324") == std::numeric_limits<double>::denorm_min());
  for (const std::string& text : std::vector<std::string>{"1e400", "-1e309", "1" + zeros, "1" + zeros + "e-50",
                                                          "0.001e400", "1e99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(parse_measured_number(text));
    CHECK(is_too_large_number(text));
  }
  for (const char* text : {"1e308", "inf", "nan", "", "1e400x", "e", "-"}) {
    INFO(text);
    CHECK_FALSE(is_too_large_number(text));
  }
}

TEST_CASE("a double is a whole number as long as doubles tell whole numbers apart") {
  CHECK(whole_number(64.0) == 64);
  CHECK(whole_number(-1e3) == -1000);
  CHECK(whole_number(9007199254740992.0) == 9007199254740992);
  for (const double value :
       {0.5, 1e16, 1e300, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    INFO(value);
    CHECK_FALSE(whole_number(value));
  }
}

TEST_CASE("messages show numbers as they were typed, other text in quotes, and neither at any length") {
  CHECK(quote_unless_number("1.50e3") == "1.50e3");
  CHECK(quote_unless_number("010") == "010");
  CHECK(quote_unless_number("") == "''");
  CHECK(quote_unless_number("1e999") == "1e999, which does not fit into 64 bits");
  CHECK(quote_unless_number("-1e999") == "-1e999, which does not fit into 64 bits");
  CHECK(quote_unless_number("1e999x") == "'1e999x'");
  CHECK(quote_unless_number(std::string(300, '9')) == std::string(45, '9') + "...");
}

}  // namespace
}  // namespace glifr
