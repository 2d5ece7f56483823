// glifr_analyze as a user meets it. Networks and their test data: ablation, responses, activity, and how they are
// found.
#include "session.hpp"

using namespace glifr::test::analyze;

TEST_CASE("ablation, responses and report of trained networks, the same on any number of threads") {
  const Session session;
  train_sine(session, "rnn,glifr_lheta");
  const auto ablation = [&](const std::string& more) {
    const Finished run =
        session.analyze("ablation --no-figures " + session.results().string() + more + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / "ablation.csv");
  };
  const std::string alone = ablation(" --threads 1 --draws 3");
  CHECK(alone == ablation(" --threads 2 --draws 3"));
  CHECK(alone != ablation(" --draws 3 --seed 1"));
  CHECK(count_lines(alone) == 1 + 2 * 6);

  const std::string checkpoint = (session.results() / "sine/rnn/trial_0/checkpoints/last.safetensors").string();
  CHECK(session.analyze("responses --no-figures --checkpoint " + checkpoint + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "responses.csv"),
             Catch::StartsWith("sample,frequency,time,target,rnn\n0,0.08,0,0.25,"));
  CHECK(session.analyze("responses --no-figures " + session.results().string() + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "responses.csv"),
             Catch::StartsWith("sample,frequency,time,target,rnn,glifr_lheta\n"));

  fs::remove(session.results() / "sine/glifr_lheta/trial_0/checkpoints/last.safetensors");
  const Finished without =
      session.analyze("responses --no-figures " + session.results().string() + session.out_option());
  CHECK(without.exit_code == 0);
  CHECK_THAT(without.error, Catch::Contains("left out sine/glifr_lheta/trial_0"));
  CHECK_THAT(glifr::read_file(session.out() / "responses.csv"),
             Catch::StartsWith("sample,frequency,time,target,rnn\n"));
  const Finished report = session.analyze("report " + session.results().string() + session.out_option());
  CHECK(report.exit_code == 0);
  CHECK_THAT(report.error, Catch::Contains("left out sine/glifr_lheta/trial_0"));
  const std::string page = glifr::read_file(session.out() / "report.html");
  CHECK_THAT(page, Catch::Contains("Task sine") && Catch::Contains("</html>") &&
                       Catch::Contains("<summary>sine/rnn/trial_0</summary>"));
}

TEST_CASE("a trial whose settings cannot be read keeps its results, its network is left out by name") {
  const Session session;
  train_sine(session, "rnn,glifr_lheta");
  const fs::path model = session.results() / "sine" / "rnn";
  const auto with = [&](int number, const std::string& from, const std::string& to) {
    const fs::path trial = model / ("trial_" + std::to_string(number));
    fs::copy(model / "trial_0", trial, fs::copy_options::recursive);
    std::string config = glifr::read_file(trial / "config.json");
    config.replace(config.find(from), from.size(), to);
    glifr::test::write_text(trial / "config.json", config);
  };
  with(1, "\"seed\": 0", "\"seed\": 1.8446744073709552e19");
  with(2, "\"seed\": 0", "\"seed\": \"3\"");
  with(3, "\"eps\"", "\"epsilon\"");
  with(4, "\"model\": \"rnn\"", "\"model\": \"gru\"");
  const Finished report = session.analyze("report --no-figures " + session.results().string() + session.out_option());
  CHECK(report.exit_code == 0);
  CHECK(count_lines(report.error) == 5);  // two of trial 4
  CHECK_THAT(report.error, Catch::Contains("sine/rnn/trial_1 is not analysed: ") &&
                               Catch::Contains("key seed is 18446744073709551616") &&
                               Catch::Contains("sine/rnn/trial_2 is not analysed: ") &&
                               Catch::Contains("key seed is \"3\"") && Catch::Contains("has no eps") &&
                               Catch::Contains("gru"));
  CHECK_THAT(glifr::read_file(session.out() / "summary.csv"), Catch::Contains("\nsine,rnn,5,"));
  CHECK_THAT(
      glifr::read_file(session.out() / "report.html"),
      Catch::Contains("Silencing neurons: sine") && Catch::Contains("the network of sine/rnn/trial_4 is not analysed"));
  const Finished ablation =
      session.analyze("ablation --no-figures --draws 1 " + session.results().string() + session.out_option());
  CHECK(ablation.exit_code == 0);
  CHECK(count_lines(ablation.error) == 5);
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,rnn,0,0,1,"));
}

