// glifr_analyze as a user meets it. count: sizes of networks without training.
#include "session.hpp"

using namespace glifr::test::analyze;

TEST_CASE("count gives the published hidden sizes for as many parameters as the RNN has") {
  const Session session;
  REQUIRE(session.analyze("count --task lmnist --match 256" + session.out_option()).exit_code == 0);
  const std::string csv = glifr::read_file(session.out() / "count.csv");
  for (const char* row :
       {"rnn,256,", "lstmn,122,", "glifr_hom,256,", "glifr_lhet,255,", "glifr_lheta,252,", "glifr_rheta,252,"}) {
    CHECK_THAT(csv, Catch::Contains(std::string("\nlmnist,") + row));
  }
  REQUIRE(session.analyze("count --task sine --model glifr_lheta" + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "count.csv"), Catch::Contains("\nsine,glifr_lheta,124,16617\n"));
  const Finished small = session.analyze("count --task sine --match 1" + session.out_option());
  REQUIRE(small.exit_code == 0);
  CHECK_THAT(small.out, Catch::Contains("an RNN of 1 neuron has "));
  CHECK_THAT(small.error, Catch::Contains("one neuron has more trained parameters") && Catch::Contains("lstmn"));
  CHECK(count_lines(small.error) == 1);
  CHECK_THAT(glifr::read_file(session.out() / "count.csv"),
             Catch::Contains("\nsine,rnn,1,") && Catch::Contains("\nsine,lstmn,,\n"));
  // The weights of the one neuron are not trained.
  REQUIRE(session.analyze("count --task realizable" + session.out_option()).exit_code == 0);
  CHECK_THAT(glifr::read_file(session.out() / "count.csv"), Catch::Contains("\nrealizable,glifr_lheta,1,8\n"));
  require_refused(session.analyze("count --task realizable --match 4"), "--match: found 4; the networks of task ");
}

TEST_CASE("count takes the models that a configuration describes, with the sizes of their layers") {
  const Session session;
  glifr::test::write_text(session.file("deep.json"), R"({"base": "sine", "models": {
    "deep": {"layers": [{"neuron": "rnn", "size": 11}, {"neuron": "rnn", "size": 6}]},
    "flat": {"layers": [{"neuron": "rnn", "size": 7}]}}})");
  const auto count = [&](const std::string& more) {
    const Finished run =
        session.analyze("count --config " + session.file("deep.json").string() + more + session.out_option());
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    CHECK_THAT(run.out, Catch::Contains("deep           hidden size 11+6 "));
    return glifr::read_file(session.out() / "count.csv");
  };
  const std::string deep = "deep,deep,11+6," + std::to_string(11 + 11 * 11 + 11 + 11 * 6 + 6 * 6 + 6 + 6 + 1) + "\n";
  const std::string flat = "deep,flat,7," + std::to_string(7 + 7 * 7 + 7 + 7 + 1) + "\n";
  CHECK(count("") == "task,model,hidden_size,trained_parameters\n" + deep + flat);
  CHECK_THAT(count(" --model rnn,deep"), Catch::Contains("\ndeep,rnn,") && Catch::EndsWith("\n" + deep));
}
