#include "glifr/experiment/realizable.hpp"

#include <cmath>

#include "glifr/datasets/values.hpp"
#include "glifr/experiment/build.hpp"

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
std::unique_ptr<Dataset<T>> make_realizable_data(const Settings& settings, std::uint64_t seed) {
  const auto teacher = make_network<double>(settings);
  set_weights(*teacher, seed);
  const auto fields = teacher->fields();
  for (std::size_t k = 0; k < fields.size(); ++k) {
    Tensor<double>& raw = teacher->parameters()[2 + k]->value;
    for (Index j = 0; j < raw.size(); ++j)
      raw.data()[j] = to_raw(fields[k].field.transform, teacher_value(fields[k].field.name, j), settings.dt);
  }
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
void initialize_learner(RecurrentNetwork<T>& learner, const Settings& settings, std::uint64_t seed) {
  set_weights(learner, seed);
  const auto fields = learner.fields();
  for (std::size_t k = 0; k < fields.size(); ++k) {
    const std::string name = fields[k].field.name;
    const Random random(seed, Stream::initialize, static_cast<std::uint32_t>(2 + k));
    std::uint64_t position = 0;
    for (T& raw : learner.parameters()[2 + k]->value.values()) {
      const double draw = random.normal(position++);
      raw = static_cast<T>(name == "a_j" ? 0 : name == "k_m" ? to_raw(Transform::decay_rate, 1, settings.dt) : draw);
    }
  }
}

template <Scalar T>
std::vector<std::pair<std::string, double>> distances_to_teacher(RecurrentNetwork<T>& learner,
                                                                 const Settings& settings) {
  std::vector<std::pair<std::string, double>> distances;
  const auto fields = learner.fields();
  for (std::size_t k = 0; k < fields.size(); ++k) {
    const Tensor<T>& raw = learner.parameters()[2 + k]->value;
    double squares = 0;
    for (Index j = 0; j < raw.size(); ++j) {
      const double physical = to_physical(fields[k].field.transform, static_cast<double>(raw.data()[j]), settings.dt);
      squares += std::pow(physical - teacher_value(fields[k].field.name, j), 2);
    }
    distances.emplace_back(fields[k].field.name, std::sqrt(squares));
  }
  return distances;
}

#define GLIFR_INSTANTIATE(T)                                                                    \
  template std::unique_ptr<Dataset<T>> make_realizable_data<T>(const Settings&, std::uint64_t); \
  template void initialize_learner<T>(RecurrentNetwork<T>&, const Settings&, std::uint64_t);    \
  template std::vector<std::pair<std::string, double>> distances_to_teacher<T>(RecurrentNetwork<T>&, const Settings&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);

}  // namespace glifr
