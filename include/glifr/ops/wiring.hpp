#pragma once

#include "glifr/core/tape.hpp"
#include "glifr/export.hpp"

/// Weights of some pairs of neurons only, or of given signs, from what training moves of them.
namespace glifr {

/// The matrix [senders, inputs * receivers] of the weights x [inputs, connections]; pairs that are not connected have a
/// weight of 0. `connections` [2, connections]: the sender and the receiver of each, senders in ascending order, and
/// so the receivers of each. ShapeError where shapes do not go together or, on the host, a connection is none.
///     dL/dx = dL/dweight of the pair
template <Scalar T>
[[nodiscard]] GLIFR_API Var<T> place_weights(const Var<T>& x, const Var<T>& connections, Index senders,
                                             Index receivers);

/// signs[sender] |x|, of x [senders, columns], or of x [inputs, connections] where `connections` (as above) is not
/// empty. `signs` [senders], 1 or -1. ShapeError as above.
///     dL/dx = dL/dy sign(x) signs[sender], at 0 that of the positive side, so that a weight can leave 0
template <Scalar T>
[[nodiscard]] GLIFR_API Var<T> sign_weights(const Var<T>& x, const Var<T>& signs, const Var<T>& connections);

}  // namespace glifr
