#include "glifr/backend/cpu/scan.hpp"

#include "glifr/backend/scan_kernels.hpp"

namespace glifr::kernels {

#define GLIFR_COMPILE_SCANS(...) GLIFR_SCANS(template, __VA_ARGS__)
GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_COMPILE_SCANS)
#undef GLIFR_COMPILE_SCANS

}  // namespace glifr::kernels
