#pragma once

#include <string>

#include "common/format.hpp"
#include "glifr/analysis/statistics.hpp"

/// Numbers as tables for people write them.
namespace glifr::apps {

/// "94.17 ± 0.13" of accuracies in percent, "0.0123 ± 0.0045" of losses; a dash where there is nothing.
inline std::string mean_and_sd(const glifr::analysis::Moments& m, bool has_accuracy) {
  if (m.count == 0) return "–";
  const double factor = has_accuracy ? 100 : 1;
  const std::string mean = has_accuracy ? format("%.2f", factor * m.mean) : format("%.3g", m.mean);
  if (m.count < 2) return mean;
  return mean + " ± " + (has_accuracy ? format("%.2f", factor * m.sd) : format("%.2g", m.sd));
}

/// "0.031", "< 0.0001"
inline std::string p_text(double p) {
  return p < 1e-4 ? "< 0.0001" : format("%.2g", p);
}

}  // namespace glifr::apps
