#include <array>
#include <span>
#include <vector>

#include "support/catch.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using kernels::Transpose;
using test::random_tensor;

constexpr double mark = 1234.5;  // stands where nothing may be written

/// A matrix with random numbers, its rows `gap` further apart than they are long.
template <Scalar T>
struct Strided {
  Tensor<T> memory;
  View<T> view;

  Strided(Index rows, Index columns, Index gap, std::uint32_t key) : memory({rows, columns + gap}) {
    const Tensor<T> numbers = random_tensor<T>({rows, columns}, key);
    std::fill_n(memory.data(), memory.size(), T(mark));
    view = View<T>(memory.data(), rows, columns, columns + gap);
    for (Index r = 0; r < rows; ++r) std::copy_n(numbers.view().row(r), columns, view.row(r));
  }
  [[nodiscard]] bool gap_is_untouched() const {
    for (Index r = 0; r < view.rows; ++r) {
      for (Index c = view.columns; c < view.stride; ++c) {
        if (memory.data()[r * view.stride + c] != T(mark)) return false;
      }
    }
    return true;
  }
};

/// c = a b + beta c as it stands in a book, in double.
template <Scalar T>
Tensor<double> product(Transpose ta, Transpose tb, View<const T> a, View<const T> b, T beta, View<const T> c) {
  Tensor<double> result({c.rows, c.columns});
  const Index inner = ta == Transpose::yes ? a.rows : a.columns;
  for (Index i = 0; i < c.rows; ++i) {
    for (Index j = 0; j < c.columns; ++j) {
      double sum = beta == 0 ? 0 : static_cast<double>(c(i, j));
      for (Index k = 0; k < inner; ++k) {
        const T left = ta == Transpose::yes ? a(k, i) : a(i, k), right = tb == Transpose::yes ? b(j, k) : b(k, j);
        sum += static_cast<double>(left) * static_cast<double>(right);
      }
      result.view()(i, j) = sum;
    }
  }
  return result;
}

