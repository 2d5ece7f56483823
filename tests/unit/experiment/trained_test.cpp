// The networks of trials that are read back from their folders.
#include "glifr/experiment/trained.hpp"

#include <atomic>
#include <boost/json.hpp>

#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/data.hpp"
#include "glifr/experiment/plan.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/training/checkpoint.hpp"
#include "glifr/training/evaluate.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "unit/datasets/fixtures.hpp"

namespace glifr {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// A trial in a folder of results, of few neurons on the task sine.
class TrainedTrial {
 public:
  explicit TrainedTrial(const std::vector<std::string>& changes) {
    Config config("sine");
    config.set("hidden_size=6");
    for (const std::string& change : changes) config.set(change);
    const RunOptions options{.out = results(), .seed = 3};
    const auto plan = make_plan(config, select_models("glifr_lheta", config), 0, 1, options, {});
    std::atomic<bool> stop = false;
    TrialObserver observer;
    (void)run_plan(plan, options, data, 1, 1, stop, observer);
  }

  [[nodiscard]] fs::path results() const { return folder_.path() / "results"; }
  [[nodiscard]] TrialFolder files() const { return {results(), "sine", "glifr_lheta", 0}; }
  /// The loss of a network on the test data, and that which training found.
  [[nodiscard]] double loss_of(const TrainedNetwork& trained, const RecurrentNetwork<float>& network) {
    const TensorFile checkpoint = read_safetensors(trained.checkpoint);
    Workers workers(1);
    return evaluate<float>(network, *data.load_test<float>(trained.settings, trained.seed, &checkpoint, "checkpoint"),
                           workers)
        .loss();
  }
  [[nodiscard]] double recorded_loss() const { return analysis::read_test(files().test()).loss; }
  /// What is said where it cannot be read.
  [[nodiscard]] static std::string refusal(const fs::path& place) {
    try {
      (void)make_trained<float>(read_trained(place));
    } catch (const DataError& error) {
      CHECK(test::is_one_line(error));
      return error.what();
    }
    FAIL("nothing was refused");
    return {};
  }

  DataStore data{{}};

 private:
  test::TemporaryFolder folder_;
};

double sigma_v_of(const RecurrentNetwork<float>& network) {
  for (const auto& [name, value] : network.constants()) {
    if (name == "sigma_v") return value;
  }
  return 0;
}

TEST_CASE("the network of a trial is read back with its parameters and its annealed threshold") {
  TrainedTrial trial({"max_epochs=4", "lr=1e-2", "sigma_v_anneal=true"});
  const TrainedNetwork trained = read_trained(trial.files().path());
  CHECK(trained.settings.model.name == "glifr_lheta");
  CHECK(trained.settings.model.hidden_size == 6);
  CHECK(trained.seed == 3);
  CHECK(trained.checkpoint == trial.files().last_checkpoint());
  CHECK(trained.record == read_json_file(trial.files().record()).as_object());

  const auto network = make_trained<float>(trained);
  const TensorFile file = read_safetensors(trained.checkpoint);
  CHECK(sigma_v_of(*network) == metadata_number(file, "sigma_v", "last"));
  CHECK(sigma_v_of(*network) != trained.settings.sigma_v_in(0));
  CHECK(trial.loss_of(trained, *network) == trial.recorded_loss());

  const auto test = trial.data.load_test<float>(trained.settings, trained.seed);
  const auto outputs = analysis::outputs(*network, *test);
  CHECK(outputs == analysis::outputs(*trained_maker<float>(trained)(), *test));
  TrainedNetwork untrained = trained;
  untrained.checkpoint = trial.files().initial_checkpoint();
  CHECK(outputs != analysis::outputs(*make_trained<float>(untrained), *test));

  const analysis::Results results = analysis::read_results(trial.results());
  CHECK(read_trained(results.trials.front()).checkpoint == fs::canonical(trained.checkpoint));
}

TEST_CASE("the network that is read back is the one that was tested") {
  TrainedTrial trial({"max_epochs=6", "lr=3", "validation_fraction=0.5", "test_checkpoint=best"});
  const TrainedNetwork best = read_trained(trial.files().path());
  CHECK(best.checkpoint == trial.files().best_checkpoint());
  CHECK(trial.loss_of(best, *make_trained<float>(best)) == trial.recorded_loss());
  const TrainedNetwork last = read_trained(trial.files().last_checkpoint());
  CHECK(last.checkpoint == trial.files().last_checkpoint());
  CHECK(trial.loss_of(last, *make_trained<float>(last)) != trial.recorded_loss());
  fs::remove(trial.files().test());
  CHECK(read_trained(trial.files().path()).checkpoint == trial.files().last_checkpoint());
}

TEST_CASE("what does not describe a trained network is refused by its name") {
  TrainedTrial trial({"max_epochs=1"});
  const fs::path folder = trial.files().path(), record = trial.files().record();
  CHECK_THAT(TrainedTrial::refusal(folder / "none"), Contains("none: there is no such file or folder"));
  CHECK_THAT(TrainedTrial::refusal(trial.results()), Contains("config.json: is missing; expected the folder of"));
  const boost::json::object whole = read_json_file(record).as_object();
  const auto with_seed = [&](const boost::json::value& seed) {
    boost::json::object changed = whole;
    changed["seed"] = seed;
    write_file_atomically(record, to_text(changed));
    return TrainedTrial::refusal(folder);
  };
  CHECK_THAT(with_seed(-1), Contains("key seed is -1, expected an integer from 0 to 18446744073709551615"));
  CHECK_THAT(with_seed("x"), Contains("key seed is \"x\""));
  write_file_atomically(record, "[]");
  CHECK_THAT(TrainedTrial::refusal(folder), Contains("config.json: found no JSON object"));
  boost::json::object wider = whole;
  wider["hidden_size"] = 7;
  write_file_atomically(record, to_text(wider));
  CHECK_THAT(TrainedTrial::refusal(folder), Contains("last.safetensors: tensor"));
  write_file_atomically(record, to_text(whole));
  fs::remove(trial.files().last_checkpoint());
  CHECK_THAT(TrainedTrial::refusal(folder), Contains("last.safetensors: "));
}

}  // namespace
}  // namespace glifr
