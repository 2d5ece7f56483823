#pragma once

#include "glifr/cells/cell.hpp"
#include "glifr/neurons/rnn.hpp"

namespace glifr {

/// A vanilla recurrent layer, with a synaptic delay. Parameters: weight_ih [input, hidden], weight_lat [hidden,
/// hidden], bias [1, hidden].
template <Scalar T>
using RnnCell = Cell<Rnn, T>;

static_assert(RecurrentCell<RnnCell<float>>);

}  // namespace glifr
