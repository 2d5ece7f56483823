#define CATCH_CONFIG_RUNNER
#include <algorithm>

#include "glifr/backend/cpu_target.hpp"
#include "support/catch.hpp"

namespace {

constexpr int skip_code = 77;  // as in tests/CMakeLists.txt

bool is_usable(const std::string& target) {
  const auto usable = glifr::usable_cpu_targets();
  return std::any_of(usable.begin(), usable.end(), [&](auto t) { return to_string(t) == target; });
}

}  // namespace

int main(int count, char** words) {
  const auto target = glifr::test::environment("GLIFR_CPU_TARGET");
  if (target && !is_usable(*target)) {
    std::cout << "[skipped] this machine does not have " << *target << '\n';
    return skip_code;
  }
  const int result = Catch::Session().run(count, words);
  const bool is_one_case = count > 1;  // of all cases, some may be skipped
  return result == 0 && is_one_case && glifr::test::is_skipped ? skip_code : result;
}
