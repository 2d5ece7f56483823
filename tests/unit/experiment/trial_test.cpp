// Trials in their folders: the same results only from the same inputs, or a refusal that names what differs; and the
// same bits however often a trial is stopped, prolonged or carried to another file system.
#include "glifr/experiment/trial.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <functional>

#include "glifr/distributed/group.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/data.hpp"
#include "glifr/experiment/plan.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/event_file.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/training/checkpoint.hpp"
#include "glifr/training/evaluate.hpp"
#include "support/catch.hpp"
#include "support/failing_calls.hpp"
#include "support/files.hpp"
#include "unit/datasets/fixtures.hpp"

namespace glifr {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using State = TrialOutcome::State;
using Changes = std::vector<std::string>;

/// Collects what it hears, and calls back.
class Listener final : public TrialObserver {
 public:
  void note(const Trial&, const std::string& text) override {
    notes += text + "\n";
    if (on_note) on_note(text);
  }
  void after_step(const Trial&, const Position& position) override {
    if (on_step) on_step(position);
  }
  void after_epoch(const Trial&, const EpochReport&) override { ++epochs; }
  void end(const Trial&, const TrialOutcome&) override {
    ++ended;
    if (on_end) on_end();
  }
  void fail(const Trial&) override { ++failed; }

  std::string notes;
  Index epochs = 0, ended = 0, failed = 0;
  std::function<void(const std::string&)> on_note;
  std::function<void(const Position&)> on_step;
  std::function<void()> on_end;
};

/// A results folder, and small trials in it.
class Session {
 public:
  explicit Session(std::string_view task = "sine", Changes changes = {"hidden_size=6", "lr=1e-2"})
      : task_(task), changes_(std::move(changes)) {
    options.out = folder_.path() / "results";
  }

  /// Trial 0 of models, with further changes of the settings.
  std::vector<PlannedOutcome> run_models(const std::string& names, const Changes& further, Index jobs = 1) {
    const Config config = make_config(further);
    const auto plan = make_plan(config, select_models(names, config), 0, 1, options, {});
    DataStore data({.root = data_root()});
    return run_plan(plan, options, data, jobs, jobs, stop, listener);
  }
  /// Trial 0 of one model.
  TrialOutcome run(const Changes& further = {}, const std::string& model = "glifr_lheta") {
    const auto outcomes = run_models(model, further);
    REQUIRE(outcomes.back().outcome.has_value());
    return *outcomes.back().outcome;
  }
  /// The same, stopped after its first step.
  void interrupt(const Changes& further = {}, const std::string& model = "glifr_lheta") {
    listener.on_step = [this](const Position&) { stop = true; };
    CHECK(run(further, model).state == State::interrupted);
    listener.on_step = {};
    stop = false;
  }
  /// The error of a run that must be refused; nothing may change in the folder.
  std::string refusal(const Changes& further = {}, const std::string& model = "glifr_lheta") {
    const std::string before = contents();
    try {
      run_models(model, further);
    } catch (const Error& error) {
      stop = false;  // which the plan set, so that nothing else goes on
      CHECK(dynamic_cast<const OutputError*>(&error) == nullptr);
      CHECK(test::is_one_line(error));
      CHECK(contents() == before);
      return error.what();
    }
    FAIL("nothing was refused");
    return {};
  }

  [[nodiscard]] fs::path data_root() const { return folder_.path() / "data"; }
  [[nodiscard]] fs::path trial(const std::string& model = "glifr_lheta") const {
    return options.out / task_ / model / "trial_0";
  }
  [[nodiscard]] std::string file(const std::string& name, const std::string& model = "glifr_lheta") const {
    return read_file(trial(model) / name);
  }
  [[nodiscard]] std::string checkpoint(const std::string& model = "glifr_lheta") const {
    return file("checkpoints/last.safetensors", model);
  }
  void resume() { options.existing = Existing::resume; }

  RunOptions options;
  std::atomic<bool> stop = false;
  Listener listener;

 private:
  [[nodiscard]] Config make_config(const Changes& further) const {
    Config config(task_);
    for (const std::string& change : changes_) config.set(change);
    for (const std::string& change : further) config.set(change);
    return config;
  }
  /// Names and contents of all files of results.
  [[nodiscard]] std::string contents() const {
    std::vector<std::string> files;
    if (!fs::exists(options.out)) return {};
    for (const auto& entry : fs::recursive_directory_iterator(options.out)) {
      if (entry.is_regular_file()) files.push_back(entry.path().string() + "\n" + read_file(entry.path()));
    }
    std::ranges::sort(files);
    std::string all;
    for (const std::string& file : files) all += file;
    return all;
  }

