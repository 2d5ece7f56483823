#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "glifr/export.hpp"
#include "glifr/network/network.hpp"
#include "glifr/neurons/range.hpp"
#include "glifr/neurons/transform.hpp"

namespace glifr {

/// Draws the homogeneous initial values of every parameter: what the neuron's fields say, and U(-1/sqrt(N), 1/sqrt(N))
/// for weights and biases, N the hidden size. A parameter's values depend on the seed and on its place in the list
/// alone.
template <Scalar T>
GLIFR_API void initialize_homogeneous(RecurrentNetwork<T>& network, std::uint64_t seed);

/// Fills each of the cell's parameters by drawing, with replacement, from all the values of the same tensor in a
/// trained network; the readout is initialised afresh. `trained` gives the values of a tensor by its name.
template <Scalar T>
GLIFR_API void initialize_heterogeneous(RecurrentNetwork<T>& network,
                                        const std::function<std::span<const T>(const std::string& name)>& trained,
                                        std::uint64_t seed);

namespace detail {

/// The physical values that a parameter can have, with a time step of `dt` ms.
[[nodiscard]] GLIFR_API Range physical_range(Transform transform, double dt);

}  // namespace detail

}  // namespace glifr
