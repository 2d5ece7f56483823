#pragma once

#include "glifr/neurons/glifr.hpp"
#include "glifr/neurons/lstm.hpp"
#include "glifr/neurons/rnn.hpp"

namespace glifr {

/// Whether a neuron is one of the library's.
template <class N>
inline constexpr bool is_built_in = false;

}  // namespace glifr

/// The neurons that come with the library: the one list behind kernels, layers, the GPU's scans and configurations.
/// `use` is a macro that takes a neuron's type and expands to declarations.
#define GLIFR_FOR_EACH_BUILT_IN_NEURON(use)                                                                \
  use(glifr::Glifr<0>) use(glifr::Glifr<1>) use(glifr::Glifr<2>) use(glifr::Glifr<3>) use(glifr::Glifr<4>) \
      use(glifr::Rnn) use(glifr::Lstm)

#define GLIFR_IS_BUILT_IN(...) \
  template <>                  \
  inline constexpr bool glifr::is_built_in<__VA_ARGS__> = true;
GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_IS_BUILT_IN)
#undef GLIFR_IS_BUILT_IN
