#include "glifr/analysis/style.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

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

/// At most so many letters, the middle left out of longer names: beginnings and ends tell names apart.
std::string shortened(const std::string& name) {
  constexpr std::size_t max_letters = 24;
  const auto is_within_letter = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  std::vector<std::size_t> letters;  // where each begins
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!is_within_letter(name[i])) letters.push_back(i);
  }
  if (letters.size() <= max_letters) return name;
  return name.substr(0, letters[max_letters / 2]) + "…" + name.substr(letters[letters.size() - max_letters / 2 + 1]);
}

}  // namespace

std::string model_name(std::string_view model) {
  const ModelStyle* style = find_style(model);
  return std::string(style ? style->label : model);
}

std::string model_label(std::string_view model) {
  return literal(shortened(model_name(model)));
}

std::string counted(Index count, std::string_view thing) {
  return std::to_string(count) + ' ' + std::string(thing) + (count == 1 ? "" : "s");
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

std::string quantity_symbol(std::string_view column) {
  if (column == "thresh") return "V_{th}";
  if (column.size() == 3 && column[1] == '_') return std::string(1, column[0]) + "_{" + column[2] + '}';
  return literal(column);
}

std::string quantity_label(std::string_view column) {
  const std::string symbol = quantity_symbol(column);
  if (column == "thresh") return "threshold " + symbol + " (mV)";
  if (column == "k_m") return "membrane decay rate " + symbol + " (1/ms)";
  switch (column.size() == 3 ? column[0] : ' ') {
    case 'r':
      return "multiplicative jump " + symbol;
    case 'k':
      return "decay rate " + symbol + " (1/ms)";
    case 'a':
      return "additive jump " + symbol + " (pA)";
    default:
      return symbol;
  }
}

}  // namespace glifr::analysis
