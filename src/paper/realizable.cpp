#include "glifr/paper/realizable.hpp"

#include <cmath>
#include <stdexcept>

#include "glifr/cells/cell.hpp"
#include "glifr/datasets/values.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/io/csv.hpp"
#include "tasks/tasks.hpp"

namespace glifr {

namespace {

constexpr double constant_input = 0.01;

/// The physical parameters of the teacher, by field; a field's values repeat over its currents with the sign pattern
/// given.
struct TeacherValue {
  const char* name;
  double first, second;
};
constexpr TeacherValue teacher_values[] = {
    {"thresh", 1, 1}, {"k_m", 0.05, 0.05}, {"k_j", 2, 2}, {"r_j", 1 - 1e-10, -(1 - 1e-10)}, {"a_j", -1, 1}};

double teacher_value(const std::string& name, Index j) {
  for (const TeacherValue& value : teacher_values) {
    if (name == value.name) return j == 0 ? value.first : value.second;
  }
  throw std::logic_error("the teacher has no parameter " + name);
}

template <Scalar T>
void set_weights(RecurrentNetwork<T>& network, std::uint64_t seed) {
  const ParameterList<T> parameters = network.parameters();
  parameters[0]->value.data()[0] = 1;
  parameters[1]->value.data()[0] = static_cast<T>(2 * Random(seed, Stream::initialize, 1).uniform(0) - 1);
  parameters[0]->is_trained = parameters[1]->is_trained = false;
}

}  // namespace

template <Scalar T>
void make_teacher(RecurrentNetwork<T>& network, const Settings& settings, std::uint64_t seed) {
  set_weights(network, seed);
  for (Parameter<T>* parameter : network.parameters()) {
    if (!parameter->field) continue;
    const Field& field = *parameter->field;
    for (Index j = 0; j < parameter->value.size(); ++j) {
      parameter->value.data()[j] =
          static_cast<T>(to_raw(field.transform, teacher_value(field.name, j), settings.model.dt));
    }
  }
}

template <Scalar T>
std::unique_ptr<Dataset<T>> make_realizable_data(const Settings& settings, std::uint64_t seed) {
  const auto teacher = make_network<double>(settings);
  make_teacher(*teacher, settings, seed);
  const Index steps = settings.time_steps();
  Tape<double> tape(Tape<double>::Mode::forward_only);
  const std::vector<double> inputs(static_cast<std::size_t>(steps), constant_input);
  const auto output =
      teacher->forward(tape, Sequence<double>::from(tape.constant({steps, 1, 1}, inputs.data()))).output;
  std::vector<T> x(inputs.begin(), inputs.end()), targets;
  for (Index t = 0; t < steps; ++t) targets.push_back(static_cast<T>(output.value()(t, 0)));
  return std::make_unique<ValueDataset<T>>(Shape{steps, 1, 1}, std::move(x), 1, std::move(targets));
}

template <Scalar T>
void initialize_learner(RecurrentNetwork<T>& learner, const Settings& settings, const TrialSeeds& seeds) {
  set_weights(learner, seeds.run);
  std::uint32_t place = 0;
  for (Parameter<T>* parameter : learner.parameters()) {
    const Random random(seeds.trial, Stream::initialize, place++);
    if (!parameter->field) continue;
    const std::string name = parameter->field->name;
    std::uint64_t position = 0;
    for (T& raw : parameter->value.values()) {
      const double draw = random.normal(position++);
      raw = static_cast<T>(name == "a_j"   ? 0
                           : name == "k_m" ? to_raw(Transform::decay_rate, 1, settings.model.dt)
                                           : draw);
    }
  }
}

template <Scalar T>
std::vector<std::pair<std::string, double>> distances_to_teacher(RecurrentNetwork<T>& learner,
                                                                 const Settings& settings) {
  std::vector<std::pair<std::string, double>> distances;
  for (const Parameter<T>* parameter : learner.parameters()) {
    if (!parameter->field) continue;
    const Field& field = *parameter->field;
    double squares = 0;
    for (Index j = 0; j < parameter->value.size(); ++j) {
      const double raw = static_cast<double>(parameter->value.data()[j]);
      squares += std::pow(to_physical(field.transform, raw, settings.model.dt) - teacher_value(field.name, j), 2);
    }
    distances.emplace_back(field.name, std::sqrt(squares));
  }
  return distances;
}

namespace {

/// Writes `realizable_file`.
template <Scalar T>
class DistanceRecorder final : public Recorder<T> {
 public:
  explicit DistanceRecorder(const RecorderParts<T>& parts) : network_(parts.network), settings_(parts.settings) {
    const auto path = parts.folder / realizable_file;
    if (parts.resumes) {
      file_.emplace(CsvAppender::resume(path, 2 + parts.epochs));
      return;
    }
    CsvRows header;
    header.cell("epoch");
    for (const auto& [name, distance] : distances_to_teacher(network_, settings_)) header.cell(name);
    header.end_row();
    file_.emplace(CsvAppender::start(path, header));
    append(0);
  }

