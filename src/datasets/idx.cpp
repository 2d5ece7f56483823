#include "glifr/datasets/idx.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <system_error>

#include "glifr/datasets/gzip.hpp"
#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/files.hpp"

namespace glifr {
namespace {

constexpr std::size_t word = 4;

std::uint32_t big_endian(std::string_view bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(offset, word)) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

std::uint64_t saturating_product(std::uint64_t a, std::uint64_t b) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  return b != 0 && a > most / b ? most : a * b;
}

std::string hexadecimal(std::uint32_t value) {
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[value >> shift & 15];
  return text;
}

/// The sizes of a file of unsigned bytes of this rank, which is as long as they say. `what` is what it holds.
template <std::size_t Rank>
std::array<std::uint32_t, Rank> check_header(std::string_view bytes, const std::string& name, const std::string& what) {
  constexpr std::size_t header = word * (1 + Rank);
  constexpr std::uint32_t magic = 0x800 + Rank;
  const std::size_t length = bytes.size();
  const auto fail_header = [&](const std::string& problem, std::size_t offset) {
    throw DataError(name, detail::content_problem(bytes, "an IDX file of " + what, problem),
                    static_cast<std::int64_t>(offset));
  };
  if (length < header) {
    fail_header("found " + std::to_string(length) + " bytes; accepted is a header of " + std::to_string(header) +
                    " and then " + what,
                length);
  }
  if (const std::uint32_t found = big_endian(bytes, 0); found != magic) {
    fail_header(
        "found the magic number " + hexadecimal(found) + "; accepted is " + hexadecimal(magic) + " (IDX " + what + ")",
        0);
  }
  std::array<std::uint32_t, Rank> sizes{};
  std::uint64_t values = 1;
  std::string shape;
  for (std::size_t axis = 0; axis < Rank; ++axis) {
    const std::size_t offset = word * (1 + axis);
    sizes[axis] = big_endian(bytes, offset);
    if (sizes[axis] == 0) {
      throw DataError(name, "found a size of 0; accepted is 1 or more", static_cast<std::int64_t>(offset));
    }
    values = saturating_product(values, sizes[axis]);
    shape += (axis ? ", " : "") + std::to_string(sizes[axis]);
  }
  if (const std::uint64_t found = length - header; found != values) {
    throw DataError(name,
                    "found " + std::to_string(found) + " bytes of " + what + "; the header's sizes [" + shape +
                        "] ask for " + std::to_string(values),
                    static_cast<std::int64_t>(found < values ? length : header + values));
  }
  return sizes;
}

bool can_be_found(const std::filesystem::path& file) {
  std::error_code problem;
  const std::filesystem::file_type type = std::filesystem::status(file, problem).type();
  if (type == std::filesystem::file_type::none) {  // a folder on the way that may not be entered, for one
    throw DataError(file.string(), problem.message());
  }
  return type != std::filesystem::file_type::not_found;
}

std::vector<std::uint8_t> values_after(std::string_view bytes, std::size_t rank) {
  const std::string_view values = bytes.substr(word * (1 + rank));
  return {values.begin(), values.end()};
}

}  // namespace

IdxFile read_idx_file(const std::filesystem::path& file) {
  std::vector<std::filesystem::path> candidates{file, file.string() + ".gz"};
  std::string dotted = file.filename().string();
  if (const std::size_t dash = dotted.rfind("-idx"); dash != std::string::npos) {
    dotted[dash] = '.';
    candidates.push_back(file.parent_path() / dotted);
    candidates.push_back(file.parent_path() / (dotted + ".gz"));
  }
  std::string names;
  for (const std::filesystem::path& candidate : candidates) {
    if (!can_be_found(candidate)) {
      names += (names.empty() ? "" : ", ") + candidate.filename().string();
      continue;
    }
    detail::require_file(candidate);
    std::string bytes = read_file(candidate);
    const bool is_cut_within_magic = candidate.extension() == ".gz" && bytes.size() < 2;
    if (!is_gzip(bytes) && !is_cut_within_magic) return {candidate.string(), std::move(bytes)};
    return {candidate.string() + " (unpacked)", unpack_gzip(bytes, candidate.string())};
  }
  throw DataError(file.string(), "found none of " + names + "; datasets/README.md says where to get them");
}

IdxImages parse_idx_images(std::string_view bytes, const std::string& name) {
  const auto [count, rows, columns] = check_header<3>(bytes, name, "images");
  return {.count = Index{count}, .rows = Index{rows}, .columns = Index{columns}, .pixels = values_after(bytes, 3)};
}

std::vector<std::uint8_t> parse_idx_labels(std::string_view bytes, const std::string& name, Index classes) {
  check_header<1>(bytes, name, "labels");
  std::vector<std::uint8_t> labels = values_after(bytes, 1);
  const auto wrong = std::ranges::find_if(labels, [&](Index label) { return label >= classes; });
  if (wrong != labels.end()) {
    throw DataError(
        name,
        "found the label " + std::to_string(*wrong) + "; accepted are 0 to " + std::to_string(classes - 1) +
            ", and all labels here with output_size=" + std::to_string(1 + Index{*std::ranges::max_element(labels)}),
        static_cast<std::int64_t>(2 * word) + (wrong - labels.begin()));
  }
  return labels;
}

}  // namespace glifr