  test::TemporaryFolder folder_;
  std::string task_;
  Changes changes_;
};

/// Small images: as many as asked for, the pixels of which follow from their number.
void write_images(const fs::path& folder, std::uint32_t training, std::uint32_t testing) {
  for (const auto& [name, count] : {std::pair("train", training), std::pair("t10k", testing)}) {
    test::Bytes pixels, labels;
    for (std::uint32_t i = 0; i < count * 28 * 28; ++i) pixels.push_back(static_cast<std::uint8_t>(i * 7 % 251));
    for (std::uint32_t i = 0; i < count; ++i) labels.push_back(static_cast<std::uint8_t>(i % 10));
    test::write_text(folder / (std::string(name) + "-images-idx3-ubyte"), test::idx_bytes({count, 28, 28}, pixels));
    test::write_text(folder / (std::string(name) + "-labels-idx1-ubyte"), test::idx_bytes({count}, labels));
  }
}

void change_last_byte(const fs::path& file) {
  std::string content = read_file(file);
  content.back() = static_cast<char>(content.back() ^ 1);
  test::write_text(file, content);
}

/// A trial of line-by-line images that was stopped after its first step.
class ImageSession : public Session {
 public:
  ImageSession() : Session("lmnist", {"hidden_size=4", "batch_size=4", "max_epochs=2"}) {
    write_images(data_root() / "mnist", 12, 6);
    interrupt();
    resume();
  }
  [[nodiscard]] fs::path images(const std::string& name) const { return data_root() / "mnist" / name; }
};

TEST_CASE("a trial that was stopped goes on with the same data only, wherever they lie") {
  {
    ImageSession session;
    write_images(session.data_root() / "mnist", 8, 6);
    CHECK_THAT(session.refusal(), Contains("samples of the training data") && Contains("12") && Contains("8"));
  }
  {
    ImageSession session;
    change_last_byte(session.images("train-images-idx3-ubyte"));
    CHECK_THAT(session.refusal(), Contains("training inputs"));
  }
  {
    ImageSession session;
    change_last_byte(session.images("train-labels-idx1-ubyte"));
    CHECK_THAT(session.refusal(), Contains("training targets"));
  }
  {
    ImageSession session;
    change_last_byte(session.images("t10k-images-idx3-ubyte"));
    CHECK_THAT(session.refusal(), Contains("test inputs"));
  }
  ImageSession session;
  fs::rename(session.data_root() / "mnist", session.data_root() / "moved");
  CHECK(session.run({"mnist_path=moved"}).state == State::complete);
  // The record says where they are now, of a complete trial, too: analyses find them there.
  const auto place = [&] { return read_json_file(session.trial() / "config.json").as_object().at("mnist_path"); };
  CHECK(place() == "moved");
  CHECK(session.run({"mnist_path=moved"}).state == State::skipped);
  const std::string tested = session.file("test.json"), checkpoint = session.checkpoint();
  fs::rename(session.data_root() / "moved", session.data_root() / "again");
  CHECK(session.run({"mnist_path=again"}).state == State::complete);
  CHECK(place() == "again");
  CHECK((session.file("test.json") == tested && session.checkpoint() == checkpoint));
  write_images(session.data_root() / "other", 12, 5);
  CHECK_THAT(session.refusal({"mnist_path=other"}), Contains("samples of the test data"));
  CHECK(place() == "again");
}

TEST_CASE("what a network without state can see of its samples is said where it is not all") {
  Config config("lmnist");
  const double dt = config.resolve(find_model("rnn")).model.dt;
  const auto reach = [&](double steps) {
    config.set("synaptic_delay=" + format_number(steps * dt));
    return temporal_reach(config.resolve(find_model("rnn")), 28);
  };
  CHECK_FALSE(reach(1));
  CHECK_THAT(reach(2).value_or(""), Contains("the loss sees 14 of the 28 input steps") &&
                                        Contains("its last output depends on one step in 2 before it"));
  CHECK_THAT(reach(27).value_or(""), Contains("the loss sees 2 of the 28 input steps"));
  CHECK(reach(28) ==
        "the loss sees 1 of the 28 input steps: rnn keeps no state, and the recurrent weights never act: the shortest "
        "synaptic delay is of 28 steps, the samples are of 28");
}

TEST_CASE("delays as long as the samples are said to keep recurrent weights from acting, or to be heard in part") {
  const auto settings = [](const std::string& layer) {
    const test::TemporaryFolder folder;
    test::write_text(folder.path() / "few.json",
                     R"({"base": "lmnist", "models": {"few": {"layers": [{"neuron": "glifr", "size": 3, )" + layer +
                         R"(}, {"neuron": "rnn", "size": 2, "synaptic_delay": 3}]}}})");
    Config config = Config::from_file(folder.path() / "few.json", std::nullopt);
    config.set("dt=1");
    config.set("tau=1");
    return config.resolve(config.described_models()[0]);
  };
  const auto silence = [&](const std::string& layer, Index steps) { return silent_recurrence(settings(layer), steps); };
  const auto unheard = [&](const std::string& layer, Index steps) { return unheard_delays(settings(layer), steps); };
  CHECK_FALSE(silence(R"("synaptic_delay": 2)", 2 + 1));
  CHECK(silence(R"("synaptic_delay": 3)", 3) ==
        "the recurrent weights never act: the shortest synaptic delay is of 3 steps, the samples are of 3");
  CHECK_FALSE(silence(R"("synaptic_delay": {"uniform": [2, 5]})", 3));
  CHECK(silence(R"("synaptic_delay": {"uniform": [3, 5], "train": true})", 3));
  CHECK(silence(R"("synaptic_delay": 1, "lateral": "none")", 3));  // that of the other layer counts
  CHECK_FALSE(silence(R"("synaptic_delay": 1, "lateral": {"density": 0.5})", 3));
  CHECK_FALSE(unheard(R"("synaptic_delay": {"uniform": [1, 5]})", 6));
  CHECK(unheard(R"("synaptic_delay": {"uniform": [1, 5]})", 5) ==
        "synaptic delays can be as long as 5 steps, the samples are of 5: what comes that late or later is never "
        "heard");
  CHECK_FALSE(unheard(R"("lateral": "none", "synaptic_delay": {"uniform": [1, 5]})", 5));
  const Config lstm("lmnist");
  CHECK_FALSE(unheard_delays(lstm.resolve(find_model("lstmn")), 2));
  CHECK_FALSE(silent_recurrence(lstm.resolve(find_model("lstmn")), 2));
  CHECK(silent_recurrence(lstm.resolve(find_model("lstmn")), 1) ==
        "the recurrent weights never act: the samples are of one time step");
}

TEST_CASE("a trial whose record names no data goes on, and says so") {
  ImageSession session;
  boost::json::object record = read_json_file(session.trial() / "config.json").as_object();
  record.erase("data");
  write_file_atomically(session.trial() / "config.json", to_text(record));
  CHECK(session.run().state == State::complete);
  CHECK_THAT(session.listener.notes, Contains("does not name the data"));
}

TEST_CASE("a heterogeneous model starts from one of the same seed, settings and sizes only") {
  Session session;
  const Changes epochs{"max_epochs=2"};
  session.run(epochs, "glifr_lhet");
  CHECK_THAT(session.refusal({"max_epochs=3"}, "rnn,glifr_rhet"),
             Contains("max_epochs: ") && Contains("glifr_rhet starts from the glifr_lhet in ") && Contains("with 2") &&
                 Contains("this run has 3"));
  CHECK_THAT(session.refusal({"max_epochs=2", "lr=1e-3"}, "rnn,glifr_fhet"), Contains("lr: "));
  CHECK_THAT(session.refusal({"max_epochs=2", R"(hidden_size={"glifr_lhet": 7, "default": 6})"}, "rnn,glifr_fhet"),
             Contains("hidden_size: "));
  session.options.precision = Precision::float64;
  CHECK_THAT(session.refusal(epochs, "rnn,glifr_rhet"), Contains("precision: "));
  session.options.precision = Precision::float32;
  session.options.seed = 2;
  CHECK_THAT(session.refusal(epochs, "rnn,glifr_rhet"), Contains("seed: "));
  CHECK_FALSE(fs::exists(session.trial("rnn")));
  session.options.seed = 0;
  // Its own size, and how often it writes, are its own affair.
  CHECK(session
            .run({"max_epochs=2", R"(hidden_size={"glifr_rhet": 9})", "checkpoint_seconds=3", "parameter_every=2"},
                 "glifr_rhet")
            .state == State::complete);
  const auto source = read_json_file(session.trial("glifr_rhet") / "config.json").as_object().at("starts_from");
  CHECK(source.at("model") == "glifr_lhet");
  CHECK(source.at("checkpoint").as_string().size() == 8);
}

TEST_CASE("a heterogeneous model with currents needs a source that has some, which shows before that is trained") {
  Session session;
  const auto currents = [](const char* own, const char* source) {
    return Changes{"max_epochs=2",
                   std::string(R"(num_ascs={"glifr_fheta": )") + own + R"(, "glifr_lheta": )" + source + "}"};
  };
  CHECK_THAT(session.refusal(currents("2", "0"), "glifr_fheta"),
             Contains("num_ascs: found 0 for glifr_lheta and 2 for glifr_fheta"));
  CHECK_FALSE(fs::exists(session.options.out));
  CHECK(session.run(currents("0", "0"), "glifr_fheta").state == State::complete);
  session.options.existing = Existing::overwrite;
  CHECK(session.run(currents("3", "1"), "glifr_lheta,glifr_fheta").state == State::complete);
}

TEST_CASE("a heterogeneous model starts from one of the same data only, and goes on if that is still the one") {
  Session session("lmnist", {"hidden_size=4", "batch_size=4", "max_epochs=1"});
  write_images(session.data_root() / "mnist", 12, 6);
  session.run({}, "glifr_lhet");
  write_images(session.data_root() / "mnist", 8, 6);
  CHECK_THAT(session.refusal({}, "glifr_fhet"), Contains("samples of the training data") && Contains("glifr_lhet"));

  write_images(session.data_root() / "mnist", 12, 6);
  session.interrupt({}, "glifr_fhet");
  session.resume();
  const fs::path source = session.trial("glifr_lhet") / "checkpoints" / "last.safetensors";
  const std::string before = read_file(source);
  change_last_byte(source);
  CHECK_THAT(session.refusal({}, "glifr_fhet"), Contains("checkpoint of glifr_lhet that it starts from"));
  write_file_atomically(source, before);
  const fs::path away = session.options.out / "away";
  fs::rename(session.trial("glifr_lhet"), away);
  CHECK(session.run({}, "glifr_fhet").state == State::complete);  // it needs its source no more
  CHECK_FALSE(fs::exists(session.trial("glifr_lhet")));
}

TEST_CASE("a complete trial is skipped with a note where its source has been trained again since") {
  Session session;
  const Changes epochs{"max_epochs=2"};
  session.run(epochs, "glifr_rhet");
  session.resume();
  CHECK(session.run(epochs, "glifr_rhet").state == State::skipped);
  CHECK_THAT(session.listener.notes, !Contains("started from another"));
  session.options.existing = Existing::overwrite;
  session.run({"max_epochs=2", "lr=1e-3"}, "glifr_lhet");
  session.resume();
  CHECK(session.run(epochs, "glifr_rhet").state == State::skipped);
  CHECK_THAT(session.listener.notes, Contains("started from another glifr_lhet than the one that there is now"));
}

TEST_CASE("a trial that waits for one that is stopped has not failed") {
  Session session;
  session.listener.on_step = [&](const Position& position) { session.stop = position.epoch >= 20; };
  const auto outcomes = session.run_models("glifr_lhet,glifr_fhet", {}, 2);
  REQUIRE(outcomes.size() == 2);
  REQUIRE(outcomes[0].outcome);
  CHECK(outcomes[0].outcome->state == State::interrupted);
  CHECK_FALSE(outcomes[1].outcome);
  CHECK(outcomes[1].failure.empty());
}

/// A group of this process alone, whose connection is lost after so many agreements.
class LostGroup final : public Group {
 public:
  explicit LostGroup(int agreements) : agreements_(agreements) {}
  Index rank() const override { return 0; }
  Index size() const override { return 1; }
  void exchange(std::span<const std::span<const std::byte>>, std::span<const std::span<std::byte>>) override {}
  void gather(std::span<const std::byte>, std::span<const std::span<std::byte>>) override {}
  unsigned common_bits(unsigned bits) override {
    if (agreements_-- == 0) throw Error("the connection is lost");
    return bits;
  }

