#include "glifr/backend/cpu/scan.hpp"

#include "glifr/backend/scan_kernels.hpp"

namespace glifr::kernels {

GLIFR_BUILT_IN_SCANS(template, float);
GLIFR_BUILT_IN_SCANS(template, double);

}  // namespace glifr::kernels
