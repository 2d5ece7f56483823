// The scan over a window, as the compiler derives its reverse, against one whose adjoint was derived by hand.
#include "benchmark/hand_scan.hpp"
#include "glifr/backend/layout.hpp"
#include "support/catch.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using test::random_tensor;

constexpr std::size_t states = 4, parameters = 8;

/// Buffers of a window of GLIFR neurons with two after-spike currents.
struct Window {
  Index steps, batch, stride;
  Tensor<float> physical, constants, synaptic, output_grad, sums;
  std::vector<Tensor<float>> state, adjoint;

  Window(Index time, Index samples, Index neurons)
      : steps(time),
        batch(samples),
        stride(layout::padded<float>(neurons)),
        physical(random_tensor<float>({parameters, stride}, 1, 0.1, 0.9)),
        constants(random_tensor<float>({6}, 2, 0.3, 0.9)),
        synaptic(random_tensor<float>({steps * batch, stride}, 3)),
        output_grad(random_tensor<float>({steps * batch, stride}, 4)),
        sums(random_tensor<float>({parameters, stride}, 5)) {
    for (std::uint32_t k = 0; k < states; ++k) {
      state.push_back(random_tensor<float>({(steps + 1) * batch, stride}, 10 + k));
      adjoint.push_back(random_tensor<float>({batch, stride}, 20 + k));
    }
  }

  ScanWindow<Glifr<2>, float> window() {
    ScanWindow<Glifr<2>, float> w;
    w.steps = steps;
    w.batch = batch;
    w.neurons = w.stride = w.synaptic_stride = stride;
    w.parameters = physical.data();
    std::copy_n(constants.data(), w.constants.size(), w.constants.begin());
    w.synaptic = synaptic.data();
    w.output_grad = output_grad.data();
    w.synaptic_grad = output_grad.data();
    w.parameter_sum = sums.data();
    for (std::size_t k = 0; k < states; ++k) {
      w.state[k] = state[k].data();
      w.state_step[k] = batch * stride;
      w.adjoint[k] = adjoint[k].data();
    }
    return w;
  }
};

TEST_CASE("the derived reverse scan equals one derived by hand") {
  for (const auto& [steps, batch, neurons] : {std::array<Index, 3>{1, 1, 1}, {7, 3, 16}, {28, 2, 33}, {5, 5, 70}}) {
    INFO(steps << " steps, batch " << batch << ", " << neurons << " neurons");
    Window by_hand(steps, batch, neurons), derived(steps, batch, neurons);
    test::scan_forward(by_hand.window());
    test::scan_forward(derived.window());
    benchmark_support::hand_backward<2>(by_hand.window());
    test::scan_backward(derived.window());
    CHECK(test::relative_difference(derived.output_grad, by_hand.output_grad) < 2e-6);
    for (Index k = 0; k < static_cast<Index>(parameters); ++k) {
      INFO("parameter " << k);
      CHECK(test::relative_difference(derived.sums.view().middle_rows(k, 1), by_hand.sums.view().middle_rows(k, 1)) <
            2e-5);
    }
    for (std::size_t k = 0; k < states; ++k) {
      INFO("state " << k);
      CHECK(test::relative_difference(derived.adjoint[k], by_hand.adjoint[k]) < 2e-6);
    }
  }
}

TEST_CASE("a window that keeps the last step alone ends in the same state") {
  Window all(6, 3, 20), last(6, 3, 20);
  test::scan_forward(all.window());
  auto window = last.window();
  for (std::size_t k = 1; k < states; ++k) window.state_step[k] = 0;
  test::scan_forward(window);
  CHECK(test::relative_difference(last.state[0], all.state[0]) == 0);
  for (std::size_t k = 1; k < states; ++k) {
    CHECK(test::relative_difference(last.state[k].view().middle_rows(0, 3), all.state[k].view().middle_rows(18, 3)) ==
          0);
  }
}

TEST_CASE("two windows, one after the other, are one") {
  Window whole(9, 2, 17), parts(9, 2, 17);
  test::scan_forward(whole.window());
  test::scan_backward(whole.window());
  const auto part = [&](Index first, Index count) {
    auto w = parts.window();
    const Index row = first * parts.batch * parts.stride;
    w.steps = count;
    w.synaptic += row;
    w.output_grad += row;
    w.synaptic_grad += row;
    for (std::size_t k = 0; k < states; ++k) w.state[k] += row;
    return w;
  };
  test::scan_forward(part(0, 4));
  test::scan_forward(part(4, 5));
  test::scan_backward(part(4, 5));
  test::scan_backward(part(0, 4));
  for (std::size_t k = 0; k < states; ++k) {
    CHECK(test::relative_difference(parts.state[k], whole.state[k]) == 0);
    CHECK(test::relative_difference(parts.adjoint[k], whole.adjoint[k]) == 0);
  }
  CHECK(test::relative_difference(parts.output_grad, whole.output_grad) == 0);
  CHECK(test::relative_difference(parts.sums, whole.sums) < 1e-6);
}

}  // namespace
