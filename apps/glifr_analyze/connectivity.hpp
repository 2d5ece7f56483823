#pragma once

#include <filesystem>
#include <vector>

#include "glifr/analysis/connectivity.hpp"

namespace glifr::apps {

/// The figures of a checkpoint's layer (1 the first): its recurrent weights and, beside a trial with learned delays,
/// the course of these. `read`: where the weights go, unless null. DataError where the layer has no such weights.
[[nodiscard]] std::vector<glifr::analysis::Figure> connectivity_figures(
    const std::filesystem::path& checkpoint, glifr::Index layer, glifr::analysis::RecurrentWeights* read = nullptr);

}  // namespace glifr::apps
