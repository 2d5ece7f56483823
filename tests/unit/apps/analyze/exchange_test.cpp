// glifr_analyze as a user meets it. import and export.
#include "session.hpp"

using namespace glifr::test::analyze;

TEST_CASE("a network is imported into a trial's folder on which all analyses work") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const fs::path trial = session.results() / "sine/glifr_lheta/trial_0";
  const std::string checkpoint = (trial / "checkpoints/last.safetensors").string();
  const fs::path imported = session.file("imported");
  const std::string folder = (imported / "sine/glifr_lheta/trial_3").string();
  const std::string request = "import --no-figures --precision float64 --threads 1 " + checkpoint +
                              " --task sine --model glifr_lheta --trial 3 --out " + imported.string();
  const Finished run = session.analyze(request);
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  CHECK(run.error.empty());
  CHECK_THAT(run.out, Catch::Contains("constants of " + checkpoint + ": dt = 0.05, synaptic_delay = ") &&
                          Catch::Contains("sigma_v = 1") && !Catch::Contains("constants of task sine"));
  CHECK_THAT(glifr::read_file(folder + "/config.json"), Catch::Contains(R"("imported_from": "last.safetensors")") &&
                                                            Catch::Contains(R"("hidden_size": 16,)") &&
                                                            Catch::Contains(R"("cpu_target": ")"));
  CHECK_FALSE(fs::exists(folder + "/metrics.csv"));
  CHECK_THAT(glifr::read_file(folder + "/test.json"), Catch::Contains("\"epoch\": 3"));
  const auto table = [&](const std::string& arguments, const std::string& file) {
    const Finished analysis = session.analyze(arguments + " --no-figures" + session.out_option());
    INFO(arguments);
    INFO(analysis.error);
    CHECK(analysis.exit_code == 0);
    return glifr::read_file(session.out() / file);
  };
  // What was trained here is the same when it comes back.
  CHECK(table("responses " + folder, "responses.csv") == table("responses " + trial.string(), "responses.csv"));
  CHECK(table("fi-curve " + folder, "frates.csv") == table("fi-curve " + trial.string(), "frates.csv"));
  CHECK(table("ablation --draws 1 " + folder, "ablation.csv") ==
        table("ablation --draws 1 " + trial.string(), "ablation.csv"));
  CHECK_THAT(table("summary " + imported.string(), "summary.csv"), Catch::Contains("\nsine,glifr_lheta,1,,,,,"));
  CHECK(count_lines(table("curves " + imported.string(), "curves.csv")) == 1);
  CHECK_THAT(table("report " + imported.string(), "report.html"),
             Catch::Contains("was imported from last.safetensors") && Catch::Contains("no test: training"));

  require_refused(session.analyze(request), "--trial: found 3, but ");
  require_refused(session.analyze("import " + checkpoint + " --task sine --model rnn --out " + imported.string()),
                  "last.safetensors");
  require_refused(session.analyze("import " + checkpoint + " --task sine --model all --out " + imported.string()),
                  "--model: found 'all'");
  require_refused(session.analyze("import " + checkpoint + " --task sinus --model rnn --out " + imported.string()),
                  "sinus");
  require_refused(session.analyze("import " + session.file("none").string() + " --task sine --model rnn"), "none");
  const auto require_no_network = [&](const std::string& content, const std::string& found) {
    glifr::test::write_text(session.file("net.pt"), content);
    require_refused(session.analyze("import " + session.file("net.pt").string() + " --task sine --model rnn"),
                    "net.pt: " + found);
  };
  const std::string accepted =
      "; accepted: a PyTorch checkpoint (ZIP, as PyTorch 1.6 and newer write it) or a safetensors file";
  require_no_network(
      "\x80\4\x95 a dict",
      "found a Python pickle (as older .pt files are: load and save it with PyTorch 1.6 or newer)" + accepted);
  require_no_network("version https://git-lfs.github.com/spec/v1\n",
                     "found a Git LFS pointer in place of the file, "
                     "which 'git lfs pull' fetches" +
                         accepted);
  require_no_network("epoch,loss\n1,2\n", "found a table (CSV)" + accepted);
  require_no_network(std::string("PK\3\4\24\0\0\0\10\0", 10), "the ZIP archive is damaged or cut short");
  const std::string bytes = glifr::read_file(checkpoint);
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{100}, bytes.size() - 1}) {
    glifr::test::write_text(session.file("cut.safetensors"), bytes.substr(0, size));
    const std::string file = session.file("cut.safetensors").string();
    require_refused(
        session.analyze("import " + file + " --task sine --model glifr_lheta --trial 4 --out " + imported.string()),
        "cut.safetensors");
    require_refused(session.analyze("export " + file), "cut.safetensors");
  }
  CHECK_FALSE(fs::exists(imported / "sine/glifr_lheta/trial_4"));

  // Constants that the file does not hold are the task's; what is set counts more than both.
  glifr::TensorFile bare = glifr::read_safetensors(checkpoint);
  bare.metadata.clear();
  glifr::write_safetensors(session.file("bare.safetensors"), bare);
  const Finished without =
      session.analyze("import " + session.file("bare.safetensors").string() +
                      " --task sine --model glifr_lheta --trial 5 --set sigma_v=2 --out " + imported.string());
  INFO(without.error);
  CHECK(without.exit_code == 0);
  CHECK_THAT(without.out, Catch::Contains("constants of task sine and --set: dt = 0.05") &&
                              Catch::Contains("sigma_v = 2") && !Catch::Contains("bare.safetensors"));
  CHECK(glifr::read_safetensors(imported / "sine/glifr_lheta/trial_5/checkpoints/last.safetensors")
            .metadata.at("sigma_v") == "2");
}