 private:
  int agreements_;
};

TEST_CASE("a device is called what it is") {
  for (const bool is_opened : {false, true}) {
    Session session;
    session.options.device = is_opened ? "cpu" : "cuda";
    if (is_opened) session.options.open_device = []() -> std::unique_ptr<Device> { throw Error("was opened"); };
    CHECK_THROWS_AS(session.run(), std::logic_error);
    session.stop = false;
    session.options.device = "cuda";
    if (is_opened) CHECK_THROWS_WITH(session.run(), "was opened");
  }
}

TEST_CASE("what fails between the trials of a plan is thrown on") {
  Session session;
  LostGroup group(1);  // after the plan was checked
  session.options.group = &group;
  CHECK_THROWS_WITH(session.run(), "the connection is lost");
}

TEST_CASE("more epochs: the same files as if they had been asked for at once") {
  const Changes common{"parameter_every=3", "lr_schedule=step", "lr_step_epochs=4"};
  const auto with = [&](const std::string& epochs) {
    Changes changes = common;
    changes.push_back("max_epochs=" + epochs);
    return changes;
  };
  Session whole, prolonged;
  whole.run(with("20"));
  prolonged.run(with("7"));
  CHECK(read_csv_numbers(prolonged.trial() / "parameters" / "thresh.csv", {}).rows == 1 + 2 + 1);
  prolonged.resume();
  CHECK(prolonged.run(with("20")).state == State::complete);
  CHECK_THAT(prolonged.listener.notes, Contains("resumed after epoch 7"));
  for (const char* file : {"checkpoints/last.safetensors", "checkpoints/initial.safetensors", "parameters/thresh.csv",
                           "parameters/a_j.csv", "test.json", "config.json"}) {
    INFO(file);
    CHECK(prolonged.file(file) == whole.file(file));
  }
  const CsvFormat format{.has_header = true, .allows_empty_cells = true};
  const CsvNumbers metrics = read_csv_numbers(prolonged.trial() / "metrics.csv", format),
                   expected = read_csv_numbers(whole.trial() / "metrics.csv", format);
  REQUIRE(metrics.rows == expected.rows);
  for (Index row = 0; row < metrics.rows; ++row) CHECK(metrics(row, 1) == expected(row, 1));
  CHECK(prolonged.run(with("20")).state == State::skipped);
  CHECK_THAT(prolonged.refusal(with("10")), Contains("max_epochs: "));
}

TEST_CASE("an event file has a histogram of the last epoch, and after more epochs those of one run") {
  if (event_file_problem()) GLIFR_SKIP(*event_file_problem());
  const auto with = [](const char* epochs) {
    return Changes{"tensorboard=true", "parameter_every=3", std::string("max_epochs=") + epochs};
  };
  const auto events = [](const Session& session) {
    const std::string content = read_file(TrialFolder(session.trial()).events()), name = "parameters/thresh";
    Index histograms = 0;
    for (std::size_t place = 0; (place = content.find(name, place)) != std::string::npos; ++place) ++histograms;
    return std::pair(histograms, content.size());
  };
  Session whole, prolonged;
  whole.run(with("10"));
  CHECK(events(whole).first == 1 + 3 + 1);
  prolonged.run(with("7"));
  CHECK(events(prolonged).first == 1 + 2 + 1);
  fs::remove(prolonged.trial() / "test.json");
  prolonged.resume();
  CHECK(prolonged.run(with("7")).state == State::complete);
  CHECK(events(prolonged).first == 1 + 2 + 1);
  prolonged.run(with("10"));
  CHECK(events(prolonged) == events(whole));
}

TEST_CASE("a training may go on with an event file, and without") {
  if (event_file_problem()) GLIFR_SKIP(*event_file_problem());
  Session session;
  const auto run = [&](const char* epochs, const char* tensorboard) {
    return session.run({std::string("max_epochs=") + epochs, std::string("tensorboard=") + tensorboard}).state;
  };
  const auto has_events = [&] { return fs::exists(TrialFolder(session.trial()).events()); };
  CHECK(run("2", "false") == State::complete);
  CHECK_FALSE(has_events());
  session.resume();
  CHECK(run("3", "true") == State::complete);
  CHECK(has_events());
  CHECK(run("4", "false") == State::complete);
}

TEST_CASE("more epochs are refused where the first ones depend on how many there are") {
  for (const char* setting : {"lr_schedule=cosine", "sigma_v_anneal=true"}) {
    Session session;
    session.run({setting, "max_epochs=2"});
    session.resume();
    CHECK_THAT(session.refusal({setting, "max_epochs=4"}), Contains("max_epochs: ") && Contains("depends on it"));
  }
  const auto validated = [](const char* epochs) {
    return Changes{"validation_fraction=0.5", "validation_every=2", epochs};
  };
  Session some;
  some.run(validated("max_epochs=3"));
  some.resume();
  CHECK_THAT(some.refusal(validated("max_epochs=4")), Contains("max_epochs: ") && Contains("validation_every"));
  Session session;
  session.run({"max_epochs=2"}, "glifr_rhet");
  session.resume();
  CHECK_THAT(session.refusal({"max_epochs=4"}, "glifr_lhet,glifr_rhet"),
             Contains("max_epochs: ") && Contains("glifr_lhet, from which glifr_rhet starts"));
  CHECK_THAT(session.refusal({"max_epochs=600"}, "glifr_lhet"), Contains("parameter_every: "));
}

TEST_CASE("a trial that was stopped early is not trained on when it is resumed or prolonged") {
  for (const char* condition : {"early_stop_loss=1e9", "early_stop_patience=1"}) {
    INFO(condition);
    Session session;
    session.run({condition, "lr=3", "max_epochs=50"});  // at such a rate the loss rises soon
    const std::string before = session.checkpoint();
    const Index epochs = session.listener.epochs;
    REQUIRE(epochs < 50);
    session.resume();
    fs::remove(session.trial() / "test.json");
    CHECK(session.run({condition, "lr=3", "max_epochs=50"}).state == State::complete);
    CHECK(session.run({condition, "lr=3", "max_epochs=60"}).state == State::complete);
    CHECK(session.listener.epochs == epochs);
    CHECK(session.checkpoint() == before);
    CHECK(session.run({condition, "lr=3", "max_epochs=60"}).state == State::skipped);
  }
}

TEST_CASE("patience is of epochs, however seldom the network is validated") {
  Session session;
  session.run({"early_stop_patience=4", "validation_fraction=0.5", "validation_every=5", "lr=3", "max_epochs=50"});
  CHECK(session.listener.epochs < 25);
  CHECK(session.listener.epochs % 5 == 0);
}

TEST_CASE("a network is tested and kept with the width of the threshold that its last epoch had") {
  Session session;
  const Changes changes{"early_stop_loss=1e9", "max_epochs=50", "sigma_v_anneal=true"};
  session.run(changes);
  REQUIRE(session.listener.epochs == 1);
  const TensorFile last = read_safetensors(session.trial() / "checkpoints" / "last.safetensors");
  CHECK(last.metadata.at("sigma_v") == "1");  // sigma_v_first

  Session best;
  best.run({"max_epochs=6", "sigma_v_anneal=true", "lr=3", "validation_fraction=0.5", "test_checkpoint=best"});
  const TensorFile kept = read_safetensors(best.trial() / "checkpoints" / "best.safetensors");
  REQUIRE(kept.metadata.at("epoch") != "6");
  const Settings settings = settings_from_json(read_json_file(best.trial() / "config.json").as_object(), "config.json");
  const auto network = make_network<float>(settings);
  load_parameters<float>(*network, kept, "best");
  network->set_constant("sigma_v", metadata_number(kept, "sigma_v", "best"));
  DataStore data({.root = best.data_root()});
  Workers workers(1);
  const double loss = evaluate<float>(*network, *data.load<float>(settings, 0).test, workers).loss();
  CHECK(read_json_file(best.trial() / "test.json").at("test_loss").to_number<double>() == loss);
}

TEST_CASE("the best network is looked at before a trial that tests it goes on, and where it is tested") {
  const Changes four{"max_epochs=4", "validation_fraction=0.5", "test_checkpoint=best"};
  Changes six = four;
  six[0] = "max_epochs=6";
  Session session;
  session.run(four);
  session.resume();
  const fs::path folder = session.trial() / "checkpoints", best = folder / "best.safetensors";
  const std::string kept = read_file(best);
  REQUIRE(read_safetensors(best).metadata.at("epoch") == "4");
  const auto refuse = [&](const std::string& content, const char* problem) {
    write_file_atomically(best, content);
    CHECK_THAT(session.refusal(six), Contains("--resume: ") && Contains("best.safetensors") && Contains(problem) &&
                                         Contains("; --overwrite starts the trial afresh"));
  };
  refuse(read_file(folder / "initial.safetensors"), "the metadata has no epoch");
  refuse(kept.substr(0, kept.size() / 2), "");
  write_file_atomically(best, kept);
  TensorFile other = read_safetensors(best);
  const auto of_epoch = [&](const char* epoch) {
    other.metadata["epoch"] = epoch;
    write_safetensors(best, other);
  };
  of_epoch("3");
  CHECK_THAT(session.refusal(six), Contains("is of epoch 3, the best of metrics.csv is epoch 4"));
  fs::remove(best);
  CHECK_THAT(session.refusal(six), Contains("best.safetensors"));
  of_epoch("5");  // a run that was killed may have met it after its last checkpoint
  session.run(six);
  CHECK(read_safetensors(best).metadata.at("epoch") == "6");

  // That epoch is met again, or its network is not the one to test.
  of_epoch("7");
  fs::remove(session.trial() / "test.json");
  CHECK_THROWS_WITH(session.run(six), Contains("is of epoch 7, the best of metrics.csv is epoch 6"));
}

TEST_CASE("settings that change no result do not hinder resuming") {
  Session session;
  session.run({"max_epochs=2"});
  session.resume();
  CHECK(session.run({"max_epochs=2", "checkpoint_seconds=77"}).state == State::skipped);
}

TEST_CASE("a trial is of its number and engine, too") {
  Session session;
  session.run({"max_epochs=2"});
  session.resume();
  session.options.engine = Engine::composed;
  CHECK_THAT(session.refusal({"max_epochs=2"}), Contains("engine: ") && Contains("fused") && Contains("composed"));
  session.options.engine = Engine::fused;
  boost::json::object record = read_json_file(session.trial() / "config.json").as_object();
  record["trial"] = 3;  // as in a copy of trial_3
  write_file_atomically(session.trial() / "config.json", to_text(record));
  CHECK_THAT(session.refusal({"max_epochs=2"}), Contains("trial: ") && Contains("with 3"));
}

TEST_CASE("without its record a trial is not gone on with, nor is it written over unless that is asked for") {
  Session session;
  session.run({"max_epochs=2"});
  for (const bool is_complete : {true, false}) {
    if (!is_complete) fs::remove(session.trial() / "test.json");
    fs::remove(session.trial() / "config.json");
    session.options.existing = Existing::resume;
    CHECK_THAT(session.refusal({"max_epochs=2", "lr=1e-4"}), Contains("config.json: is missing"));
    session.options.existing = Existing::refuse;
    CHECK_THAT(session.refusal({"max_epochs=2"}), Contains("trial already"));
  }
  session.options.existing = Existing::overwrite;
  CHECK(session.run({"max_epochs=2"}).state == State::complete);
}

TEST_CASE("a record that is damaged, or holds what this version does not know, is refused by name") {
  Session session;
  session.run({"max_epochs=2"});
  session.resume();
  const fs::path file = session.trial() / "config.json";
  boost::json::object record = read_json_file(file).as_object();
  record["leak_rates"] = 50;
  record["version"] = "9.1.0";
  write_file_atomically(file, to_text(record));
  CHECK_THAT(session.refusal({"max_epochs=2"}), Contains("'leak_rates'") && Contains("9.1.0"));
  for (const char* text : {"", "[1]", "{\"task\": \"sine\"}", "{"}) {
    write_file_atomically(file, text);
    CHECK_THAT(session.refusal({"max_epochs=2"}), Contains(file.string()));
  }
}

TEST_CASE("a trial whose test result is damaged is tested again; a damaged checkpoint is refused") {
  Session session;
  session.run({"max_epochs=2"});
  session.resume();
  const std::string test = session.file("test.json"), checkpoint = session.checkpoint();
  for (const char* text : {"", "{}", "[]", "null", "{\"test_loss\": \"low\", \"test_acc\": null, \"samples\": 6}",
                           "{\"test_loss\": 1e999, \"test_acc\": null, \"samples\": 6}",
                           "{\"test_loss\": 1, \"samples\": 6}", "{\"test_loss\": 1, \"test_acc\": null}"}) {
    test::write_text(session.trial() / "test.json", text);
    CHECK_FALSE(is_complete(TrialFolder(session.trial())));
    CHECK(session.run({"max_epochs=2"}).state == State::complete);
    CHECK(session.file("test.json") == test);
  }
  const fs::path file = session.trial() / "checkpoints" / "last.safetensors";
  for (const std::string& content : {std::string(), checkpoint.substr(0, checkpoint.size() - 9), std::string("x")}) {
    test::write_text(file, content);
    CHECK_FALSE(is_complete(TrialFolder(session.trial())));
    CHECK_THAT(session.refusal({"max_epochs=2"}), Contains(file.string()) && Contains("--overwrite"));
  }
  fs::copy_file(session.trial() / "checkpoints" / "initial.safetensors", file, fs::copy_options::overwrite_existing);
  CHECK_THAT(session.refusal({"max_epochs=2"}), Contains("no training state"));
}

TEST_CASE("a trial without its table of epochs is not complete, nor gone on with") {
  Session session;
  session.run({"max_epochs=2"});
  session.resume();
  const fs::path file = session.trial() / "metrics.csv";
  const std::string metrics = read_file(file);
  fs::remove(file);
  CHECK_FALSE(is_complete(TrialFolder(session.trial())));
  for (const char* epochs : {"max_epochs=2", "max_epochs=4"})
    CHECK_THAT(session.refusal({epochs}), Contains(file.string()) && Contains("--overwrite starts the trial afresh"));
  test::write_text(file, metrics.substr(0, metrics.find('\n') + 1));
  CHECK_THAT(session.refusal({"max_epochs=4"}), Contains("has 1 lines") && Contains("--overwrite"));
  boost::json::object record = read_json_file(session.trial() / "config.json").as_object();
  record["imported_from"] = "net.pt";
  write_file_atomically(session.trial() / "config.json", to_text(record));
  fs::remove(file);
  CHECK(is_complete(TrialFolder(session.trial())));
}

TEST_CASE("a trial whose metrics are damaged is not gone on with") {
  Session session;
  session.run({"max_epochs=2"});
  session.resume();
  for (const char* text :
       {"epoch,train_loss\n1,0.5\n\n", "epoch,loss\n1,0.5\n2,0.4\n", "epoch,train_loss\n1,0.5\n2,\n"}) {
    test::write_text(session.trial() / "metrics.csv", text);
    CHECK_THAT(session.refusal({"max_epochs=3"}), Contains("metrics.csv"));
  }
}

TEST_CASE("a checkpoint of a longer trial is refused") {
  Session longer, session;
  longer.run({"max_epochs=5"});
  session.run({"max_epochs=2"});
  test::write_text(session.trial() / "checkpoints" / "last.safetensors", longer.checkpoint());
  fs::remove(session.trial() / "test.json");
  session.resume();
  CHECK_THAT(session.refusal({"max_epochs=2"}), Contains("epoch 5") && Contains("a trial of 2"));
}

TEST_CASE("a complete trial that cannot be written is skipped") {
  Session session;
  session.run({"max_epochs=2"});
  session.resume();
  const auto read_only = [&](bool is_on) {
    const fs::perms writing = fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
    for (const fs::path& place : {session.trial(), session.trial() / "checkpoints", session.trial().parent_path()}) {
      fs::permissions(place, writing, is_on ? fs::perm_options::remove : fs::perm_options::add);
    }
  };
  read_only(true);
  {
    const test::WithoutRoot ordinary;
    CHECK(session.run({"max_epochs=2"}).state == State::skipped);
    CHECK_THAT(session.refusal({"max_epochs=4"}), Contains("trial_0: cannot write") && Contains("Permission denied"));
    session.options.existing = Existing::refuse;
    CHECK_THAT(session.refusal({"max_epochs=2"}), Contains("holds a complete trial already"));
  }
  read_only(false);
}

TEST_CASE("checkpoints are written inside an epoch, too, and training goes on from there to the same bits") {
  const Changes changes{"max_epochs=3", "batch_size=1", "dropout_prob=0.3", "sigma_v_anneal=true",
                        "checkpoint_seconds=1e-9"};
  Session whole;
  const fs::path last = whole.trial() / "checkpoints" / "last.safetensors";
  Session stopped;
  std::vector<std::string> steps;
  whole.listener.on_step = [&](const Position& position) {
    // The checkpoint of this step is not yet written.
    const std::string step = read_safetensors(last).metadata.at("step");
    if (position.epoch == 1) steps.push_back(step);
    if (position.epoch == 1 && position.step == 4) {
      fs::create_directories(stopped.trial().parent_path());
      fs::copy(whole.trial(), stopped.trial(), fs::copy_options::recursive);  // as a kill would leave it
    }
  };
  whole.run(changes);
  CHECK(steps == std::vector<std::string>{"0", "1", "2", "3", "4", "5"});
  stopped.resume();
  CHECK(stopped.run(changes).state == State::complete);
  CHECK_THAT(stopped.listener.notes, Contains("resumed after epoch 1, step 3"));
  CHECK(stopped.checkpoint() == whole.checkpoint());
  CHECK(stopped.file("parameters/k_m.csv") == whole.file("parameters/k_m.csv"));
}

TEST_CASE("where checkpoint_seconds is 0 there is one an epoch") {
  Session session;
  const fs::path last = session.trial() / "checkpoints" / "last.safetensors";
  session.listener.on_step = [&](const Position& position) {
    const auto metadata = read_safetensors(last).metadata;
    CHECK(metadata.at("step") == "0");
    CHECK(metadata.at("epoch") == std::to_string(position.epoch));
  };
  session.run({"max_epochs=3", "batch_size=2", "checkpoint_seconds=0"});
}

TEST_CASE("a model that others start from is waited for while another run trains it") {
  Session session;
  const Changes epochs{"max_epochs=2"};
  fs::create_directories(session.trial("glifr_lhet"));
  std::optional<FolderLock> other(std::in_place, session.trial("glifr_lhet"));
  session.listener.on_note = [&](const std::string& text) {
    if (text.find("waits") == std::string::npos) return;
    // The other run ends, and leaves a complete trial.
    Session elsewhere;
    elsewhere.run(epochs, "glifr_lhet");
    fs::copy(elsewhere.trial("glifr_lhet"), session.trial("glifr_lhet"),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    other.reset();
  };
  const auto outcomes = session.run_models("glifr_rhet", epochs);
  CHECK_THAT(session.listener.notes, Contains("waits for the run that is training it"));
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].outcome->state == State::skipped);
  CHECK(outcomes[1].outcome->state == State::complete);
}

