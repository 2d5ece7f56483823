#pragma once

#include <concepts>
#include <cstddef>

#include "glifr/neurons/scalar.hpp"

namespace glifr {

/// An element of a container by a signed index, as everything of glifr counts.
template <class Container, std::signed_integral I>
GLIFR_INLINE constexpr auto& at(Container&& container, I index) {
  return container[static_cast<std::size_t>(index)];
}

}  // namespace glifr