TEST_CASE("each layer of a described model gets its own constants from the file, and none against its description") {
  const Session session;
  const auto describe = [&](const std::string& first, const std::string& second) {
    glifr::test::write_text(session.file("two.json"), R"({"base": "sine", "models": {"two": {"layers": [{"size": 6, )" +
                                                          first + R"(}, {"size": 5, "num_ascs": 1)" + second +
                                                          R"(}, {"neuron": "rnn", "size": 4}]}}})");
  };
  const std::string of_two = " --task sine --model two --config " + session.file("two.json").string();
  describe(R"("R": 0.2, "I0": 0.5, "sigma_v": 0.5, "v_reset": -0.1)", R"(, "synaptic_delay": 2.2)");
  const Finished trained = session.train(of_two + " --epochs 1");
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const fs::path trial = session.results() / "two/two/trial_0";
  const std::string checkpoint = (trial / "checkpoints/last.safetensors").string();
  int number = 0;
  const auto import = [&](const std::string& more) {
    return session.analyze("import " + checkpoint + of_two + " --trial " + std::to_string(number) + " --out " +
                           session.file("imported").string() + more);
  };
  const auto require_same = [&](const Finished& run) {
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    const fs::path folder = session.file("imported/two/two/trial_" + std::to_string(number++));
    const auto metadata = glifr::read_safetensors(checkpoint).metadata;
    for (const auto& [key, value] : glifr::read_safetensors(folder / "checkpoints/last.safetensors").metadata) {
      CAPTURE(key);
      CHECK(metadata.at(key) == value);
    }
    const auto loss = [](const std::string& text) { return text.substr(0, text.find(',')); };
    CHECK(loss(glifr::read_file(folder / "test.json")) == loss(glifr::read_file(trial / "test.json")));
  };
  const Finished same = import("");
  require_same(same);
  const std::string without_task = of_two.substr(of_two.find("--model"));  // --config names it
  CHECK(session
            .analyze("import " + checkpoint + " " + without_task + " --trial 7 --out " +
                     session.file("imported").string())
            .exit_code == 0);
  require_refused(session.analyze("import " + checkpoint + " --model two"), "--task: is missing");
  CHECK_THAT(same.out, Catch::Contains("dt = 0.05; layer 1: synaptic_delay = 1, ") &&
                           Catch::Contains("sigma_v = 0.5, R = 0.2, I0 = 0.5, v_reset = -0.1; layer 2: ") &&
                           Catch::Contains("sigma_v = 1, R = 0.1, I0 = 0, v_reset = 0; layer 3: ") &&
                           !Catch::Contains("--set"));
  describe(R"("num_ascs": 0)", "");  // which says no constants
  require_same(import(""));
  require_same(import(" --set sigma_v_anneal=true"));

  const Finished with_set = import(" --set R=0.3");
  INFO(with_set.error);
  REQUIRE(with_set.exit_code == 0);
  CHECK_THAT(with_set.out,
             Catch::Contains("constants of task two, model two and --set: layer 1: R = 0.3; layer 2: R = 0.3\n"));
  ++number;
  describe(R"("sigma_v": 2)", "");
  require_refused(import(""), "holds sigma_v = 0.5 for layer 1, whose description says 2");
  describe(R"("num_ascs": 0)", R"(, "synaptic_delay": 5)");
  require_refused(import(""), "holds synaptic_delay = 2.2 for layer 2, whose description says 5");
}

