#include "glifr/cells/cell.hpp"

namespace glifr {

#define GLIFR_INSTANTIATE_SCAN(N, T)                                                                \
  template ScanResult<N, T> scan(const Layer<N, T>&, const Sequence<T>&, const InitialState<N, T>&, \
                                 const OutputMask<T>&, const ScanOptions&);
#define GLIFR_INSTANTIATE_SCANS(...)         \
  GLIFR_INSTANTIATE_SCAN(__VA_ARGS__, float) \
  GLIFR_INSTANTIATE_SCAN(__VA_ARGS__, double)
GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_INSTANTIATE_SCANS)
#undef GLIFR_INSTANTIATE_SCANS
#undef GLIFR_INSTANTIATE_SCAN

}  // namespace glifr
