#include "glifr/core/tensor.hpp"

#include <cstdint>
#include <limits>
#include <new>
#include <stdexcept>

#include "glifr/core/parameter.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;

bool is_aligned(const void* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) % memory_alignment == 0;
}

TEST_CASE("a shape is rows by columns, whatever its rank") {
  const auto is = [](const Shape& shape, int rank, Index rows, Index columns, const std::string& text) {
    INFO(text);
    CHECK(shape.rank() == rank);
    CHECK(shape.rows() == rows);
    CHECK(shape.columns() == columns);
    CHECK(shape.size() == rows * columns);
    CHECK(to_string(shape) == text);
  };
  is({}, 0, 1, 1, "[]");
  is({7}, 1, 1, 7, "[7]");
  is({0}, 1, 1, 0, "[0]");
  is({2, 3}, 2, 2, 3, "[2, 3]");
  is({4, 2, 3}, 3, 8, 3, "[4, 2, 3]");
  is({4, 0, 3}, 3, 0, 3, "[4, 0, 3]");
  CHECK(Shape{2, 3} == Shape{2, 3});
  CHECK(Shape{2, 3} != Shape{3, 2});
  CHECK(Shape{6} != Shape{1, 6});
  CHECK_THROWS_AS((Shape{1, 2, 3, 4}), std::logic_error);
}

TEST_CASE("a shape has no negative sizes, and no more elements than can be counted") {
  constexpr Index most = std::numeric_limits<Index>::max() / 8;
  CHECK_THROWS_AS(Shape{-3}, std::logic_error);
  CHECK_THROWS_AS((Shape{2, -1, 3}), std::logic_error);
  CHECK_THROWS_AS((Shape{Index{1} << 32, Index{1} << 32}), std::logic_error);
  CHECK_THROWS_AS((Shape{Index{1} << 31, Index{1} << 30}), std::logic_error);  // their bytes
  CHECK_THROWS_AS(Shape{most + 1}, std::logic_error);
  CHECK(Shape{1, most}.size() == most);
  static_assert(Shape{3, 4}.size() == 12);
}

TEST_CASE("memory that cannot be had is an error, whatever rounding makes of its size") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  CHECK_THROWS_AS(allocate_aligned(most), std::bad_alloc);
  CHECK_THROWS_AS(allocate_aligned(most - memory_alignment + 1), std::bad_alloc);
}

TEST_CASE("a view shows rows that need not touch") {
  double numbers[] = {1, 2, 3, 4, 5, 6, 7, 8};
  const View<double> view(numbers, 2, 3, 4);
  CHECK(view(0, 2) == 3);
  CHECK(view(1, 0) == 5);
  CHECK(*view.row(1) == 5);
  CHECK_FALSE(view.is_dense());
  CHECK(View<double>(numbers, 2, 4).is_dense());
  CHECK(View<double>(numbers, 1, 3, 4).is_dense());
  const View<const double> second = view.middle_rows(1, 1);
  CHECK((second.rows == 1 && second.columns == 3 && second(0, 2) == 7));
  view(1, 1) = -1;
  CHECK(numbers[5] == -1);
}

TEMPLATE_TEST_CASE("a tensor is aligned and starts at zero", "", float, double) {
  for (const Shape& shape : {Shape{0}, Shape{1}, Shape{17}, Shape{3, 5}, Shape{2, 3, 5}}) {
    const Tensor<TestType> tensor(shape);
    CHECK(tensor.shape() == shape);
    CHECK(tensor.size() == shape.size());
    CHECK(static_cast<Index>(tensor.values().size()) == shape.size());
    CHECK(is_aligned(tensor.data()));
    for (const TestType value : tensor.values()) CHECK(value == 0);
  }
}

TEST_CASE("copies of a tensor are independent, moved ones leave nothing behind") {
  Tensor<double> a = test::random_tensor<double>({2, 3}, 1);
  const double first = a.data()[0];
  Tensor<double> b = a;
  b.data()[0] = 9;
  CHECK(a.data()[0] == first);
  a = b;
  CHECK(a.data()[0] == 9);
  CHECK(a.data() != b.data());
  Tensor<double> c = std::move(a);
  CHECK(c.view()(0, 0) == 9);
  a = Tensor<double>({4});
  CHECK(a.size() == 4);
  Tensor<double>& self = c;
  c = self;
  CHECK(c.view()(0, 0) == 9);
}

