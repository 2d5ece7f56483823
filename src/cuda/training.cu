#include "../training/device_step.hpp"
#include "glifr/backend/cuda/launch.hpp"
#include "glifr/backend/sums.hpp"
#include "kernels.hpp"

namespace glifr::cuda {

namespace {

using namespace kernels;

template <Scalar T>
void compile_all() {
  compile<device::TakeValues<T>, device::UpdateByAdam<T>, device::UpdateBySgd<T>, device::WidenLoss<T>,
          device::RowWeights<T>>();
  compile<SumChunk<Terms<device::IsCorrect<T>>, double>, AddElement<device::IsCorrect<T>, double>>();
  compile<SumChunk<Terms<device::Square<T>>, double>, AddElement<device::Square<T>, double>>();
}

}  // namespace

void add_training_kernels() {
  compile_all<float>();
  compile_all<double>();
  compile<device::TakeSamples, device::TakeFrames, device::FinishStep>();
}

}  // namespace glifr::cuda