TEST_CASE("a network that was trained on scaled inputs is imported with their scale") {
  const Session session;
  const auto write = [&](const std::string& name, int shift) {
    std::string rows = "sample,a,b,target_x\n";
    for (int row = 0; row < 32; ++row) {
      rows += std::to_string(row / 4) + "," + std::to_string(5 * (row % 3) + shift) + "," + std::to_string(row % 4) +
              "," + std::to_string(0.1 * (row % 5)) + "\n";
    }
    glifr::test::write_text(session.file(name), rows);
  };
  write("train.csv", 2);
  write("test.csv", 3);
  const std::string data = " --task files --data " + session.file("").string() + " --set test_data=test.csv";
  const std::string of_train = data + " --set train_data=train.csv";
  const Finished trained = session.train(
      "--model rnn --epochs 1 --set hidden_size=4 --set dt=1 --set tau=1 --set normalize=standard" + of_train);
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const fs::path trial = session.results() / "files/rnn/trial_0";
  const fs::path checkpoint = trial / "checkpoints/last.safetensors";
  const std::string request = "import " + checkpoint.string() + " --model rnn --set dt=1 --set tau=1 --out " +
                              session.file("imported").string();
  const Finished run = session.analyze(request + of_train);
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  CHECK_THAT(run.out,
             Catch::Contains("inputs are scaled as " + checkpoint.string() + " holds it: normalize = standard\n"));
  const fs::path folder = session.file("imported/files/rnn/trial_0");
  const auto loss = [](const std::string& text) { return text.substr(0, text.find(',')); };
  CHECK(loss(glifr::read_file(folder / "test.json")) == loss(glifr::read_file(trial / "test.json")));
  CHECK_THAT(glifr::read_file(folder / "config.json"), Catch::Contains(R"("normalize": "standard")"));
  for (const char* name : {"normalize.mean", "normalize.factor"}) {
    const glifr::TensorFile of_trial = glifr::read_safetensors(checkpoint),
                            imported = glifr::read_safetensors(folder / "checkpoints/last.safetensors");
    REQUIRE(imported.find(name));
    CHECK(imported.find(name)->bytes == of_trial.find(name)->bytes);
  }
  require_refused(session.analyze(request + " --trial 1 --set normalize=none" + of_train),
                  "normalize: found none; " + checkpoint.string() + " holds the scale of its inputs");
  require_refused(session.analyze(request + " --trial 1 --set train_data=test.csv" + data),
                  "holds another scale of the inputs");
  glifr::TensorFile half = glifr::read_safetensors(checkpoint);
  std::erase_if(half.tensors, [](const glifr::NamedTensor& tensor) { return tensor.name == "normalize.factor"; });
  glifr::write_safetensors(session.file("half.safetensors"), half);
  require_refused(session.analyze("import " + session.file("half.safetensors").string() +
                                  " --model rnn --set dt=1 --set tau=1 --trial 1 --out " +
                                  session.file("imported").string() + of_train),
                  "half.safetensors: holds one of normalize.mean and normalize.factor; both are needed");
  CHECK_FALSE(fs::exists(session.file("imported/files/rnn/trial_1")));
}

