#pragma once

#include <string>
#include <string_view>

#include "glifr/analysis/plot.hpp"
#include "glifr/export.hpp"

/// How models, clusters and quantities look and are called in every figure. The colours were chosen such that any two
/// of the ten models, and any two of the first six clusters, differ by a CIE76 distance of 16 or more to people with
/// normal colour vision and, by the model of Machado, Oliveira & Fernandes (2009), with full protanopia, deuteranopia
/// or tritanopia.
namespace glifr::analysis {

/// What a model is called for people, in figures, tables of reports and messages alike: "LHetA" for glifr_lheta, "RNN"
/// for rnn; names of other models as they are.
[[nodiscard]] GLIFR_API std::string model_name(std::string_view model);

/// The same in gnuplot's enhanced text, for figures; of names of more than 24 letters the middle is left out.
[[nodiscard]] GLIFR_API std::string model_label(std::string_view model);

/// A number of things in words: "1 cluster", "3 clusters".
[[nodiscard]] GLIFR_API std::string counted(Index count, std::string_view thing);

/// Colour, dash and point of a model. Models with after-spike currents are dark and drawn with solid lines, those
/// without light and dashed.
[[nodiscard]] GLIFR_API Ink model_ink(std::string_view model);

/// Colour of a cluster, 0, 1, ….
[[nodiscard]] GLIFR_API Ink cluster_ink(Index cluster);

/// The initial state, before training, and what training aims at: black.
[[nodiscard]] GLIFR_API Ink reference_ink();

/// The symbol of a column of learnedparams.csv, in enhanced text: "V_{th}", "k_{m}", "r_{1}".
[[nodiscard]] GLIFR_API std::string quantity_symbol(std::string_view column);

/// The quantity and unit of a column of learnedparams.csv, in enhanced text: "decay rate k_{1} (1/ms)".
[[nodiscard]] GLIFR_API std::string quantity_label(std::string_view column);

/// `ink` with another opacity.
[[nodiscard]] inline Ink faded(Ink ink, double opacity) {
  ink.opacity = opacity;
  return ink;
}

}  // namespace glifr::analysis
