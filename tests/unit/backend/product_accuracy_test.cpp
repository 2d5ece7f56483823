#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "glifr/backend/detail/dispatch.hpp"
#include "support/catch.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

/// Products of float matrices, whatever the processor computes them with: registers of floats or, where weights have
/// 32,768 numbers or more, tiles of numbers of fewer bits.
namespace {

using namespace glifr;
using kernels::Transpose;

/// Numbers of magnitudes between 2^-16 and 2^16, of both signs.
Tensor<float> numbers_of_all_sizes(const Shape& shape, std::uint32_t key) {
  Tensor<float> numbers = test::random_tensor<float>(shape, key, -1, 1);
  const Tensor<float> exponents = test::random_tensor<float>(shape, key + 100, -16, 16);
  for (Index i = 0; i < numbers.size(); ++i)
    numbers.data()[i] = std::ldexp(numbers.data()[i], static_cast<int>(exponents.data()[i]));
  return numbers;
}

/// The three ways to multiply: on the way, with weights that are laid out, and as a gradient of weights.
enum class Way { gemm, prepared, gradient };

/// c = a b, by one of them.
void multiply(Way way, const Tensor<float>& a, const Tensor<float>& b, Tensor<float>& c) {
  const kernels::HostKernels<float>& host = test::host<float>();
  Arena memory;
  if (way == Way::gemm) {
    host.gemm(Transpose::no, Transpose::no, a.view(), b.view(), 0, c.view());
  } else if (way == Way::prepared) {
    host.multiply(a.view(), host.prepare(Transpose::no, b.view(), c.view().rows, memory), 0, c.view());
  } else {
    Tensor<float> turned({a.view().columns, a.view().rows});
    for (Index r = 0; r < a.view().rows; ++r) {
      for (Index k = 0; k < a.view().columns; ++k) turned.view()(k, r) = a.view()(r, k);
    }
    host.multiply_transposed(turned.view(), b.view(), 0, c.view());
  }
}

const auto ways = {Way::gemm, Way::prepared, Way::gradient};

TEST_CASE("a product's error is that of sums in float, however different its terms' sizes") {
  for (const Index inner : {40, 300, 1100}) {
    const Index rows = 280, columns = inner == 40 ? 820 : 120;
    const Tensor<float> a = numbers_of_all_sizes({rows, inner}, 1), b = numbers_of_all_sizes({inner, columns}, 2);
    for (const Way way : ways) {
      INFO("inner " << inner << ", way " << static_cast<int>(way));
      Tensor<float> c({rows, columns});
      multiply(way, a, b, c);
      double largest = 0, squares = 0;
      for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < columns; ++j) {
          double sum = 0, sizes = 0;
          for (Index k = 0; k < inner; ++k) {
            const double term = static_cast<double>(a.view()(i, k)) * static_cast<double>(b.view()(k, j));
            sum += term;
            sizes += std::abs(term);
          }
          const double error = std::abs(static_cast<double>(c.view()(i, j)) - sum) / sizes;
          largest = std::max(largest, error);
          squares += error * error;
        }
      }
      constexpr double epsilon = std::numeric_limits<float>::epsilon();
      CHECK(largest < 10 * epsilon);
      CHECK(std::sqrt(squares / static_cast<double>(rows * columns)) < epsilon);
    }
  }
}

TEST_CASE("ones and zeros give back every bit of the other operand") {
  for (const Index size : {7, 16, 33, 200}) {
    Tensor<float> unit({size, size});
    for (Index i = 0; i < size; ++i) unit.view()(i, i) = 1;
    Tensor<float> x({size, size});
    const Tensor<float> random = test::random_tensor<float>({size, size}, 3, -1, 1);
    for (Index i = 0; i < x.size(); ++i) x.data()[i] = std::ldexp(random.data()[i], static_cast<int>(i % 160) - 80);
    x.data()[0] = 16777215.0f;  // all 24 bits
    x.data()[1] = -16777215.0f;
    x.data()[2] = 3.395e38f;  // near the largest; tiles take larger ones for infinite
    x.data()[3] = 0;
    for (const Way way : ways) {
      INFO("size " << size << ", way " << static_cast<int>(way));
      Tensor<float> left({size, size}), right({size, size});
      multiply(way, x, unit, left);
      multiply(way, unit, x, right);
      CHECK(std::ranges::equal(left.values(), x.values()));
      CHECK(std::ranges::equal(right.values(), x.values()));
    }
  }
}

