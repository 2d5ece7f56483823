#include "glifr/io/json.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/number.hpp"

namespace glifr {
namespace {

namespace json = boost::json;

/// Builds the document as the parser meets its parts. It differs from the library's own in three things: numbers with a
/// fraction are read to the last bit, so that what was written in the shortest digits comes back; a number that a
/// double cannot hold is an error, and so is a name that stands twice in one object.
class Builder {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    names_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t size, json::error_code&) {
    names_.pop_back();
    stack_.push_object(size);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t size, json::error_code&) {
    stack_.push_array(size);
    return true;
  }
  bool on_key_part(std::string_view part, std::size_t, json::error_code&) {
    name_ += part;
    return true;
  }
  bool on_key(std::string_view part, std::size_t, json::error_code& error) {
    name_ += part;
    stack_.push_key(name_);
    const bool is_new = names_.back().insert(name_).second;
    if (!is_new) {
      problem_ = "has '" + name_ + "' for the second time";
      error = json::error::syntax;
    }
    name_.clear();
    return is_new;
  }
  bool on_string_part(std::string_view part, std::size_t, json::error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(std::string_view part, std::size_t, json::error_code&) {
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(std::string_view part, json::error_code&) {
    digits_ += part;
    return true;
  }
  bool on_int64(std::int64_t value, std::string_view, json::error_code&) {
    digits_.clear();
    stack_.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, std::string_view, json::error_code&) {
    digits_.clear();
    stack_.push_uint64(value);
    return true;
  }
  bool on_double(double, std::string_view part, json::error_code& error) {
    digits_ += part;
    const std::optional<double> value = parse_number(digits_);
    if (value) {
      stack_.push_double(*value);
    } else {
      problem_ = "has " + quote_unless_number(digits_);
      error = json::error::exponent_overflow;
    }
    digits_.clear();
    return value.has_value();
  }
  bool on_bool(bool value, json::error_code&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(json::error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(std::string_view, json::error_code&) { return true; }
  bool on_comment(std::string_view, json::error_code&) { return true; }

  [[nodiscard]] json::value release() { return stack_.release(); }
  /// What is wrong with the text beside its syntax, or an empty text.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  json::value_stack stack_;
  std::vector<std::set<std::string>> names_;  // of the objects that are open
  std::string name_, digits_;                 // the pieces of a name or a number so far
  std::string problem_;
};

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

std::vector<json::value> parse_json_documents(std::string_view text, const std::string& name) {
  if (const std::string found = detail::foreign_content(text); !found.empty()) {
    throw DataError(name, "found " + found + "; accepted is JSON");
  }
  std::vector<json::value> documents;
  std::size_t begin = text.starts_with(detail::byte_order_mark) ? detail::byte_order_mark.size() : 0;
  do {
    json::basic_parser<Builder> parser{json::parse_options()};
    json::error_code error;
    const std::size_t end = begin + parser.write_some(false, text.data() + begin, text.size() - begin, error);
    if (error) {
      std::string problem = parser.handler().problem();
      if (problem.empty() && error == json::error::exponent_overflow)
        problem = "has a number that does not fit into 64 bits";
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
      throw DataError(
          name, "line " + std::to_string(line) + " " + (problem.empty() ? "is not JSON: " + error.message() : problem),
          static_cast<std::int64_t>(end));
    }
    documents.push_back(parser.handler().release());
    begin = end;
  } while (begin < text.size());
  return documents;
}

json::value parse_json(std::string_view text, const std::string& name) {
  std::vector<json::value> documents = parse_json_documents(text, name);
  if (documents.size() > 1) {
    throw DataError(name, "holds " + std::to_string(documents.size()) + " JSON documents; accepted: one");
  }
  return std::move(documents.front());
}

json::value read_json_file(const std::filesystem::path& path) {
  return parse_json(read_file(path), path.string());
}

std::optional<Index> whole_number(const json::value& value) {
  if (const std::int64_t* number = value.if_int64()) return *number;
  if (const double* number = value.if_double()) return whole_number(*number);
  return std::nullopt;
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
