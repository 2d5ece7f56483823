#include "glifr/analysis/activity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "glifr/analysis/style.hpp"
#include "glifr/backend/layout.hpp"
#include "glifr/io/number.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr::analysis {

namespace {

constexpr Index at_once = 16;  // samples: their states are kept on a tape
constexpr Index shown_samples = 3, shown_lines = 40;
constexpr float nothing = std::numeric_limits<float>::quiet_NaN();

/// Appends [steps, batch, columns] as [batch, steps, columns]; `lengths` as in `Activity`, or empty.
template <Scalar T>
void append(View<const T> values, Index batch, std::span<const std::int32_t> lengths, std::vector<float>& to) {
  const Index steps = values.rows / batch;
  for (Index b = 0; b < batch; ++b) {
    for (Index t = 0; t < steps; ++t) {
      const bool is_valid = lengths.empty() || t < at(lengths, b);
      for (Index c = 0; c < values.columns; ++c)
        to.push_back(is_valid ? static_cast<float>(values(t * batch + b, c)) : nothing);
    }
  }
}

template <Scalar T>
void take_samples(const RecurrentNetwork<T>& network, const Dataset<T>& data, std::span<const Index> samples,
                  Activity& activity) {
  const Index count = std::ssize(samples), first = activity.samples;
  const std::span<const std::int32_t> lengths =
      activity.lengths.empty() ? std::span<const std::int32_t>()
                               : std::span(activity.lengths).subspan(static_cast<std::size_t>(first), samples.size());
  const auto append_all = [&](const std::vector<T>& values, Index steps, Index columns, std::vector<float>& to) {
    append<T>({values.data(), steps * count, columns}, count, steps > 1 ? lengths : std::span<const std::int32_t>(),
              to);
  };
  std::vector<T> inputs(static_cast<std::size_t>(activity.steps * count * activity.features));
  data.inputs(samples, inputs.data());
  append_all(inputs, activity.steps, activity.features, activity.inputs);
  if (activity.target_size > 0) {
    std::vector<T> targets(static_cast<std::size_t>(activity.target_steps * count * activity.target_size));
    data.targets(samples, targets.data());
    append_all(targets, activity.target_steps, activity.target_size, activity.targets);
  }

  Tape<T> tape(Tape<T>::Mode::forward_only);
  const auto x = Sequence<T>::from(tape.constant({activity.steps, count, activity.features}, inputs));
  const Prediction<T> prediction = network.forward(tape, x, {.track_states = true, .lengths = lengths});
  const View<const T> output = prediction.output.value();
  activity.outputs = output.columns;
  activity.output_steps = output.rows / count;
  append<T>(output, count, activity.output_steps > 1 ? lengths : std::span<const std::int32_t>(), activity.output);

  std::size_t layer = 0, k = 0;
  for (const Track<T>& track : prediction.tracks) {
    const bool begins_layer =
        k == 0 || (layer + 1 < network.depth() && track.name.starts_with(layer_prefix(layer + 1)));
    if (begins_layer && k > 0) ++layer;
    const Index neurons = network.layer(layer).size();
    const View<const T> values = track.values.value();
    if (values.columns != neurons && values.columns != layout::padded<T>(neurons)) continue;  // of several inputs
    if (k == activity.states.size()) activity.states.push_back({track.name, track.unit, neurons, begins_layer});
    append<T>({values.data, values.rows, neurons, values.stride}, count, lengths, activity.states[k++].values);
  }
  activity.samples += count;
}

NamedTensor tensor(const std::string& name, std::vector<Index> shape, const std::vector<float>& values) {
  return make_named_tensor<float>(name, std::move(shape), values);
}

/// The values of one neuron (or of the mean of all, -1) in one sample.
std::vector<double> course(const Activity& activity, const Activity::State& state, Index sample, Index neuron) {
  std::vector<double> values;
  for (Index t = 0; t < activity.steps; ++t) {
    const float* row = state.values.data() + (sample * activity.steps + t) * state.neurons;
    values.push_back(neuron >= 0 ? row[neuron]
                                 : std::accumulate(row, row + state.neurons, 0.0) / static_cast<double>(state.neurons));
  }
  return values;
}

/// The class with the highest output; NaN counts as the lowest.
std::string verdict(const Activity& activity, Index sample) {
  if (activity.labels.empty()) return "";
  std::string text = ", class " + std::to_string(at(activity.labels, sample));
  if (activity.output_steps != 1) return text;
  const float* row = activity.output.data() + sample * activity.outputs;
  return text + ", taken for " + std::to_string(std::max_element(row, row + activity.outputs) - row);
}

}  // namespace

