#include "glifr/io/json.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>

#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"

namespace glifr {
namespace {

namespace json = boost::json;

void append(std::string& text, const json::value& value, std::size_t depth);

template <class Container, class AppendElement>
void append_block(std::string& text, char open, char close, const Container& elements, std::size_t depth,
                  AppendElement append_element) {
  text += open;
  bool is_first = true;
  for (const auto& element : elements) {
    text += is_first ? "\n" : ",\n";
    text.append(2 * (depth + 1), ' ');
    append_element(element);
    is_first = false;
  }
  if (!is_first) text.append("\n").append(2 * depth, ' ');
  text += close;
}

void append(std::string& text, const json::value& value, std::size_t depth) {
  if (const json::object* object = value.if_object()) {
    append_block(text, '{', '}', *object, depth, [&](const json::key_value_pair& member) {
      text += json::serialize(member.key()) + ": ";
      append(text, member.value(), depth + 1);
    });
  } else if (const json::array* array = value.if_array()) {
    append_block(text, '[', ']', *array, depth, [&](const json::value& element) { append(text, element, depth + 1); });
  } else if (const double* number = value.if_double()) {
    text += std::isfinite(*number) ? format_number(*number) : "null";
  } else {
    text += json::serialize(value);
  }
}

}  // namespace

json::value parse_json(std::string_view text, const std::string& name) {
  json::parser parser;
  json::error_code error;
  const std::size_t parsed = parser.write_some(text.data(), text.size(), error);
  if (!error && parsed < text.size()) error = json::error::extra_data;
  if (error) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(parsed), '\n');
    throw DataError(name, "line " + std::to_string(line) + " is not JSON: " + error.message(),
                    static_cast<std::int64_t>(parsed));
  }
  return parser.release();
}

json::value read_json_file(const std::filesystem::path& path) {
  return parse_json(read_file(path), path.string());
}

std::string to_text(const json::value& document) {
  std::string text;
  append(text, document, 0);
  text += '\n';
  return text;
}

}  // namespace glifr
