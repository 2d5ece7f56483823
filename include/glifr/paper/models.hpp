#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "glifr/experiment/config.hpp"
#include "glifr/export.hpp"

/// The experiments of the paper (see `published_source`): its ten models, its results, and its task realizable.
namespace glifr::paper {

/// The models for which results on a task were published; none where there are no such results.
[[nodiscard]] GLIFR_API std::vector<std::string> published_models(std::string_view task);

/// The models that a request names, as glifr::select_models, or "paper": those for which results on the configuration's
/// task were published. ConfigError (key "model") where nothing was published, too.
[[nodiscard]] GLIFR_API std::vector<Model> select_models(std::string_view request, const Config& config);

}  // namespace glifr::paper
