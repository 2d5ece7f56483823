#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "targets.hpp"

/// libFuzzer's entry; GLIFR_FUZZ_TARGET names the reader.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto target =
      std::ranges::find(glifr::test::fuzz_targets, GLIFR_FUZZ_TARGET, &glifr::test::FuzzTarget::name);
  target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
