// The bodies of kernels of operations, cells and training, as nvcc compiles them.
#include "../backend/cuda/kernels.hpp"
#include "device_step.hpp"
#include "glifr/backend/detail/cuda/launch.hpp"
#include "glifr/backend/detail/sums.hpp"
#include "glifr/ops/detail/transmission.hpp"
#include "glifr/ops/detail/wiring.hpp"
#include "glifr/ops/output_mask.hpp"
#include "glifr/ops/reshape.hpp"

namespace glifr::cuda {

namespace {

using namespace kernels;

template <Scalar T>
void compile_all() {
  compile<SplitDelays<T>, DelayedOutputs<T>, DelayedGradients<T>>();
  compile<SumChunk<Terms<DelaySlope<T>>, T>, AddElement<DelaySlope<T>, T>>();
  compile<PlaceWeights<T>, PlaceWeightsBackward<T>, SignWeights<T>, SignWeightsBackward<T>>();
  compile<TakeLastValid<T>, TakeLastValidBackward<T>, device::WidenLoss<T>, device::RowWeights<T>,
          device::CopyValues<T>, device::AddValues<T>, device::MarkCorrect<T>>();
  compile_for_lanes<FillMask<T>, device::TakeBatch<T>, device::UpdateByAdam<T>, device::UpdateBySgd<T>>();
  compile_for_lanes<device::TallyRows<T>, SumChunk<device::TallyValue<T>, device::Tally>>();
  compile_for_lanes<SumChunk<device::Square<T>, double>>();
}

}  // namespace

void add_training_kernels() {
  compile_all<float>();
  compile_all<double>();
  compile_for_lanes<SumChunk<Partials<device::Tally>, device::Tally>, device::FinishStep, device::KeepTally>();
  compile<device::TallyWhole>();
}

}  // namespace glifr::cuda