template <Scalar T>
Activity activity(const RecurrentNetwork<T>& network, const Dataset<T>& data, std::span<const Index> samples,
                  double dt) {
  check_samples(samples, data.size());
  Activity result;
  result.dt = dt;
  result.steps = data.time_steps();
  result.features = data.input_size();
  if (data.classes() > 0) {
    result.labels = labels_of<T>(data, samples);
  } else {
    result.target_steps = data.target_steps();
    result.target_size = data.target_size();
  }
  if (data.has_lengths()) {
    result.lengths.resize(samples.size());
    data.lengths(samples, result.lengths.data());
  }
  for (std::size_t first = 0; first < samples.size(); first += at_once)
    take_samples<T>(network, data, samples.subspan(first, std::min<std::size_t>(at_once, samples.size() - first)),
                    result);
  return result;
}

TensorFile to_tensor_file(const Activity& activity) {
  const Index samples = activity.samples;
  TensorFile file;
  const auto add = [&](NamedTensor tensor) { file.tensors.push_back(std::move(tensor)); };
  add(tensor("inputs", {samples, activity.steps, activity.features}, activity.inputs));
  add(tensor("output", {samples, activity.output_steps, activity.outputs}, activity.output));
  if (activity.target_size > 0)
    add(tensor("targets", {samples, activity.target_steps, activity.target_size}, activity.targets));
  const auto add_whole = [&](const char* name, const std::vector<std::int32_t>& numbers) {
    if (numbers.empty()) return;
    const std::vector<std::int64_t> values(numbers.begin(), numbers.end());
    add(make_named_tensor<std::int64_t>(name, {samples}, values));
  };
  add_whole("labels", activity.labels);
  add_whole("lengths", activity.lengths);
  for (const Activity::State& state : activity.states) {
    add(tensor(state.name, {samples, activity.steps, state.neurons}, state.values));
    if (!state.unit.empty()) file.metadata["unit." + state.name] = state.unit;
  }
  file.metadata["dt"] = format_number(activity.dt);
  return file;
}

Figure activity_figure(const Activity& activity) {
  Figure figure;
  figure.name = "activity";
  figure.caption = "Outputs of the neurons over time in the first samples of the test set, a panel a sample";
  const Index samples = std::min(activity.samples, shown_samples);
  Table table{figure.name, {{"time", std::vector<double>{}}}};
  for (Index t = 0; t < activity.steps; ++t)
    std::get<0>(table.columns[0].values).push_back(static_cast<double>(t) * activity.dt);
  const auto add = [&](Panel& panel, std::string name, std::vector<double> values, const Ink& ink,
                       const std::string& title) {
    panel.series.push_back(
        {.mark = Mark::line, .table = figure.name, .x = "time", .y = {name}, .ink = ink, .title = title});
    table.columns.push_back({std::move(name), std::move(values)});
  };
  Index layer = 0, layers = 0, most = 0;
  for (const Activity::State& state : activity.states) layers += state.is_output ? 1 : 0;
  for (const Activity::State& state : activity.states) {
    if (!state.is_output) continue;
    ++layer;
    const Index lines = std::min(state.neurons, shown_lines);
    most = std::max(most, state.neurons);
    for (Index sample = 0; sample < samples; ++sample) {
      Panel& panel = figure.panels.emplace_back();
      panel.title = (layers > 1 ? "layer " + std::to_string(layer) + ", " : "") + "sample " + std::to_string(sample) +
                    verdict(activity, sample);
      panel.x.label = "time (ms)";
      panel.y.label =
          literal(state.name) + (state.unit.empty() || state.unit == "1" ? "" : " (" + literal(state.unit) + ")");
      const std::string suffix = "_" + std::to_string(sample) + (layers > 1 ? "_layer_" + std::to_string(layer) : "");
      for (Index line = 0; line < lines; ++line) {
        const Index neuron = line * state.neurons / lines;
        Ink ink = faded(cluster_ink(0), 0.4);
        ink.width = 0.7;
        add(panel, "neuron_" + std::to_string(neuron) + suffix, course(activity, state, sample, neuron), ink,
            lines < state.neurons ? "some of the neurons" : "neurons");
      }
      add(panel, "mean" + suffix, course(activity, state, sample, -1), reference_ink(), "mean of all");
    }
  }
  figure.caption +=
      (layers > 1 ? " and layer" : "") +
      std::string(most > shown_lines ? ", of up to " + std::to_string(shown_lines) + " neurons; black: the mean of all."
                                     : "; black: their mean.");
  figure.columns = samples;
  figure.has_key = true;
  figure.width = 300.0 * static_cast<double>(std::max<Index>(1, samples));
  figure.aspect = 0.6;
  figure.tables.push_back(std::move(table));
  return figure;
}

#define GLIFR_INSTANTIATE(T) \
  template Activity activity<T>(const RecurrentNetwork<T>&, const Dataset<T>&, std::span<const Index>, double)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr::analysis