TEST_CASE("a trial that is trained afresh keeps no figure of the one before") {
  Session session;
  session.run({"max_epochs=1"});
  const fs::path figures[] = {session.trial() / "training_curve.svg",
                              session.trial() / "confusion_sine_glifr_lheta.csv"};
  for (const fs::path& file : figures) test::write_text(file, "");
  test::write_text(session.trial() / "notes.txt", "");
  session.options.existing = Existing::overwrite;
  session.run({"max_epochs=1"});
  for (const fs::path& file : figures) CHECK_FALSE(fs::exists(file));
  CHECK(fs::exists(session.trial() / "notes.txt"));
}

TEST_CASE("a trial with very many classes leaves no table of confusions, and says so") {
  const auto run = [](const char* classes) {
    Session session("files", {"hidden_size=2", "max_epochs=1"});
    const fs::path file = session.data_root() / "samples.csv";
    test::write_text(file, "sample,a,label\n0,1,0\n1,2,1\n");
    const std::string path = file.string(), output_size = std::string("output_size=") + classes;
    session.run({"train_data=" + path, "test_data=" + path, output_size}, "rnn");
    return std::pair(fs::exists(TrialFolder(session.trial("rnn")).confusion()), session.listener.notes);
  };
  CHECK(run("1000").first);
  const auto [is_there, notes] = run("1001");
  CHECK_FALSE(is_there);
  CHECK_THAT(notes, Contains("confusion.csv is left out: there are 1001 classes, it has room for 1000"));
}

