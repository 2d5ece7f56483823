#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/kernels.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using test::random_tensor;

/// A matrix in which one of `every` numbers is not 0, by its rows, with a first and a last row that are empty.
template <Scalar T>
struct Sparse {
  Index rows, columns;
  std::vector<Index> begin{0};
  std::vector<std::int32_t> column;
  std::vector<T> values;
  Tensor<double> dense;

  Sparse(Index row_count, Index column_count, std::uint64_t every)
      : rows(row_count), columns(column_count), dense({row_count, column_count}) {
    const Random random(11, Stream::data);
    for (Index r = 0; r < rows; ++r) {
      for (Index c = 0; c < columns; ++c) {
        const double chance = random.uniform(static_cast<std::uint64_t>(r * columns + c));
        const bool is_entry = r > 0 && r + 1 < rows && chance * static_cast<double>(every) < 1;
        dense.view()(r, c) = is_entry ? static_cast<double>(static_cast<T>(chance - 0.1)) : 0.0;
        if (!is_entry) continue;
        column.push_back(static_cast<std::int32_t>(c));
        values.push_back(static_cast<T>(chance - 0.1));
      }
      begin.push_back(static_cast<Index>(values.size()));
    }
  }
};

template <Scalar T>
double error_of(View<const T> found, const Tensor<double>& expected) {
  return test::relative_difference(found, expected.view());
}

constexpr Index sizes[][3] = {{1, 5, 4},   {3, 9, 8},   {8, 16, 33},  {9, 40, 40},
                              {32, 3, 17}, {33, 64, 1}, {70, 50, 90}, {300, 20, 19}};

TEMPLATE_TEST_CASE("products with a matrix of few entries equal those of three loops", "", float, double) {
  using T = TestType;
  const double tolerance = 20 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (const auto& [rows, inner, columns] : sizes) {
    for (const std::uint64_t every : {1, 3, 12}) {
      for (const T beta : {T(0), T(1)}) {
        CAPTURE(rows, inner, columns, every, beta);
        // By its columns: the rows of its transpose.
        const Sparse<T> turned(columns, inner, every);
        const Tensor<T> a = random_tensor<T>({rows, inner + 3}, 1), c = random_tensor<T>({rows, columns + 2}, 2);
        Tensor<T> result = c;
        const View<const T> left(a.data(), rows, inner, inner + 3);
        const View<T> found(result.data(), rows, columns, columns + 2);
        test::host<T>().multiply_sparse(left, {turned.begin.data(), turned.column.data(), turned.values.data()}, beta,
                                        found);
        Tensor<double> expected({rows, columns});
        for (Index i = 0; i < rows; ++i) {
          for (Index j = 0; j < columns; ++j) {
            double sum = beta == 0 ? 0 : static_cast<double>(c.view()(i, j));
            for (Index k = 0; k < inner; ++k) sum += static_cast<double>(left(i, k)) * turned.dense.view()(j, k);
            expected.view()(i, j) = sum;
          }
          for (Index j = columns; j < columns + 2; ++j) CHECK(result.view()(i, j) == c.view()(i, j));
        }
        CHECK(error_of<T>(found, expected) <= tolerance);
      }
    }
  }
}

TEMPLATE_TEST_CASE("gradients of few weights equal those places of the gradient of all", "", float, double) {
  using T = TestType;
  const double tolerance = 20 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (const auto& [rows, senders, receivers] : sizes) {
    for (const std::uint64_t every : {1, 3, 12}) {
      CAPTURE(rows, senders, receivers, every);
      const Sparse<T> places(senders, receivers, every);
      const Tensor<T> a = random_tensor<T>({rows, senders}, 1), b = random_tensor<T>({rows, receivers + 5}, 2);
      const auto count = static_cast<Index>(places.values.size());
      const Tensor<T> before = random_tensor<T>({1, std::max<Index>(1, count)}, 3);
      Tensor<T> sums = before;
      test::host<T>().add_sparse_products(a.view(), {b.data(), rows, receivers, receivers + 5}, places.begin.data(),
                                          places.column.data(), sums.data());
      Tensor<double> expected({1, count});
      for (Index r = 0, k = 0; r < senders; ++r) {
        for (; k < places.begin[static_cast<std::size_t>(r + 1)]; ++k) {
          double sum = static_cast<double>(before.data()[k]);
          for (Index i = 0; i < rows; ++i) {
            sum += static_cast<double>(a.view()(i, r)) *
                   static_cast<double>(b.view()(i, places.column[static_cast<std::size_t>(k)]));
          }
          expected.data()[k] = sum;
        }
      }
      if (count > 0) CHECK(error_of<T>({sums.data(), 1, count}, expected) <= tolerance);
    }
  }
}

}  // namespace
