// Raw parameters to physical ones and gradients back, on whole rows.
#include <cmath>

#include "glifr/backend/layout.hpp"
#include "support/catch.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

TEMPLATE_TEST_CASE("rows of raw parameters become physical ones, the last one repeated in the padding", "", float,
                   double) {
  using T = TestType;
  constexpr T dt = T(0.2);
  for (const Transform transform :
       {Transform::identity, Transform::decay_rate, Transform::bounded, Transform::positive, Transform::fraction}) {
    for (const Index count : {0, 1, 7, 16, 21}) {
      INFO("transform " << static_cast<int>(transform) << ", " << count << " values");
      const Index padded = layout::padded<T>(count);
      const Tensor<T> raw = test::random_tensor<T>({count}, 1, -3, 3), d_physical = test::random_tensor<T>({count}, 2);
      Tensor<T> physical({padded}), d_raw = test::random_tensor<T>({count}, 3);
      const Tensor<T> before = d_raw;
      std::fill_n(physical.data(), padded, T(9));
      test::host<T>().to_physical(transform, raw.data(), count, padded, dt, physical.data());
      test::host<T>().to_physical_backward(transform, physical.data(), d_physical.data(), count, dt, d_raw.data());
      for (Index i = 0; i < padded; ++i) {
        if (i >= count) {
          CHECK(physical.data()[i] == physical.data()[count - 1]);
          continue;
        }
        const double x = static_cast<double>(raw.data()[i]), h = 1e-6;
        const auto f = [&](double at) { return to_physical(transform, at, static_cast<double>(dt)); };
        CHECK(std::abs(static_cast<double>(physical.data()[i]) - f(x)) < 1e-6 * std::max(1.0, std::abs(f(x))));
        const double slope = (f(x + h) - f(x - h)) / (2 * h);
        const double expected =
            static_cast<double>(before.data()[i]) + static_cast<double>(d_physical.data()[i]) * slope;
        CHECK(std::abs(static_cast<double>(d_raw.data()[i]) - expected) < 1e-5);
      }
    }
  }
}

}  // namespace