/// Holds products [m, k] x [k, n] of all these sizes, with all transposes, strides and factors of c, against `product`.
template <Scalar T>
void check_products(std::span<const Index> rows, std::span<const Index> columns, std::span<const Index> lengths,
                    double epsilons) {
  const double tolerance = epsilons * static_cast<double>(std::numeric_limits<T>::epsilon());
  int wrong = 0;
  for (const Index m : rows) {
    for (const Index n : columns) {
      for (const Index k : lengths) {
        for (int bits = 0; bits < 16; ++bits) {
          const Transpose ta{(bits & 1) != 0}, tb{(bits & 2) != 0};
          const T beta = (bits & 4) != 0 ? T(1) : T(0);
          const Index gap = (bits & 8) != 0 ? 3 : 0;
          const Strided<T> a(ta == Transpose::yes ? k : m, ta == Transpose::yes ? m : k, gap, 1);
          const Strided<T> b(tb == Transpose::yes ? n : k, tb == Transpose::yes ? k : n, 2 * gap, 2);
          const Strided<T> c(m, n, gap, 3);
          const Tensor<double> expected = product<T>(ta, tb, a.view, b.view, beta, c.view);
          test::host<T>().gemm(ta, tb, a.view, b.view, beta, c.view);
          const double error = test::relative_difference(c.view, expected.view());
          if (error <= tolerance && c.gap_is_untouched()) continue;
          if (wrong++ == 0) {
            FAIL_CHECK("[" << m << ", " << k << "] x [" << k << ", " << n << "], case " << bits << ": error " << error);
          }
        }
      }
    }
  }
  CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("products equal those of three loops, for all sizes, transposes and strides", "", float, double) {
  constexpr std::array<Index, 8> sizes{0, 1, 2, 3, 5, 17, 33, 64};
  check_products<TestType>(sizes, sizes, sizes, 10);
}

TEMPLATE_TEST_CASE("products with a size of 1 equal those of three loops, around every number of registers", "", float,
                   double) {
  constexpr std::array<Index, 1> one{1};
  constexpr std::array<Index, 2> few{1, 7};
  constexpr std::array<Index, 14> sizes{2, 4, 7, 8, 9, 15, 16, 31, 32, 63, 65, 124, 128, 257};
  check_products<TestType>(one, sizes, few, 10);    // a sum of rows
  check_products<TestType>(sizes, one, few, 10);    // the same, turned
  check_products<TestType>(few, one, sizes, 50);    // dot products
  check_products<TestType>(sizes, sizes, one, 10);  // outer products
}

TEMPLATE_TEST_CASE("products with prepared weights, and of long sums, equal those of three loops", "", float, double) {
  using T = TestType;
  // Rows below, at and above what a tile holds; columns around a panel's; sums longer than a cache takes at once.
  constexpr std::array<Index, 8> row_counts{1, 2, 3, 5, 6, 7, 13, 40};
  constexpr std::array<Index, 7> column_counts{1, 2, 15, 16, 33, 64, 100};
  constexpr std::array<Index, 7> lengths{1, 2, 30, 150, 255, 257, 400};
  const double tolerance = 50 * static_cast<double>(std::numeric_limits<T>::epsilon());
  Arena memory;
  int wrong = 0;
  const auto expect = [&](const char* what, const Strided<T>& c, const Tensor<double>& expected, Index k) {
    const double error = test::relative_difference(c.view, expected.view());
    if (error <= tolerance && c.gap_is_untouched()) return;
    if (wrong++ == 0)
      FAIL_CHECK(what << ", [" << c.view.rows << ", " << k << "] x [" << k << ", " << c.view.columns << "]: error "
                      << error);
  };
  for (const Index m : row_counts) {
    for (const Index n : column_counts) {
      for (const Index k : lengths) {
        for (int bits = 0; bits < 8; ++bits) {
          const Transpose transpose{(bits & 1) != 0};
          const T beta = (bits & 2) != 0 ? T(1) : T(0);
          const Index gap = (bits & 4) != 0 ? 3 : 0;
          const Strided<T> a(m, k, gap, 1), a_turned(k, m, gap, 1), b(k, n, 2 * gap, 2);
          const Strided<T> weights(transpose == Transpose::yes ? n : k, transpose == Transpose::yes ? k : n, 2 * gap,
                                   2);
          const Strided<T> c(m, n, gap, 3), d(m, n, gap, 3);
          const Tensor<double> expected = product<T>(Transpose::no, transpose, a.view, weights.view, beta, c.view);
          test::host<T>().multiply(a.view, test::host<T>().prepare(transpose, weights.view, m, memory), beta, c.view);
          expect("prepared weights", c, expected, k);
          memory.reset();
          const Tensor<double> sums = product<T>(Transpose::yes, Transpose::no, a_turned.view, b.view, beta, d.view);
          test::host<T>().multiply_transposed(a_turned.view, b.view, beta, d.view);
          expect("long sums", d, sums, k);
        }
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a product with beta 0 does not read what it overwrites") {
  for (const Index size : {1, 2, 17}) {
    for (const Index inner : {0, 1, 5}) {
      Tensor<float> c({size, size});
      std::fill_n(c.data(), c.size(), std::numeric_limits<float>::quiet_NaN());
      const Tensor<float> a = random_tensor<float>({size, inner}, 1), b = random_tensor<float>({inner, size}, 2);
      test::host<float>().gemm(Transpose::no, Transpose::no, a.view(), b.view(), 0, c.view());
      for (const float value : c.values()) CHECK(std::isfinite(value));
      if (inner == 0) continue;
      std::fill_n(c.data(), c.size(), std::numeric_limits<float>::quiet_NaN());
      Arena memory;
      test::host<float>().multiply(a.view(), test::host<float>().prepare(Transpose::no, b.view(), size, memory), 0,
                                   c.view());
      for (const float value : c.values()) CHECK(std::isfinite(value));
    }
  }
}

/// Lists of the inputs that are active, each with some probability.
struct ActiveLists {
  std::vector<std::uint16_t> ones;
  std::vector<ActiveInputs> lists;

  ActiveLists(Index rows, Index features, double density) {
    std::vector<std::size_t> begin{0};
    const Random random(3, Stream::data);
    for (Index r = 0; r < rows; ++r) {
      for (Index i = 0; i < features; ++i) {
        if (random.uniform(static_cast<std::uint64_t>(r * features + i)) < density)
          ones.push_back(static_cast<std::uint16_t>(i));
      }
      begin.push_back(ones.size());
    }
    for (std::size_t r = 0; r + 1 < begin.size(); ++r) {
      lists.push_back({ones.data() + begin[r], static_cast<Index>(begin[r + 1] - begin[r])});
    }
  }
  /// The same as a matrix of zeros and ones.
  template <Scalar T>
  [[nodiscard]] Tensor<T> dense(Index features) const {
    Tensor<T> matrix({static_cast<Index>(lists.size()), features});
    for (std::size_t r = 0; r < lists.size(); ++r) {
      for (Index i = 0; i < lists[r].count; ++i) matrix.view()(static_cast<Index>(r), lists[r].indices[i]) = 1;
    }
    return matrix;
  }
};

TEMPLATE_TEST_CASE("rows gathered by index, and scattered back, are products with zeros and ones", "", float, double) {
  using T = TestType;
  using enum Transpose;
  const double tolerance = 10 * static_cast<double>(std::numeric_limits<T>::epsilon());
  Arena scratch;
  // Few ones and many, in few rows and many; nothing at all.
  for (const Index rows : {1, 4, 90}) {
    for (const Index features : {5, 40}) {
      for (const double density : {0.0, 0.1, 0.6, 1.0}) {
        for (const Index columns : {1, 7, 70}) {
          const ActiveLists active(rows, features, density);
          const Tensor<T> x = active.dense<T>(features);
          for (const T beta : {T(0), T(1)}) {
            INFO(rows << " rows, " << features << " features, density " << density << ", " << columns
                      << " columns, beta " << beta);
            const Strided<T> weights(features, columns, 2, 1), y(rows, columns, 3, 2), dy(rows, columns, 1, 3),
                dw(features, columns, 2, 4);
            const Tensor<double> expected = product<T>(no, no, x.view(), weights.view, beta, y.view);
            test::host<T>().gather_rows(active.lists.data(), weights.view, beta, y.view, scratch);
            CHECK(test::relative_difference(y.view, expected.view()) <= tolerance);
            CHECK(y.gap_is_untouched());
            const Tensor<double> expected_dw = product<T>(yes, no, x.view(), dy.view, T(1), dw.view);
            test::host<T>().gather_rows_backward(active.lists.data(), dy.view, dw.view, scratch);
            CHECK(test::relative_difference(dw.view, expected_dw.view()) <= tolerance);
            CHECK(dw.gap_is_untouched());
            scratch.reset();
          }
        }
      }
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("long lists of rows are summed as short ones are", "", float, double) {
  using T = TestType;
  constexpr Index features = 11, rows = 37, columns = 45;
  // Two of three inputs are active, so that both directions take the path for busy lists.
  std::vector<std::vector<std::uint16_t>> ones(rows);
  std::vector<ActiveInputs> active;
  for (Index r = 0; r < rows; ++r) {
    for (Index i = 0; i < features; ++i) {
      if ((r + i) % 3 != 0) ones[static_cast<std::size_t>(r)].push_back(static_cast<std::uint16_t>(i));
    }
    active.push_back(
        {ones[static_cast<std::size_t>(r)].data(), static_cast<Index>(ones[static_cast<std::size_t>(r)].size())});
  }
  const Strided<T> weights(features, columns, 3, 1), dw(features, columns, 2, 2);
  const Tensor<T> dw_before = test::copy_of(dw.view);
  Arena scratch;
  for (const T beta : {T(0), T(1)}) {
    const Strided<T> y(rows, columns, 3, 3);
    const Tensor<T> before = test::copy_of(y.view);
    test::host<T>().gather_rows(active.data(), weights.view, beta, y.view, scratch);
    CHECK(y.gap_is_untouched());
    for (Index r = 0; r < rows; ++r) {
      for (Index c = 0; c < columns; ++c) {
        T expected = beta * before.view()(r, c);
        for (const std::uint16_t i : ones[static_cast<std::size_t>(r)]) expected += weights.view(i, c);
        CHECK(y.view(r, c) == expected);
      }
    }
  }
  const Strided<T> dy(rows, columns, 1, 4);
  test::host<T>().gather_rows_backward(active.data(), dy.view, dw.view, scratch);
  CHECK(dw.gap_is_untouched());
  for (Index i = 0; i < features; ++i) {
    for (Index c = 0; c < columns; ++c) {
      T expected = dw_before.view()(i, c);
      for (Index r = 0; r < rows; ++r) {
        if ((r + i) % 3 != 0) expected += dy.view(r, c);
      }
      CHECK(dw.view(i, c) == expected);
    }
  }
}
