#include "glifr/backend/cpu_target.hpp"

#include <algorithm>
#include <string>

#include "glifr/backend/detail/kernels.hpp"
#include "glifr/error.hpp"
#include "support/catch.hpp"

namespace {

using namespace glifr;

TEST_CASE("every machine has the baseline, and auto is the highest that it has") {
  const std::vector<CpuTarget> usable = usable_cpu_targets();
  REQUIRE_FALSE(usable.empty());
  CHECK(usable.front() == CpuTarget::baseline);
  CHECK(std::is_sorted(usable.begin(), usable.end()));
  CHECK(parse_cpu_target("auto") == usable.back());
  for (const CpuTarget target : usable) CHECK(parse_cpu_target(to_string(target)) == target);
}

std::string refusal(std::string_view name, std::string_view key) {
  try {
    (void)parse_cpu_target(name, key);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "accepted";
}

TEST_CASE("a target that is not to be had is refused by name, with those that are") {
  const std::vector<CpuTarget> usable = usable_cpu_targets();
  std::string accepted = "; accepted here: auto";
  for (const CpuTarget target : usable) (accepted += ", ") += to_string(target);
  CHECK(refusal("avx2", "--cpu-target") == "--cpu-target: found 'avx2'" + accepted);
  for (const CpuTarget target : {CpuTarget::x86_64_v3, CpuTarget::x86_64_v4, CpuTarget::x86_64_v4_amx}) {
    if (std::find(usable.begin(), usable.end(), target) != usable.end()) continue;
    const std::string problem = refusal(to_string(target), "key");
    CHECK((problem == "key: this machine does not have " + std::string(to_string(target)) + accepted ||
           problem == "key: this build has no kernels for " + std::string(to_string(target)) + accepted));
    CHECK_THROWS_AS(use_cpu_target(target), ConfigError);
  }
}

TEST_CASE("kernels are those of the target in use") {
  const CpuTarget before = cpu_target();
  std::vector<const void*> tables;
  for (const CpuTarget target : usable_cpu_targets()) {
    use_cpu_target(target);
    CHECK(cpu_target() == target);
    tables.push_back(&kernels::host<float>());
  }
  use_cpu_target(before);
  std::sort(tables.begin(), tables.end());
  CHECK(std::adjacent_find(tables.begin(), tables.end()) == tables.end());
}

}  // namespace
