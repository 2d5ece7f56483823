// Networks from and for other programs.
#include "glifr/network/exchange.hpp"

#include <boost/json.hpp>
#include <iostream>
#include <utility>

#include "foreign.hpp"
#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/backend/parallel.hpp"
#include "glifr/cells/connections.hpp"
#include "glifr/datasets/sample_file.hpp"
#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/confusion.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/experiment/trial.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/number.hpp"
#include "glifr/training/checkpoint.hpp"
#include "glifr/training/evaluate.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;
namespace fs = std::filesystem;

namespace {

struct ImportOptions {
  ForeignRequest request;
  std::string model;
  fs::path out = "results";
  glifr::Index trial = 0;
};

/// A folder that is made beside its place and moved there when it is whole.
class NewFolder {
 public:
  explicit NewFolder(const fs::path& place)
      : place_(place), path_(place.parent_path() / (".new_" + place.filename().string())) {
    std::error_code ignored;
    fs::remove_all(path_, ignored);  // of an attempt that was killed
    glifr::create_folder(path_);
  }
  ~NewFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }
  void finish() {
    std::error_code error;
    fs::rename(path_, place_, error);
    if (error) throw glifr::OutputError(place_.string(), "cannot be made: " + error.message());
  }

 private:
  fs::path place_, path_;
};

/// "dt = 0.05, sigma_v = 1" of the constants that are the file's, or of the others; of several layers "dt = 0.05;
/// layer 1: sigma_v = 1; layer 2: …".
template <glifr::Scalar T>
std::string constants_text(const ForeignNetwork& foreign, const glifr::RecurrentNetwork<T>& network, bool are_of_file) {
  const std::vector<glifr::LayerDescription> layers = glifr::describe_network(foreign.settings).layers;
  std::string text, part;
  const auto add = [&](const std::string& prefix, const std::string& name, double value) {
    const bool is_of_file = std::ranges::find(foreign.constants, prefix + name) != foreign.constants.end();
    if (is_of_file == are_of_file) part += (part.empty() ? "" : ", ") + name + " = " + glifr::format_number(value);
  };
  add("", "dt", foreign.settings.model.dt);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const std::string prefix = k == 0 ? "" : glifr::layer_prefix(k);
    if (layers.size() > 1) text += std::exchange(part, "");
    if (!glifr::detail::has_neuron_delays(layers[k].population))
      add(prefix, "synaptic_delay", layers[k].synaptic_delay);
    for (const auto& [name, value] : network.layer(k).constants()) {
      if (name != "dt") add(prefix, name, value);
    }
    if (layers.size() > 1 && !part.empty())
      part = (text.empty() ? "layer " : "; layer ") + std::to_string(k + 1) + ": " + part;
  }
  return text + part;
}

/// After which epoch a checkpoint was written, where it says so.
std::optional<glifr::Index> epoch_of(const glifr::TensorFile& tensors) {
  const auto entry = tensors.metadata.find("epoch");
  const auto epoch = entry == tensors.metadata.end() ? std::nullopt : glifr::parse_integer(entry->second);
  return epoch && *epoch > 0 ? epoch : std::nullopt;
}

template <glifr::Scalar T>
void write_test(const TrialFolder& folder, const ForeignNetwork& foreign, const glifr::RecurrentNetwork<T>& network,
                const glifr::Dataset<T>& data, glifr::Index threads) {
  glifr::Workers workers(threads);
  const auto classified = glifr::record_confusion<T>(network, data, workers, {}, folder, Session::warn);
  const glifr::Score score = classified ? *classified : glifr::evaluate<T>(network, data, workers);
  if (!std::isfinite(score.loss())) throw glifr::DataError(foreign.file, "the test loss of this network is not finite");
  const std::optional<double> accuracy = data.classes() > 0 ? std::optional(score.accuracy()) : std::nullopt;
  analysis::write_test({.loss = score.loss(),
                        .accuracy = accuracy,
                        .samples = score.samples,
                        .checkpoint = "last",
                        .epoch = epoch_of(foreign.tensors)},
                       folder.test());
}

/// Draws the confusion matrix of an imported network, where there is one that can be drawn.
void draw_confusion(const TrialFolder& folder, const glifr::Settings& settings) {
  if (!glifr::is_there(folder.confusion())) return;
  const analysis::Confusion confusion = analysis::read_confusion(folder.confusion());
  if (confusion.classes > analysis::Confusion::most_classes_drawn) return;
  const auto drawing =
      analysis::draw(analysis::confusion_figure(settings.task.name, settings.model.name, confusion), folder.path());
  if (!drawing.is_drawn) Session::warn("no figure: " + drawing.problem);
}