TEST_CASE("networks that learned other waves do not share a figure") {
  const Session session;
  train_sine(session, "rnn");
  const Finished other = session.train("--task sine --model lstmn --epochs 3 --set hidden_size=16 --set amp=2");
  REQUIRE(other.exit_code == 0);
  const Finished run = session.analyze("responses --no-figures " + session.results().string() + session.out_option());
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.error, Catch::Contains("left out sine/lstmn/trial_0: it learned other targets than rnn/trial_0"));
  CHECK_THAT(glifr::read_file(session.out() / "responses.csv"),
             Catch::StartsWith("sample,frequency,time,target,rnn\n"));
}

TEST_CASE("silencing neurons needs the test set alone and leaves nothing beside it") {
  const Session session;
  const fs::path data = session.file("data");
  for (const char* split : {"Train", "Test"}) {
    for (int digit = 0; digit < 10; ++digit) {
      glifr::test::write_text(data / "nmnist" / split / std::to_string(digit) / "1.bin",
                              glifr::test::event_bytes(digit, 1, 0, 0));
    }
  }
  const std::string data_option = " --data " + data.string();
  const Finished trained = session.train("--task nmnist --model rnn --epochs 1 --set hidden_size=4" + data_option);
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  train_sine(session, "rnn");
  fs::remove_all(data / "nmnist" / "Train");
  for (const char* split : {"Train", "Test"})
    REQUIRE(fs::remove(data / "nmnist" / (std::string(split) + "-15x1000us.glifr-cache")));
  const std::string ablation = "ablation --no-figures --draws 1 " + session.results().string() + session.out_option();
  CHECK(session.analyze(ablation + data_option).exit_code == 0);
  CHECK(std::distance(fs::directory_iterator(data / "nmnist"), fs::directory_iterator()) == 1);
  CHECK(session.analyze(ablation + data_option + " --cache " + session.file("cache").string()).exit_code == 0);
  CHECK(fs::exists(session.file("cache") / "Test-15x1000us.glifr-cache"));

  fs::remove_all(data / "nmnist");
  const Finished without = session.analyze(ablation + data_option);
  CHECK(without.exit_code == 0);
  CHECK_THAT(without.error, Catch::Contains("left out nmnist: ") && Catch::Contains("Test/0"));
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,rnn,0,"));
}

TEST_CASE("a damaged checkpoint is left out of the silencing of neurons, the others are not") {
  const Session session;
  train_sine(session, "rnn,glifr_hom");
  const fs::path checkpoint = session.results() / "sine/rnn/trial_0/checkpoints/last.safetensors";
  glifr::TensorFile file = glifr::read_safetensors(checkpoint);
  const std::vector<std::int64_t> signs(16, 1);
  file.tensors.push_back(glifr::make_named_tensor<std::int64_t>("neuron_layer.sign", {16}, signs));
  glifr::write_safetensors(checkpoint, file);
  const Finished run =
      session.analyze("ablation --no-figures --draws 1 " + session.results().string() + session.out_option());
  INFO(run.error);
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.error, Catch::Contains("left out sine/rnn/trial_0: " + checkpoint.string() +
                                        ": tensor 'neuron_layer.sign': found I64"));
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,glifr_hom,0,"));
}

