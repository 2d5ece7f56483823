#include "glifr/analysis/connectivity.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "glifr/analysis/style.hpp"
#include "glifr/error.hpp"
#include "glifr/neurons/indexing.hpp"
#include "histogram.hpp"

namespace glifr::analysis {

std::vector<double> neuron_delays(const TensorFile& checkpoint, Index neurons, const std::string& name) {
  const NamedTensor* delays = checkpoint.find("neuron_layer.synaptic_delay");
  return delays && delays->size() == neurons ? values_of<double>(*delays, name) : std::vector<double>{};
}

RecurrentWeights::Senders RecurrentWeights::senders() const {
  Senders count;
  for (const NeuronBalance& neuron : sent) {
    const bool excites = neuron.excitation > 0, inhibits = neuron.inhibition < 0;
    count.both += excites && inhibits;
    count.excitatory += excites && !inhibits;
    count.inhibitory += inhibits && !excites;
  }
  return count;
}

namespace {

/// Synaptic currents a neuron, by the shape of a layer's recurrent weights, [neurons, currents * neurons] or, stored
/// transposed, the other way round; 0 where they are no such weights.
Index synaptic_currents(const NamedTensor* weights) {
  if (!weights || weights->shape.size() != 2) return 0;
  const auto [neurons, columns] = std::minmax(weights->shape[0], weights->shape[1]);
  return neurons > 0 && columns % neurons == 0 ? columns / neurons : 0;
}

}  // namespace

RecurrentWeights recurrent_weights(const TensorFile& checkpoint, const std::string& name) {
  const NamedTensor* tensor = checkpoint.find("neuron_layer.weight_lat");
  if (const Index currents = synaptic_currents(tensor ? tensor : checkpoint.find("neuron_layer.weight_hh"));
      currents > 1) {
    throw DataError(name,
                    "a layer of neurons with one synaptic current is needed, this one has " + std::to_string(currents));
  }
  if (!tensor || tensor->shape.size() != 2 || tensor->shape[0] != tensor->shape[1] || tensor->shape[0] < 1)
    throw DataError(name,
                    "there is no square matrix 'neuron_layer.weight_lat'; is this a checkpoint of GLIFR neurons, an "
                    "RNN, or custom neurons with one synaptic current?");
  const std::vector<double> values = values_of<double>(*tensor, name);
  RecurrentWeights result;
  result.neurons = tensor->shape[0];
  const View<const double> weights(values.data(), result.neurons, result.neurons);
  result.balance.resize(static_cast<std::size_t>(result.neurons));
  result.sent.resize(static_cast<std::size_t>(result.neurons));
  for (Index sender = 0; sender < result.neurons; ++sender) {
    for (Index receiver = 0; receiver < result.neurons; ++receiver) {
      const double weight = weights(sender, receiver);
      if (!std::isfinite(weight))
        throw DataError(name, "tensor 'neuron_layer.weight_lat' holds a value that is not finite");
      for (NeuronBalance* balance : {&at(result.balance, receiver), &at(result.sent, sender)})
        (weight > 0 ? balance->excitation : balance->inhibition) += weight;
      result.connections += weight != 0;
    }
  }
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::EigenSolver<Matrix> solver(Eigen::Map<const Matrix>(values.data(), result.neurons, result.neurons),
                                          false);
  if (solver.info() != Eigen::Success)
    throw DataError(name, "the eigenvalues of 'neuron_layer.weight_lat' were not found");
  for (Index i = 0; i < result.neurons; ++i) result.eigenvalues.push_back(solver.eigenvalues()[i]);
  // Pairs of conjugates are equally large: the order must not depend on rounding.
  std::ranges::sort(result.eigenvalues, [](const auto& a, const auto& b) {
    const double first = std::abs(a), second = std::abs(b);
    if (first != second) return first > second;
    return a.imag() > b.imag();
  });
  result.delays = neuron_delays(checkpoint, result.neurons, name);
  return result;
}

namespace {

/// What the key says of a group; nothing where neurons are not told apart.
std::string group_title(const NeuronParts& groups, Index group) {
  return groups.is_empty() ? std::string() : literal(groups.name(group));
}

}  // namespace

Figure connectivity_figure(const RecurrentWeights& weights, const NeuronParts& groups,
                           const std::vector<double>& initial_delays) {
  Figure figure;
  figure.name = "connectivity";
  char radius[32];
  std::snprintf(radius, sizeof radius, "%.3g", weights.spectral_radius());
  figure.caption =
      "Recurrent weights of " + counted(weights.neurons, "neuron") + ", " + counted(weights.connections, "connection") +
      ". Eigenvalues with the unit circle (spectral radius " + radius +
      "); excitation and inhibition that each neuron receives, the sums of the positive and of the negative weights "
      "from all neurons to it.";
  Table eigenvalues{"eigenvalues", {{"real", std::vector<double>{}}, {"imaginary", std::vector<double>{}}}};
  for (const std::complex<double>& value : weights.eigenvalues) {
    std::get<0>(eigenvalues.columns[0].values).push_back(value.real());
    std::get<0>(eigenvalues.columns[1].values).push_back(value.imag());
  }
  std::vector<double> circle_x, circle_y;
  for (int i = 0; i <= 72; ++i) {
    const double angle = 2 * 3.141592653589793 * i / 72;
    circle_x.push_back(std::cos(angle));
    circle_y.push_back(std::sin(angle));
  }
  figure.tables.push_back(std::move(eigenvalues));
  figure.tables.push_back({"unit_circle", {{"real", circle_x}, {"imaginary", circle_y}}});
  std::vector<std::string> names;
  std::vector<double> excitation, inhibition;
  for (Index n = 0; n < weights.neurons; ++n) {
    const NeuronBalance& neuron = at(weights.balance, n);
    names.push_back(groups.name(groups.of(n)));
    excitation.push_back(neuron.excitation);
    inhibition.push_back(-neuron.inhibition);
  }
  figure.tables.push_back({"balance", {{"group", names}, {"excitation", excitation}, {"inhibition", inhibition}}});

  Panel& plane = figure.panels.emplace_back();
  plane.x.label = "real part";
  plane.y.label = "imaginary part";
  plane.has_equal_axes = true;
  plane.series.push_back(
      {.mark = Mark::line, .table = "unit_circle", .x = "real", .y = {"imaginary"}, .ink = {.color = 0x888888}});
  plane.series.push_back(
      {.mark = Mark::points, .table = "eigenvalues", .x = "real", .y = {"imaginary"}, .ink = reference_ink()});
  Panel& sums = figure.panels.emplace_back();
  sums.x = {.label = "excitation", .least = 0};
  sums.y = {.label = "inhibition", .least = 0};
  for (Index group = 0; group < groups.count(); ++group) {
    sums.series.push_back({.mark = Mark::points,
                           .table = "balance",
                           .x = "excitation",
                           .y = {"inhibition"},
                           .ink = cluster_ink(group),
                           .title = group_title(groups, group),
                           .where = Filter{"group", groups.name(group)}});
  }
  if (!weights.delays.empty()) {
    const bool has_initial = !initial_delays.empty() && initial_delays != weights.delays;
    std::vector<double> both = weights.delays;
    if (has_initial) both.insert(both.end(), initial_delays.begin(), initial_delays.end());
    const detail::Bins bins(both);
    Table table{"delays", {{"middle", bins.middles()}, {"neurons", bins.counts(weights.delays)}}};
    figure.caption += " Synaptic delays of the sending neurons";
    figure.caption += has_initial ? "; black: before training." : ".";
    Panel& delays = figure.panels.emplace_back();
    delays.x.label = "synaptic delay (ms)";
    delays.y = {.label = "neurons", .is_count = true};
    if (groups.is_empty()) {
      delays.series.push_back({.mark = Mark::boxes,
                               .table = "delays",
                               .x = "middle",
                               .y = {"neurons"},
                               .ink = faded(cluster_ink(0), 0.8),
                               .title = has_initial ? "learned" : "",
                               .box_width = 0.9 * bins.width()});
    }
    for (Index group = 0; !groups.is_empty() && group < groups.count(); ++group) {
      std::vector<double> own;
      for (const Index neuron : groups.members(group, weights.neurons)) own.push_back(at(weights.delays, neuron));
      const std::string column = "group_" + std::to_string(group);
      table.columns.push_back({column, bins.counts(own)});
      delays.series.push_back({.mark = Mark::outline,
                               .table = "delays",
                               .x = "middle",
                               .y = {column},
                               .ink = cluster_ink(group),
                               .title = group_title(groups, group)});
    }
    if (has_initial) {
      table.columns.push_back({"before_training", bins.counts(initial_delays)});
      delays.series.push_back({.mark = Mark::outline,
                               .table = "delays",
                               .x = "middle",
                               .y = {"before_training"},
                               .ink = reference_ink(),
                               .title = "before training"});
    }
    figure.tables.push_back(std::move(table));
  }
  figure.has_key = true;
  figure.columns = static_cast<Index>(figure.panels.size());
  figure.width = 760;
  figure.aspect = 0.8;
  return figure;
}

Figure delays_figure(const std::vector<std::vector<double>>& course, const NeuronParts& groups,
                     const std::vector<double>& epochs) {
  const bool has_epochs = !epochs.empty();
  if (has_epochs && epochs.size() != course.size())
    throw std::invalid_argument("delays_figure: there are " + std::to_string(course.size()) + " rows and " +
                                std::to_string(epochs.size()) + " epochs");
  Figure figure;
  figure.name = "delays";
  const std::size_t neurons = course.empty() ? 0 : course.front().size();
  constexpr std::size_t most_lines = 100;
  const std::size_t every = std::max<std::size_t>(1, (neurons + most_lines - 1) / most_lines);
  figure.caption = "Learned synaptic delays of " + counted(static_cast<Index>(neurons), "neuron") +
                   " over training, a line a neuron" +
                   (every > 1 ? "; every " + std::to_string(every) + "th is drawn." : ".");
  std::vector<double> along = epochs;
  for (std::size_t r = along.size(); r < course.size(); ++r) along.push_back(static_cast<double>(r));
  Table table{"delays", {{has_epochs ? "epoch" : "record", std::move(along)}}};
  std::vector<std::vector<std::string>> names(static_cast<std::size_t>(groups.count()));  // of each group
  for (std::size_t n = 0; n < neurons; n += every) {
    const std::string name = "neuron_" + std::to_string(n);
    at(names, groups.of(static_cast<Index>(n))).push_back(name);
    std::vector<double> values;
    for (const std::vector<double>& row : course) values.push_back(row[n]);
    table.columns.push_back({name, std::move(values)});
  }
  figure.tables.push_back(std::move(table));
  Panel& panel = figure.panels.emplace_back();
  panel.x = {.label = has_epochs ? "epoch" : literal("recorded epoch (row of synaptic_delay.csv)"), .is_count = true};
  panel.y.label = "synaptic delay (ms)";
  for (Index group = 0; group < groups.count(); ++group) {
    const auto& own = at(names, group);
    if (own.empty()) continue;
    panel.series.push_back({.mark = Mark::line,
                            .table = "delays",
                            .x = has_epochs ? "epoch" : "record",
                            .y = own,
                            .ink = faded(cluster_ink(group), 0.6),
                            .title = group_title(groups, group)});
  }
  figure.has_key = true;
  return figure;
}

}  // namespace glifr::analysis
