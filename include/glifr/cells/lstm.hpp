#pragma once

#include "glifr/cells/cell.hpp"
#include "glifr/neurons/lstm.hpp"

namespace glifr {

/// A layer of long short-term memory units. Parameters: weight_ih and weight_hh, in files [4 hidden, input] and [4
/// hidden, hidden], in memory turned; bias_ih and bias_hh [4 hidden]; gates in the order i, f, g, o.
template <Scalar T>
using LstmCell = Cell<Lstm, T>;

static_assert(RecurrentCell<LstmCell<float>>);

}  // namespace glifr