TEST_CASE("a network trained with dropout is also tested at its dropout probability") {
  const Session session;
  REQUIRE(
      session.train("--task sine --model glifr_hom --epochs 2 --set hidden_size=16 --set dropout_prob=0.3").exit_code ==
      0);
  REQUIRE(session
              .analyze("ablation --no-figures " + session.results().string() + " --draws 2 --ratios 0,0.5" +
                       session.out_option())
              .exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,glifr_hom,0.3,4,2,"));
}

TEST_CASE("the table of ablation says how many neurons were silenced, of trials of one size") {
  const Session session;
  const std::string ablation = "ablation --no-figures --draws 2 --ratios 0.25,0.33,0.34 " + session.results().string();
  REQUIRE(session.train("--task sine --model rnn --epochs 1 --set hidden_size=12").exit_code == 0);
  REQUIRE(session.analyze(ablation + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nsine,rnn,0.25,3,2,") &&
                                                                   Catch::Contains("\nsine,rnn,0.33,3,2,") &&
                                                                   Catch::Contains("\nsine,rnn,0.34,4,2,"));
  REQUIRE(
      session.train("--task sine --model rnn --epochs 1 --set hidden_size=11 --first-trial 1 --ntrials 1").exit_code ==
      0);
  REQUIRE(session.analyze(ablation + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"),
             Catch::Contains("\nsine,rnn,0.25,,2,") && Catch::Contains("\nsine,rnn,0.33,3,2,"));
}

TEST_CASE("every analysis takes a checkpoint, the folder of a trial, or results of one trial") {
  const Session session;
  train_sine(session, "glifr_lheta");
  const std::string results = session.results().string(), trial = results + "/sine/glifr_lheta/trial_0";
  const std::string checkpoint = trial + "/checkpoints/last.safetensors";
  const std::pair<std::string, std::string> neuron_analyses[] = {
      {"parameters", "learnedparams.csv"}, {"fi-curve", "frates.csv"}, {"cluster", "cluster_labels.csv"}};
  for (const auto& [subcommand, table] : neuron_analyses) {
    const auto result = [&, &name = subcommand, &file = table](const std::string& place) {
      fs::remove_all(session.out());
      const Finished run = session.analyze(name + " --no-figures " + place + session.out_option());
      INFO(run.error);
      CHECK(run.exit_code == 0);
      return glifr::read_file(session.out() / file);
    };
    const std::string expected = result("--checkpoint " + checkpoint);
    for (const std::string& place : {checkpoint, trial, results, results + "/sine", "--checkpoint " + trial})
      CHECK(result(place) == expected);
  }
  const std::pair<std::string, std::string> result_analyses[] = {{"summary", "summary.csv"},
                                                                 {"curves", "curves.csv"},
                                                                 {"ablation --draws 1", "ablation.csv"},
                                                                 {"responses", "responses.csv"},
                                                                 {"report --ablation-samples 0", "report.html"}};
  for (const auto& [subcommand, table] : result_analyses) {
    for (const std::string& place : {checkpoint, trial, results}) {
      fs::remove_all(session.out());
      const Finished run = session.analyze(subcommand + " --no-figures " + place + session.out_option());
      INFO(run.error);
      CHECK(run.exit_code == 0);
      CHECK(fs::exists(session.out() / table));
    }
  }
  fs::copy(trial, results + "/sine/glifr_lheta/trial_1", fs::copy_options::recursive);
  require_refused(session.analyze("responses --checkpoint " + results),
                  "holds 2 trials; accepted: a checkpoint, or the folder of one");

  // Away from its trial, a checkpoint is of the task that is named.
  const fs::path alone = session.file("alone.safetensors");
  fs::copy(checkpoint, alone);
  require_refused(session.analyze("responses " + alone.string()), "--task: is missing");
  require_refused(session.analyze("ablation --checkpoint " + alone.string()), "--task: is missing");
  require_refused(session.analyze("summary " + alone.string()), "alone.safetensors: is no folder of results");
  require_refused(session.analyze("responses --task sine --model rnn " + alone.string()), "alone.safetensors");
  require_refused(session.analyze("responses --task lmnist " + checkpoint), "--task: found 'lmnist'");
  const auto table = [&](const std::string& arguments, const std::string& file) {
    const Finished run = session.analyze(arguments + " --no-figures" + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / file);
  };
  CHECK(table("responses --task sine --model glifr_lheta " + alone.string(), "responses.csv") ==
        table("responses " + checkpoint, "responses.csv"));
  CHECK_THAT(table("responses --task sine " + alone.string(), "responses.csv"),
             Catch::StartsWith("sample,frequency,time,target,alone\n"));
  CHECK(table("ablation --draws 2 --task sine --model glifr_lheta --checkpoint " + alone.string(), "ablation.csv") ==
        table("ablation --draws 2 " + checkpoint, "ablation.csv"));
}

TEST_CASE("of a folder of several trials each network is analysed into a folder of its own") {
  const Session session;
  train_sine(session, "glifr_lheta,rnn --ntrials 2");
  const fs::path results = session.results(), out = session.out();
  const auto analyze = [&](const std::string& arguments) {
    fs::remove_all(out);
    const Finished run = session.analyze(arguments + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return run;
  };
  const std::tuple<std::string, std::string, std::string> analyses[] = {
      {"parameters --no-figures", "learnedparams.csv", "glifr_lheta"},
      {"fi-curve --no-figures", "frates.csv", "glifr_lheta"},
      {"cluster --no-figures --clusters 3", "cluster_labels.csv", "glifr_lheta"},
      {"connectivity --no-figures", "balance.csv", "rnn"}};
  for (const auto& [subcommand, table, model] : analyses) {
    CAPTURE(subcommand);
    for (const std::string trial : {"trial_0", "trial_1"}) {
      const fs::path below = fs::path("sine") / model / trial;
      analyze(subcommand + " " + (results / below).string());
      const std::string alone = glifr::read_file(out / table);
      for (const fs::path& place : {fs::path(), fs::path("sine"), fs::path("sine") / model}) {
        const Finished run = analyze(subcommand + " " + (results / place).string());
        CHECK(glifr::read_file(out / below.lexically_relative(place.empty() ? "." : place) / table) == alone);
        CHECK_FALSE(fs::exists(out / table));
        CHECK_THAT(run.out, Catch::Contains("sine/" + model + "/" + trial + ":\nwrote "));
      }
    }
  }

  // Those of other neurons are left out, as long as there are some that are not.
  const Finished curves = analyze("fi-curve --no-figures " + results.string());
  CHECK(count_lines(curves.error) == 2);
  CHECK_THAT(curves.error, Catch::Contains("left out sine/rnn/trial_0: ") &&
                               Catch::Contains("left out sine/rnn/trial_1: ") &&
                               Catch::Contains("has no tensor 'neuron_layer.thresh'"));
  CHECK_FALSE(fs::exists(out / "sine/rnn"));
  CHECK_THAT(curves.out, !Catch::Contains("rnn"));
  fs::remove_all(out);
  const Finished none = session.analyze("fi-curve " + (results / "sine/rnn").string() + session.out_option());
  CHECK(none.exit_code == 2);
  CHECK(count_lines(none.error) == 3);
  CHECK_THAT(none.error, Catch::Contains("rnn: none of its 2 networks can be analysed"));
  const std::string model = (results / "sine/glifr_lheta").string();
  require_refused(session.analyze("cluster --clusters 17 " + model + session.out_option()), "--clusters: found 17");
  require_refused(session.analyze("fi-curve --initial none.csv " + model + session.out_option()), "none.csv");
  CHECK_FALSE(fs::exists(out));

  glifr::test::write_text(session.file("file"), "");
  for (const std::string subcommand : {"parameters --no-figures ", "export "})
    require_refused(session.analyze(subcommand + results.string() + " --out " + session.file("file").string()),
                    "cannot write into this folder: Not a directory");

  analyze("export " + results.string());
  CHECK(fs::exists(out / "sine/rnn/trial_1/last.npz"));
  CHECK(fs::exists(out / "sine/glifr_lheta/trial_0/last.npz"));
  REQUIRE(session.analyze("export " + model).exit_code == 0);
  CHECK(fs::exists(results / "sine/glifr_lheta/trial_1/checkpoints/last.npz"));

  // A trial that is not whole is named, the others go on.
  fs::remove(results / "sine/glifr_lheta/trial_0/checkpoints/last.safetensors");
  CHECK_THAT(analyze("parameters --no-figures " + model).error, Catch::Contains("left out sine/glifr_lheta/trial_0: "));
  CHECK(fs::exists(out / "trial_1/learnedparams.csv"));
  fs::remove(results / "sine/glifr_lheta/trial_0/test.json");
  CHECK_THAT(analyze("parameters --no-figures " + model).error, Catch::Contains("left out sine/glifr_lheta/trial_0: "));
  CHECK(fs::exists(out / "learnedparams.csv"));  // the only one
}

TEST_CASE("the network is analysed that was tested, be it the best or the last") {
  const Session session;
  const Finished trained =
      session.train("--task sine --model glifr_lheta --epochs 3 --set hidden_size=16 --set noise_std=0.5 --set lr=0.5");
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const fs::path trial = session.results() / "sine/glifr_lheta/trial_0", checkpoints = trial / "checkpoints";
  fs::copy(checkpoints / "initial.safetensors", checkpoints / "best.safetensors");
  const auto parameters = [&](const fs::path& place) {
    const Finished run = session.analyze("parameters --no-figures " + place.string() + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / "learnedparams.csv");
  };
  const auto responses = [&](const fs::path& place) {
    const Finished run = session.analyze("responses --no-figures " + place.string() + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / "responses.csv");
  };
  const std::string last = parameters(checkpoints / "last.safetensors");
  REQUIRE(last != parameters(checkpoints / "best.safetensors"));
  CHECK(parameters(trial) == last);
  CHECK(responses(trial) == responses(checkpoints / "last.safetensors"));
  glifr::test::write_text(trial / "test.json",
                          R"({"test_loss": 1, "test_acc": null, "samples": 6, "test_checkpoint": "best", "epoch": 0})");
  CHECK(parameters(trial) == parameters(checkpoints / "best.safetensors"));
  CHECK(responses(session.results()) == responses(checkpoints / "best.safetensors"));
  fs::remove(trial / "test.json");
  CHECK(parameters(trial) == last);  // of an unfinished trial
}

TEST_CASE("analyses work on the users' own data: targets of every step and of the last, and classes") {
  const Session session;
  // 12 samples of 6 steps: two features; two targets, of every step, of the last, or a label.
  std::string every = "sample,a,b,target_x,target_y\n", label = "sample,a,b,label\n";
  for (int sample = 0; sample < 12; ++sample) {
    const int steps = sample % 2 == 0 ? 6 : 4;
    for (int step = 0; step < steps; ++step) {
      const std::string row = std::to_string(sample) + "," + std::to_string(sample % 3) + "," + std::to_string(step);
      every += row + "," + std::to_string(0.1 * sample) + "," + std::to_string(0.1 * step) + "\n";
      label += row + "," + std::to_string(sample % 3) + "\n";
    }
  }
  const fs::path data = session.file("data");
  glifr::test::write_text(data / "every.csv", every);
  glifr::test::write_text(data / "label.csv", label);
  const auto train = [&](const std::string& name, const std::string& model) {
    const Finished run = session.train("--task files --model " + model +
                                       " --epochs 2 --set hidden_size=6 --set dt=1 --set tau=1 "
                                       "--set train_data=" +
                                       name + " --set test_data=" + name + " --data " + data.string());
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
  };
  const auto analyze = [&](const std::string& arguments) {
    const Finished run = session.analyze(arguments + " " + session.results().string() + " --data " + data.string() +
                                         session.out_option());
    INFO(arguments);
    INFO(run.error);
    CHECK(run.exit_code == 0);
  };
  train("every.csv", "rnn,glifr_hom");
  // Sizes that no setting says are those of the data.
  const auto counted = [&](const std::string& arguments) {
    const Finished run =
        session.analyze("count --model rnn " + arguments + " --data " + data.string() + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / "count.csv");
  };
  const std::string of_trained = counted("--config " + (session.results() / "files/rnn/trial_0/config.json").string());
  CHECK_THAT(of_trained, Catch::Contains("\nfiles,rnn,6," + std::to_string(2 * 6 + 6 * 6 + 6 + 6 * 2 + 2) + "\n"));
  CHECK(counted("--task files --set train_data=every.csv --set test_data=every.csv --set hidden_size=6") == of_trained);
  analyze("responses");
  const std::string responses = glifr::read_file(session.out() / "responses.csv");
  CHECK_THAT(responses, Catch::StartsWith("sample,time,output,target,rnn,glifr_hom\n0,0,0,0,"));
  CHECK(count_lines(responses) == 1 + 2 * (6 * 6 + 6 * 4));  // what lies behind a sample's end is not there
  CHECK(fs::exists(session.out() / "responses_and_targets.gp"));
  analyze("responses --no-figures --samples 2");
  CHECK(count_lines(glifr::read_file(session.out() / "responses.csv")) == 1 + 2 * (6 + 4));
  analyze("ablation --no-figures --draws 1");
  CHECK_THAT(glifr::read_file(session.out() / "ablation.csv"), Catch::Contains("\nfiles,rnn,0,0,1,"));
  analyze("curves --no-figures");
  analyze("report");
  CHECK_THAT(glifr::read_file(session.out() / "report.html"),
             Catch::Contains("Responses: files") && !Catch::Contains("ublished"));

  fs::remove_all(session.results());
  train("label.csv", "rnn");
  require_refused(session.analyze("responses " + session.results().string() + " --data " + data.string()),
                  "none of the trials that were asked for is of a task with target values");
  analyze("report");
  CHECK(fs::exists(session.out() / "confusion_files_rnn.gp"));
}

TEST_CASE("test data that are others than in training are named, those that were scaled need no training data") {
  const Session session;
  const fs::path data = session.file("data");
  const auto write = [&](const char* name, int samples, double shift) {
    std::string text = "sample,a,target_x\n";
    for (int i = 0; i < 3 * samples; ++i)
      text += std::to_string(i / 3) + "," + std::to_string(shift + i) + ",0." + std::to_string(i % 7) + "\n";
    glifr::test::write_text(data / name, text);
  };
  write("train.csv", 8, 10);
  write("test.csv", 5, 0);
  const Finished trained = session.train(
      "--task files --model rnn,glifr_hom --epochs 1 --set hidden_size=4 --set dt=1 --set tau=1 --set "
      "normalize=standard --set train_data=train.csv --set test_data=test.csv --data " +
      data.string());
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const auto analyze = [&](const std::string& subcommand) {
    const Finished run = session.analyze(subcommand + " --no-figures " + session.results().string() + " --data " +
                                         data.string() + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return run.error;
  };
  const auto tables = [&] {
    return glifr::read_file(session.out() / "ablation.csv") + glifr::read_file(session.out() / "responses.csv");
  };
  CHECK(analyze("ablation --draws 1").empty());
  CHECK(analyze("responses").empty());
  const std::string before = tables();
  write("train.csv", 8, 100);
  CHECK(analyze("ablation --draws 1").empty());
  CHECK(analyze("responses").empty());
  CHECK(tables() == before);
  fs::remove(data / "train.csv");
  CHECK(analyze("ablation --draws 1").empty());
  CHECK(analyze("responses").empty());
  CHECK(tables() == before);

  write("test.csv", 6, 0);
  for (const char* subcommand : {"ablation --draws 1", "responses"}) {
    const std::string said = analyze(subcommand);
    CHECK(count_lines(said) == 1);
    CHECK_THAT(said, Catch::Contains("the test data of files are not those that") &&
                         Catch::Contains("(samples of the test data: 5, here 6)"));
  }
}

TEST_CASE("a checkpoint that lies anywhere is analysed with the settings that are given") {
  const Session session;
  std::string rows = "sample,a,target_x\n";
  for (int row = 0; row < 24; ++row) {
    rows += std::to_string(row / 4) + "," + std::to_string(row % 4) + "," + std::to_string(0.1 * (row % 5)) + "\n";
  }
  glifr::test::write_text(session.file("own.csv"), rows);
  glifr::test::write_text(session.file("deep.json"), R"({"base": "files", "dt": 1, "models": {"deep": {"layers": [
    {"size": 5, "sigma_v": 0.5}, {"size": 4}]}}})");
  const std::string data = " --data " + session.file("").string();
  const std::string config =
      " --config " + session.file("deep.json").string() + " --set train_data=own.csv --set test_data=own.csv";
  const Finished trained = session.train("--model deep --epochs 1 --set normalize=standard" + config + data);
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const std::string trial = (session.results() / "deep/deep/trial_0").string();
  const fs::path alone = session.file("alone.safetensors");
  fs::copy(trial + "/checkpoints/last.safetensors", alone);
  const std::string checkpoint = " --checkpoint " + alone.string();
  for (const std::string name : {"responses", "ablation"}) {
    const auto table = [&](const std::string& more) {
      const Finished run = session.analyze(name + " --no-figures" + more + data + session.out_option());
      INFO(run.error);
      REQUIRE(run.exit_code == 0);
      return glifr::read_file(session.out() / (name + ".csv"));
    };
    const std::string expected = table(" " + trial);
    CHECK(table(checkpoint + config) == expected);
    CHECK(table(checkpoint + config + " --task files --model deep") == expected);
    glifr::test::write_text(session.file("deep.json"), R"({"base": "files", "dt": 1, "models": {"deep": {"layers": [
      {"size": 5}, {"size": 4}]}}})");
    CHECK(table(checkpoint + config) == expected);
    CHECK(table(checkpoint + config + " --set sigma_v=0.1") != expected);
    require_refused(session.analyze(name + checkpoint + " --task files --model rnn" + data),
                    "train_data: is missing; the task files needs train_data and test_data, as --set train_data=");
    require_refused(session.analyze(name + " --set lr=1 " + trial + data), "--set: is for a checkpoint of which");
    require_refused(session.analyze(name + config + " --checkpoint " + trial + data), "--config: is for a checkpoint");
  }
}

