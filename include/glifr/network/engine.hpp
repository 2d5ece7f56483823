#pragma once

#include <string_view>

namespace glifr {

/// How a network is run: in fused scans, or one tape operation after another (slow; the reference that the scans are
/// held against).
enum class Engine { fused, composed };

/// "fused" or "composed", as options and records name it.
[[nodiscard]] constexpr std::string_view to_string(Engine engine) {
  return engine == Engine::fused ? "fused" : "composed";
}

}  // namespace glifr
