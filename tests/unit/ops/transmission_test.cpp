// What neurons hear of each other, and the way of its gradients back.
#include "glifr/ops/detail/transmission.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "glifr/core/random.hpp"
#include "glifr/ops/detail/currents.hpp"
#include "support/catch.hpp"

namespace {

using namespace glifr;

/// Random outputs of a layer over time, behind a history of as many steps as the delay, and room for their gradients.
struct Outputs {
  static constexpr Index batch = 2, neurons = 3, stride = 4;
  Index delay, steps;
  std::vector<double> values, gradients;
  Arena memory;
  detail::UniformDelay<double> transmission;

  Outputs(Index delay_steps, Index step_count, bool has_history)
      : delay(delay_steps),
        steps(step_count),
        values(static_cast<std::size_t>((delay + steps) * batch * stride)),
        gradients(static_cast<std::size_t>(steps * batch * stride)) {
    const glifr::Random random(1, Stream::analysis);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = random.uniform(i);
    transmission = {delay, steps, has_history, {step(0), batch, neurons, stride}, gradients.data()};
  }
  double* step(Index t) { return values.data() + (delay + t) * batch * stride; }
};

TEST_CASE("what is heard was sent a delay before") {
  Outputs outputs(3, 8, true);
  const auto& transmission = outputs.transmission;
  CHECK(transmission.known_steps() == 3);
  CHECK(transmission.first_heard() == 0);
  for (Index first = 0; first < 8; first += 3) {
    const Index count = std::min<Index>(3, 8 - first);
    const View<double> heard = transmission.heard(outputs.memory, first, count);
    CHECK((heard.rows == count * Outputs::batch && heard.columns == Outputs::neurons));
    for (Index r = 0; r < heard.rows; ++r) {
      const double* sent = outputs.step(first + r / Outputs::batch - 3) + r % Outputs::batch * Outputs::stride;
      for (Index n = 0; n < Outputs::neurons; ++n) CHECK(&heard(r, n) == &sent[n]);
    }
  }
}

TEST_CASE("without a history nothing is heard before the delay is over") {
  CHECK(Outputs(3, 8, false).transmission.first_heard() == 3);
  CHECK(Outputs(3, 8, false).transmission.has_lateral_input());
  CHECK_FALSE(Outputs(3, 3, false).transmission.has_lateral_input());
  CHECK(Outputs(3, 3, true).transmission.has_lateral_input());
  CHECK(Outputs(3, 8, true).transmission.first_unheard() == 5);
  CHECK(Outputs(3, 2, true).transmission.first_unheard() == 0);
}

TEST_CASE("delays are between the shortest and the longest") {
  const std::vector<double> delays{1.25, 3, 4, 40, -5, std::nan("")};
  std::vector<Index> lag(delays.size());
  std::vector<double> part(delays.size());
  const kernels::SplitDelays<double> split{delays.data(), 1, 4, 10, lag.data(), part.data()};
  for (Index n = 0; n < std::ssize(delays); ++n) split(0, n);
  CHECK(lag == std::vector<Index>{10, 30, 30, 30, 10, 30});
  CHECK(part == std::vector<double>{0.25, 0, 1, 1, 0, 1});
}

TEST_CASE("sending back is the transpose of hearing") {
  // sum over all windows of <heard(S), d> is <S, what was sent back of d>, but for the history.
  Outputs outputs(2, 7, true);
  const glifr::Random random(2, Stream::analysis);
  double forward = 0, backward = 0;
  for (Index first = 6; first >= 0; first -= 2) {
    const Index count = std::min<Index>(2, 7 - first);
    const View<double> heard = outputs.transmission.heard(outputs.memory, first, count);
    const auto d = [&](Index r, Index n) {
      return random.uniform(static_cast<std::uint64_t>((first * Outputs::batch + r) * Outputs::neurons + n));
    };
    if (first >= outputs.delay) {
      for (Index r = 0; r < heard.rows; ++r) {
        for (Index n = 0; n < heard.columns; ++n) forward += heard(r, n) * d(r, n);
      }
    }
    outputs.transmission.send_back(first, count, 0, [&](Index from, const View<double>& rows, bool replaces) {
      REQUIRE((from == first && !replaces && rows.rows == heard.rows && rows.columns == heard.columns));
      for (Index r = 0; r < rows.rows; ++r) {
        for (Index n = 0; n < rows.columns; ++n) rows(r, n) += d(r, n);
      }
    });
  }
  for (Index r = 0; r < 7 * Outputs::batch; ++r) {
    for (Index n = 0; n < Outputs::neurons; ++n)
      backward += outputs.step(0)[r * Outputs::stride + n] *
                  outputs.gradients[static_cast<std::size_t>(r * Outputs::stride + n)];
  }
  CHECK(forward > 1);
  CHECK(std::abs(forward - backward) < 1e-12);
}

TEST_CASE("nothing is sent back to outputs before the step where gradients end") {
  const Outputs outputs(2, 9, false);
  const auto sent = [&](Index first, Index count, Index begin) {
    std::vector<Index> steps;
    outputs.transmission.send_back(first, count, begin, [&](Index from, const View<double>& rows, bool) {
      CHECK(rows.data == outputs.gradients.data() + (from - 2) * Outputs::batch * Outputs::stride);
      for (Index t = 0; t < rows.rows / Outputs::batch; ++t) steps.push_back(from + t);
    });
    return steps;
  };
  CHECK(sent(4, 2, 0) == std::vector<Index>{4, 5});
  CHECK(sent(4, 2, 3) == std::vector<Index>{5});
  CHECK(sent(4, 2, 4).empty());
  CHECK(sent(0, 2, 0).empty());
}

TEST_CASE("outputs are heard between two steps where each neuron has a delay of its own") {
  constexpr Index batch = 2, neurons = 3, stride = 8, steps = 6, longest = 4;
  Tape<double> tape;
  std::vector<double> values((longest + steps) * batch * stride), gradients(steps * batch * stride);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<double>(i));
  const double delays[neurons] = {2, 2.25, 4};
  double* const first = values.data() + longest * batch * stride;
  const detail::NeuronDelays<double> transmission(tape.constant({1, neurons}, delays), 2, longest, steps, true,
                                                  {first, batch, neurons, stride}, gradients.data(), true);
  CHECK(transmission.known_steps() == 2);
  const View<double> heard = transmission.heard(tape.memory(), 1, 2);
  for (Index r = 0; r < heard.rows; ++r) {
    const auto sent = [&](Index steps_before, Index n) {
      return first[(batch - steps_before * batch + r) * stride + n];
    };
    CHECK(heard(r, 0) == sent(2, 0));
    CHECK(heard(r, 1) == Approx(0.75 * sent(2, 1) + 0.25 * sent(3, 1)).epsilon(1e-14));
    CHECK(heard(r, 2) == Approx(sent(4, 2)).epsilon(1e-14));
  }
}

TEST_CASE("each of several inputs is padded, and weights with the same padding need one product for all inputs") {
  const detail::CurrentsLayout<float> currents(2, 4, 20, false);
  CHECK(currents.padded == 32);
  CHECK(currents.columns() == 128);
  CHECK(currents.size(3) == 3 * 2 * currents.stride);
  std::vector<float> numbers(128 * 128);
  std::vector<Index> columns;
  const auto visit = [&](Index column, Index, const View<float>&) { columns.push_back(column); };
  currents.for_each_block(View<float>{numbers.data(), 20, 128}, visit);
  CHECK(columns == std::vector<Index>{0});
  columns.clear();
  currents.for_each_block(View<float>{numbers.data(), 20, 80}, visit);
  CHECK(columns == std::vector<Index>{0, 32, 64, 96});
}

}  // namespace