template <glifr::Scalar T>
void import(const Session& session, const ImportOptions& options, const ForeignNetwork& foreign,
            glifr::DataStore& store) {
  const glifr::Settings& settings = foreign.settings;
  const auto network = foreign.make<T>();
  const TrialFolder place(options.out, settings.task.name, settings.model.name, options.trial);
  if (fs::exists(place.path())) {
    throw glifr::ConfigError("--trial", "found " + std::to_string(options.trial) + ", but " + place.path().string() +
                                            " is there already; accepted: another number");
  }
  std::shared_ptr<const glifr::Dataset<T>> data;
  std::string problem;
  try {
    data = store.load_test<T>(settings, session.seed(), &foreign.tensors, foreign.file);
  } catch (const glifr::DataError& error) {
    problem = error.what();
  }
  NewFolder made(place.path());
  const TrialFolder folder(made.path());
  glifr::create_folder(folder.checkpoints());
  boost::json::object record =
      glifr::make_record({.settings = settings, .number = options.trial},
                         {.seed = session.seed(),
                          .precision = foreign.is_float32() ? glifr::Precision::float32 : glifr::Precision::float64},
                         glifr::count_trained<T>(network->parameters()));
  record["imported_from"] = options.request.file.filename().string();
  glifr::write_file_atomically(folder.record(), glifr::to_text(record));
  glifr::TensorFile checkpoint = glifr::to_tensor_file(*network);
  if (has_input_scale(foreign.tensors)) {
    for (const glifr::NamedTensor& tensor : foreign.tensors.tensors) {
      if (glifr::is_of_scale(tensor)) checkpoint.tensors.push_back(tensor);
    }
  } else if (data) {
    glifr::find_task(settings.task.base).annotate(checkpoint, settings, store.files());
  }
  glifr::write_safetensors(folder.last_checkpoint(), checkpoint);
  if (data) write_test<T>(folder, foreign, *network, *data, session.threads());
  made.finish();
  if (session.draws_figures()) draw_confusion(place, settings);

  std::cout << "wrote " << place.path().string() << '\n';
  const std::string of_file = constants_text(foreign, *network, true),
                    others = constants_text(foreign, *network, false);
  if (!of_file.empty()) std::cout << "constants of " << foreign.file << ": " << of_file << '\n';
  if (!others.empty()) {
    std::cout << "constants of task " << settings.task.name
              << (settings.model.layers.empty() ? "" : ", model " + settings.model.name) << " and --set: " << others
              << '\n';
  }
  if (has_input_scale(foreign.tensors) && settings.task.values.contains("normalize"))
    std::cout << "inputs are scaled as " << foreign.file << " holds it: normalize = standard\n";
  if (!data) Session::warn("the network is not tested, there is no test.json: " + problem);
}

void run_import(const Session& session, const ImportOptions& options) {
  if (options.request.task.empty() && options.request.settings.config.empty())
    throw glifr::ConfigError("--task", "is missing, and there is no --config that names it");
  ForeignRequest request = options.request;
  request.model = options.model;
  glifr::DataStore data = session.open_data();
  const ForeignNetwork network = read_foreign(request, data);
  network.is_float32() ? import <float>(session, options, network, data)
                       : import <double>(session, options, network, data);
}

void export_network(const Session& session, const fs::path& file, const fs::path& target) {
  const glifr::TensorFile tensors = glifr::read_safetensors(file);
  std::error_code ignored;
  if (fs::is_directory(target, ignored))
    throw glifr::ConfigError("--out", "found the folder " + target.string() + "; accepted: a file");
  if (fs::equivalent(file, target, ignored))
    throw glifr::ConfigError("--out", "found " + target.string() + ", the checkpoint itself");
  if (target.has_parent_path() && !fs::exists(target)) glifr::create_folder(target.parent_path());
  glifr::export_npz(tensors, target);
  session.say("wrote " + target.string());
}

/// The archive of each network beside its checkpoint or, where `out` is given, there: of several networks in the folder
/// `out`.
void run_export(const Session& session, const std::string& place, const fs::path& out) {
  session.for_each_network(place, [&](const Session& own, const NetworkPlace& network) {
    const fs::path file = network.checkpoint, beside = fs::path(file).replace_extension(".npz");
    const fs::path there = network.below.empty() ? out : out / network.below / beside.filename();
    export_network(own, file, out.empty() ? beside : there);
  });
}

}  // namespace

void add_import(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("import",
                                         "A network of another program, a PyTorch or Lightning checkpoint of the "
                                         "published code or a safetensors file, becomes a trial's folder");
  auto options = std::make_shared<ImportOptions>();
  cli::add_path(*command, "FILE", options->request.file, "Checkpoint (.ckpt, .pt, .safetensors); nothing in it is run")
      ->required();
  cli::add_text(*command, "--task", options->request.task,
                "Task on which it was trained (default: what --config names)")
      ->type_name("NAME");
  cli::add_text(*command, "--model", options->model, "Model that it is")->type_name("NAME")->required();
  add_setting_options(*command, options->request.settings, "JSON file of settings over the task's",
                      "Change one setting, e.g. --set dt=0.1; it counts more than what the file says; repeatable");
  cli::add_path(*command, "--out", options->out, "Results folder")->type_name("DIR")->capture_default_str();
  cli::add_integer(*command, "--trial", options->trial, cli::counts_or_none, "Number of the trial")
      ->type_name("N")
      ->capture_default_str();
  session.add_common_options(*command, {"--data", "--cache", "--seed", "--no-figures"});
  command->callback(
      [&session, options] { session.set_action([&session, options] { run_import(session, *options); }); });
}

void add_export(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("export", "The tensors of a checkpoint as an .npz archive for NumPy");
  auto place = std::make_shared<std::string>();
  auto out = std::make_shared<fs::path>();
  cli::add_text(*command, "CHECKPOINT", *place,
                "Checkpoint (.safetensors), or a folder of one trial or of several, of which each is exported")
      ->required();
  cli::add_path(*command, "--out", *out,
                "Archive, of several networks a folder for theirs (default: beside the checkpoint, under its name)")
      ->type_name("PATH");
  session.add_common_options(*command, {});
  command->callback(
      [&session, place, out] { session.set_action([&session, place, out] { run_export(session, *place, *out); }); });
}

}  // namespace glifr::apps