TEST_CASE("a delay in steps is of the time step that is used, and a whole number") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const fs::path trial = session.results() / "sine/glifr_lheta/trial_0";
  glifr::TensorFile file = glifr::read_safetensors(trial / "checkpoints/last.safetensors");
  const fs::path foreign = session.file("foreign.safetensors");
  const auto steps = [&](const std::string& more) {
    glifr::write_safetensors(foreign, file);
    const fs::path out = session.file("imported");
    fs::remove_all(out);
    const Finished run =
        session.analyze("import " + foreign.string() + " --task sine --model glifr_lheta --out " + out.string() + more);
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    return glifr::read_safetensors(out / "sine/glifr_lheta/trial_0/checkpoints/last.safetensors")
        .metadata.at("delay_steps");
  };
  file.metadata["delay_steps"] = "7";
  CHECK(steps("") == "7");
  file.metadata.erase("dt");
  CHECK(steps("") == "7");
  CHECK(steps(" --set dt=0.1") == "7");
  CHECK(steps(" --set synaptic_delay=2") == "40");
  for (const char* number : {"2.5", "0", "-1"}) {
    file.metadata["delay_steps"] = number;
    glifr::write_safetensors(foreign, file);
    require_refused(session.analyze("import " + foreign.string() + " --task sine --model glifr_lheta"),
                    "foreign.safetensors: the metadata's delay_steps is " + std::string(number));
  }
}

TEST_CASE("a checkpoint of PyTorch is imported to the same outputs, one that calls anything is refused") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const std::string trained = (session.results() / "sine/glifr_lheta/trial_0/checkpoints/last.safetensors").string();
  // As Lightning writes it: the tensors below state_dict, the settings below hyper_parameters.
  glifr::test::PickleWriter pickle;
  std::vector<glifr::test::TorchStorage> storages;
  pickle.raw("}(").text("state_dict").raw("}(");
  for (const glifr::NamedTensor& tensor : glifr::read_safetensors(trained).tensors) {
    if (tensor.name.starts_with("optimizer.")) continue;
    const std::string key = std::to_string(storages.size());
    storages.push_back(glifr::test::torch_storage(key, glifr::values_of<float>(tensor, "file")));
    std::vector<std::int32_t> shape, strides(tensor.shape.size(), 1);
    for (const glifr::Index size : tensor.shape) shape.push_back(static_cast<std::int32_t>(size));
    for (std::size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
    pickle.text("model." + tensor.name)
        .tensor("FloatStorage", key, static_cast<std::int32_t>(tensor.size()), 0, shape, strides);
  }
  pickle.raw("u")
      .text("hyper_parameters")
      .raw("}(")
      .text("R")
      .raw("G")
      .raw(std::string("\x3f\xe0\0\0\0\0\0\0", 8))
      .raw("uu");
  const fs::path file = session.file("model.ckpt");
  glifr::test::write_text(file, glifr::test::legacy_torch_file(pickle.bytes(), storages));
  const std::string imported = session.file("imported").string();
  const std::string request = " --task sine --model glifr_lheta --out " + imported;
  const Finished run = session.analyze("import " + file.string() + request + " --set R=0.1");
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  const auto responses = [&](const std::string& place) {
    REQUIRE(session.analyze("responses --no-figures " + place + session.out_option()).exit_code == 0);
    return glifr::read_file(session.out() / "responses.csv");
  };
  CHECK(responses(imported) == responses(trained));

  const Finished with_its_own = session.analyze("import " + file.string() + request + " --trial 1");
  CHECK(with_its_own.exit_code == 0);
  CHECK_THAT(with_its_own.out, Catch::Contains("constants of " + file.string() + ": R = 0.5\n") &&
                                   Catch::Contains("constants of task sine and --set: dt = 0.05"));
  CHECK_THAT(glifr::read_file(imported + "/sine/glifr_lheta/trial_1/config.json"), Catch::Contains("\"R\": 0.5"));

  glifr::test::PickleWriter call;
  call.name("os", "system").raw("(").text("touch called").raw("tR");
  glifr::test::write_text(session.file("call.ckpt"), glifr::test::legacy_torch_file(call.bytes(), {}));
  require_refused(session.analyze("import " + session.file("call.ckpt").string() + request + " --trial 2"),
                  "os.system");
  CHECK_FALSE(fs::exists(session.file("called")));
  CHECK_FALSE(fs::exists(imported + "/sine/glifr_lheta/trial_2"));
}