TEST_CASE("silencing neurons of a network that diverged says so and leaves its cells empty") {
  const Session session;
  train_sine(session, "rnn", 1);
  const fs::path checkpoint = session.results() / "sine/rnn/trial_0/checkpoints/last.safetensors";
  glifr::TensorFile file = glifr::read_safetensors(checkpoint);
  const auto bias = std::ranges::find(file.tensors, "output_linear.bias", &glifr::NamedTensor::name);
  REQUIRE(bias != file.tensors.end());
  *bias = glifr::make_named_tensor<double>("output_linear.bias", {1}, std::vector<double>{1e200});
  glifr::write_safetensors(checkpoint, file);
  const Finished run =
      session.analyze("ablation --draws 2 --ratios 0.5,1 " + session.results().string() + session.out_option());
  CHECK(run.exit_code == 0);
  CHECK(count_lines(run.error) >= 2);
  CHECK_THAT(run.error, Catch::Contains("sine/rnn, 50 % silenced: the loss is no finite number in 2 of 2 tests") &&
                            Catch::Contains("sine/rnn, 100 % silenced: the loss is no finite number in 1 of 1 tests"));
  CHECK_THAT(run.out, Catch::Contains("50 %: not finite"));
  CHECK(glifr::read_file(session.out() / "ablation_draws.csv") ==
        "task,model,trial,ratio_silenced,metric,value\nsine,rnn,0,0.5,test_loss,\nsine,rnn,0,0.5,test_loss,\n"
        "sine,rnn,0,1,test_loss,\n");
}

