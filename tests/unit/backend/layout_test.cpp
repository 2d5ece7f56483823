// How matrices of neurons lie in memory.
#include "glifr/backend/layout.hpp"

#include "support/catch.hpp"

namespace {

using namespace glifr;

TEST_CASE("rows are padded to whole registers of the widest machine") {
  CHECK(layout::padded<float>(0) == 0);
  CHECK(layout::padded<float>(1) == 16);
  CHECK(layout::padded<float>(16) == 16);
  CHECK(layout::padded<float>(17) == 32);
  CHECK(layout::padded<double>(8) == 8);
  CHECK(layout::padded<double>(9) == 16);
}

TEMPLATE_TEST_CASE("rows are an odd number of cache lines apart, as few as hold them", "", float, double) {
  const Index line = 64 / static_cast<Index>(sizeof(TestType));
  for (Index columns = 1; columns < 10 * line; ++columns) {
    const Index stride = layout::row_stride<TestType>(columns);
    INFO(columns << " columns, " << stride << " apart");
    CHECK(stride % line == 0);
    CHECK(stride / line % 2 == 1);
    CHECK((stride >= layout::padded<TestType>(columns) && stride <= layout::padded<TestType>(columns) + line));
  }
}

}  // namespace
