#include <algorithm>
#include <array>
#include <cmath>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/style.hpp"
#include "table_rows.hpp"

namespace glifr::analysis {
namespace {

constexpr Index most_curves = 300;
constexpr Index bins = 30;

Index label_of(std::span<const Index> labels, Index neuron) {
  return labels.empty() ? 0 : labels[static_cast<std::size_t>(neuron)];
}

Index cluster_count(std::span<const Index> labels) {
  return labels.empty() ? 1 : 1 + *std::ranges::max_element(labels);
}

/// What the key says of a cluster: its name, which counts from 1, and its size; nothing where all neurons are alike.
std::string cluster_title(std::span<const Index> labels, Index cluster) {
  if (labels.empty()) return "learned";
  return "cluster " + std::to_string(cluster + 1) + " (" + std::to_string(std::ranges::count(labels, cluster)) +
         " neurons)";
}

std::vector<double> column_of(const FiCurves& curves, Index neuron) {
  std::vector<double> rates;
  for (Index i = 0; i < static_cast<Index>(curves.currents.size()); ++i) rates.push_back(curves(i, neuron));
  return rates;
}

struct Pair {
  std::string x, y, x_label, y_label;
};

/// The pairs of parameters that are shown against each other.
std::vector<Pair> scatter_pairs(Index num_ascs) {
  std::vector<Pair> pairs{{"thresh", "k_m", "V_{th} (mV)", "k_m (1/ms)"}};
  if (num_ascs < 2) return pairs;
  pairs.push_back({"r_1", "r_2", "r_1", "r_2"});
  pairs.push_back({"k_1", "k_2", "k_1 (1/ms)", "k_2 (1/ms)"});
  pairs.push_back({"a_1", "a_2", "a_1 (pA)", "a_2 (pA)"});
  return pairs;
}

/// Every column of a neuron table under its name, behind `first`.
Table neuron_table(const std::string& name, std::vector<Column> first, const NeuronTable& neurons) {
  Table table{name, std::move(first)};
  const std::vector<std::string> names = column_names(neurons.num_ascs);
  for (std::size_t c = 0; c < names.size(); ++c)
    table.columns.push_back({names[c], neurons.column(static_cast<Index>(c))});
  return table;
}

/// An axis over what the neurons have in one column.
Axis parameter_axis(const std::string& label, const std::string& column, const NeuronTable& learned,
                    const std::optional<NeuronTable>& initial) {
  const std::vector<std::string> names = column_names(learned.num_ascs);
  const auto index = static_cast<Index>(std::ranges::find(names, column) - names.begin());
  std::vector<double> values = learned.column(index);
  if (initial) {
    const std::vector<double> before = initial->column(index);
    values.insert(values.end(), before.begin(), before.end());
  }
  return round_axis(label, values, 6);
}

/// The span of values that a histogram covers, widened where they are all equal.
struct Bins {
  double lower, width;

