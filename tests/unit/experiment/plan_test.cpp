// Parts of a plan: chains stay together, every trial is in one part, whatever is trained already.
#include "glifr/experiment/plan.hpp"

#include <set>

#include "glifr/io/files.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

namespace {

using namespace glifr;

std::vector<PlannedTrial> plan_of(const std::string& models, Index trials, const std::filesystem::path& out) {
  const Config config("sine");
  return make_plan(config, select_models(models, config), 0, trials, {.out = out}, {});
}

TEST_CASE("models that start from each other make a chain") {
  const test::TemporaryFolder folder;
  const auto plan = plan_of("all", 2, folder.path());
  const auto chains = chains_of(plan);
  REQUIRE(plan.size() == 20);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].after) CHECK(chains[i] == chains[*plan[i].after]);
  }
  CHECK(std::set(chains.begin(), chains.end()).size() == 12);  // rnn, lstmn, hom, homa, lhet…, lheta… of each trial
}

TEST_CASE("the parts of a plan are all of it, and what a trial starts from stands before it") {
  const test::TemporaryFolder folder;
  const auto plan = plan_of("rnn,glifr_fheta,glifr_rheta,glifr_rhet", 3, folder.path());  // and what they start from
  for (const std::size_t parts : {1, 2, 4, 20}) {
    std::multiset<std::string> labels;
    for (std::size_t part = 0; part < parts; ++part) {
      const auto some = part_of(plan, part, parts);
      for (std::size_t i = 0; i < some.size(); ++i) {
        labels.insert(some[i].trial.label());
        if (!some[i].after) continue;
        REQUIRE(*some[i].after < i);
        CHECK(some[*some[i].after].trial.settings.model.name == some[i].trial.source->model.name);
        CHECK(some[*some[i].after].trial.number == some[i].trial.number);
      }
    }
    std::multiset<std::string> all;
    for (const PlannedTrial& planned : plan) all.insert(planned.trial.label());
    CHECK(labels == all);
  }
}

TEST_CASE("which part a trial is in does not depend on what is trained already") {
  const test::TemporaryFolder folder;
  const auto plan = plan_of("rnn,glifr_fheta,glifr_rhet", 2, folder.path());
  std::vector<PlannedTrial> without;  // prerequisites, as once they are complete
  for (PlannedTrial planned : plan) {
    if (planned.is_prerequisite) continue;
    planned.after.reset();
    without.push_back(std::move(planned));
  }
  for (std::size_t part = 0; part < 3; ++part) {
    std::multiset<std::string> before, after;
    for (const PlannedTrial& planned : part_of(plan, part, 3)) {
      if (!planned.is_prerequisite) before.insert(planned.trial.label());
    }
    for (const PlannedTrial& planned : part_of(without, part, 3)) after.insert(planned.trial.label());
    CHECK(before == after);
  }
}

TEST_CASE("variations that are the same for all models are refused") {
  const auto variations = [](const char* sweep) { return Config("sine").sweep({"lr=1e-3,1e-4", sweep}); };
  const Model rnn = find_model("rnn"), glifr = find_model("glifr_lheta");
  CHECK_NOTHROW(check_variations(variations("hidden_size=8,9"), {rnn}, {}));
  CHECK_NOTHROW(check_variations(variations("num_ascs=0,2"), {rnn, glifr}, {}));
  CHECK_THROWS_WITH(
      check_variations(variations("num_ascs=0,2"), {rnn}, {}),
      Catch::Matchers::Contains("sine@lr=0.001,num_ascs=0 and sine@lr=0.001,num_ascs=2 are the same for rnn"));
  // Constants of other neurons; a network of some models may have them.
  for (const char* sweep : {"R=0.1,0.2", "tau=1,2", "sigma_v=1,2"}) {
    CHECK_THROWS_WITH(check_variations(variations(sweep), {rnn}, {}),
                      Catch::Matchers::Contains("are the same for rnn"));
    CHECK_NOTHROW(check_variations(variations(sweep), {rnn, glifr}, {}));
  }
  // What another setting switches off.
  using Pair = std::pair<const char*, const char*>;  // a sweep, and the setting with which it counts
  for (const auto& [sweep, switched_on] : {Pair{"momentum=0,0.5", "optimizer=sgd"},
                                           {"weight_decay=0,0.5", "optimizer=adamw"},
                                           {"lr_step_factor=0.1,0.5", "lr_schedule=step"},
                                           {"lr_plateau_patience=3,4", "lr_schedule=plateau"},
                                           {"sigma_v_first=2,3", "sigma_v_anneal=true"},
                                           {"validation_every=1,2", "validation_fraction=0.5"}}) {
    INFO(sweep);
    Config config("lmnist");
    CHECK_THROWS_WITH(check_variations(config.sweep({sweep}), {glifr}, {}), Catch::Matchers::Contains("has no effect"));
    config.set(switched_on);
    CHECK_NOTHROW(check_variations(config.sweep({sweep}), {glifr}, {}));
  }
  // What is written beside the same networks.
  for (const char* sweep : {"checkpoint_seconds=1,2", "parameter_every=1,2"})
    CHECK_THROWS_WITH(check_variations(Config("lmnist").sweep({sweep}), {glifr}, {}),
                      Catch::Matchers::Contains("has no effect"));
}

TEST_CASE("a device takes the trials of one shape side by side, where a step is small") {
  const test::TemporaryFolder folder;
  CHECK(choose_lanes(plan_of("rnn,glifr_lheta", 7, folder.path())) == 7);
  CHECK(choose_lanes(plan_of("glifr_lheta", 100, folder.path())) == 32);
  const Config large("pmnist");
  CHECK(choose_lanes(make_plan(large, {find_model("glifr_lheta")}, 0, 7, {.out = folder.path()}, {})) == 1);
}

TEST_CASE("trials side by side are chosen by all layers of a network") {
  const test::TemporaryFolder folder;
  const auto plan_of_sizes = [&](const std::string& first, const std::string& second) {
    const auto file = folder.path() / "mine.json";
    test::write_text(file, R"({"base": "sine", "models": {"m": {"layers": [{"size": )" + first + R"(}, {"size": )" +
                               second + "}]}}}");
    const Config config = Config::from_file(file, std::nullopt);
    return make_plan(config, config.described_models(), 0, 2, {.out = folder.path()}, {});
  };
  CHECK(choose_jobs(plan_of_sizes("8", "9"), 2) == 2);
  CHECK(choose_lanes(plan_of_sizes("8", "9")) == 2);
  for (const auto& [first, second] : {std::pair("8", "4096"), std::pair("4096", "8")}) {
    CHECK(choose_jobs(plan_of_sizes(first, second), 2) == 1);
    CHECK(choose_lanes(plan_of_sizes(first, second)) == 1);
  }
}

}  // namespace
