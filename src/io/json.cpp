#include "glifr/io/json.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"

namespace glifr {
namespace {

namespace json = boost::json;

class Writer {
 public:
  explicit Writer(bool is_one_line) : is_one_line_(is_one_line) {}

  void write(const json::value& value) {
    if (const json::object* object = value.if_object()) {
      write_block('{', '}', *object, [&](const json::key_value_pair& member) {
        text_ += json::serialize(member.key()) + ": ";
        write(member.value());
      });
    } else if (const json::array* array = value.if_array()) {
      write_block('[', ']', *array, [&](const json::value& element) { write(element); });
    } else if (const double* number = value.if_double()) {
      text_ += std::isfinite(*number) ? format_number(*number) : "null";
    } else {
      text_ += json::serialize(value);
    }
  }

  [[nodiscard]] std::string& text() { return text_; }

 private:
  template <class Container, class WriteElement>
  void write_block(char open, char close, const Container& elements, WriteElement write_element) {
    text_ += open;
    ++depth_;
    bool is_first = true;
    for (const auto& element : elements) {
      if (!std::exchange(is_first, false)) text_ += is_one_line_ ? ", " : ",";
      break_line();
      write_element(element);
    }
    --depth_;
    if (!elements.empty()) break_line();
    text_ += close;
  }

  void break_line() {
    if (!is_one_line_) text_.append("\n").append(2 * depth_, ' ');
  }

  bool is_one_line_;
  std::size_t depth_ = 0;
  std::string text_;
};

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
  Writer writer(false);
  writer.write(document);
  return std::move(writer.text()) + "\n";
}

std::string to_line(const json::value& document) {
  Writer writer(true);
  writer.write(document);
  return std::move(writer.text());
}

}  // namespace glifr
