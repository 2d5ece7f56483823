#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/analysis/clustering.hpp"
#include "glifr/analysis/fi_curve.hpp"
#include "glifr/analysis/parameters.hpp"
#include "glifr/analysis/parts.hpp"
#include "glifr/analysis/plot.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/analysis/summary.hpp"
#include "glifr/analysis/trace.hpp"
#include "glifr/export.hpp"
#include "glifr/io/trial_folder.hpp"

/// The figures of the analyses. Each function describes one; `draw` makes files of it.
namespace glifr::analysis {

// ---- training and test, drawn by src/analysis/figures_training.cpp ----

/// Test accuracy (or loss) of every model: mean +- sd, the single trials on top.
[[nodiscard]] GLIFR_API Figure summary_figure(const TaskSummary& summary);

/// Test accuracy (or loss) against the first of the settings: mean +- sd, a series a model, a panel for each of the
/// values of the other settings. `base_task`: that of the groups that are drawn.
[[nodiscard]] GLIFR_API Figure settings_figure(const SettingSummary& summary, const std::string& base_task);

/// The share of each class's samples that were taken for each class, as squares: the darker, the larger.
[[nodiscard]] GLIFR_API Figure confusion_figure(const std::string& task, const std::string& model,
                                                const Confusion& confusion);

/// Training loss (and accuracy, where there is one) of every model over the epochs: mean over trials, +- sd as a band;
/// dashed, the same of validation.
[[nodiscard]] GLIFR_API Figure training_curves_figure(const std::string& task, std::span<const TrainingCurve> curves);

/// Loss (and accuracy) of one run over its epochs; dashed, those of validation. `is_weighed`: whether its training
/// loss weighs classes (`weighs_classes`), which the caption then says.
[[nodiscard]] GLIFR_API Figure training_curve_figure(const Metrics& metrics, const std::string& model,
                                                     bool is_weighed = false);

/// Draws the figures of a trial into its folder: training_curve.{csv,gp,svg,pdf} of its metrics and, where it has
/// classes, confusion_TASK_MODEL.{csv,gp,svg,pdf} of its confusion matrix. Returns what came of the last one, or of the
/// first where that was not drawn.
GLIFR_API Drawing draw_trial(const TrialFolder& folder, const std::string& task, const std::string& model);

/// Bars of every model for each ratio of silenced neurons, +- sd over draws and trials.
[[nodiscard]] GLIFR_API Figure ablation_figure(const TaskAblation& ablation);

// ---- neurons, drawn by src/analysis/figures_neurons.cpp ----

/// f-I curves of single neurons or, where these are told apart, mean and standard deviation over each cluster or group;
/// in black, mean and standard deviation of other neurons, called `initial_title`. Of more than 300 neurons that are
/// not told apart, 300 at equal distances are drawn.
[[nodiscard]] GLIFR_API Figure fi_figure(const FiCurves& curves, const NeuronParts& parts = {},
                                         const std::optional<FiCurves>& initial = std::nullopt,
                                         const std::string& initial_title = "before training");

/// thresh against k_m and, with after-spike currents, r_1 against r_2, k_1 against k_2, a_1 against a_2; coloured by
/// cluster or group where neurons are told apart, other neurons, called `initial_title`, in black.
[[nodiscard]] GLIFR_API Figure parameter_scatter_figure(const NeuronTable& learned, const NeuronParts& parts = {},
                                                        const std::optional<NeuronTable>& initial = std::nullopt,
                                                        const std::string& initial_title = "before training");

/// A histogram of every parameter, learned against initial; of each cluster or group where neurons are told apart.
[[nodiscard]] GLIFR_API Figure parameter_histogram_figure(const NeuronTable& learned,
                                                          const std::optional<NeuronTable>& initial,
                                                          const NeuronParts& parts = {});

/// The same of any neurons; only parameters that both tables have are compared.
[[nodiscard]] GLIFR_API Figure parameter_histogram_figure(const ParameterTable& learned,
                                                          const std::optional<ParameterTable>& initial,
                                                          const NeuronParts& parts = {});

/// How many neurons of each group are in each cluster.
[[nodiscard]] GLIFR_API Figure cluster_groups_figure(const NeuronParts& clusters, const NeuronParts& groups);

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

/// Outputs of trained networks beside what they should be, of samples of one task.
struct Responses {
  double dt = 0.05;                   ///< ms
  Index samples = 0;                  ///< of the task
  Index outputs = 1;                  ///< values a target
  std::vector<double> targets;        ///< [steps, samples, outputs]
  std::vector<double> frequencies{};  ///< of the samples, 1/ms; empty where they are no waves
  std::vector<Index> lengths{};       ///< valid steps of each sample; empty: all
  bool is_of_last_step = false;       ///< whether there is one target a sample, of its last valid step

  /// What one model made of them.
  struct Network {
    std::string model;           ///< its name
    std::vector<double> values;  ///< [steps, samples, outputs]
  };
  std::vector<Network> networks{};  ///< of each model

  /// Time steps of a sample that have a target.
  [[nodiscard]] Index steps() const {
    return samples * outputs == 0 ? 0 : static_cast<Index>(targets.size()) / (samples * outputs);
  }
  /// Where a value stands.
  [[nodiscard]] std::size_t place(Index step, Index sample, Index output) const {
    return static_cast<std::size_t>((step * samples + sample) * outputs + output);
  }
  /// Whether a step is part of a sample.
  [[nodiscard]] bool is_valid(Index step, Index sample) const {
    return lengths.empty() || is_of_last_step || step < lengths[static_cast<std::size_t>(sample)];
  }
};

/// A panel a sample and output, of the first 6 samples and 3 outputs: target and outputs over time. Where targets are
/// of the last step: a panel an output, with a point a sample.
[[nodiscard]] GLIFR_API Figure responses_figure(const Responses& responses);

}  // namespace glifr::analysis
