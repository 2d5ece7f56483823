#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/analysis/clustering.hpp"
#include "glifr/analysis/fi_curve.hpp"
#include "glifr/analysis/parameters.hpp"
#include "glifr/analysis/plot.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/analysis/summary.hpp"
#include "glifr/analysis/trace.hpp"
#include "glifr/export.hpp"

/// The figures of the analyses. Each function describes one; `draw` makes files of it.
namespace glifr::analysis {

// ---- training and test, drawn by src/analysis/figures_training.cpp ----

/// Test accuracy (or loss) of every model: mean +- sd, the single trials on top.
[[nodiscard]] GLIFR_API Figure summary_figure(const TaskSummary& summary);

/// Training loss (and accuracy, where there is one) of every model over the epochs: mean over trials, +- sd as a band.
[[nodiscard]] GLIFR_API Figure training_curves_figure(const std::string& task, std::span<const TrainingCurve> curves);

/// Loss (and accuracy) of one run over its epochs.
[[nodiscard]] GLIFR_API Figure training_curve_figure(const Metrics& metrics, const std::string& model);

/// Draws `training_curve_figure` of a metrics.csv, as training_curve.{csv,gp,svg,pdf} in an existing folder.
GLIFR_API Drawing draw_training_curve(const std::filesystem::path& metrics, const std::string& model,
                                      const std::filesystem::path& folder);

/// Bars of every model for each ratio of silenced neurons, +- sd over draws and trials.
[[nodiscard]] GLIFR_API Figure ablation_figure(const TaskAblation& ablation);

// ---- neurons, drawn by src/analysis/figures_neurons.cpp ----

/// f-I curves of single neurons or, where there are labels (one a neuron), mean and standard deviation over each
/// cluster; in black, mean and standard deviation of other neurons, called `initial_title`. Of more than 300 neurons
/// without labels, 300 at equal distances are drawn.
[[nodiscard]] GLIFR_API Figure fi_figure(const FiCurves& curves, std::span<const Index> labels = {},
                                         const std::optional<FiCurves>& initial = std::nullopt,
                                         const std::string& initial_title = "before training");

/// thresh against k_m and, with after-spike currents, r_1 against r_2, k_1 against k_2, a_1 against a_2; coloured by
/// cluster where there are labels, other neurons, called `initial_title`, in black.
[[nodiscard]] GLIFR_API Figure parameter_scatter_figure(const NeuronTable& learned, std::span<const Index> labels = {},
                                                        const std::optional<NeuronTable>& initial = std::nullopt,
                                                        const std::string& initial_title = "before training");

/// A histogram of every parameter, learned against initial.
[[nodiscard]] GLIFR_API Figure parameter_histogram_figure(const NeuronTable& learned,
                                                          const std::optional<NeuronTable>& initial);

/// Calinski-Harabasz index against the number of clusters.
[[nodiscard]] GLIFR_API Figure cluster_index_figure(const Clustering& clustering);

/// One neuron's response for several widths of the threshold, side by side.
struct SigmaTrace {
  double sigma_v = 1;  ///< mV
  Trace trace;         ///< what the neuron did
};

/// Input, synaptic current, after-spike currents, voltage and firing over time, a column of panels for each sigma_v.
/// `dt` in ms.
[[nodiscard]] GLIFR_API Figure trace_figure(std::span<const double> input, std::span<const SigmaTrace> traces,
                                            double dt);

// ---- signals, drawn by src/analysis/figures_signals.cpp ----

/// Outputs of trained networks on the sine task beside what they should be.
struct SineResponses {
  double dt = 0.05;                 ///< ms
  Index samples = 0;                ///< waves
  std::vector<double> frequencies;  ///< of the samples, 1/ms
  std::vector<double> targets;      ///< [steps, samples]

  /// What one model made of them.
  struct Output {
    std::string model;           ///< its name
    std::vector<double> values;  ///< [steps, samples]
  };
  std::vector<Output> outputs;  ///< of each model

  /// Time steps of a sample.
  [[nodiscard]] Index steps() const { return samples == 0 ? 0 : static_cast<Index>(targets.size()) / samples; }
};

/// A panel a sample: target and outputs over time.
[[nodiscard]] GLIFR_API Figure sine_figure(const SineResponses& responses);

/// How one neuron learned another's output.
struct RealizableRun {
  double dt = 0.05;                    ///< ms
  std::vector<double> loss_epoch;      ///< epochs, counted from 1
  std::vector<double> loss;            ///< training loss, a value an epoch
  std::vector<double> initial;         ///< output before training, a value a step
  std::vector<double> learned;         ///< output after training
  std::vector<double> target;          ///< output of the teacher
  std::vector<double> distance_epoch;  ///< from 0, before training
  std::vector<Column> distances;       ///< of each parameter to the teacher's, a value an epoch
};

/// Loss, outputs and parameter distances of the realizable task.
[[nodiscard]] GLIFR_API Figure realizable_figure(const RealizableRun& run);

}  // namespace glifr::analysis
