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
  for (Parameter<double>* parameter : teacher->parameters()) {
    if (!parameter->field) continue;
    const Field& field = *parameter->field;
    for (Index j = 0; j < parameter->value.size(); ++j)
      parameter->value.data()[j] = to_raw(field.transform, teacher_value(field.name, j), settings.dt);
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
  std::uint32_t place = 0;
  for (Parameter<T>* parameter : learner.parameters()) {
    const Random random(seed, Stream::initialize, place++);
    if (!parameter->field) continue;
    const std::string name = parameter->field->name;
    std::uint64_t position = 0;
    for (T& raw : parameter->value.values()) {
      const double draw = random.normal(position++);
      raw = static_cast<T>(name == "a_j" ? 0 : name == "k_m" ? to_raw(Transform::decay_rate, 1, settings.dt) : draw);
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
      squares += std::pow(to_physical(field.transform, raw, settings.dt) - teacher_value(field.name, j), 2);
    }
    distances.emplace_back(field.name, std::sqrt(squares));
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
