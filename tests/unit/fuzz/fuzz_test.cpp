#include "fuzz/targets.hpp"
#include "support/catch.hpp"

namespace {

using glifr::test::FuzzTarget;

/// Runs a reader on its seeds and on everything that is one step away from them.
void replay(const FuzzTarget& target) {
  for (const std::string& seed : target.seeds()) {
    CHECK(target.run(seed));
    for (std::size_t length = 0; length < seed.size(); ++length) {
      INFO("cut to " << length << " of " << seed.size() << " bytes");
      REQUIRE_NOTHROW(target.run(std::string_view(seed).substr(0, length)));
    }
    for (std::size_t bit = 0; bit < 8 * seed.size(); ++bit) {
      INFO("bit " << bit % 8 << " of byte " << bit / 8 << " flipped");
      std::string bytes = seed;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
      REQUIRE_NOTHROW(target.run(bytes));
    }
  }
}

TEST_CASE("readers take damaged files or refuse them, and nothing else") {
  for (const FuzzTarget& target : glifr::test::fuzz_targets) {
    DYNAMIC_SECTION(target.name) {
      replay(target);
    }
  }
}

}  // namespace
