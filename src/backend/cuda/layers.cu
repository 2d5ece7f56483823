#include "glifr/backend/detail/cuda/launch.hpp"
#include "glifr/backend/detail/dispatch.hpp"
#include "kernels.hpp"

namespace glifr::cuda {

namespace {

using namespace kernels;

template <Scalar T>
void compile_all() {
  compile<SumChunk<Terms<WeightedRow<T>>, T>, AddElement<WeightedRow<T>, T>>();
  compile<GatherRows<T>, CollectRows<T>>();
  compile<ToPhysical<T>, ToPhysicalBackward<T>>();
  compile<SumChunk<Terms<SquaredDifference<T>>, double>, AddElement<SquaredDifference<T>, double>>();
  compile<SquaredErrorSlope<T>, CrossEntropyRow<T>, WeighLoss<T>, AddScaled<T>>();
}

}  // namespace

void add_layer_kernels() {
  compile_all<float>();
  compile_all<double>();
  compile<MarkActive, SumChunk<Terms<Numbers>, double>, AddElement<Numbers, double>>();
}

}  // namespace glifr::cuda
