#include "glifr/backend/cuda/scan.hpp"

#include "glifr/neurons/glifr.hpp"
#include "glifr/neurons/lstm.hpp"
#include "glifr/neurons/rnn.hpp"
#include "kernels.hpp"

namespace glifr::cuda {

void add_built_in_scans() {
  compile_neuron<Glifr<0>>();
  compile_neuron<Glifr<1>>();
  compile_neuron<Glifr<2>>();
  compile_neuron<Glifr<3>>();
  compile_neuron<Glifr<4>>();
  compile_neuron<Rnn>();
  compile_neuron<Lstm>();
}

}  // namespace glifr::cuda
