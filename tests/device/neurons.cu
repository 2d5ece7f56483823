// The tests' neurons for the GPU, as a user's own would be compiled.
#include "support/neurons.hpp"

#include "glifr/backend/cuda/scan.hpp"

namespace {

[[maybe_unused]] const bool are_compiled = glifr::cuda::compile_neuron<glifr::test::Calcium>() &&
                                           glifr::cuda::compile_neuron<glifr::test::Gated>() &&
                                           glifr::cuda::compile_neuron<glifr::test::Spiking>();

}  // namespace
