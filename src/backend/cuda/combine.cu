#include "glifr/backend/detail/cuda/launch.hpp"
#include "glifr/backend/detail/elementwise.hpp"
#include "kernels.hpp"

namespace glifr::cuda {

namespace {

using namespace kernels;

/// A function of several numbers, and its gradients to operands of full size and to those that are repeated.
template <Scalar T, class F, int K = 0>
void compile_combination() {
  if constexpr (K == 0) compile<Combine<F, T>>();
  if constexpr (functions::receives_gradient<F, K>) {
    compile<AddElement<CombineShare<F, K, T>, T>, SumChunk<Terms<CombineShare<F, K, T>>, T>>();
  }
  if constexpr (K + 1 < functions::operand_count<F>) compile_combination<T, F, K + 1>();
}

template <Scalar T, class F>
void compile_where_it_combines() {
  if constexpr (functions::operand_count < F >> 1) compile_combination<T, F>();
}
template <class... F>
void compile_all(functions::List<F...>) {
  (compile_where_it_combines<float, F>(), ...);
  (compile_where_it_combines<double, F>(), ...);
}

}  // namespace

void add_combining_kernels() {
  compile_all(functions::All{});
}

}  // namespace glifr::cuda
