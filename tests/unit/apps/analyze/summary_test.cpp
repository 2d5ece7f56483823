// glifr_analyze as a user meets it. Tables and figures of results: summary, curves, and what is said of folders that
// are not whole.
#include "session.hpp"

using namespace glifr::test::analyze;

TEST_CASE("summary and curves of a folder that is partly damaged") {
  const Session session;
  for (int trial = 0; trial < 3; ++trial) {
    glifr::test::write_trial(session.results(), "lmnist", "rnn", trial, 0.1 + 0.01 * trial, 0.9 + 0.01 * trial);
    glifr::test::write_trial(session.results(), "lmnist", "lstmn", trial, 0.2 + 0.01 * trial, 0.8 + 0.02 * trial);
  }
  fs::remove(session.results() / "lmnist" / "rnn" / "trial_1" / "test.json");
  const Finished summary =
      session.analyze("summary " + session.results().string() + session.out_option() + " --no-figures");
  CHECK(summary.exit_code == 0);
  CHECK_THAT(summary.error, Catch::Contains("left out lmnist/rnn/trial_1") && Catch::Contains("did not finish"));
  CHECK_THAT(summary.out, Catch::Contains("RNN") && Catch::Contains("2 trials"));
  CHECK_THAT(glifr::read_file(session.out() / "summary.csv"), Catch::Contains("\nlmnist,rnn,2,0.91,"));
  CHECK_THAT(glifr::read_file(session.out() / "ttests.csv"), Catch::Contains("\nlmnist,test_acc,rnn,lstmn,2,3,"));

  const Finished curves = session.analyze("curves " + session.results().string() + session.out_option());
  CHECK(curves.exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "curves.csv"),
             Catch::Contains("\nlmnist,lstmn,3,2,") && Catch::Contains("\nlmnist,rnn,3,2,"));
  CHECK(curves.error.find("not finished, taken as far as they are: lmnist/rnn/trial_1 (3 epochs)\n") !=
        std::string::npos);
  CHECK(fs::exists(session.out() / "curves_lmnist.gp"));
}

TEST_CASE("what an interrupted analysis left half-written is gone after the next") {
  const Session session;
  glifr::test::write_trial(session.results(), "sine", "rnn", 0, 0.1, {});
  const pid_t interrupted = ::fork();
  if (interrupted == 0) ::_exit(0);
  REQUIRE(::waitpid(interrupted, nullptr, 0) == interrupted);
  const fs::path leftover = session.out() / glifr::detail::unfinished_name(interrupted, 3);
  glifr::test::write_text(leftover, "half");
  CHECK(session.analyze("curves --no-figures " + session.results().string() + session.out_option()).exit_code == 0);
  CHECK(fs::exists(session.out() / "curves.csv"));
  CHECK_FALSE(fs::exists(leftover));
}

TEST_CASE("without gnuplot everything else is written, and one line says why there are no drawings") {
  const Session session;
  glifr::test::write_trial(session.results(), "sine", "rnn", 0, 0.1, {});
  glifr::test::write_trial(session.results(), "lmnist", "rnn", 0, 0.1, 0.9);
  const std::string path = glifr::test::environment("PATH").value_or("");
  ::setenv("PATH", session.file("").c_str(), 1);
  const Finished run = session.analyze("summary " + session.results().string() + session.out_option());
  ::setenv("PATH", path.c_str(), 1);
  CHECK(run.exit_code == 0);
  CHECK(count_lines(run.error) == 1);
  CHECK_THAT(run.error, Catch::Contains("gnuplot was not found"));
  CHECK(fs::exists(session.out() / "summary.csv"));
  CHECK(fs::exists(session.out() / "summary_lmnist_means.csv"));
}

TEST_CASE("tasks go by the names of their folders, with commas and quotes, each with figures of its own") {
  const Session session;
  train_sine(session, "rnn");
  for (const char* name : {"sine,lr=0.01", "sine;lr=0.01", "the \"first\""}) {
    fs::copy(session.results() / "sine", session.results() / name, fs::copy_options::recursive);
  }
  const Finished summary = session.analyze("summary " + session.results().string() + session.out_option());
  CHECK(summary.exit_code == 0);
  const std::string table = glifr::read_file(session.out() / "summary.csv");
  CHECK_THAT(table, Catch::Contains("\n\"sine,lr=0.01\",rnn,1,") && Catch::Contains("\nsine;lr=0.01,rnn,1,") &&
                        Catch::Contains("\n\"the \"\"first\"\"\",rnn,1,"));
  std::ptrdiff_t scripts = 0;
  for (const auto& entry : fs::directory_iterator(session.out())) scripts += entry.path().extension() == ".gp";
  CHECK(scripts == 4);
  const Finished responses = session.analyze("responses " + session.results().string() + session.out_option());
  CHECK(responses.exit_code == 0);
  CHECK(fs::exists(session.out() / "responses_sine.csv"));
  std::ptrdiff_t others = 0;
  for (const auto& entry : fs::directory_iterator(session.out())) {
    if (!entry.path().filename().string().starts_with("responses_sine_lr_0.01-")) continue;
    ++others;
    CHECK(fs::exists(session.out() / ("sine_" + entry.path().stem().string() + ".gp")));
  }
  CHECK(others == 2);
}

