// Compiled once for each instruction set.
#include <concepts>

#include "glifr/backend/detail/kernels.hpp"

#include "gather.hpp"
#include "losses.hpp"
#include "optimize.hpp"
#include "parameters.hpp"
#include "products.hpp"
#include "sparse_products.hpp"
#if GLIFR_VECTOR_BYTES == 64
#include "tile_products.hpp"
#endif

namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET {

template <Scalar T>
const kernels::HostKernels<T>& kernel_table() {
  static constexpr kernels::HostKernels<T> table{.gemm = gemm<T>,
                                                 .prepare = prepare<T>,
                                                 .prepare_again = prepare_again<T>,
                                                 .multiply = multiply<T>,
                                                 .multiply_transposed = multiply_transposed<T>,
                                                 .multiply_sparse = multiply_sparse<T>,
                                                 .add_sparse_products = add_sparse_products<T>,
                                                 .gather_rows = gather_rows<T>,
                                                 .gather_rows_backward = gather_rows_backward<T>,
                                                 .to_physical = to_physical<T>,
                                                 .to_physical_backward = to_physical_backward<T>,
                                                 .squared_error = squared_error<T>,
                                                 .cross_entropy = cross_entropy<T>,
                                                 .sum_shares = sum_shares<T>,
                                                 .adam_update = adam_update<T>,
                                                 .sgd_update = sgd_update<T>};
  return table;
}

template const kernels::HostKernels<float>& kernel_table<float>();
template const kernels::HostKernels<double>& kernel_table<double>();

#if GLIFR_VECTOR_BYTES == 64
/// The same for processors with AMX, whose tiles multiply matrices of floats.
template <Scalar T>
const kernels::HostKernels<T>& tile_kernel_table() {
  if constexpr (std::same_as<T, double>) {
    return kernel_table<double>();
  } else {
    static const kernels::HostKernels<float> table = [] {
      kernels::HostKernels<float> on_tiles = kernel_table<float>();
      on_tiles.few_rows = least_rows;
      on_tiles.gemm = gemm_on_tiles;
      on_tiles.prepare = prepare_for_tiles;
      on_tiles.prepare_again = prepare_again_for_tiles;
      on_tiles.multiply = multiply_on_tiles;
      on_tiles.multiply_transposed = multiply_transposed_on_tiles;
      return on_tiles;
    }();
    return table;
  }
}

template const kernels::HostKernels<float>& tile_kernel_table<float>();
template const kernels::HostKernels<double>& tile_kernel_table<double>();
#endif

}  // namespace glifr::cpu::inline GLIFR_INSTRUCTION_SET