  bool after_epoch(const EpochReport& report, const Position&) override {
    append(report.epoch);
    return true;
  }
  void sync() override { file_->sync(); }

 private:
  void append(Index epoch) {
    row_.clear();
    row_.cell(epoch);
    for (const auto& [name, distance] : distances_to_teacher(network_, settings_)) row_.cell(distance);
    row_.end_row();
    file_->append(row_);
  }

  RecurrentNetwork<T>& network_;
  const Settings& settings_;
  std::optional<CsvAppender> file_;
  CsvRows row_;
};

class RealizableTask final : public TaskOf<RealizableTask> {
 public:
  RealizableTask() : TaskOf("realizable", detail::built_in_configuration("realizable")) {}

  [[nodiscard]] std::vector<TaskKey> keys() const override {
    return {
        {.name = "sim_time", .value = 10.0, .help = "duration of a sample", .unit = "ms", .range = Range::above(0)}};
  }
  /// The network is one neuron, its data are one sample.
  [[nodiscard]] bool knows(std::string_view key) const override {
    for (const std::string_view other : {"input_size",     "hidden_size",         "output_size",      "num_ascs",
                                         "train_dynamics", "dropout_prob",        "final_reduction",  "loss_fn",
                                         "batch_size",     "micro_batch",         "shares",           "device_shares",
                                         "sigma_v_anneal", "sigma_v_first",       "sigma_v_last",     "parameter_every",
                                         "class_weights",  "validation_fraction", "validation_every", "monitor",
                                         "test_checkpoint"}) {
      if (key == other) return false;
    }
    return true;
  }
  /// A neuron with two after-spike currents, all of whose parameters are trained.
  [[nodiscard]] std::vector<std::string> models() const override { return {"glifr_lheta"}; }
  void check(const Settings& settings) const override {
    check_steps("sim_time", settings, settings.task.number("sim_time"), 1);
  }

  [[nodiscard]] Index time_steps(const Settings& settings) const override {
    return whole_steps(settings.task.number("sim_time"), settings.model.dt);
  }
  [[nodiscard]] bool has_test_set(const Settings& /*settings*/) const override { return false; }
  [[nodiscard]] bool serves_all_models() const override { return false; }
  [[nodiscard]] bool has_readout() const override { return false; }

  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load(const DataRequest& request) const {
    return make_realizable_data<T>(request.settings, request.seed);
  }

  bool initialize(RecurrentNetwork<float>& network, const Settings& settings, const TrialSeeds& seeds) const override {
    initialize_learner(network, settings, seeds);
    return true;
  }
  bool initialize(RecurrentNetwork<double>& network, const Settings& settings, const TrialSeeds& seeds) const override {
    initialize_learner(network, settings, seeds);
    return true;
  }
  [[nodiscard]] std::unique_ptr<Recorder<float>> make_recorder(const RecorderParts<float>& parts) const override {
    return std::make_unique<DistanceRecorder<float>>(parts);
  }
  [[nodiscard]] std::unique_ptr<Recorder<double>> make_recorder(const RecorderParts<double>& parts) const override {
    return std::make_unique<DistanceRecorder<double>>(parts);
  }
  [[nodiscard]] std::vector<std::string> files() const override { return {realizable_file}; }
};

}  // namespace

namespace detail {

std::unique_ptr<Task> make_realizable_task() {
  return std::make_unique<RealizableTask>();
}

}  // namespace detail

#define GLIFR_INSTANTIATE(T)                                                                     \
  template std::unique_ptr<Dataset<T>> make_realizable_data<T>(const Settings&, std::uint64_t);  \
  template void initialize_learner<T>(RecurrentNetwork<T>&, const Settings&, const TrialSeeds&); \
  template void make_teacher<T>(RecurrentNetwork<T>&, const Settings&, std::uint64_t);           \
  template std::vector<std::pair<std::string, double>> distances_to_teacher<T>(RecurrentNetwork<T>&, const Settings&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