TEST_CASE("a run that waits takes complete trials as they are, unless it is to overwrite them") {
  Session session;
  const Changes epochs{"max_epochs=2"};
  session.run(epochs);
  session.options.waits = true;
  CHECK(session.run(epochs).state == State::skipped);
  session.options.existing = Existing::overwrite;
  CHECK(session.run(epochs).state == State::complete);
  CHECK(session.listener.epochs == 4);
}

TEST_CASE("training data of one class are trained on, with a note") {
  ImageSession session;
  session.options.existing = Existing::overwrite;
  session.run();
  CHECK_THAT(session.listener.notes, !Contains("one class"));
  test::write_text(session.images("train-labels-idx1-ubyte"), test::idx_bytes({12}, test::Bytes(12, 7)));
  session.run();
  CHECK_THAT(session.listener.notes, Contains("the training data have one class, 7"));
  CHECK_THAT(session.listener.notes, !Contains("have no training sample"));
  test::Bytes some(12, 7);
  some[3] = 2;
  test::write_text(session.images("train-labels-idx1-ubyte"), test::idx_bytes({12}, some));
  session.run();
  CHECK_THAT(session.listener.notes, Contains("8 of the 10 classes have no training sample: 0, 1, 3, 4, 5 and 3 more "
                                              "(classes count from 0)"));
  for (test::Bytes::size_type i = 0; i < some.size(); ++i) some[i] = static_cast<test::Bytes::value_type>(1 + i % 9);
  test::write_text(session.images("train-labels-idx1-ubyte"), test::idx_bytes({12}, some));
  session.run();
  CHECK_THAT(session.listener.notes, Contains("1 of the 10 classes has no training sample: 0 (classes count from 0)"));
}

