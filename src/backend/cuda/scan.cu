#include "glifr/backend/cuda/scan.hpp"

#include "glifr/neurons/built_in.hpp"
#include "kernels.hpp"

namespace glifr::cuda {

void add_built_in_scans() {
#define GLIFR_COMPILE_NEURON(...) compile_neuron<__VA_ARGS__>();
  GLIFR_FOR_EACH_BUILT_IN_NEURON(GLIFR_COMPILE_NEURON)
#undef GLIFR_COMPILE_NEURON
}

}  // namespace glifr::cuda
