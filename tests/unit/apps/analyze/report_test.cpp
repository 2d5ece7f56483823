// glifr_analyze as a user meets it. The report.
#include "session.hpp"

using namespace glifr::test::analyze;

TEST_CASE("a report tests against published values only what was trained as they were, and names what differs") {
  const Session session;
  REQUIRE(session.train("--task sine --model rnn --ntrials 2 --epochs 1").exit_code == 0);
  const auto replace_in_config = [&](int trial, const std::string& before, const std::string& after) {
    const fs::path file = session.results() / "sine/rnn" / ("trial_" + std::to_string(trial)) / "config.json";
    std::string text = glifr::read_file(file);
    const std::size_t at = text.find(before);
    REQUIRE(at != std::string::npos);
    glifr::test::write_text(file, text.replace(at, before.size(), after));
  };
  const auto report = [&] {
    const Finished run = session.analyze("report --no-figures --ablation-samples 0 " + session.results().string() +
                                         session.out_option());
    INFO(run.error);
    CHECK(run.exit_code == 0);
    return glifr::read_file(session.out() / "report.html");
  };
  CHECK_THAT(report(), Catch::Contains("<td>no test: max_epochs (1, 5000)</td>") && !Catch::Contains(", p "));
  for (const int trial : {0, 1}) replace_in_config(trial, "\"max_epochs\": 1,", "\"max_epochs\": 5000,");
  const std::string as_published = report();
  CHECK_THAT(as_published, !Catch::Contains("no test: ") && !Catch::Contains("differ in a setting"));
  CHECK_THAT(as_published, Catch::Contains("<td>t(") && Catch::Contains(", p ") &&
                               Catch::Contains(">published trials</th>") && Catch::Contains("Published values: "));
  CHECK_THAT(as_published, Catch::Contains("sine, RNN (rnn)") && Catch::Contains("2 trials, analysed"));
  replace_in_config(1, "\"lr\": 1e-04", "\"lr\": 0.5");
  CHECK_THAT(report(), Catch::Contains("no test: lr (0.5, 1e-04)") && Catch::Contains("differ in a setting") &&
                           Catch::Contains("lr (1e-04, 0.5)"));
  replace_in_config(1, "\"lr\": 0.5", "\"lr\": 1e-04");
  glifr::test::write_text(session.results() / "sine/rnn/trial_0/test.json",
                          R"({"test_loss": 0.1, "test_acc": null, "samples": 5})");
  CHECK_THAT(report(), Catch::Contains("no test: samples tested (5, 6)"));
}