TEST_CASE("activity keeps states, outputs and predicted classes of each network that is chosen") {
  const Session session;
  train_sine(session, "rnn,glifr_lheta");
  const std::string results = session.results().string();
  const Finished run = session.analyze("activity --samples 2 --model glifr_lheta " + results + session.out_option());
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  const fs::path folder = session.out() / "sine/glifr_lheta/trial_0";
  const glifr::TensorFile file = glifr::read_safetensors(folder / "activity.safetensors");
  CHECK(file.find("firing")->shape == std::vector<glifr::Index>{2, 100, 16});
  CHECK(file.find("targets")->shape == std::vector<glifr::Index>{2, 100, 1});
  CHECK(file.find("labels") == nullptr);
  CHECK(fs::exists(folder / "activity.gp"));
  CHECK_FALSE(fs::exists(folder / "predictions.csv"));
  CHECK_FALSE(fs::exists(session.out() / "sine/rnn"));

  // The outputs are those that responses compares with the targets.
  const std::string checkpoint = (session.results() / "sine/glifr_lheta/trial_0").string();
  REQUIRE(session.analyze("responses --no-figures --checkpoint " + checkpoint + session.out_option()).exit_code == 0);
  const glifr::CsvNumbers responses =
      glifr::read_csv_numbers((session.out() / "responses.csv").string(), {.has_header = true});
  const std::vector<float> output = glifr::values_of<float>(*file.find("output"), "activity");
  for (std::size_t t : {0, 50, 150}) {
    INFO(t);
    CHECK(output[t] == Approx(responses.values[t * 5 + 4]).margin(1e-6));
  }
}