TEST_CASE("an observer hears of the end of a trial that diverges") {
  Session session;
  const auto outcomes = session.run_models("glifr_lheta", {"max_epochs=50", "lr=1e30"});
  REQUIRE(outcomes.size() == 1);
  CHECK_FALSE(outcomes[0].failure.empty());
  CHECK(session.listener.failed == 1);
  CHECK(session.listener.ended == 0);
}

TEST_CASE("a trial's folder is held until the observer, too, has written what it writes into it") {
  Session session;
  bool is_held = false;
  session.listener.on_end = [&] { is_held = !FolderLock::attempt(session.trial()); };
  session.run({"max_epochs=2"});
  CHECK(is_held);
  CHECK(FolderLock::attempt(session.trial()).has_value());
}

TEST_CASE("what was asked for is not waited for, and a stop ends the waiting") {
  Session session;
  fs::create_directories(session.trial("glifr_lhet"));
  const FolderLock other(session.trial("glifr_lhet"));
  CHECK_THAT(session.refusal({"max_epochs=2"}, "glifr_lhet"), Contains("another run is writing"));
  session.listener.on_note = [&](const std::string&) { session.stop = true; };
  const auto outcomes = session.run_models("glifr_rhet", {"max_epochs=2"});
  CHECK(outcomes[0].outcome->state == State::interrupted);
  CHECK_FALSE(outcomes[1].outcome.has_value());
}

TEST_CASE("a trial on a file system that has no locks and cannot sync folders is trained, with a note on the locks") {
  Session session;
  const test::FailingCalls calls({.flock = ENOLCK, .fsync_folder = EINVAL});
  CHECK(session.run({"max_epochs=2"}).state == State::complete);
  CHECK_THAT(session.listener.notes, Contains("gives no locks"));
}

}  // namespace
}  // namespace glifr