TEST_CASE("a task's name of any length and any characters makes tables and figures, of one name in the report") {
  const Session session;
  train_sine(session, "rnn");
  const std::string name = "t k%s<&>" + std::string(230, 'x');
  fs::rename(session.results() / "sine", session.results() / name);
  for (const char* subcommand : {"summary ", "responses ", "report "}) {
    const Finished run = session.analyze(subcommand + session.results().string() + session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(session.out())) names.push_back(entry.path().filename().string());
  const auto has = [&](const std::string& beginning, const std::string& end) {
    return std::ranges::any_of(
        names, [&](const std::string& file) { return file.starts_with(beginning) && file.ends_with(end); });
  };
  CHECK(has("ablation_t_k_s___xxx", "_table.csv"));
  CHECK(has("summary_t_k_s___xxx", "_means.csv"));
}

TEST_CASE("every figure that gnuplot cannot draw is named") {
  const Session session;
  glifr::test::write_trial(session.results(), "sine", "rnn", 0, 0.1, {});
  glifr::test::write_trial(session.results(), "lmnist", "rnn", 0, 0.1, 0.9);
  const fs::path program = session.file("programs/gnuplot");
  glifr::test::write_text(program, "#!/bin/sh\necho 'no such font' >&2\nexit 1\n");
  fs::permissions(program, fs::perms::all);
  const std::string path = glifr::test::environment("PATH").value_or("");
  ::setenv("PATH", (program.parent_path().string() + ":" + path).c_str(), 1);
  const Finished run = session.analyze("summary " + session.results().string() + session.out_option());
  ::setenv("PATH", path.c_str(), 1);
  CHECK(run.exit_code == 0);
  CHECK(count_lines(run.error) == 2);
  for (const char* figure : {"summary_sine.svg is not drawn", "summary_lmnist.svg is not drawn"})
    CHECK_THAT(run.error, Catch::Contains(figure) && Catch::Contains("gnuplot failed: no such font"));
}

TEST_CASE("a sweep on sine: a table of trials, groups by setting, and a section of the report") {
  const Session session;
  const Finished trained = session.train(
      "--task sine --model rnn,glifr_hom --ntrials 2 --epochs 2 --sweep lr=1e-3,1e-4 --sweep hidden_size=8,12");
  INFO(trained.error);
  REQUIRE(trained.exit_code == 0);
  const Finished summary = session.analyze("summary --no-figures " + session.results().string() +
                                           " --by hidden_size,lr" + session.out_option());
  INFO(summary.error);
  REQUIRE(summary.exit_code == 0);
  CHECK(count_lines(glifr::read_file(session.out() / "trials.csv")) == 1 + 2 * 4 * 2);
  const std::string groups = glifr::read_file(session.out() / "summary_by.csv");
  CHECK(count_lines(groups) == 1 + 2 * 4);
  CHECK_THAT(groups, Catch::StartsWith("base_task,model,hidden_size,lr,trials,") &&
                         Catch::Contains("\nsine,rnn,8,1e-04,2,") && Catch::Contains("\nsine,glifr_hom,12,0.001,2,"));
  const auto variations = glifr::read_csv_cells(session.out() / "variations.csv");
  CHECK(variations.rows.size() == 2 * 4 * 3);
  for (const auto& row : variations.rows) CHECK(row[variations.column("n_pairs").value()] == "2");
  CHECK_THAT(summary.out, Catch::Contains("sine by settings") && Catch::Contains("hidden_size"));
  require_refused(
      session.analyze("summary " + session.results().string() + " --by learning_rate" + session.out_option()),
      "--by: found 'learning_rate', a setting of no trial; accepted: ");

  const Finished report = session.analyze("report " + session.results().string() + session.out_option());
  INFO(report.error);
  REQUIRE(report.exit_code == 0);
  const std::string page = glifr::read_file(session.out() / "report.html");
  CHECK_THAT(page, Catch::Contains("Sweeps") && Catch::Contains("Sweep of sine") &&
                       Catch::Contains("Task sine@lr=0.001,hidden_size=8") && !Catch::Contains("Silencing neurons") &&
                       !Catch::Contains("Responses"));
  CHECK(fs::exists(session.out() / "sweep_sine.gp"));
}

TEST_CASE("summary says where trials of different data are taken together") {
  const Session session;
  const auto add = [&](const std::string& task, int number, const std::string& file, const std::string& checksum) {
    const fs::path folder = glifr::test::write_trial(session.results(), task, "rnn", number, 0.1, {});
    glifr::test::write_text(folder / "config.json",
                            R"({"base_task": "files", "model": "rnn", "lr": 1, "test_data": ")" + file +
                                R"(", "data": {"test": {"inputs": ")" + checksum + R"("}}})");
  };
  const auto warnings = [&](const std::string& arguments) {
    const Finished run =
        session.analyze("summary --no-figures " + session.results().string() + session.out_option() + " " + arguments);
    CHECK(run.exit_code == 0);
    return run.error;
  };
  add("first", 0, "a.csv", "01");
  add("first", 1, "moved/a.csv", "01");
  CHECK(warnings("--by lr").empty());
  add("second", 0, "b.csv", "02");
  CHECK(warnings("").empty());
  CHECK(warnings("--by lr,test_data").empty());
  CHECK(warnings("--by lr") ==
        "glifr_analyze: files: trials of different data are taken together, by test_data (a.csv, b.csv); --by groups "
        "them\n");
  add("second", 1, "c.csv", "03");
  CHECK_THAT(warnings(""), Catch::StartsWith("glifr_analyze: second: trials of different data "));
}

