#include <algorithm>
#include <array>
#include <cmath>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/style.hpp"
#include "histogram.hpp"
#include "table_rows.hpp"

namespace glifr::analysis {
namespace {

constexpr Index max_curves = 300;
using detail::Bins;

/// What the key says of a part: its name and size; nothing where all neurons are alike.
std::string part_title(const NeuronParts& parts, Index part) {
  if (parts.is_empty()) return "learned";
  return (parts.names.empty() ? "cluster " : "") + literal(parts.name(part)) +
         " (n = " + std::to_string(std::ranges::count(parts.labels, part)) + ")";
}

/// What columns of a part are called.
std::string part_column(const NeuronParts& parts, Index part) {
  return parts.kind() + "_" + parts.name(part);
}

std::vector<double> column_of(const FiCurves& curves, Index neuron) {
  std::vector<double> rates;
  for (Index i = 0; i < static_cast<Index>(curves.currents.size()); ++i) rates.push_back(curves(i, neuron));
  return rates;
}

/// Mean over some neurons at each current, and one standard deviation to either side as far as rates can be; the band
/// is empty where the neurons are all alike.
struct RateBand {
  std::vector<double> mean, lower, upper;
  bool is_empty = true;
};

RateBand band_of(const FiCurves& curves, const std::vector<Index>& neurons) {
  RateBand band;
  for (Index i = 0; i < static_cast<Index>(curves.currents.size()); ++i) {
    std::vector<double> rates;
    for (const Index neuron : neurons) rates.push_back(curves(i, neuron));
    const Moments over_neurons = moments(rates);
    const double sd = over_neurons.count > 1 ? over_neurons.sd : 0;
    band.mean.push_back(over_neurons.mean);
    band.lower.push_back(std::max(0.0, over_neurons.mean - sd));
    band.upper.push_back(std::min(1.0, over_neurons.mean + sd));
    if (sd > 1e-6) band.is_empty = false;
  }
  return band;
}

/// Adds a band to the table, and to the panel as an area and, through `lines`, a line on top of all areas.
void add_band(Table& table, Panel& panel, std::vector<Series>& lines, const std::string& name, const RateBand& band,
              Ink ink, const std::string& title) {
  table.columns.push_back({name + "_mean", band.mean});
  lines.push_back(
      {.mark = Mark::line, .table = table.name, .x = "current", .y = {name + "_mean"}, .ink = ink, .title = title});
  if (band.is_empty) return;
  table.columns.push_back({name + "_lower", band.lower});
  table.columns.push_back({name + "_upper", band.upper});
  panel.series.push_back({.mark = Mark::band,
                          .table = table.name,
                          .x = "current",
                          .y = {name + "_lower", name + "_upper"},
                          .ink = faded(ink, 0.2)});
}

/// Two columns of a neuron table.
struct Pair {
  std::string x, y;
};

/// The pairs of parameters that are shown against each other.
std::vector<Pair> scatter_pairs(Index num_ascs) {
  if (num_ascs < 2) return {{"thresh", "k_m"}};
  return {{"thresh", "k_m"}, {"r_1", "r_2"}, {"k_1", "k_2"}, {"a_1", "a_2"}};
}

/// Symbol and unit of a column, without its name.
std::string axis_label(const std::string& column) {
  const std::string label = quantity_label(column);
  return label.substr(label.find(quantity_symbol(column)));
}

/// Every column of a neuron table under its name, behind `first`.
Table neuron_table(const std::string& name, std::vector<Column> first, const NeuronTable& neurons) {
  Table table{name, std::move(first)};
  const std::vector<std::string> names = column_names(neurons.num_ascs);
  for (std::size_t c = 0; c < names.size(); ++c)
    table.columns.push_back({names[c], neurons.column(static_cast<Index>(c))});
  return table;
}

/// Histograms without any yet, with what the caption says of all.
Figure empty_histograms(Index neurons, bool has_initial, const NeuronParts& parts) {
  Figure figure;
  figure.name = "parameters_histogram";
  figure.caption = "Parameters of " + counted(neurons, "trained neuron");
  if (!parts.is_empty()) figure.caption += " by " + parts.kind();
  figure.caption += !has_initial       ? "."
                    : parts.is_empty() ? " (bars) and their values before training (black)."
                                       : " (coloured) and the values of all of them before training (black).";
  figure.has_key = true;
  figure.columns = 2;
  figure.width = 760;
  figure.aspect = 0.35;
  return figure;
}

/// Whether values are the same up to rounding.
bool are_alike(const std::vector<double>& values) {
  const auto [low, high] = std::ranges::minmax(values);
  return high - low <= 1e-6 * std::max(std::abs(low), std::abs(high));
}

/// Adds a histogram of the values of one parameter and, where they are known, of those before training.
void add_histogram(Figure& figure, const std::string& name, const std::string& label, const std::vector<double>& values,
                   const std::vector<double>& before, const NeuronParts& parts) {
  std::vector<double> both = values;
  both.insert(both.end(), before.begin(), before.end());
  const Bins histogram(both);
  const std::vector<double> heights = histogram.counts(values);
  Table table{name, {{"middle", histogram.middles()}, {"learned", heights}}};

  Panel& panel = figure.panels.emplace_back();
  panel.x.label = label;
  if (parts.is_empty()) {
    panel.series.push_back({.mark = Mark::boxes,
                            .table = name,
                            .x = "middle",
                            .y = {"learned"},
                            .ink = faded(cluster_ink(0), 0.8),
                            .title = "learned",
                            .box_width = 0.9 * histogram.width()});
  }
  for (Index part = 0; !parts.is_empty() && part < parts.count(); ++part) {
    std::vector<double> own;
    for (const Index neuron : parts.members(part, std::ssize(values)))
      own.push_back(values[static_cast<std::size_t>(neuron)]);
    table.columns.push_back({part_column(parts, part), histogram.counts(own)});
    panel.series.push_back({.mark = Mark::outline,
                            .table = name,
                            .x = "middle",
                            .y = {part_column(parts, part)},
                            .ink = cluster_ink(part),
                            .title = part_title(parts, part)});
  }
  if (!before.empty()) {
    std::string x = "middle";
    Mark mark = Mark::outline;
    if (are_alike(before)) {
      // One value of all neurons would be a bar that dwarfs the others: a line shows where it is.
      mark = Mark::line;
      x = "initial_value";
      table.columns.push_back({x, std::vector<double>(2, before.front())});
      table.columns.push_back({"initial", std::vector<double>{0, *std::ranges::max_element(heights)}});
    } else {
      const std::vector<double> counts = histogram.counts(before);
      table.columns.push_back({"initial", counts});
    }
    panel.series.push_back(
        {.mark = mark, .table = name, .x = x, .y = {"initial"}, .ink = reference_ink(), .title = "before training"});
  }
  panel.y = {.label = "neurons", .is_count = true};
  figure.tables.push_back(std::move(table));
}

/// Says in the caption of histograms what lines in them are.
void describe_lines(Figure& figure) {
  const bool has_line = std::ranges::any_of(figure.panels, [](const Panel& panel) {
    return std::ranges::any_of(panel.series, [](const Series& series) { return series.mark == Mark::line; });
  });
  if (has_line)
    figure.caption += " A vertical line marks the one value that all had before training; its height says nothing.";
}

}  // namespace

Figure fi_figure(const FiCurves& curves, const NeuronParts& parts, const std::optional<FiCurves>& initial,
                 const std::string& initial_title) {
  Figure figure;
  figure.name = "fi_curves";
  figure.caption = "Firing of single neurons, the mean over " + std::to_string(fi_steps) +
                   " steps from rest, under constant background currents";
  figure.caption += parts.is_empty() ? "."
                                     : ": mean over the n neurons of each " + parts.kind() +
                                           ", with one standard deviation to either side.";
  Table table{"fi_curves", {{"current", curves.currents}}};
  Panel panel;
  panel.x.label = "background current I_0 (pA)";
  panel.y = {.label = "mean firing rate S", .lower = 0, .upper = 1};
  std::vector<Series> lines;  // on top of all bands
  if (parts.is_empty()) {
    const Index every = std::max<Index>(1, (curves.neurons + max_curves - 1) / max_curves);
    if (every > 1) {
      figure.caption +=
          " Of " + std::to_string(curves.neurons) + " neurons every " + std::to_string(every) + "th is drawn.";
    }
    std::vector<std::string> columns;
    for (Index neuron = 0; neuron < curves.neurons; neuron += every) {
      columns.push_back("neuron_" + std::to_string(neuron));
      table.columns.push_back({columns.back(), column_of(curves, neuron)});
    }
    Ink ink = cluster_ink(0);
    ink.width = 1;
    ink.opacity = 0.55;
    if (!columns.empty()) {
      lines.push_back({.mark = Mark::line,
                       .table = "fi_curves",
                       .x = "current",
                       .y = columns,
                       .ink = ink,
                       .title = part_title(parts, 0)});
    }
  }
  for (Index part = 0; !parts.is_empty() && part < parts.count(); ++part) {
    const std::vector<Index> neurons = parts.members(part, curves.neurons);
    if (neurons.empty()) continue;
    add_band(table, panel, lines, part_column(parts, part), band_of(curves, neurons), cluster_ink(part),
             part_title(parts, part));
  }
  if (initial) {
    const RateBand band = band_of(*initial, NeuronParts{}.members(0, initial->neurons));
    figure.caption += " Black: " + initial_title +
                      (band.is_empty ? "." : ", mean and standard deviation over the network's neurons.");
    Ink ink = reference_ink();
    ink.width = 2.5;
    add_band(table, panel, lines, "initial", band, ink, initial_title);
  }
  panel.series.insert(panel.series.end(), lines.begin(), lines.end());
  figure.width = 640;
  figure.aspect = 0.55;
  figure.has_key = true;
  figure.tables.push_back(std::move(table));
  figure.panels.push_back(std::move(panel));
  return figure;
}

Figure parameter_scatter_figure(const NeuronTable& learned, const NeuronParts& parts,
                                const std::optional<NeuronTable>& initial, const std::string& initial_title) {
  Figure figure;
  figure.name = "parameters_scatter";
  figure.caption = "Parameters of " + counted(learned.neurons, "trained neuron") + ", a point a neuron";
  figure.caption += parts.is_empty() ? "." : ", coloured by " + parts.kind() + " (n: neurons in it).";
  if (initial) figure.caption += " Black: " + initial_title + ".";
  std::vector<std::string> names;
  for (Index neuron = 0; neuron < learned.neurons; ++neuron) names.push_back(parts.name(parts.of(neuron)));
  figure.tables.push_back(neuron_table("learned", {{parts.kind(), names}}, learned));
  if (initial) figure.tables.push_back(neuron_table("initial", {}, *initial));

  for (const Pair& pair : scatter_pairs(learned.num_ascs)) {
    Panel& panel = figure.panels.emplace_back();
    panel.x.label = axis_label(pair.x);
    panel.y.label = axis_label(pair.y);
    for (Index part = 0; part < parts.count(); ++part) {
      Ink ink = cluster_ink(part);
      ink.point_size = 0.45;
      ink.opacity = 0.75;
      panel.series.push_back({.mark = Mark::points,
                              .table = "learned",
                              .x = pair.x,
                              .y = {pair.y},
                              .ink = ink,
                              .title = part_title(parts, part),
                              .where = Filter{parts.kind(), parts.name(part)}});
    }
    if (!initial) continue;
    Ink ink = reference_ink();
    ink.point_size = 0.35;
    panel.series.push_back(
        {.mark = Mark::points, .table = "initial", .x = pair.x, .y = {pair.y}, .ink = ink, .title = initial_title});
  }
  figure.columns = figure.panels.size() > 1 ? 2 : 1;
  figure.has_key = true;
  figure.width = figure.panels.size() > 1 ? 760 : 560;
  figure.aspect = 0.6;
  return figure;
}

Figure parameter_histogram_figure(const NeuronTable& learned, const std::optional<NeuronTable>& initial,
                                  const NeuronParts& parts) {
  Figure figure = empty_histograms(learned.neurons, initial.has_value(), parts);
  figure.caption += " V_th: threshold; k_m: decay rate of the membrane";
  figure.caption += learned.num_ascs == 0 ? "."
                                          : "; r, k, a of each after-spike current: multiplicative jump, decay rate, "
                                            "additive jump.";
  const std::vector<std::string> names = column_names(learned.num_ascs);
  for (std::size_t c = 0; c < names.size(); ++c) {
    const auto column = static_cast<Index>(c);
    add_histogram(figure, names[c], axis_label(names[c]), learned.column(column),
                  initial ? initial->column(column) : std::vector<double>{}, parts);
  }
  describe_lines(figure);
  return figure;
}

Figure parameter_histogram_figure(const ParameterTable& learned, const std::optional<ParameterTable>& initial,
                                  const NeuronParts& parts) {
  Figure figure = empty_histograms(learned.neurons, initial.has_value(), parts);
  for (const ParameterTable::Column& column : learned.columns) {
    std::vector<double> before;
    if (initial) {
      const auto found = std::ranges::find(initial->columns, column.name, &ParameterTable::Column::name);
      if (found != initial->columns.end()) before = found->values;
    }
    const std::string unit = column.unit == "1" ? "" : " (" + literal(column.unit) + ")";
    add_histogram(figure, column.name, literal(column.name) + unit, column.values, before, parts);
  }
  describe_lines(figure);
  return figure;
}

Figure cluster_groups_figure(const NeuronParts& clusters, const NeuronParts& groups) {
  Figure figure;
  figure.name = "cluster_groups";
  figure.caption = "Neurons of each group in each cluster of parameters.";
  figure.width = 480;
  figure.has_key = true;
  const Index count = clusters.count();
  Table table{"cluster_groups", {{"cluster", std::vector<double>{}}}};
  for (Index cluster = 0; cluster < count; ++cluster)
    std::get<0>(table.columns[0].values).push_back(static_cast<double>(cluster));
  Panel panel;
  panel.x = {.label = "cluster", .lower = -0.6, .upper = static_cast<double>(count) - 0.4, .is_count = true};
  panel.y = {.label = "neurons", .is_count = true};
  const double width = 0.8 / static_cast<double>(groups.count());
  for (Index group = 0; group < groups.count(); ++group) {
    const double shift = (static_cast<double>(group) + 0.5) * width - 0.4;
    std::vector<double> places, counts(static_cast<std::size_t>(count));
    for (Index cluster = 0; cluster < count; ++cluster) places.push_back(static_cast<double>(cluster) + shift);
    for (const Index neuron : groups.members(group, std::ssize(clusters.labels)))
      counts[static_cast<std::size_t>(clusters.of(neuron))] += 1;
    const std::string column = part_column(groups, group), place = column + "_place";
    table.columns.push_back({place, places});
    table.columns.push_back({column, counts});
    panel.series.push_back({.mark = Mark::boxes,
                            .table = table.name,
                            .x = place,
                            .y = {column},
                            .ink = faded(cluster_ink(group), 0.8),
                            .title = part_title(groups, group),
                            .box_width = 0.9 * width});
  }
  figure.tables.push_back(std::move(table));
  figure.panels.push_back(std::move(panel));
  return figure;
}

Figure cluster_index_figure(const Clustering& clustering) {
  Figure figure;
  figure.name = "cluster_index";
  figure.caption =
      "Calinski-Harabasz index of Ward clusterings of the neurons' parameters: the higher, the better the clusters are "
      "set apart.";
  if (clustering.is_most_tried()) {
    figure.caption += " It is highest for " + std::to_string(clustering.counts.back()) +
                      ", the most that were tried: more clusters may describe the neurons better.";
  }
  figure.width = 480;
  Table table{"cluster_index",
              {{"clusters", std::vector<double>(clustering.counts.begin(), clustering.counts.end())},
               {"index", clustering.scores}}};
  Panel panel;
  panel.x = {.label = "number of clusters",
             .lower = 1.5,
             .upper = static_cast<double>(clustering.counts.back()) + 0.5,
             .is_count = true};
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