TEST_CASE("a tensor without a shape holds nothing and may be copied") {
  const Tensor<float> nothing;
  CHECK(nothing.size() == 0);
  CHECK(nothing.values().empty());
  const Tensor<float> copy = nothing;
  CHECK(copy.size() == 0);
  Tensor<float> moved({3});
  const Tensor<float> taker = std::move(moved);
  const Tensor<float> copy_of_moved = moved;  // NOLINT: that is what is tested
  CHECK(copy_of_moved.size() == 0);
}

TEST_CASE("an arena hands out aligned pieces and takes them back at once") {
  Arena arena;
  CHECK(arena.capacity() == 0);
  std::vector<void*> pieces;
  const auto round = [&] {
    std::vector<void*> taken;
    taken.push_back(arena.allocate<char>(1));
    taken.push_back(arena.allocate<double>(0));
    taken.push_back(arena.allocate<float>(17));
    taken.push_back(arena.allocate_zeroed<double>(1000));
    taken.push_back(arena.allocate<double>(200000));  // more than a block
    for (int i = 0; i < 100; ++i) taken.push_back(arena.allocate<float>(10 * i));
    return taken;
  };
  const auto first = round();
  for (const void* piece : first) CHECK(is_aligned(piece));
  CHECK(static_cast<char*>(first[3]) - static_cast<char*>(first[2]) >= 17 * 4);
  const std::size_t capacity = arena.capacity();
  for (int i = 0; i < 3; ++i) {
    std::fill_n(static_cast<double*>(first[3]), 1000, 7.0);
    arena.reset();
    CHECK(round() == first);
    CHECK(arena.capacity() == capacity);
    CHECK(static_cast<double*>(first[3])[999] == 0);
  }
}

TEST_CASE("an arena that is to have more zeros than bytes has the zeros alone") {
  Arena arena;
  arena.reserve(64, 128);
  CHECK(arena.capacity() == 128);
}

TEST_CASE("pieces of an arena do not overlap") {
  Arena arena;
  std::vector<std::pair<int*, Index>> pieces;
  for (int i = 0; i < 300; ++i) {
    const Index count = 1 + 37 * i % 1000;
    pieces.emplace_back(arena.allocate<int>(count), count);
    std::fill_n(pieces.back().first, count, i);
  }
  for (int i = 0; i < 300; ++i) {
    const auto [piece, count] = pieces[static_cast<std::size_t>(i)];
    CHECK(std::all_of(piece, piece + count, [i](int value) { return value == i; }));
  }
}

TEST_CASE("parameters are found by name, and the message lists them") {
  Parameter<float> a("cell.thresh", {1, 3}), b("cell.a_j", {2, 1, 3});
  const ParameterList<float> list{&a, &b};
  CHECK(&find_parameter(list, "cell.a_j") == &b);
  CHECK_THROWS_WITH(find_parameter(list, "cell.v"), "cell.v: no such parameter; there are cell.thresh, cell.a_j");
}

TEST_CASE("gradients of a list of parameters lie in one buffer, without those that are frozen") {
  Parameter<double> a("a", {2, 3}), frozen("frozen", {4}), b("b", {3, 1, 5}), stranger("stranger", {1});
  frozen.is_trained = false;
  Gradients<double> gradients({&a, &frozen, &b});
  CHECK((gradients.of(a).rows == 2 && gradients.of(a).columns == 3));
  CHECK((gradients.of(b).rows == 3 && gradients.of(b).columns == 5));
  CHECK(gradients.of(frozen).data == nullptr);
  CHECK(gradients.values().data() == gradients.of(a).data);
  CHECK((is_aligned(gradients.of(a).data) && is_aligned(gradients.of(b).data)));
  CHECK(gradients.of(b).data >= gradients.of(a).data + 6);
  CHECK(gradients.of(b).data + 15 <= gradients.values().data() + gradients.values().size());
  CHECK_THROWS_AS(gradients.of(stranger), std::logic_error);
  frozen.is_trained = true;
  CHECK_THROWS_WITH(gradients.of(frozen),
                    "parameter frozen was freed after its place among gradients was chosen: make trainer, optimizer "
                    "and gradients anew");
  a.is_trained = false;
  CHECK_THROWS_AS(gradients.of(a), std::logic_error);
}

}  // namespace
