#include "glifr/backend/cuda/launch.hpp"
#include "glifr/backend/elementwise.hpp"
#include "kernels.hpp"

namespace glifr::cuda {

namespace {

using namespace kernels;

/// A function of two numbers, and its gradients to operands of full size and to those that are repeated.
template <Scalar T, class... F>
void compile_combinations() {
  compile<Combine<F, T>...>();
  compile<AddElement<CombineShare<F, 0, T>, T>..., AddElement<CombineShare<F, 1, T>, T>...>();
  compile<SumChunk<Terms<CombineShare<F, 0, T>>, T>..., SumChunk<Terms<CombineShare<F, 1, T>>, T>...>();
}

}  // namespace

void add_combining_kernels() {
  compile_combinations<float, Add, Subtract, Multiply, Divide, Min, Max, Less, Gate<0>, Gate<1>>();
  compile_combinations<double, Add, Subtract, Multiply, Divide, Min, Max, Less, Gate<0>, Gate<1>>();
}

}  // namespace glifr::cuda
