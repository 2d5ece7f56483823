#include "glifr/ops/elementwise.hpp"

namespace glifr {

GLIFR_ELEMENTWISE(template, float)
GLIFR_ELEMENTWISE(template, double)

}  // namespace glifr
