// The machine's GPU itself.
#include "glifr/backend/gpu.hpp"

#include <exception>
#include <thread>
#include <vector>

#include "glifr/backend/detail/dispatch.hpp"
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
  CHECK_THROWS_AS(open_gpu(), DeviceUnavailable);
}

TEST_CASE("a GPU of a number that there is not is refused") {
  for (const int ordinal : {-1, 1000}) {
    CHECK(gpu_problem(ordinal).has_value());
    CHECK_THROWS_AS(open_gpu({.ordinal = ordinal}), DeviceUnavailable);
  }
}

TEST_CASE("an error that was reported is not reported again by the next launch") {
  GLIFR_NEEDS_DEVICE(device);
  Arena there(device);
  double* number = there.allocate<double>(1);
  CHECK_THROWS_AS(device->allocate(std::size_t{1} << 50), DeviceFailure);
  CHECK_NOTHROW(kernels::fill(there, View<double>(number, 1, 1), 2.0));
  double found = 0;
  kernels::copy_out(device, &found, number, 1);
  CHECK(found == 2);
}

TEST_CASE("GPUs are opened and closed while others record") {
  if (gpu_problem()) GLIFR_SKIP("there is no GPU here");
  const auto work = [](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      const auto device = open_gpu();
      Arena there(device.get());
      const Index n = 20;
      const View<float> a(there.allocate_zeroed<float>(n * n), n, n), c(there.allocate_zeroed<float>(n * n), n, n);
      const auto product = [&] {
        for (int k = 0; k < 20; ++k) kernels::gemm<float>(there, Transpose::no, Transpose::no, a, a, 0, c);
      };
      product();
      const auto recording = record(*device, product);
      recording->replay();
      device->wait();
    }
  };
  std::vector<std::exception_ptr> failures(4);
  std::vector<std::thread> threads;
  for (auto& failure : failures) {
    threads.emplace_back([&] {
      try {
        work(25);
      } catch (...) {
        failure = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& failure : failures) {
    CHECK_NOTHROW(failure ? std::rethrow_exception(failure) : void());
  }
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
          kernels::host<T>().gemm(transpose_a, transpose_b, view(a.data(), a), view(b.data(), b), beta,
                                  view(c.data(), c));
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
