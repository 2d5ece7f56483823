// The machine's GPU itself.
#include "glifr/backend/gpu.hpp"

#include <vector>

#include "glifr/backend/dispatch.hpp"
#include "glifr/error.hpp"
#include "support/devices.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using kernels::Transpose;

TEST_CASE("a GPU that cannot be had is refused with the reason") {
  const auto problem = gpu_problem();
  if (!problem) GLIFR_SKIP("there is a GPU here");
  CHECK(!problem->empty());
  CHECK_THROWS_AS(open_gpu(), DeviceError);
}

TEMPLATE_TEST_CASE("products on a GPU equal those of the host, for all transposes and strides", "", float, double) {
  GLIFR_NEEDS_DEVICE(device);
  using T = TestType;
  const double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-13;
  Arena there(device);
  for (const auto& [m, n, k] :
       {std::array<Index, 3>{1, 1, 1}, {5, 3, 7}, {300, 252, 252}, {33, 1, 900}, {1, 40, 500}}) {
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        for (const T beta : {T(0), T(1)}) {
          const auto operand = [](Index rows, Index columns, std::uint32_t key) {
            return test::random_tensor<T>({rows, columns + 3}, key);  // 3: the rows' gap
          };
          const Tensor<T> a = ta ? operand(k, m, 1) : operand(m, k, 1), b = tb ? operand(n, k, 2) : operand(k, n, 2);
          Tensor<T> c = operand(m, n, 3), found = c;
          const auto view = [](auto* data, const Tensor<T>& like) {
            return View(data, like.shape()[0], like.shape()[1] - 3, like.shape()[1]);
          };
          const auto upload = [&](const Tensor<T>& tensor) {
            T* copy = there.allocate<T>(tensor.size());
            kernels::copy_in(there, copy, tensor.data(), tensor.size());
            return copy;
          };
          const Transpose transpose_a{ta}, transpose_b{tb};
          kernels::gemm<T>(transpose_a, transpose_b, view(a.data(), a), view(b.data(), b), beta, view(c.data(), c));
          T* c_there = upload(found);
          kernels::gemm<T>(there, transpose_a, transpose_b, view(upload(a), a), view(upload(b), b), beta,
                           view(c_there, found));
          kernels::copy_out(device, found.data(), c_there, found.size());
          INFO(m << " x " << n << " x " << k << (ta ? ", a turned" : "") << (tb ? ", b turned" : "") << ", beta "
                 << beta);
          CHECK(test::relative_difference(found, c) < tolerance);
          there.reset();
        }
      }
    }
  }
}

TEST_CASE("long sums give the same bits every time") {
  GLIFR_NEEDS_DEVICE(device);
  Arena there(device);
  const Tensor<float> x = test::random_tensor<float>({100'000, 16}, 1);
  float* copy = there.allocate<float>(x.size());
  kernels::copy_in(there, copy, x.data(), x.size());
  const auto sums = [&] {
    Tensor<float> found({1, 16});
    float* out = there.allocate_zeroed<float>(16);
    kernels::add_sums(there, 100'000, 16, kernels::Element<float>{{copy, 100'000, 16}}, View<float>(out, 1, 16));
    kernels::copy_out(device, found.data(), out, 16);
    return found;
  };
  const Tensor<float> first = sums();
  for (int i = 0; i < 20; ++i) CHECK(test::relative_difference(sums(), first) == 0);
}

}  // namespace