TEST_CASE("what is not finite stays so, in its own rows and columns") {
  const auto nan_of = [](std::uint32_t bits) { return std::bit_cast<float>(bits); };
  constexpr float infinite = std::numeric_limits<float>::infinity();
  for (const float odd : {infinite, -infinite, nan_of(0x7fc00000), nan_of(0x7fffffff), nan_of(0xffffffff)}) {
    for (const Way way : ways) {
      const Index rows = 190, inner = 470, columns = 180;
      Tensor<float> a = test::random_tensor<float>({rows, inner}, 4, 1, 2);
      Tensor<float> b = test::random_tensor<float>({inner, columns}, 5, 1, 2);
      a.view()(17, 469) = odd;
      b.view()(3, 179) = odd;
      Tensor<float> c({rows, columns});
      multiply(way, a, b, c);
      int wrong = 0;
      for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < columns; ++j) wrong += std::isfinite(c.view()(i, j)) == (i == 17 || j == 179);
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("products of many rows, columns and terms are those of their parts") {
  // More than is laid out at a time, and sizes around whole tiles.
  for (const auto& [rows, inner, columns] :
       {std::array<Index, 3>{257, 129, 257}, {530, 513, 65}, {48, 1100, 31}, {17, 31, 47}, {6, 600, 65}}) {
    const Tensor<float> a = test::random_tensor<float>({rows, inner}, 6, -1, 1);
    const Tensor<float> b = test::random_tensor<float>({inner, columns}, 7, -1, 1);
    for (const Way way : ways) {
      INFO("[" << rows << ", " << inner << "] x [" << inner << ", " << columns << "], way " << static_cast<int>(way));
      Tensor<float> c({rows, columns});
      multiply(way, a, b, c);
      double largest = 0;
      for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < columns; ++j) {
          double sum = 0;
          for (Index k = 0; k < inner; ++k)
            sum += static_cast<double>(a.view()(i, k)) * static_cast<double>(b.view()(k, j));
          largest = std::max(largest, std::abs(static_cast<double>(c.view()(i, j)) - sum));
        }
      }
      CHECK(largest < 5e-5);
    }
  }
}

TEST_CASE("a row's bits do not depend on how many rows a product has") {
  const kernels::HostKernels<float>& host = test::host<float>();
  constexpr Index most_rows = 70;
  for (const Index inner : {100, 129, 300, 1100}) {
    const Index columns = 33000 / inner;
    const Tensor<float> a = test::random_tensor<float>({most_rows, inner}, 10, -1, 1);
    const Tensor<float> b = test::random_tensor<float>({inner, columns}, 11, -1, 1);
    const Tensor<float> before = test::random_tensor<float>({most_rows, columns}, 12, -1, 1);
    Arena memory;
    const kernels::Weights<float> weights = host.prepare(Transpose::no, b.view(), most_rows, memory);
    for (const float beta : {0.0f, 1.0f}) {
      Tensor<float> all = before;
      host.multiply(a.view(), weights, beta, all.view());
      int wrong = 0;
      for (const Index rows : {1, 5, 6, 13, 16, 17, 31, 40, 64, 69}) {
        Tensor<float> some = before;
        host.multiply(a.view().middle_rows(0, rows), weights, beta, some.view().middle_rows(0, rows));
        wrong += !std::equal(some.data(), some.data() + rows * columns, all.data());
      }
      INFO("inner " << inner << ", beta " << beta);
      CHECK(wrong == 0);
    }
  }
}

TEMPLATE_TEST_CASE("a product's columns have the same bits when they are computed in parts", "", float, double) {
  using T = TestType;
  const auto& host = test::host<T>();
  const Index inner = 150, columns = 1100;
  for (const Index rows : {70, 333}) {
    const Tensor<T> a = test::random_tensor<T>({rows, inner}, 1, -1, 1), b = test::random_tensor<T>({rows, columns}, 3);
    for (const Transpose transpose : {Transpose::no, Transpose::yes}) {
      const bool is_turned = transpose == Transpose::yes;
      const Tensor<T> values =
          test::random_tensor<T>({is_turned ? columns : inner, is_turned ? inner : columns}, 2, -1, 1);
      Arena memory;
      kernels::Weights<T> weights = host.prepare(transpose, values.view(), rows, memory);
      Tensor<T> c({rows, columns}), c_parts({rows, columns}), d({inner, columns}), d_parts({inner, columns});
      host.multiply(a.view(), weights, 0, c.view());
      host.multiply_transposed(a.view(), b.view(), 0, d.view());
      for (const auto& [first, count] : {std::pair<Index, Index>{0, 576}, {576, columns - 576}}) {
        weights.first = first;
        host.multiply(a.view(), weights, 0, kernels::columns_of(c_parts.view(), first, count));
        host.multiply_transposed(a.view(), kernels::columns_of(b.view(), first, count), 0,
                                 kernels::columns_of(d_parts.view(), first, count));
      }
      CHECK(std::ranges::equal(c.values(), c_parts.values()));
      CHECK(std::ranges::equal(d.values(), d_parts.values()));
    }
  }
}

TEST_CASE("weights are laid out anew in parts, as they were at once") {
  const kernels::HostKernels<float>& host = test::host<float>();
  for (const Transpose transpose : {Transpose::no, Transpose::yes}) {
    for (const Index rows : {3, 30}) {
      Tensor<float> weights = test::random_tensor<float>({190, 180}, 8, -1, 1);
      const Index inner = transpose == Transpose::yes ? 180 : 190, columns = 370 - inner;
      Arena memory, other;
      const kernels::Weights<float> laid_out = host.prepare(transpose, weights.view(), rows, memory);
      for (float& value : weights.values()) value = 1 - 2 * value;
      for (Index part = 0; part < 3; ++part) host.prepare_again(laid_out, part, 3, const_cast<float*>(laid_out.panels));
      const Tensor<float> a = test::random_tensor<float>({rows, inner}, 9, -1, 1);
      Tensor<float> c({rows, columns}), expected({rows, columns});
      host.multiply(a.view(), laid_out, 0, c.view());
      host.multiply(a.view(), host.prepare(transpose, weights.view(), rows, other), 0, expected.view());
      CHECK(std::ranges::equal(c.values(), expected.values()));
    }
  }
}

}  // namespace