TEST_CASE("a network whose test data are not there is imported without a test") {
  const Session session;
  const fs::path data = session.file("data");
  for (const char* split : {"Train", "Test"}) {
    for (int digit = 0; digit < 10; ++digit) {
      glifr::test::write_text(data / "nmnist" / split / std::to_string(digit) / "1.bin",
                              glifr::test::event_bytes(digit, 1, 0, 0));
    }
  }
  const Finished trained =
      session.train("--task nmnist --model rnn --epochs 1 --set hidden_size=4 --data " + data.string());
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const fs::path trial = session.results() / "nmnist/rnn/trial_0";
  const auto import = [&](const std::string& number, const fs::path& from) {
    return session.analyze("import " + (trial / "checkpoints/last.safetensors").string() +
                           " --task nmnist --model rnn --trial " + number + " --out " + session.results().string() +
                           " --data " + from.string());
  };
  const Finished with = import("1", data);
  INFO(with.error);
  CHECK(with.exit_code == 0);
  const fs::path imported = session.results() / "nmnist/rnn/trial_1";
  CHECK(glifr::read_file(imported / "confusion.csv") == glifr::read_file(trial / "confusion.csv"));
  CHECK(fs::exists(imported / "confusion_nmnist_rnn.gp"));
  const Finished without = import("2", session.file("nowhere"));
  CHECK(without.exit_code == 0);
  CHECK(count_lines(without.error) == 1);
  CHECK_THAT(without.error, Catch::Contains("the network is not tested, there is no test.json: "));
  const Finished summary = session.analyze("summary --no-figures " + session.results().string() + session.out_option());
  CHECK(summary.exit_code == 0);
  CHECK(summary.error.empty());
  CHECK_THAT(glifr::read_file(session.out() / "summary.csv"), Catch::Contains("\nnmnist,rnn,2,"));
  const Finished report = session.analyze("report --ablation-samples 0 --data " + data.string() + " " +
                                          session.results().string() + session.out_option());
  INFO(report.error);
  CHECK(report.exit_code == 0);
  CHECK(fs::exists(session.out() / "confusion_nmnist_rnn.gp"));
  CHECK(glifr::read_file(session.out() / "confusion_nmnist_rnn_table.csv") ==
        glifr::read_file(trial / "confusion.csv"));
}

TEST_CASE("an imported network of more classes than a confusion matrix has room for is said to have none") {
  const Session session;
  glifr::test::write_text(session.file("data.csv"), "sample,x,label\n0,1,0\n0,2,0\n1,3,1000\n1,4,1000\n");
  const std::string settings =
      " --task files --model rnn --set train_data=data.csv --set test_data=data.csv --set dt=1 "
      "--set tau=1 --set hidden_size=2 --data " +
      session.file("").string();
  const std::string left_out = "confusion.csv is left out: there are 1001 classes, it has room for 1000";
  const Finished trained = session.train("--epochs 1" + settings);
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  CHECK_THAT(trained.out + trained.error, Catch::Contains(left_out));
  const fs::path models = session.results() / "files/rnn";
  const Finished run = session.analyze("import " + (models / "trial_0/checkpoints/last.safetensors").string() +
                                       settings + " --trial 1 --out " + session.results().string());
  INFO(run.error);
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.error, Catch::Contains(left_out));
  CHECK_FALSE(fs::exists(models / "trial_1/confusion.csv"));
  CHECK_THAT(glifr::read_file(models / "trial_1/test.json"), Catch::Contains("\"epoch\": 1"));
}

TEST_CASE("a checkpoint is exported for NumPy") {
  const Session session;
  train_sine(session, "rnn");
  const fs::path trial = session.results() / "sine/rnn/trial_0";
  const Finished run = session.analyze("export --no-figures --width 85 --data none --cache none --precision float32 " +
                                       ("--threads 1 --seed 1 " + trial.string()));
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  CHECK(fs::exists(trial / "checkpoints/last.npz"));
  REQUIRE(session
              .analyze("export " + (trial / "checkpoints/last.safetensors").string() + " --out " +
                       session.file("new/a.npz").string())
              .exit_code == 0);
  const auto python = glifr::test::python_with("numpy");
  if (!python) GLIFR_SKIP("Python has no numpy");
  CHECK(glifr::test::run_python(*python, session.file("new"), R"(import numpy
arrays = numpy.load("a.npz")
print(arrays["neuron_layer.weight_lat"].shape, arrays["output_linear.bias"].shape)
)") == "(16, 16) (1,)\n");
}
