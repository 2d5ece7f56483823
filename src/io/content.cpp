#include "glifr/io/content.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>

#include "glifr/error.hpp"

namespace glifr::detail {
namespace {

using namespace std::string_view_literals;

struct Kind {
  std::string_view beginning;
  std::string_view name;
};

constexpr std::array kinds = std::to_array<Kind>({
    {"PK\x03\x04"sv, "a ZIP archive (as .pt, .ckpt, .npz and .xlsx files are)"},
    {"PK\x05\x06"sv, "an empty ZIP archive"},
    {"\x89HDF\r\n\x1a\n"sv, "an HDF5 file"},
    {"\x93NUMPY"sv, "a NumPy array (.npy)"},
    {"MATLAB 5.0"sv, "a MATLAB file (.mat)"},
    {"PAR1"sv, "a Parquet file"},
    {"version https://git-lfs"sv, "a Git LFS pointer in place of the file, which 'git lfs pull' fetches"},
    {"#!AER-DAT"sv, "an AEDAT recording"},
    {"\x1f\x8b"sv, "gzip data"},
    {"BZh"sv, "bzip2 data"},
    {"\xfd\x37zXZ"sv, "xz data"},
    {"\x28\xb5\x2f\xfd"sv, "Zstandard data"},
    {"7z\xbc\xaf\x27\x1c"sv, "a 7z archive"},
    {"%PDF"sv, "a PDF"},
    {"\x89PNG"sv, "a PNG picture"},
    {"\xff\xd8\xff"sv, "a JPEG picture"},
    {"\xff\xfe"sv, "UTF-16 text; save it as UTF-8"},
    {"\xfe\xff"sv, "UTF-16 text; save it as UTF-8"},
});

/// Markup, whatever blanks stand before it.
std::string_view markup(std::string_view bytes) {
  if (bytes.starts_with(byte_order_mark)) bytes.remove_prefix(byte_order_mark.size());
  bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  const auto begins_with = [&](std::string_view tag) {
    return std::ranges::equal(bytes.substr(0, tag.size()), tag, {},
                              [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  };
  if (begins_with("<!doctype html") || begins_with("<html")) return "a web page (HTML) in place of the file";
  if (begins_with("<?xml")) return "an XML document";
  return {};
}

/// Protocol 2 and newer; the third byte tells it from the length of a safetensors header.
bool is_pickle(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5 && bytes[2] != 0;
}

bool is_tar(std::string_view bytes) {
  constexpr std::size_t place = 257;
  return bytes.size() > place && bytes.substr(place).starts_with("ustar");
}

/// Letters and digits in two bytes each.
bool is_wide_text(std::string_view bytes) {
  if (bytes.size() < 4) return false;
  const auto is_letter = [&](std::size_t i) { return std::isprint(static_cast<unsigned char>(bytes[i])) != 0; };
  return (is_letter(0) && bytes[1] == 0 && is_letter(2) && bytes[3] == 0) ||
         (bytes[0] == 0 && is_letter(1) && bytes[2] == 0 && is_letter(3));
}

}  // namespace

void require_file(const std::filesystem::path& path) {
  std::error_code unknown;
  switch (std::filesystem::status(path, unknown).type()) {
    case std::filesystem::file_type::fifo:
    case std::filesystem::file_type::socket:
      throw DataError(path.string(), "is a pipe; a file is needed");
    case std::filesystem::file_type::character:
    case std::filesystem::file_type::block:
      throw DataError(path.string(), "is a device; a file is needed");
    default:
      break;
  }
}

std::string beginning_of(const std::filesystem::path& path) {
  std::string bytes(4096, '\0');
  std::ifstream stream(path, std::ios::binary);
  stream.read(bytes.data(), std::ssize(bytes));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

bool is_torch_content(std::string_view bytes) {
  // The first pickle of the older form: protocol 2, a number of ten bytes, the end.
  if (bytes.starts_with("\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv)) return true;
  constexpr std::size_t length_at = 26, name_at = 30;  // in the header before a ZIP archive's first entry
  if (!bytes.starts_with("PK\x03\x04") || bytes.size() < name_at) return false;
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  return bytes.substr(name_at, byte(length_at) | byte(length_at + 1) << 8).ends_with("/data.pkl");
}

std::string foreign_content(std::string_view bytes) {
  if (is_torch_content(bytes)) return "a PyTorch checkpoint, which 'glifr_analyze import' reads";
  const auto* known = std::ranges::find_if(kinds, [&](const Kind& kind) { return bytes.starts_with(kind.beginning); });
  if (known != kinds.end()) return std::string(known->name);
  if (is_pickle(bytes)) return "a Python pickle (as older .pt files are: load and save it with PyTorch 1.6 or newer)";
  if (is_tar(bytes)) return "a tar archive";
  if (is_wide_text(bytes)) return "UTF-16 text; save it as UTF-8";
  return std::string(markup(bytes));
}

std::size_t utf8_letter(std::string_view text, std::size_t place) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[place + i]); };
  const std::size_t left = text.size() - place;
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || left < length) return 0;
  const unsigned second = byte(1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
      (lead == 0xf4 && second > 0x8f)) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  return length;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0, length = 0; i < text.size(); i += length) {
    length = utf8_letter(text, i);
    if (length == 0) return false;
  }
  return true;
}

std::string text_content(std::string_view bytes) {
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == '\x7f';
  };
  // The last letter of a beginning may be cut.
  const auto is_text_but = [&](std::size_t cut) {
    return cut < bytes.size() && is_utf8(bytes.substr(0, bytes.size() - cut));
  };
  if (std::ranges::any_of(bytes, is_control)) return {};
  if (!is_text_but(0) && !is_text_but(1) && !is_text_but(2) && !is_text_but(3)) return {};
  if (bytes.starts_with(byte_order_mark)) bytes.remove_prefix(byte_order_mark.size());
  bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  if (bytes.starts_with('{') || bytes.starts_with('[')) return "JSON";
  return bytes.substr(0, bytes.find('\n')).find(',') != std::string_view::npos ? "a table (CSV)" : "text";
}

std::string content_problem(std::string_view bytes, const std::string& wanted, const std::string& problem) {
  const std::string found = foreign_content(bytes);
  return found.empty() ? problem : "found " + found + "; accepted is " + wanted;
}

}  // namespace glifr::detail
