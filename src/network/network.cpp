#include "glifr/network/network.hpp"

namespace glifr {

GLIFR_BUILT_IN_NETWORKS(template, float);
GLIFR_BUILT_IN_NETWORKS(template, double);

}  // namespace glifr
