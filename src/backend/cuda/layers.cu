#include "glifr/backend/detail/cuda/launch.hpp"
#include "glifr/backend/detail/dispatch.hpp"
#include "kernels.hpp"

namespace glifr::cuda {

namespace {

using namespace kernels;

template <Scalar T>
void compile_all() {
  compile_for_lanes<SumChunk<ProductTerm<T>, T>>();
  compile_for_lanes<GatherRows<T>, CollectRows<T>>();
  compile_for_lanes<ToPhysical<T>, ToPhysicalBackward<T>>();
  compile<SumChunk<Terms<SquaredDifference<T>>, double>, AddElement<SquaredDifference<T>, double>>();
  compile<SquaredErrorSlope<T>, CrossEntropyRow<T>, WeighLoss<T>, AddScaled<T>>();
}

}  // namespace

void add_layer_kernels() {
  compile_all<float>();
  compile_all<double>();
  compile_for_lanes<MarkActive, PackMarks>();
  compile<Fill<std::uint64_t>, SumChunk<Terms<Numbers>, double>, AddElement<Numbers, double>>();
}

}  // namespace glifr::cuda