TEST_CASE("accuracies and losses never share a table, a mean or an axis") {
  const Session session;
  std::string labels = "sample,a,label\n", targets = "sample,a,target_x\n";
  for (int sample = 0; sample < 6; ++sample) {
    for (int step = 0; step < 3; ++step) {
      const std::string row = std::to_string(sample) + "," + std::to_string(sample % 2) + ",";
      labels += row + std::to_string(sample % 2) + "\n";
      targets += row + "0.5\n";
    }
  }
  glifr::test::write_text(session.file("data/labels.csv"), labels);
  glifr::test::write_text(session.file("data/targets.csv"), targets);
  const auto train = [&](const std::string& name, const std::string& model, const std::string& data) {
    const Finished run =
        session.train("--task files --name " + name + " --model " + model +
                      " --epochs 1 --set hidden_size=4 --set dt=1 --set tau=1 --set train_data=" + data +
                      " --set test_data=" + data + " --data " + session.file("data").string());
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
  };
  train("cls", "rnn", "labels.csv");
  train("mix", "rnn", "labels.csv");
  train("mix", "lstmn", "targets.csv");
  const auto analyze = [&](const std::string& arguments) {
    return session.analyze(arguments + " " + session.results().string() + session.out_option() +
                           " --no-figures --data " + session.file("data").string());
  };
  const Finished summary = analyze("summary --by hidden_size");
  CHECK(summary.exit_code == 0);
  CHECK_THAT(summary.out, Catch::Contains("\ncls, test accuracy (%)\n") && Catch::Contains("\nmix, test loss\n") &&
                              Catch::Contains("hidden_size  trials  test loss\n"));
  CHECK(count_lines(summary.error) == 4);  // of the task mix and of the base task files, and of their data
  CHECK_THAT(summary.error, Catch::Contains("mix: some trials have an accuracy and others none") &&
                                Catch::Contains("files: some trials"));
  const Finished ablation = analyze("ablation --draws 1 --ratios 0");
  CHECK(ablation.exit_code == 0);
  CHECK(count_lines(ablation.error) == 1);
  CHECK_THAT(ablation.out, Catch::Contains("\ncls, test accuracy (%)\n") && Catch::Contains("\nmix, test loss\n"));
  const std::string draws = glifr::read_file(session.out() / "ablation_draws.csv");
  CHECK_THAT(draws, Catch::Contains("\ncls,rnn,0,0,test_acc,") && Catch::Contains("\nmix,rnn,0,0,test_loss,"));
  const auto loss = [&](const std::string& row) { return std::stod(draws.substr(draws.find(row) + row.size())); };
  CHECK(loss("\nmix,rnn,0,0,test_loss,") ==
        Approx(std::stod(glifr::read_file(session.results() / "mix/rnn/trial_0/test.json")
                             .substr(std::string("{\n  \"test_loss\": ").size()))));
}

TEST_CASE("a trial whose config.json is of another model counts by its folder, with a line that says so") {
  const Session session;
  glifr::test::write_trial(session.results(), "sine", "rnn", 0, 0.1, {});
  glifr::test::write_trial(session.results(), "renamed", "rnn", 0, 0.1, {});
  fs::create_directories(session.results() / "sine/glifr_lheta");
  fs::copy(session.results() / "sine/rnn/trial_0", session.results() / "sine/glifr_lheta/trial_7",
           fs::copy_options::recursive);
  glifr::test::write_text(session.results() / "renamed/rnn/trial_0/config.json",
                          R"({"task": "sine", "model": "rnn", "max_epochs": 400})");
  const std::string arguments = session.results().string() + " --no-figures" + session.out_option();
  const Finished run = session.analyze("summary " + arguments);
  CHECK(run.exit_code == 0);
  CHECK(run.error ==
        "glifr_analyze: sine/glifr_lheta/trial_7 counts as glifr_lheta, though its config.json says rnn\n");
  REQUIRE(session.analyze("report " + arguments).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "report.html"), Catch::Contains(">3 of 400<"));
}
