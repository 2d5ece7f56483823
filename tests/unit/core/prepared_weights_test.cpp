#include <algorithm>
#include <vector>

#include "glifr/backend/parallel.hpp"
#include "glifr/core/prepared_weights.hpp"
#include "support/catch.hpp"
#include "support/tensors.hpp"

namespace {

using namespace glifr;
using kernels::Transpose;

/// rows of ones times the weights, as `prepare` gives them to a tape.
Tensor<float> product(Tape<float>& tape, Transpose transpose, const Parameter<float>& weights) {
  const View<const float> values = tape.use(weights).value();
  const auto prepared = prepare<float>(tape, transpose, values, 7);
  const Index inner = transpose == Transpose::yes ? values.columns : values.rows;
  const Index columns = transpose == Transpose::yes ? values.rows : values.columns;
  Tensor<float> ones({7, inner}), result({7, columns});
  std::fill_n(ones.data(), ones.size(), 1.0f);
  kernels::host<float>().multiply(ones.view(), prepared, 0, result.view());
  return result;
}

TEST_CASE("weights that tapes share are those of the round, on any threads") {
  for (const auto& [rows, columns] : {std::pair<Index, Index>{5, 9}, {300, 200}}) {  // small, and shared out by renew
    Parameter<float> weights("w", {rows, columns});
    PreparedWeights<float> shared;
    Workers workers(2);
    for (std::uint32_t round = 0; round < 4; ++round) {
      weights.value = test::random_tensor<float>({rows, columns}, round, -1, 1);
      std::vector<int> differs(12);
      workers.run([&] {
        shared.renew();
        parallel_for(12, [&](Index i) {
          const Transpose transpose{i % 2 == 1};
          Tape<float> tape, alone;
          tape.share(&shared);
          const Tensor<float> found = product(tape, transpose, weights), expected = product(alone, transpose, weights);
          differs[static_cast<std::size_t>(i)] =
              !std::equal(found.values().begin(), found.values().end(), expected.values().begin());
        });
      });
      CHECK(std::count(differs.begin(), differs.end(), 1) == 0);
    }
  }
}

TEST_CASE("what is no parameter is laid out for its tape alone") {
  PreparedWeights<float> shared;
  Tape<float> tape;
  tape.share(&shared);
  const Var<float> computed = tape.make({20, 40});
  test::set(computed, test::random_tensor<float>({20, 40}, 1, -1, 1));
  CHECK(tape.parameter_of(computed.value().data) == nullptr);
  const auto first = prepare<float>(tape, Transpose::no, computed.value(), 7);
  const auto second = prepare<float>(tape, Transpose::no, computed.value(), 7);
  CHECK(first.panels != second.panels);
  const Parameter<float> weights("w", {20, 40});
  const Var<float> used = tape.use(weights);
  CHECK(tape.parameter_of(used.value().row(19) + 39) == &weights);
  CHECK(prepare<float>(tape, Transpose::no, used.value(), 7).panels ==
        prepare<float>(tape, Transpose::no, used.value(), 700).panels);
  CHECK(prepare<float>(tape, Transpose::no, used.value(), 2).for_few_rows == (kernels::host<float>().few_rows > 2));
}

}  // namespace
