#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "glifr/analysis/connectivity.hpp"
#include "glifr/analysis/parts.hpp"

namespace glifr::apps {

/// How the neurons of a layer are connected, with what is drawn of it.
struct Wiring {
  glifr::analysis::RecurrentWeights weights;
  glifr::analysis::NeuronParts groups{};           ///< of the layer, where it has any
  std::vector<glifr::analysis::Figure> figures{};  ///< its weights and, of a trial with learned delays, their course
};

/// That of a checkpoint's layer (1 the first). DataError where the layer has no recurrent weights of one current a
/// neuron.
[[nodiscard]] Wiring read_wiring(const std::filesystem::path& checkpoint, glifr::Index layer);

/// The course of a layer's learned delays over training; nothing where the checkpoint is of no trial that learned any.
[[nodiscard]] std::optional<glifr::analysis::Figure> delay_course(const std::filesystem::path& checkpoint,
                                                                  glifr::Index layer, glifr::Index neurons,
                                                                  const glifr::analysis::NeuronParts& groups);

/// "2000 connections of 100 neurons, spectral radius 1.2; senders: …"
[[nodiscard]] std::string wiring_text(const glifr::analysis::RecurrentWeights& weights);

}  // namespace glifr::apps
