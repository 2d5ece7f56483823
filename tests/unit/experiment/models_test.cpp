#include "glifr/paper/models.hpp"

#include <algorithm>
#include <string>

#include "glifr/error.hpp"
#include "support/catch.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;
using Names = std::vector<std::string>;

Names selected(std::string_view request, std::string_view task = "sine") {
  Names names;
  for (const Model& model : paper::select_models(request, Config(task))) names.emplace_back(model.name);
  return names;
}

TEST_CASE("a model that starts from another comes after it, and both have the same currents") {
  Names before;
  for (const Model& model : known_models()) {
    before.emplace_back(model.name);
    if (!model.is_heterogeneous()) continue;
    const Model& source = find_model(model.starts_from);
    CHECK_THAT(before, Catch::Matchers::VectorContains(std::string(source.name)));
    CHECK(source.num_ascs == model.num_ascs);
    CHECK(source.trains_dynamics);
    CHECK_FALSE(source.is_heterogeneous());
  }
}

TEST_CASE("the ten models are what their names say") {
  for (const Model& model : known_models()) {
    INFO(model.name);
    CHECK(find_model(model.name).name == model.name);
    const bool is_glifr = model.name.starts_with("glifr_");
    CHECK((model.neuron == "glifr") == is_glifr);
    CHECK(model.num_ascs == (is_glifr && model.name.ends_with('a') ? 2 : 0));
    CHECK(model.trains_dynamics == (model.name.starts_with("glifr_l") || model.name.starts_with("glifr_r")));
    CHECK(model.is_heterogeneous() == (model.name.starts_with("glifr_f") || model.name.starts_with("glifr_r")));
  }
}

TEST_CASE("requests are put in the order of training, each model once") {
  CHECK(selected("glifr_rheta,rnn,glifr_lheta,rnn") == Names{"rnn", "glifr_lheta", "glifr_rheta"});
  CHECK(selected("all").size() == 10);
  CHECK(selected("paper").size() == 10);
  CHECK(selected("paper", "pmnist") == Names{"rnn", "glifr_lheta", "glifr_rheta"});
  CHECK(selected("paper", "lmnist-anneal") == Names{"glifr_lheta", "glifr_rheta"});
  CHECK(selected("all", "realizable") == Names{"glifr_lheta"});
}

TEST_CASE("requests that cannot be met are refused") {
  CHECK_THROWS_WITH(find_model("lstm"), Contains("model: found 'lstm'; accepted: rnn, lstmn"));
  CHECK_THROWS_WITH(selected("rnn,all"), Contains("found 'all' beside other names; accepted: 'all' alone"));
  CHECK_THROWS_WITH(selected("paper,rnn"), Contains("found 'paper' beside other names"));
  CHECK_THROWS_WITH(selected("rnn,glifr"), Contains("found 'glifr'"));
  CHECK_THROWS_WITH(selected("rnn,,lstmn"), Contains("found ''"));
  CHECK_THROWS_AS(selected(""), ConfigError);
  CHECK_THROWS_WITH(selected("rnn", "realizable"), Contains("accepted for task realizable"));
  CHECK_THROWS_WITH(selected("paper", "lmnist-dropout20"), Contains("nothing was published"));
}

}  // namespace
}  // namespace glifr
