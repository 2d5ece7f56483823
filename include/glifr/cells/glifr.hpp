#pragma once

#include "glifr/cells/cell.hpp"
#include "glifr/neurons/glifr.hpp"

namespace glifr {

/// A layer of GLIFR neurons with J after-spike currents. Parameters: weight_iv [input, neurons], weight_lat [neurons,
/// neurons], thresh and trans_k_m [1, neurons], trans_k_j, trans_r_j and a_j [J, 1, neurons]. Equations:
/// neurons/glifr.hpp.
template <int J, Scalar T>
using GlifrCell = Cell<Glifr<J>, T>;

static_assert(RecurrentCell<GlifrCell<2, float>>);

}  // namespace glifr
