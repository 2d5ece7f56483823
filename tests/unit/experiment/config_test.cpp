#include "glifr/experiment/config.hpp"

#include <sys/stat.h>

#include <boost/json.hpp>
#include <fstream>
#include <thread>

#include "glifr/error.hpp"
#include "glifr/io/json.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

namespace glifr {
namespace {

namespace json = boost::json;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

Settings resolve(std::string_view task, std::string_view model, const std::vector<std::string>& changes = {}) {
  Config config(task);
  for (const std::string& change : changes) config.set(change);
  return config.resolve(find_model(model));
}

/// A configuration in a file called my-task.json.
Config from_text(std::string_view text, std::optional<std::string_view> task = std::nullopt) {
  const test::TemporaryFolder folder;
  test::write_text(folder.path() / "my-task.json", text);
  return Config::from_file(folder.path() / "my-task.json", task);
}

TEST_CASE("the built-in tasks have the published settings") {
  struct Row {
    std::string_view task, model;
    Index hidden, delay_steps, steps;
  };
  const auto row = GENERATE(values<Row>({{"sine", "rnn", 128, 1, 100},
                                         {"sine", "lstmn", 63, 1, 100},
                                         {"sine", "glifr_hom", 128, 20, 100},
                                         {"sine", "glifr_fheta", 128, 20, 100},
                                         {"sine", "glifr_lhet", 127, 20, 100},
                                         {"sine", "glifr_rheta", 124, 20, 100},
                                         {"lmnist", "rnn", 256, 1, 28},
                                         {"lmnist", "lstmn", 122, 1, 28},
                                         {"lmnist", "glifr_lheta", 252, 20, 28},
                                         {"lmnist", "glifr_rhet", 255, 20, 28},
                                         {"lmnist-rnndelay", "rnn", 256, 20, 28},
                                         {"lmnist-rnndelay", "glifr_homa", 256, 20, 28},
                                         {"pmnist", "rnn", 256, 300, 784},
                                         {"pmnist", "lstmn", 128, 1, 784},
                                         {"pmnist", "glifr_lheta", 252, 300, 784},
                                         {"nmnist", "rnn", 256, 1, 15},
                                         {"nmnist", "lstmn", 128, 1, 15},
                                         {"nmnist", "glifr_fhet", 256, 1, 15}}));
  INFO(row.task << " " << row.model);
  const Settings settings = resolve(row.task, row.model);
  CHECK(settings.model.hidden_size == row.hidden);
  CHECK(settings.delay_steps() == row.delay_steps);
  CHECK(settings.time_steps() == row.steps);
  CHECK(settings.task.name == row.task);
  CHECK(settings.model.name == row.model);
}

TEST_CASE("the built-in tasks are trained as the published ones were") {
  const Settings sine = resolve("sine", "rnn"), lmnist = resolve("lmnist", "rnn"), pmnist = resolve("pmnist", "rnn"),
                 nmnist = resolve("nmnist", "rnn"), realizable = resolve("realizable", "glifr_lheta");
  CHECK((sine.training.learning_rate.initial == 1e-4 && sine.training.batch_size == 6 &&
         sine.training.max_epochs == 5000));
  CHECK((lmnist.training.learning_rate.initial == 1e-3 && lmnist.training.batch_size == 512 &&
         lmnist.training.max_epochs == 30));
  CHECK((pmnist.training.learning_rate.initial == 1e-4 && pmnist.training.batch_size == 1024 &&
         pmnist.training.max_epochs == 50));
  CHECK((nmnist.training.learning_rate.initial == 1e-3 && nmnist.training.batch_size == 512 &&
         nmnist.training.max_epochs == 30));
  CHECK((realizable.training.learning_rate.initial == 1e-3 && realizable.time_steps() == 200 &&
         realizable.training.max_epochs == 6000));
  CHECK((sine.model.input_size == 1 && lmnist.model.input_size == 28 && pmnist.model.input_size == 1 &&
         nmnist.model.input_size == 2312));
  CHECK((sine.model.output_size == 1 && lmnist.model.output_size == 10 && pmnist.model.output_size == 10 &&
         nmnist.model.output_size == 10));
  CHECK((sine.training.loss == LossKind::mse && sine.model.final_reduction == FinalReduction::none));
  CHECK((nmnist.training.loss == LossKind::cross_entropy && nmnist.model.final_reduction == FinalReduction::last));
  CHECK((nmnist.model.dt == 1 && nmnist.model.constants.at("tau") == 1 && lmnist.model.dt == 0.05 &&
         lmnist.model.constants.at("tau") == 0.05));
  CHECK((sine.model.constants.at("sigma_v") == 1 && sine.model.constants.at("R") == 0.1 &&
         sine.model.constants.at("I0") == 0 && sine.model.constants.at("v_reset") == 0 && sine.training.dropout == 0));
  CHECK((sine.training.optimizer.kind == OptimizerSettings::Kind::adam && sine.training.optimizer.beta1 == 0.9 &&
         sine.training.optimizer.beta2 == 0.999 && sine.training.optimizer.eps == 1e-8));
}

TEST_CASE("every built-in variation can be resolved for every model and changes what its name says") {
  for (const TaskInfo& task : builtin_tasks()) {
    INFO(task.name);
    CHECK_FALSE(task.description.empty());
    const Config config(task.name);
    CHECK(config.task() == task.name);
    for (const Model& model : select_models("all", config)) {
      CHECK(config.resolve(model).model.name == model.name);
    }
  }
  const Settings anneal = resolve("lmnist-anneal", "glifr_lheta");
  CHECK((anneal.sigma_v_in(0) == 1 && anneal.sigma_v_in(29) == 1e-3));
  CHECK(Config("lmnist-anneal").base_task() == "lmnist");
  CHECK(resolve("lmnist-lowsigma", "glifr_lheta").model.constants.at("sigma_v") == 1e-3);
  for (const int percent : {0, 20, 40, 60, 80, 100}) {
    CHECK(resolve("lmnist-dropout" + std::to_string(percent), "rnn").training.dropout == percent / 100.0);
  }
}

TEST_CASE("a model has what its kind has, whatever is asked of the others") {
  CHECK(resolve("sine", "glifr_lheta").model.num_ascs == 2);
  CHECK(resolve("sine", "glifr_lheta", {"num_ascs=1"}).model.num_ascs == 1);
  CHECK(resolve("sine", "glifr_lhet", {"num_ascs=1"}).model.num_ascs == 0);
  CHECK(resolve("sine", "rnn", {"num_ascs=1"}).model.num_ascs == 0);
  CHECK(resolve("sine", "lstmn", {"synaptic_delay=3"}).model.synaptic_delay == 0);
  CHECK(resolve("sine", "glifr_lhet").model.train_dynamics);
  CHECK_FALSE(resolve("sine", "glifr_fhet").model.train_dynamics);
  CHECK(resolve("sine", "glifr_fhet", {"train_dynamics=true"}).model.train_dynamics);
  CHECK_FALSE(resolve("sine", "rnn", {"train_dynamics=true"}).model.train_dynamics);
}

TEST_CASE("the rows of parameter files thin out in long trainings unless asked otherwise") {
  CHECK(resolve("sine", "glifr_lheta").output.parameter_every == 10);
  CHECK(resolve("sine", "glifr_lheta", {"max_epochs=500"}).output.parameter_every == 1);
  CHECK(resolve("sine", "glifr_lheta", {"parameter_every=3"}).output.parameter_every == 3);
}

TEST_CASE("single keys are changed from text, the last one wins") {
  const Settings settings =
      resolve("sine", "rnn", {"lr=1e30", "optimizer=sgd", "lr_schedule=cosine", "I0=-3", "hidden_size=7", "lr=0.5"});
  CHECK(settings.training.learning_rate.initial == 0.5);
  CHECK(settings.training.optimizer.kind == OptimizerSettings::Kind::sgd);
  CHECK(settings.training.learning_rate.schedule == LearningRate::Schedule::cosine);
  CHECK(settings.model.constants.at("I0") == -3);
  CHECK(settings.model.hidden_size == 7);
  CHECK(resolve("sine", "rnn", {"lr=.5"}).training.learning_rate.initial == 0.5);
  CHECK(resolve("lmnist", "rnn", {"mnist_path=123=4"}).task.text("mnist_path") == "123=4");
  CHECK(resolve("pmnist", "rnn", {"permute_pixels=true"}).task.flag("permute_pixels"));
}

TEST_CASE("values by model change the models that they name") {
  const std::vector<std::string> change{R"(hidden_size={"rnn": 10, "glifr_lheta": 11})"};
  CHECK(resolve("sine", "rnn", change).model.hidden_size == 10);
  CHECK(resolve("sine", "glifr_lheta", change).model.hidden_size == 11);
  CHECK(resolve("sine", "lstmn", change).model.hidden_size == 63);
  const std::vector<std::string> with_default{R"(synaptic_delay={"rnn": 2, "default": 3})"};
  CHECK(resolve("sine", "rnn", with_default).model.synaptic_delay == 2);
  CHECK(resolve("sine", "glifr_hom", with_default).model.synaptic_delay == 3);
}

TEST_CASE("wrong changes are refused with the key, what was found and what is accepted") {
  const auto refused = [](const std::string& change, const std::string& message) {
    Config config("lmnist");
    CHECK_THROWS_WITH(config.set(change), Equals(message));
    CHECK(config.resolve(find_model("rnn")).training.learning_rate.initial == 1e-3);
  };
  refused("lr=0", "lr: found 0; accepted: a number > 0");
  refused("lr=inf", "lr: found inf; accepted: a number > 0");
  refused("lr=nan", "lr: found nan; accepted: a number > 0");
  refused("lr=1e999", "lr: found 1e999, which does not fit into 64 bits; accepted: a number > 0");
  refused("lr=-1.50", "lr: found -1.50; accepted: a number > 0");
  refused("lr=fast", "lr: found 'fast'; accepted: a number > 0");
  refused("lr=1,5", "lr: found '1,5'; accepted: a number > 0");
  refused("lr= 1", "lr: found ' 1'; accepted: a number > 0");
  refused("lr=0x10", "lr: found '0x10'; accepted: a number > 0");
  refused("lr=", "lr: found ''; accepted: a number > 0");
  refused("lr", "--set: found 'lr'; accepted: key=value, as lr=0.001");
  refused("max_epochs=9223372036854775808",
          "max_epochs: found 9223372036854775808; accepted: an integer >= 1 and <= 1000000000");
  refused("mnist_path=", "mnist_path: found ''; accepted: text, not empty");
  refused("batch_size=2.5", "batch_size: found 2.5; accepted: an integer >= 1 and <= 1000000000");
  refused("dropout_prob=1.5", "dropout_prob: found 1.5; accepted: a number >= 0 and <= 1");
  refused("num_ascs=5", "num_ascs: found 5; accepted: an integer >= 0 and <= 4, or an object of them by model name");
  refused("beta1=1", "beta1: found 1; accepted: a number >= 0 and < 1");
  refused("optimizer=rmsprop", "optimizer: found 'rmsprop'; accepted: adam, sgd or adamw");
  refused("lr_schedule=1", "lr_schedule: found 1; accepted: constant, step, cosine or plateau");
  refused("sigma_v_anneal=yes", "sigma_v_anneal: found 'yes'; accepted: true or false");
  refused("epochs=3", "epochs: is no configuration key; the nearest is max_epochs");
  refused("batchsize=3", "batchsize: is no configuration key; the nearest is batch_size");
  refused("LR=3", "LR: is no configuration key; the nearest is lr");
  refused("permute_pixels=true", "permute_pixels: is no key of task lmnist; accepted for pmnist");
  refused("hidden_size={\"rnm\": 3}",
          "hidden_size: found 'rnm'; accepted: default or the name of a model, as glifr_lheta");
  refused("hidden_size={\"rnn\": 0}",
          "hidden_size: found 0; accepted: an integer >= 1 and <= 1000000, or an object of them by model name");
  refused("lr={\"rnn\": 1}", "lr: found '{\"rnn\": 1}'; accepted: a number > 0");
}

TEST_CASE("text that no record could hold is refused") {
  Config config("lmnist");
  config.set("mnist_path=Zahlen/schön");
  CHECK_THROWS_WITH(config.set("mnist_path=\xff"), Contains("mnist_path: found") && Contains("not UTF-8"));
}

TEST_CASE("numbers are decimal, and whole ones may be written in any way that is whole") {
  CHECK(resolve("sine", "rnn", {"hidden_size=010"}).model.hidden_size == 10);
  CHECK(resolve("sine", "rnn", {"hidden_size=08"}).model.hidden_size == 8);
  CHECK(resolve("sine", "rnn", {"hidden_size=64.0"}).model.hidden_size == 64);
  CHECK(resolve("sine", "rnn", {"max_epochs=1e3"}).training.max_epochs == 1000);
  CHECK(resolve("sine", "rnn", {"lr=0010e-4"}).training.learning_rate.initial == 1e-3);
  CHECK(from_text(R"({"hidden_size": 64.0, "max_epochs": 1e3})").resolve(find_model("rnn")).model.hidden_size == 64);
  CHECK_THROWS_WITH(from_text(R"({"hidden_size": 64.5})"), Contains("hidden_size: found 64.5 in"));
  CHECK_THROWS_WITH(from_text(R"({"lr": 1e999})"), Contains("has 1e999, which does not fit"));
}

TEST_CASE("only near keys are suggested") {
  const auto advice = [](const std::string& name) -> std::string {
    try {
      Config("sine").set(name + "=1");
    } catch (const UnknownKey& error) {
      CHECK(error.key() == name);
      const std::string text = error.what();
      return text.substr(text.find(';'));
    }
    return "it is a key";
  };
  CHECK(advice("hiden_size") == "; the nearest is hidden_size");
  CHECK(advice("my_batch_size") == "; the nearest is batch_size");
  CHECK(advice("Batch_Size") == "; the nearest is batch_size");
  for (const char* name : {"colour", "x", "learning_rate", "seed", "first_trial"}) {
    INFO(name);
    CHECK(advice(name) == "; --print-config shows those that there are");
  }
  CHECK_THROWS_WITH(Config("sine").set("=1"), Contains("'': is no configuration key"));
  CHECK_THROWS_WITH(from_text(R"({"lr": 1, "seed": 3})"), Contains("seed: is no configuration key in"));
}

TEST_CASE("what is printed of a configuration can be read, for every task and model") {
  for (const TaskInfo& task : builtin_tasks()) {
    if (task.name == "files") continue;  // its sizes are those of the data
    Config config(task.name);
    config.set("lr=0.25");
    std::string all;
    for (const Model& model : select_models("all", config)) {
      INFO(task.name << " " << model.name);
      const Settings settings = config.resolve(model);
      const std::string text = to_text(to_json(settings));
      all += text + "\n";
      const Config read = from_text(text);
      CHECK(read.models() == std::vector<std::string>{std::string(model.name)});
      CHECK_FALSE(first_difference(read.resolve(model), settings));
    }
    const Config read = from_text(all, task.name);
    CHECK(read.models().size() == select_models("all", config).size());
    for (const std::string& name : read.models()) {
      CHECK_FALSE(first_difference(read.resolve(find_model(name)), config.resolve(find_model(name))));
    }
  }
}

TEST_CASE("a trial's record says what its model is like, and what of that is a change") {
  const Config small = from_text(to_text(to_json(resolve("sine", "glifr_fheta", {"hidden_size=8", "num_ascs=1"}))));
  CHECK(small.resolve(find_model("glifr_fheta")).model.hidden_size == 8);
  CHECK(small.resolve(find_model("glifr_lheta")).model.hidden_size == 8);
  CHECK(small.resolve(find_model("glifr_lheta")).model.num_ascs == 1);
  CHECK(small.resolve(find_model("glifr_lheta")).model.train_dynamics);
  const Config usual = from_text(to_text(to_json(resolve("sine", "glifr_fheta"))));
  CHECK(usual.resolve(find_model("glifr_fheta")).model.hidden_size == 128);
  CHECK(usual.resolve(find_model("glifr_lheta")).model.hidden_size == 124);
  CHECK(usual.resolve(find_model("rnn")).model.synaptic_delay == 0);

  json::object record = to_json(resolve("lmnist-anneal", "glifr_lheta"));
  record["version"] = "0.1.0";
  record["seed"] = 7;
  record["trained_parameters"] = 3;
  const Config config = from_text(to_text(record));
  CHECK((config.task() == "lmnist-anneal" && config.base_task() == "lmnist"));
  CHECK(config.record().at("seed") == 7);
  CHECK(config.resolve(find_model("glifr_lheta")).training.sigma_v_anneal);
  record["task"] = "mine";
  CHECK(from_text(to_text(record)).task() == "mine");
  CHECK(from_text(to_text(record), "mine").base_task() == "lmnist");
  CHECK_THROWS_WITH(from_text(to_text(record), "lmnist"), Contains("task: found 'lmnist', but") && Contains("is mine"));
  record["colour"] = 3;
  CHECK_THROWS_WITH(from_text(to_text(record)), Contains("colour: is no configuration key"));
}

TEST_CASE("records that say two things at once are refused") {
  CHECK(from_text(R"({"task": "lmnist", "lr": 0.5})").task() == "lmnist");
  CHECK_THROWS_WITH(from_text(R"({"task": "mine"})"), Contains("task: found 'mine' in"));
  CHECK_THROWS_WITH(from_text(R"({"task": "sine", "base_task": "lmnist"})"), Contains("base_task: found lmnist in"));
  CHECK_THROWS_WITH(from_text(R"({"task": "mine", "base_task": "mnist"})"), Contains("base_task: found 'mnist'"));
  CHECK_THROWS_WITH(from_text(R"({"task": "../up", "base_task": "sine"})"), Contains("task: found '../up'"));
  CHECK_THROWS_WITH(from_text(R"({"task": "sine", "base": "lmnist"})"), Contains("task: stands beside base in"));
  CHECK_THROWS_WITH(from_text(R"({"model": "rnm"})"), Contains("model: found 'rnm'"));
  CHECK_THROWS_WITH(from_text("{\"lr\": 1} {\"lr\": 2}"), Contains("one of each model"));
  CHECK_THROWS_WITH(from_text(R"({"model": "rnn"} {"model": "rnn"})"), Contains("one of each model"));
  CHECK_THROWS_WITH(from_text(R"({"model": "rnn", "lr": 1} {"model": "lstmn", "lr": 2})"),
                    Contains("lr: found 1 and 2 in"));
  CHECK_THROWS_WITH(from_text(R"({"model": "rnn", "task": "sine"} {"model": "lstmn", "task": "lmnist"})"),
                    Contains("several tasks"));
}

TEST_CASE("settings that contradict each other are refused") {
  CHECK_THROWS_WITH(resolve("sine", "rnn", {"freq_min=2"}),
                    Equals("freq_min: found 2 1/ms; accepted: at most freq_max, 0.6"));
  CHECK_THROWS_WITH(resolve("sine", "rnn", {"sim_time=0.01"}), Contains("sim_time: found 0.01 ms"));
  CHECK_THROWS_WITH(resolve("sine", "rnn", {"dt=1e-300"}), Contains("sim_time") || Contains("synaptic_delay"));
  CHECK_THROWS_WITH(resolve("sine", "rnn", {"loss_fn=cross_entropy"}), Contains("loss_fn: found cross_entropy"));
  CHECK_THROWS_WITH(resolve("lmnist", "rnn", {"loss_fn=mse"}), Contains("loss_fn: found mse"));
  CHECK_THROWS_WITH(resolve("pmnist", "rnn", {"input_size=14"}),
                    Equals("input_size: found 14; accepted for task pmnist: 1"));
  CHECK(resolve("lmnist", "rnn", {"input_size=14", "output_size=27"}).model.output_size == 27);  // the images decide
  CHECK_THROWS_WITH(resolve("sine", "rnn", {"synaptic_delay=1e30"}), Contains("synaptic_delay: found 1e+30 ms"));
}

TEST_CASE("unknown tasks are refused with those that there are") {
  CHECK_THROWS_WITH(
      Config("mnist"),
      Contains(
          "task: found 'mnist'; accepted: files, lmnist, nmnist, pmnist, realizable, shd, sine, ssc, lmnist-anneal"));
}

TEST_CASE("a file with a base is a variation, named by itself or by the file") {
  const Config by_file = from_text(R"({"base": "lmnist", "description": "mine", "lr": 0.5})");
  CHECK(by_file.task() == "my-task");
  CHECK(by_file.base_task() == "lmnist");
  const Settings settings = by_file.resolve(find_model("lstmn"));
  CHECK((settings.task.name == "my-task" && settings.task.base == "lmnist"));
  CHECK((settings.training.learning_rate.initial == 0.5 && settings.model.hidden_size == 122));

  const Config by_name = from_text(R"({"base": "lmnist-anneal", "name": "slow"})", "slow");
  CHECK((by_name.task() == "slow" && by_name.base_task() == "lmnist"));
  CHECK(by_name.resolve(find_model("glifr_lheta")).training.sigma_v_anneal);
  CHECK(from_text(R"({"base": "lmnist"})", "lmnist").task() == "my-task");
  CHECK(from_text(R"({"base": "lmnist", "name": "lmnist-anneal"})").task() == "lmnist-anneal");  // which it is
  CHECK_THROWS_WITH(from_text(R"({"base": "sine", "name": "lmnist"})"),
                    Contains("name: found 'lmnist' for") && Contains("which is another task"));
  CHECK_THROWS_WITH(from_text(R"({"name": "lmnist"})"), Contains("name: found 'lmnist' for"));
  CHECK_THROWS_WITH(from_text(R"({"base": "lmnist"})", "sine"),
                    Contains("task: found 'sine', but") && Contains("is my-task, a variation of lmnist"));
}

TEST_CASE("a file without a base changes the task") {
  const Config config = from_text(R"({"lr": 0.5})", "lmnist-anneal");
  CHECK((config.task() == "lmnist-anneal" && config.base_task() == "lmnist"));
  CHECK(config.resolve(find_model("rnn")).training.learning_rate.initial == 0.5);
  CHECK(from_text(R"({"lr": 0.5})").task() == "sine");
}

TEST_CASE("changes lie over the file, the file over the task") {
  Config config = from_text(R"({"lr": 0.5, "amp": 2})");
  const Config before = config;
  config.set("lr=0.25");
  const Settings settings = config.resolve(find_model("rnn"));
  CHECK((settings.training.learning_rate.initial == 0.25 && settings.task.number("amp") == 2 &&
         settings.task.whole("num_freqs") == 6));
  CHECK(before.resolve(find_model("rnn")).training.learning_rate.initial == 0.5);
}

TEST_CASE("wrong files are refused with the file and the key") {
  CHECK_THROWS_WITH(from_text(R"({"lrr": 0.5})"),
                    Contains("lrr: is no configuration key in ") && Contains("my-task.json; the nearest is lr"));
  CHECK_THROWS_WITH(from_text(R"({"lr": "0.5"})"),
                    Contains("lr: found \"0.5\" in ") && Contains("my-task.json; accepted: a number > 0"));
  CHECK_THROWS_WITH(from_text(R"({"base": "none"})"), Contains("found 'none'"));
  CHECK_THROWS_WITH(from_text(R"({"base": 1})"), Contains("base: found 1 in"));
  CHECK_THROWS_WITH(from_text(R"({"name": "../up"})"), Contains("name: found '../up'"));
  CHECK_THROWS_AS(from_text("{\"lr\": }"), DataError);
  CHECK_THROWS_AS(from_text("[1]"), DataError);
  CHECK_THROWS_AS(Config::from_file("/nowhere/none.json", std::nullopt), DataError);
}

TEST_CASE("a variation that comes through a pipe needs a name") {
  const test::TemporaryFolder folder;
  const auto pipe = folder.path() / "63";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto read = [&](const char* text, bool is_renamed) {
    const std::jthread writer([&] { std::ofstream(pipe) << text; });
    return Config::from_file(pipe, std::nullopt, is_renamed).task();
  };
  CHECK_THROWS_WITH(read(R"({"base": "sine"})", false), Contains("name: is missing in ") && Contains("or --name"));
  CHECK(read(R"({"base": "sine", "name": "mine"})", false) == "mine");
  CHECK_NOTHROW(read(R"({"base": "sine"})", true));
  CHECK(read(R"({"lr": 0.5})", false) == "sine");
}

TEST_CASE("settings read back as they were written, for every task and model") {
  for (const TaskInfo& task : builtin_tasks()) {
    if (task.name == "files") continue;  // its sizes are those of the data
    const Config config(task.name);
    for (const Model& model : select_models("all", config)) {
      const Settings settings = config.resolve(model);
      json::object object = to_json(settings);
      object["version"] = "0.1.0";
      const Settings read = settings_from_json(parse_json(to_text(object), "config.json").get_object(), "config.json");
      CHECK_FALSE(first_difference(settings, read));
      CHECK(to_text(to_json(read)) == to_text(to_json(settings)));
    }
  }
}

TEST_CASE("written settings that are damaged are refused") {
  json::object object = to_json(resolve("sine", "rnn"));
  object["lr"] = -1;
  CHECK_THROWS_WITH(settings_from_json(object, "config.json"),
                    Equals("config.json: lr: found -1; accepted: a number > 0"));
  object.erase("lr");
  CHECK_THROWS_WITH(settings_from_json(object, "config.json"), Equals("config.json: has no lr"));
  object["base_task"] = "none";
  CHECK_THROWS_AS(settings_from_json(object, "config.json"), DataError);
}

TEST_CASE("the first key that differs is named with both values") {
  const auto difference = first_difference(resolve("sine", "rnn"), resolve("sine", "rnn", {"max_epochs=3", "lr=0.5"}));
  REQUIRE(difference);
  CHECK((difference->key == "lr" && difference->first == "1e-04" && difference->second == "0.5"));
  const auto other_task = first_difference(resolve("lmnist", "rnn"), resolve("lmnist-anneal", "rnn"));
  REQUIRE(other_task);
  CHECK(other_task->key == "task");
}

TEST_CASE("written settings hold the keys of the task and no others") {
  const json::object sine = to_json(resolve("sine", "rnn"));
  CHECK((sine.contains("sim_time") && sine.contains("lr") && !sine.contains("mnist_path")));
  const json::object realizable = to_json(resolve("realizable", "glifr_lheta"));
  CHECK((realizable.contains("sim_time") && !realizable.contains("hidden_size")));
  CHECK(sine.begin()->key() == "task");
}

TEST_CASE("a sweep makes a variation for every combination, named by what it changes") {
  const std::vector<Config> variations = Config("sine").sweep({"lr=1e-3,3e-4", "hidden_size=16,24"});
  std::vector<std::string> names;
  for (const Config& variation : variations) names.push_back(variation.task());
  CHECK(names == std::vector<std::string>{"sine@lr=0.001,hidden_size=16", "sine@lr=0.001,hidden_size=24",
                                          "sine@lr=0.0003,hidden_size=16", "sine@lr=0.0003,hidden_size=24"});
  const Settings last = variations.back().resolve(find_model("rnn"));
  CHECK((last.training.learning_rate.initial == 3e-4 && last.model.hidden_size == 24 && last.task.base == "sine"));
  CHECK(Config("sine").sweep({}).size() == 1);
  const Config again = from_text(to_text(to_json(last)));
  CHECK(again.task() == "sine@lr=0.0003,hidden_size=24");
  CHECK_THROWS_WITH(Config("sine").sweep({"lr=1,x"}), Contains("lr: found 'x'"));
  CHECK_THROWS_WITH(Config("sine").sweep({"lr"}), Contains("--sweep: found 'lr'"));
  CHECK_THROWS_WITH(Config("sine").sweep({"lr=1", "lr=2"}), Contains("names lr twice"));
  CHECK_THROWS_WITH(Config("sine").sweep({"lr=1,1.0"}), Contains("--sweep: has the value 1 of lr twice"));
  CHECK_THROWS_WITH(Config("sine").sweep({"hidden_size=8,9,8"}), Contains("has the value 8 of hidden_size twice"));
  CHECK_THROWS_WITH(Config("lmnist").sweep({"mnist_path=a/b"}),
                    Contains("a/b") && Contains("folder") && Contains("--set mnist_path=… and a --name"));
}

TEST_CASE("validation that is asked for must be there, and what goes by it is checked") {
  CHECK(resolve("sine", "rnn").training.monitor == Monitor::train_loss);
  CHECK(resolve("sine", "rnn", {"validation_fraction=0.5"}).training.monitor == Monitor::val_loss);
  CHECK_THROWS_WITH(resolve("sine", "rnn", {"monitor=val_loss"}),
                    Contains("monitor: found val_loss") && Contains("train_loss"));
  CHECK_THROWS_WITH(resolve("sine", "rnn", {"test_checkpoint=best"}), Contains("test_checkpoint: found best"));
  CHECK_THROWS_WITH(resolve("sine", "rnn", {"validation_fraction=0.5", "monitor=val_acc"}),
                    Contains("targets are values"));
  CHECK_THROWS_WITH(resolve("sine", "rnn", {"class_weights=balanced"}), Contains("class_weights: found balanced"));
  CHECK_THROWS_WITH(resolve("sine", "rnn", {"validation_fraction=1"}), Contains("validation_fraction: found 1"));
  CHECK_THROWS_WITH(resolve("ssc", "rnn", {"validation_fraction=0.5"}),
                    Contains("validation_fraction: found 0.5; task ssc has validation data of its own, accepted: 0"));
  CHECK(resolve("lmnist", "rnn", {"validation_fraction=0.1", "monitor=val_acc", "class_weights=balanced"})
            .training.monitor == Monitor::val_acc);
}

TEST_CASE("the keys of a task have different names and places, and a line of help") {
  for (const Task* task : known_tasks()) {
    const auto keys = config_keys(*task);
    Settings settings = default_settings(*task);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      CHECK_FALSE(keys[i].help.empty());
      for (std::size_t j = 0; j < i; ++j)
        CHECK((keys[i].name != keys[j].name && keys[i].place(settings) != keys[j].place(settings)));
    }
  }
}

}  // namespace
}  // namespace glifr
