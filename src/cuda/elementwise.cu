#include "glifr/backend/elementwise.hpp"

#include "glifr/backend/cuda/launch.hpp"
#include "kernels.hpp"

namespace glifr::cuda {

namespace {

using namespace kernels;

template <Scalar T, class... F>
void compile_maps() {
  compile<Map<F, T>..., MapBackward<F, T>...>();
}

template <Scalar T>
void compile_all() {
  compile_maps<T, Sigmoid, Tanh, Exp, Log, Sqrt, Abs, Affine<T>, Reciprocal<T>>();
  compile<Fill<T>, Copy<T>, Accumulate<T>, AddElement<Element<T>, T>>();
  compile<SumChunk<Terms<Element<T>>, T>, SumChunk<Partials<T>, T>>();
}

}  // namespace

void add_elementwise_kernels() {
  compile_all<float>();
  compile_all<double>();
}

}  // namespace glifr::cuda
