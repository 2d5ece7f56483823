#include "glifr/experiment/build.hpp"

#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "support/catch.hpp"

namespace glifr {
namespace {

TEST_CASE("parameters are counted as the network that is made has them") {
  for (const TaskInfo& task : builtin_tasks()) {
    if (!task.base.empty() || task.name == "files") continue;  // the sizes of files are those of the data
    for (const char* change : {"num_ascs=3", "hidden_size=9", "train_dynamics=true"}) {
      Config config(task.name);
      if (task.name != "realizable") config.set(change);
      for (const Model& model : select_models("all", config)) {
        INFO(task.name << " " << model.name << " " << change);
        Settings settings = config.resolve(model);
        settings.model.input_size = std::min<Index>(settings.model.input_size, 30);
        const auto network = make_network<float>(settings);
        Index all = 0;
        for (const Parameter<float>* parameter : network->parameters()) all += parameter->value.size();
        CHECK(count_parameters(describe_network(settings)).all == all);
        CHECK(count_parameters(describe_network(settings)).trained == count_trained<float>(network->parameters()));
      }
    }
  }
}

TEST_CASE("a network for which there is no memory is refused, naming its size") {
  Settings settings = Config("sine").resolve(find_model("lstmn"));
  settings.model.hidden_size = 100'000'000;
  CHECK_THROWS_WITH(
      make_network<float>(settings),
      Catch::Contains("hidden_size: found 100000000; the parameters of such a network (lstmn) take 1.6e+08 GB"));
  settings = Config("sine").resolve(find_model("rnn"));
  settings.model.name = "mine";
  settings.model.layers = {{.neuron = "rnn", .size = 8}, {.neuron = "rnn", .size = 100'000'000}};
  CHECK_THROWS_WITH(make_network<float>(settings),
                    Catch::Contains("layers: found layer 2 with a size of 100000000; the parameters of such a network "
                                    "(mine) take 4e+07 GB"));
}

TEST_CASE("a layer without neurons or inputs is refused, naming which") {
  for (const Model& model : known_models()) {
    INFO(model.name);
    Settings settings = Config("sine").resolve(model);
    settings.model.hidden_size = 0;
    CHECK_THROWS_WITH(make_network<float>(settings), Catch::Contains("hidden_size"));
    settings.model.hidden_size = -1;
    CHECK_THROWS_WITH(make_network<double>(settings), Catch::Contains("hidden_size"));
    settings.model.hidden_size = 1;
    settings.model.input_size = 0;
    CHECK_THROWS_WITH(make_network<float>(settings), Catch::Contains("input_size"));
  }
}

}  // namespace
}  // namespace glifr
