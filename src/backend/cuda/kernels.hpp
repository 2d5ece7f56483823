#pragma once

namespace glifr::cuda {

// Each makes the kernels of its file known.
void add_elementwise_kernels();
void add_combining_kernels();
void add_layer_kernels();
void add_built_in_scans();
void add_training_kernels();

}  // namespace glifr::cuda
