#include "glifr/ops/detail/retention.hpp"

#include "support/catch.hpp"

namespace {

using namespace glifr;
using detail::choose_retention;
using detail::Kept;

TEST_CASE("a scan keeps all states where they are few, then currents, and outputs alone where memory is short") {
  // 64 rows of 128 neurons, three states beside the output.
  detail::RetentionNeeds needs{.is_recording = true,
                               .on_host = true,
                               .can_keep_currents = true,
                               .steps = 40,
                               .unit = 20,
                               .state_arrays = 3,
                               .array_bytes = 64 * 128 * 4,
                               .limit = 0};
  CHECK(choose_retention(needs).kept == Kept::states);
  CHECK(choose_retention(needs).segment == needs.steps);
  needs.steps = 10000;
  SECTION("long sequences") {
    const auto [kept, segment] = choose_retention(needs);
    CHECK(kept == Kept::currents);
    CHECK(segment < needs.steps);
    CHECK(segment % needs.unit == 0);
  }
  SECTION("one state beside the output, as many numbers as what would be kept instead") {
    needs.state_arrays = 1;
    CHECK(choose_retention(needs).kept == Kept::states);
  }
  SECTION("no currents in that form") {
    needs.can_keep_currents = false;
    CHECK(choose_retention(needs).kept == Kept::states);
    needs.limit = 5 * 10000 * needs.array_bytes - 1;
    CHECK(choose_retention(needs).kept == Kept::nothing);
  }
  SECTION("no backward pass") {
    needs.is_recording = false;
    const auto [kept, segment] = choose_retention(needs);
    CHECK(kept == Kept::nothing);
    CHECK(segment < needs.steps);
    needs.on_host = false;
    CHECK(choose_retention(needs).segment == needs.steps);
  }
  SECTION("a limit") {
    needs.limit = 3 * 10000 * needs.array_bytes;
    CHECK(choose_retention(needs).kept == Kept::currents);
    needs.limit -= 1;
    const auto [kept, segment] = choose_retention(needs);
    CHECK(kept == Kept::nothing);
    CHECK(segment == 100);
  }
}

}  // namespace
