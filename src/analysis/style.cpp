#include "glifr/analysis/style.hpp"

#include <algorithm>
#include <array>

namespace glifr::analysis {
namespace {

struct ModelStyle {
  std::string_view model, label;
  Ink ink;
};

constexpr std::array<ModelStyle, 10> model_styles{{
    {"rnn", "RNN", {.color = 0x414249, .dash = 1, .point = 5}},
    {"lstmn", "LSTM", {.color = 0x8A8B9B, .dash = 1, .point = 13}},
    {"glifr_hom", "Hom", {.color = 0xE0B817, .dash = 2, .point = 7}},
    {"glifr_homa", "HomA", {.color = 0x9C6E10, .dash = 1, .point = 7}},
    {"glifr_lhet", "LHet", {.color = 0x5E92D6, .dash = 2, .point = 7}},
    {"glifr_lheta", "LHetA", {.color = 0x133374, .dash = 1, .point = 7}},
    {"glifr_fhet", "FHet", {.color = 0x63CFC0, .dash = 2, .point = 7}},
    {"glifr_fheta", "FHetA", {.color = 0x147A51, .dash = 1, .point = 7}},
    {"glifr_rhet", "RHet", {.color = 0xF39062, .dash = 2, .point = 7}},
    {"glifr_rheta", "RHetA", {.color = 0x861810, .dash = 1, .point = 7}},
}};

// The first six after Okabe & Ito.
constexpr std::array<std::uint32_t, 11> cluster_colors{0x0072B2, 0xE69F00, 0x009E73, 0xCC79A7, 0xB84A00, 0x56B4E9,
                                                       0x5C4400, 0x8C8C8C, 0x882255, 0x2B2270, 0xD8C700};

const ModelStyle* find_style(std::string_view model) {
  const auto found = std::ranges::find(model_styles, model, &ModelStyle::model);
  return found == model_styles.end() ? nullptr : &*found;
}

}  // namespace

std::string model_label(std::string_view model) {
  const ModelStyle* style = find_style(model);
  return style ? std::string(style->label) : literal(model);
}

Ink model_ink(std::string_view model) {
  if (const ModelStyle* style = find_style(model)) return style->ink;
  // Models of users' own: a colour by name, so that it too stays the same from figure to figure.
  std::size_t sum = 0;
  for (const char c : model) sum = 31 * sum + static_cast<unsigned char>(c);
  return {.color = cluster_colors[sum % cluster_colors.size()], .dash = 4, .point = 9};
}

Ink cluster_ink(Index cluster) {
  return {.color = cluster_colors[static_cast<std::size_t>(cluster) % cluster_colors.size()]};
}

Ink reference_ink() {
  return {.color = 0x000000};
}

std::string quantity_label(std::string_view column) {
  if (column == "thresh") return "threshold V_{th} (mV)";
  if (column == "k_m") return "membrane decay rate k_m (1/ms)";
  const std::string index(column.substr(std::min<std::size_t>(2, column.size())));
  switch (column.empty() ? ' ' : column[0]) {
    case 'r':
      return "multiplicative jump r_{" + index + "}";
    case 'k':
      return "decay rate k_{" + index + "} (1/ms)";
    case 'a':
      return "additive jump a_{" + index + "} (pA)";
    default:
      return literal(column);
  }
}

}  // namespace glifr::analysis
