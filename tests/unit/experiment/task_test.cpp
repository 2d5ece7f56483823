// Custom tasks, which are made known as the built-in ones are.
#include "glifr/experiment/task.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "examples/custom_app/flip_flop.hpp"
#include "glifr/apps/register.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/data.hpp"
#include "glifr/network/description.hpp"
#include "support/catch.hpp"
#include "support/neurons.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("a registered task has its keys, its defaults and its data") {
  register_task<example::FlipFlop>();
  Config config("flip_flop");
  config.set("pulse_prob=0.5");
  const Settings settings = config.resolve(find_model("rnn"));
  CHECK((settings.task.base == "flip_flop" && settings.task.number("pulse_prob") == 0.5));
  CHECK((settings.time_steps() == 50 && settings.model.input_size == 3 && settings.training.batch_size == 32));
  CHECK_THROWS_WITH(config.set("pulse_prob=2"), Contains("pulse_prob: found 2") && Contains("<= 1"));
  CHECK_THROWS_WITH(config.set("freq_min=2"), Contains("freq_min: is no key of task flip_flop") && Contains("sine"));
  CHECK_THROWS_WITH(Config("sine").set("pulse_prob=0.1"), Contains("accepted for flip_flop"));
  config.set("input_size=4");
  CHECK_THROWS_WITH(config.resolve(find_model("rnn")), Contains("input_size: found 4; accepted for task flip_flop: 3"));

  DataStore store({.root = "."});
  const TaskData<float> data = store.load<float>(settings, 7), again = store.load<float>(settings, 7);
  CHECK((data.train == again.train && data.train != data.test && data.train->size() == 256));
  CHECK(store.digest(data).train.inputs != store.digest(data).test.inputs);
  CHECK(store.digest(data).train.inputs != store.digest(store.load<float>(settings, 8)).train.inputs);
}

TEST_CASE("what was read is held by its type and its name") {
  ReadData data;
  const auto two = data.get<int>("x", [&] { return 1 + *data.get<int>("y", [] { return 1; }); });
  CHECK((*two == 2 && data.get<int>("x", [] { return 7; }) == two));
  CHECK(*data.get<double>("x", [] { return 0.5; }) == 0.5);
  CHECK_THROWS_AS(data.get<int>("z", []() -> int { throw std::runtime_error("not there yet"); }), std::runtime_error);
  CHECK(*data.get<int>("z", [] { return 3; }) == 3);
}

TEST_CASE("a key of a task is asked for by its kind") {
  const Settings settings = Config("sine").resolve(find_model("rnn"));
  CHECK(settings.task.whole("num_freqs") == 6);
  CHECK_THROWS_AS(settings.task.number("num_freqs"), std::logic_error);
  CHECK_THROWS_AS(settings.task.number("nothing"), std::logic_error);
}

/// A task that cannot be: its configuration has a key that nobody knows.
struct Wrong final : TaskOf<Wrong> {
  Wrong() : TaskOf("wrong", R"({"description": "wrong", "widht": 3})") {}
  [[nodiscard]] Index time_steps(const Settings&) const override { return 1; }
  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load(const DataRequest&) const {
    return nullptr;
  }
};

TEST_CASE("a task whose configuration is not accepted is refused and not known afterwards") {
  CHECK_THROWS_WITH(register_task<Wrong>(), Contains("widht"));
  CHECK_THROWS_WITH(find_task("wrong"), Contains("found 'wrong'"));
}

/// A task with one key.
struct Keyed final : TaskOf<Keyed> {
  explicit Keyed(std::string key)
      : TaskOf("keyed", R"({"description": "keyed", "input_size": 1, "output_size": 1})"), key_(std::move(key)) {}
  [[nodiscard]] std::vector<TaskKey> keys() const override { return {{.name = key_, .value = 1.0}}; }
  [[nodiscard]] Index time_steps(const Settings&) const override { return 1; }
  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load(const DataRequest&) const {
    return nullptr;
  }

 private:
  std::string key_;
};

/// A neuron with a constant of some name.
NeuronInfo neuron_with(const char* constant) {
  return {.name = std::string("with_") + constant, .constants = {{constant, Field{constant}}}};
}

TEST_CASE("a key of a task that is a constant of a neuron is refused, whichever is known first") {
  detail::add_neuron(neuron_with("width"));
  CHECK_THROWS_WITH(add_task(std::make_unique<Keyed>("width")),
                    "task: found the key 'width' of task keyed, which is a constant of neuron with_width; accepted: "
                    "names that differ");
  CHECK_THROWS_AS(find_task("keyed"), ConfigError);
  CHECK_THROWS_WITH(add_task(std::make_unique<Keyed>("tau")), Contains("'tau' of task keyed"));
  add_task(std::make_unique<Keyed>("depth"));
  detail::add_neuron(neuron_with("depth"));
  CHECK_THROWS_WITH(Config("keyed"), Contains("'depth' of task keyed, which is a constant of neuron with_depth"));
  CHECK_THROWS_WITH(apps::register_custom<test::Calcium>(), Contains("'depth' of task keyed"));
}

/// A task whose width is that of its configuration.
struct Wide final : TaskOf<Wide> {
  explicit Wide(const std::string& key, int width, bool* is_gone = nullptr)
      : TaskOf("wide", R"({"description": "wide", "output_size": 1, ")" + key + "\": " + std::to_string(width) + "}"),
        is_gone_(is_gone) {}
  Wide(const Wide&) = delete;
  Wide& operator=(const Wide&) = delete;
  ~Wide() override {
    if (is_gone_) *is_gone_ = true;
  }
  [[nodiscard]] Index time_steps(const Settings&) const override { return 1; }
  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load(const DataRequest&) const {
    return nullptr;
  }

 private:
  bool* is_gone_;
};

TEST_CASE("a task takes the place of one of its name, which stays for those who hold it") {
  static bool is_gone = false;  // the task outlives the test
  const auto width = [] { return Config("wide").resolve(find_model("rnn")).model.input_size; };
  add_task(std::make_unique<Wide>("input_size", 3, &is_gone));
  const Task& first = find_task("wide");
  add_task(std::make_unique<Wide>("input_size", 4));
  CHECK(width() == 4);
  CHECK_FALSE(is_gone);
  CHECK(first.name() == "wide");
  CHECK_THROWS_WITH(add_task(std::make_unique<Wide>("widht", 5)), Contains("widht"));
  CHECK(width() == 4);
}

}  // namespace
}  // namespace glifr
