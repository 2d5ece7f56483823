// Adam, SGD and the sum of shares against their closed forms.
#include "glifr/training/optimizer.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "glifr/training/reduce.hpp"
#include "support/catch.hpp"

namespace {

using namespace glifr;

struct Parameters {
  Parameter<double> a{"a", Shape{3}}, frozen{"frozen", Shape{2}}, b{"b", Shape{2, 2}};
  ParameterList<double> list{&a, &frozen, &b};
  Parameters() { frozen.is_trained = false; }
};

void fill(Gradients<double>& gradients, const Parameters& p, double of_a, double of_b) {
  for (Index i = 0; i < 3; ++i) gradients.of(p.a).data[i] = of_a;
  for (Index i = 0; i < 4; ++i) gradients.of(p.b).data[i] = of_b;
}

TEST_CASE("under a constant gradient Adam moves by the learning rate a step") {
  Parameters p;
  Gradients<double> gradients(p.list);
  Optimizer<double> optimizer(p.list, {});
  fill(gradients, p, 0.5, -3);
  for (int t = 1; t <= 5; ++t) {
    optimizer.apply(gradients, 1, 0.01);
    // Both means, corrected for their start at 0, are the gradient and its square.
    CHECK(std::abs(p.a.value.data()[2] + 0.01 * t * 0.5 / (0.5 + 1e-8)) < 1e-15);
    CHECK(std::abs(p.b.value.data()[0] - 0.01 * t * 3 / (3 + 1e-8)) < 1e-15);
  }
  CHECK(optimizer.steps() == 5);
  CHECK(p.frozen.value.data()[0] == 0);
}

TEST_CASE("Adam under changing gradients is the recurrence of Kingma and Ba") {
  Parameters p;
  Gradients<double> gradients(p.list);
  const OptimizerSettings settings{.beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3};
  Optimizer<double> optimizer(p.list, settings);
  double m = 0, v = 0, expected = 0;
  for (int t = 1; t <= 10; ++t) {
    const double g = std::sin(2.0 * t);
    fill(gradients, p, g, 0);
    optimizer.apply(gradients, std::abs(g), 0.1);
    m = 0.8 * m + 0.2 * g;
    v = 0.95 * v + 0.05 * g * g;
    expected -= 0.1 * (m / (1 - std::pow(0.8, t))) / (std::sqrt(v / (1 - std::pow(0.95, t))) + 1e-3);
    CHECK(std::abs(p.a.value.data()[1] - expected) < 1e-14);
  }
}

TEST_CASE("AdamW takes a share of the parameter, then a step of Adam") {
  Parameters p;
  Gradients<double> gradients(p.list);
  Optimizer<double> optimizer(p.list, {.kind = OptimizerSettings::Kind::adamw, .weight_decay = 0.3});
  p.a.value.data()[1] = 2;
  p.frozen.value.data()[0] = 2;
  double m = 0, v = 0, expected = 2;
  for (int t = 1; t <= 10; ++t) {
    const double g = std::cos(1.5 * t), rate = 0.1 / t;
    fill(gradients, p, g, 0);
    optimizer.apply(gradients, std::abs(g), rate);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    expected -= rate * 0.3 * expected;
    expected -= rate * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    CHECK(std::abs(p.a.value.data()[1] - expected) < 1e-14);
  }
  CHECK(p.frozen.value.data()[0] == 2);
}

TEST_CASE("without a gradient AdamW decays geometrically, and Adam not at all") {
  for (const auto kind : {OptimizerSettings::Kind::adamw, OptimizerSettings::Kind::adam}) {
    Parameters p;
    Gradients<double> gradients(p.list);
    Optimizer<double> optimizer(p.list, {.kind = kind, .weight_decay = 0.5});
    p.b.value.data()[3] = -8;
    fill(gradients, p, 0, 0);
    for (int t = 0; t < 3; ++t) optimizer.apply(gradients, 0, 1);
    CHECK(p.b.value.data()[3] == (kind == OptimizerSettings::Kind::adamw ? -1 : -8));
  }
}

TEST_CASE("a weight decay leaves the parameters of neurons alone") {
  Parameters p;
  p.a.field = Field{.name = "k_m", .unit = "1/ms", .stored_as = "trans_k_m", .transform = Transform::decay_rate};
  Gradients<double> gradients(p.list);
  Optimizer<double> optimizer(p.list, {.kind = OptimizerSettings::Kind::adamw, .weight_decay = 0.5});
  p.a.value.data()[0] = p.b.value.data()[0] = 4;
  fill(gradients, p, 0, 0);
  optimizer.apply(gradients, 0, 1);
  CHECK(p.a.value.data()[0] == 4);
  CHECK(p.b.value.data()[0] == 2);
}

TEST_CASE("SGD with momentum adds up a geometric series") {
  Parameters p;
  Gradients<double> gradients(p.list);
  Optimizer<double> optimizer(p.list, {.kind = OptimizerSettings::Kind::sgd, .momentum = 0.5});
  fill(gradients, p, 1, 2);
  double velocity = 0, expected = 0;
  for (int t = 1; t <= 6; ++t) {
    optimizer.apply(gradients, 1, 0.1);
    velocity = 2 * (1 - std::pow(0.5, t));  // 1 + 1/2 + 1/4 + …
    expected -= 0.1 * velocity;
    CHECK(std::abs(p.a.value.data()[0] - expected) < 1e-14);
    CHECK(std::abs(p.b.value.data()[3] - 2 * expected) < 1e-14);
  }
  CHECK(optimizer.second().empty());
}

TEST_CASE("SGD without momentum keeps no state") {
  Parameters p;
  Gradients<double> gradients(p.list);
  Optimizer<double> optimizer(p.list, {.kind = OptimizerSettings::Kind::sgd});
  fill(gradients, p, 4, 0);
  optimizer.apply(gradients, 4, 0.25);
  CHECK(p.a.value.data()[0] == -1);
  CHECK(optimizer.first().empty());
}

TEST_CASE("clipping scales all gradients to the largest norm, and leaves shorter ones alone") {
  for (const double norm : {2.0, 0.5}) {
    Parameters p;
    Gradients<double> gradients(p.list);
    Optimizer<double> optimizer(p.list, {.kind = OptimizerSettings::Kind::sgd, .gradient_clip = 1});
    fill(gradients, p, norm, 0);
    optimizer.apply(gradients, norm, 1);
    CHECK(p.a.value.data()[0] == (norm > 1 ? -1 : -norm));
  }
}

TEST_CASE("shares are summed by a tree, with the norm of the sum") {
  Parameters p;
  std::vector<Gradients<double>> shares(5, Gradients<double>(p.list));
  std::vector<PartialSum<double>> parts;
  for (Gradients<double>& share : shares) parts.push_back({{0, std::ssize(parts)}, &share});
  const std::vector<double> values{1e16, 1, -1e16, 1, 3};
  for (std::size_t s = 0; s < values.size(); ++s) fill(shares[s], p, values[s], 1);
  Reduction<double> reduce(p.list);
  const auto result = reduce(parts, 5);
  CHECK(result.sum->of(p.a).data[0] == 3);  // ((1e16 + 1) + (-1e16 + 1)) + 3: 1 is lost beside 1e16, twice
  CHECK(result.sum->of(p.b).data[0] == 5);
  CHECK(result.norm == Approx(std::sqrt(3 * 9 + 4 * 25.0)));
  CHECK(result.not_finite == nullptr);
  CHECK_THROWS_AS(reduce({}, 5), std::logic_error);
  CHECK_THROWS_AS(reduce(std::span(parts).first(4), 5), std::logic_error);
}

TEST_CASE("the largest nodes of a range of shares are those of the tree") {
  std::vector<SumNode> nodes;
  using Nodes = std::vector<SumNode>;
  cover({0, 8}, 8, 3, nodes);
  CHECK(nodes == Nodes{{3, 0}});
  cover({0, 8}, 8, 1, nodes);
  CHECK(nodes == Nodes{{1, 0}, {1, 1}, {1, 2}, {1, 3}});
  cover({1, 6}, 8, 3, nodes);
  CHECK(nodes == Nodes{{0, 1}, {1, 1}, {1, 2}});
  cover({2, 5}, 5, 3, nodes);
  CHECK(nodes == Nodes{{1, 1}, {2, 1}});  // share 4 has no neighbours: it is all that its nodes have
  cover({0, 1}, 1, 3, nodes);
  CHECK(nodes == Nodes{{0, 0}});
  cover({3, 3}, 5, 3, nodes);
  CHECK(nodes.empty());
}

TEST_CASE("the first parameter whose gradient is not finite is named") {
  Parameters p;
  Gradients<double> share(p.list);
  fill(share, p, 1, 1);
  share.of(p.b).data[2] = std::numeric_limits<double>::infinity();
  const PartialSum<double> part{{0, 0}, &share};
  CHECK(Reduction<double>(p.list)({&part, 1}, 1).not_finite == &p.b);
}

TEST_CASE("gradients whose squares float cannot hold have a norm, and Adam moves by the learning rate") {
  Parameter<float> p{"p", Shape{100}};
  const ParameterList<float> list{&p};
  Gradients<float> gradients(list);
  for (Index i = 0; i < 100; ++i) gradients.of(p).data[i] = i == 40 ? -1e20f : 1;
  const PartialSum<float> part{{0, 0}, &gradients};
  const auto result = Reduction<float>(list)({&part, 1}, 1);
  CHECK(result.not_finite == nullptr);
  CHECK(result.norm == Approx(1e20));
  Optimizer<float> optimizer(list, {});
  CHECK(result.norm < optimizer.settings().largest_norm<float>());
  optimizer.apply(*result.sum, result.norm, 0.25);
  CHECK(p.value.data()[40] == Approx(0.25));
  CHECK(p.value.data()[41] == Approx(-0.25));
}

TEST_CASE("a layout puts the trained parameters first, padded, and knows where each begins") {
  Parameters p;
  const ParameterLayout<double> layout(p.list);
  CHECK(layout.trained().size() == 2);
  CHECK(layout.offset_of(p.a) == 0);
  CHECK(layout.offset_of(p.b) == 8);
  CHECK(layout.trained_size() == 16);
  CHECK(layout.offset_of(p.frozen) == 16);
  CHECK(layout.size() == 24);
  const Parameter<double> stranger("stranger", Shape{1});
  CHECK_THROWS_AS(layout.offset_of(stranger), std::logic_error);
  const auto blocks = layout.blocks(6);
  REQUIRE(blocks.size() == 4);
  CHECK((blocks[1].entry == 0 && blocks[1].first == 6 && blocks[1].count == 2));
}

}  // namespace