  explicit Bins(const std::vector<double>& values) {
    const auto [low, high] = std::ranges::minmax(values);
    const double spread = high > low ? high - low : std::max(1.0, std::abs(low));
    lower = high > low ? low : low - spread / 2;
    width = spread / static_cast<double>(bins);
  }
  [[nodiscard]] double middle(Index bin) const { return lower + (static_cast<double>(bin) + 0.5) * width; }
  [[nodiscard]] std::vector<double> count(const std::vector<double>& values) const {
    std::vector<double> counts(static_cast<std::size_t>(bins));
    for (const double value : values) {
      const auto bin = std::clamp<Index>(static_cast<Index>((value - lower) / width), 0, bins - 1);
      counts[static_cast<std::size_t>(bin)] += 1;
    }
    return counts;
  }
};

}  // namespace

Figure fi_figure(const FiCurves& curves, std::span<const Index> labels, const std::optional<FiCurves>& initial) {
  Figure figure;
  figure.name = "fi_curves";
  figure.caption = "Firing of single neurons, the mean over " + std::to_string(fi_steps) +
                   " steps from rest, under constant background currents";
  figure.caption += labels.empty() ? "." : ", coloured by cluster.";
  if (initial) figure.caption += " Black: a neuron before training.";
  figure.height = 400;
  Table table{"fi_curves", {{"current", curves.currents}}};
  const Index every = (curves.neurons + most_curves - 1) / most_curves;
  if (every > 1) {
    figure.caption +=
        " Of " + std::to_string(curves.neurons) + " neurons every " + std::to_string(every) + "th is drawn.";
  }
  std::vector<std::vector<std::string>> columns(static_cast<std::size_t>(cluster_count(labels)));
  for (Index neuron = 0; neuron < curves.neurons; neuron += std::max<Index>(every, 1)) {
    const std::string name = "neuron_" + std::to_string(neuron);
    columns[static_cast<std::size_t>(label_of(labels, neuron))].push_back(name);
    table.columns.push_back({name, column_of(curves, neuron)});
  }
  Panel panel;
  panel.x = round_axis("background current I_0 (pA)", curves.currents);
  panel.y = {.label = "mean firing rate S", .lower = 0, .upper = 1, .step = 0.2};
  panel.key = key_beside;
  for (std::size_t cluster = 0; cluster < columns.size(); ++cluster) {
    if (columns[cluster].empty()) continue;
    Ink ink = cluster_ink(static_cast<Index>(cluster));
    ink.width = 1;
    ink.opacity = 0.55;
    panel.series.push_back({.mark = Mark::line,
                            .table = "fi_curves",
                            .x = "current",
                            .y = columns[cluster],
                            .ink = ink,
                            .title = cluster_title(labels, static_cast<Index>(cluster))});
  }
  if (initial) {
    table.columns.push_back({"initial", column_of(*initial, 0)});
    Ink ink = reference_ink();
    ink.width = 2.5;
    panel.series.push_back({.mark = Mark::line,
                            .table = "fi_curves",
                            .x = "current",
                            .y = {"initial"},
                            .ink = ink,
                            .title = "before training"});
  }
  figure.width = 720;
  figure.tables.push_back(std::move(table));
  figure.panels.push_back(std::move(panel));
  return figure;
}

Figure parameter_scatter_figure(const NeuronTable& learned, std::span<const Index> labels,
                                const std::optional<NeuronTable>& initial) {
  Figure figure;
  figure.name = "parameters_scatter";
  figure.caption = "Parameters of " + std::to_string(learned.neurons) + " trained neurons, a point a neuron";
  figure.caption += labels.empty() ? "." : ", coloured by cluster.";
  if (initial) figure.caption += " Black: before training.";
  std::vector<double> clusters;
  for (Index neuron = 0; neuron < learned.neurons; ++neuron) {
    clusters.push_back(static_cast<double>(label_of(labels, neuron) + 1));
  }
  figure.tables.push_back(neuron_table("learned", {{"cluster", clusters}}, learned));
  if (initial) figure.tables.push_back(neuron_table("initial", {}, *initial));

  for (const Pair& pair : scatter_pairs(learned.num_ascs)) {
    Panel& panel = figure.panels.emplace_back();
    panel.x = parameter_axis(pair.x_label, pair.x, learned, initial);
    panel.y = parameter_axis(pair.y_label, pair.y, learned, initial);
    for (Index cluster = 0; cluster < cluster_count(labels); ++cluster) {
      Ink ink = cluster_ink(cluster);
      ink.point_size = 0.45;
      ink.opacity = 0.75;
      panel.series.push_back({.mark = Mark::points,
                              .table = "learned",
                              .x = pair.x,
                              .y = {pair.y},
                              .ink = ink,
                              .title = cluster_title(labels, cluster),
                              .where = Filter{"cluster", static_cast<double>(cluster + 1)}});
    }
    if (!initial) continue;
    Ink ink = reference_ink();
    ink.point_size = 0.35;
    panel.series.push_back(
        {.mark = Mark::points, .table = "initial", .x = pair.x, .y = {pair.y}, .ink = ink, .title = "before training"});
  }
  figure.columns = figure.panels.size() > 1 ? 2 : 1;
  figure.panels[static_cast<std::size_t>(figure.columns - 1)].key = key_beside;
  figure.right_margin = 26;
  figure.width = figure.panels.size() > 1 ? 860 : 640;
  figure.height = figure.panels.size() > 1 ? 640 : 400;
  return figure;
}

Figure parameter_histogram_figure(const NeuronTable& learned, const std::optional<NeuronTable>& initial) {
  Figure figure;
  figure.name = "parameters_histogram";
  figure.caption = "Parameters of " + std::to_string(learned.neurons) + " trained neurons";
  figure.caption += initial ? " (bars) and their values before training (black)." : ".";
  const std::vector<std::string> names = column_names(learned.num_ascs);
  for (std::size_t c = 0; c < names.size(); ++c) {
    const std::vector<double> values = learned.column(static_cast<Index>(c));
    const std::vector<double> before = initial ? initial->column(static_cast<Index>(c)) : std::vector<double>{};
    std::vector<double> both = values;
    both.insert(both.end(), before.begin(), before.end());
    const Bins histogram(both);
    Table table{names[c], {{"middle", std::vector<double>{}}, {"learned", histogram.count(values)}}};
    for (Index bin = 0; bin < bins; ++bin) std::get<0>(table.columns[0].values).push_back(histogram.middle(bin));

    Panel& panel = figure.panels.emplace_back();
    panel.x = round_axis(quantity_label(names[c]), both, 6);
    std::vector<double> heights = histogram.count(values);
    panel.series.push_back({.mark = Mark::boxes,
                            .table = names[c],
                            .x = "middle",
                            .y = {"learned"},
                            .ink = faded(cluster_ink(0), 0.8),
                            .title = "learned",
                            .box_width = 0.9 * histogram.width});
    if (initial) {
      const auto [low, high] = std::ranges::minmax(before);
      std::string x = "middle";
      Mark mark = Mark::outline;
      if (high - low < 2 * histogram.width) {
        // All but equal values would be one bar that dwarfs the others: a line shows where they are.
        mark = Mark::line;
        x = "initial_value";
        table.columns.push_back({x, std::vector<double>(2, (low + high) / 2)});
        table.columns.push_back({"initial", std::vector<double>{0, *std::ranges::max_element(heights)}});
      } else {
        const std::vector<double> counts = histogram.count(before);
        heights.insert(heights.end(), counts.begin(), counts.end());
        table.columns.push_back({"initial", counts});
      }
      panel.series.push_back({.mark = mark,
                              .table = names[c],
                              .x = x,
                              .y = {"initial"},
                              .ink = reference_ink(),
                              .title = "before training"});
    }
    heights.push_back(0);
    panel.y = round_axis("neurons", heights, 3);
    figure.tables.push_back(std::move(table));
  }
  figure.panels[1].key = key_beside;
  figure.columns = 2;
  figure.right_margin = 18;
  figure.width = 820;
  figure.height = 170.0 * static_cast<double>((figure.panels.size() + 1) / 2) + 40;
  return figure;
}

Figure cluster_index_figure(const Clustering& clustering) {
  Figure figure;
  figure.name = "cluster_index";
  figure.caption =
      "Calinski-Harabasz index of Ward clusterings of the neurons' parameters: the higher, the better the clusters are "
      "set apart.";
  figure.width = 480;
  figure.height = 320;
  Table table{"cluster_index",
              {{"clusters", std::vector<double>(clustering.counts.begin(), clustering.counts.end())},
               {"index", clustering.scores}}};
  Panel panel;
  panel.x = {.label = "number of clusters", .lower = 1.5, .upper = static_cast<double>(clustering.counts.back()) + 0.5};
  for (const Index count : clustering.counts)
    panel.x.tics.push_back({std::to_string(count), static_cast<double>(count)});
  panel.y.label = "Calinski–Harabasz index";
  Ink ink = cluster_ink(0);
  ink.point_size = 0.7;
  panel.series.push_back(
      {.mark = Mark::line_and_points, .table = "cluster_index", .x = "clusters", .y = {"index"}, .ink = ink});
  figure.tables.push_back(std::move(table));
  figure.panels.push_back(std::move(panel));
  return figure;
}

}  // namespace glifr::analysis
