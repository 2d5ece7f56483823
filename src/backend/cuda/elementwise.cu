#include "glifr/backend/detail/elementwise.hpp"

#include "glifr/backend/detail/cuda/launch.hpp"
#include "kernels.hpp"

namespace glifr::cuda {

namespace {

using namespace kernels;

/// A function of one number, and its gradient.
template <Scalar T, class F>
void compile_map() {
  compile<Map<F, T>, MapBackward<F, T>>();
}
template <Scalar T, class F>
void compile_where_it_maps() {
  if constexpr (functions::operand_count<F> == 1) compile_map<T, F>();
}
template <Scalar T, class... F>
void compile_maps(functions::List<F...>) {
  (compile_where_it_maps<T, F>(), ...);
}

template <Scalar T>
void compile_all() {
  compile_maps<T>(functions::All{});
  compile_map<T, Affine<T>>();
  compile_map<T, Reciprocal<T>>();
  compile_for_lanes<Fill<T>, Copy<T>, Accumulate<T>, AddElement<Element<T>, T>>();
  compile_for_lanes<SumChunk<Terms<Element<T>>, T>, SumChunk<Partials<T>, T>>();
}

}  // namespace

void add_elementwise_kernels() {
  compile_all<float>();
  compile_all<double>();
}

}  // namespace glifr::cuda
