#include "glifr/io/npy.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/descriptor.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"

namespace glifr {
namespace {

using namespace std::string_view_literals;

static_assert(std::endian::native == std::endian::little, "what is read is little-endian, as memory is");

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t highest_rank = 64;  // of NumPy 2; 32 before
constexpr std::size_t alignment = 64;     // of the elements in a file that is written

struct TypeCode {
  Dtype dtype;
  std::string_view code;  // kind and bytes
};

constexpr std::array type_codes = std::to_array<TypeCode>({{Dtype::boolean, "b1"},
                                                           {Dtype::i8, "i1"},
                                                           {Dtype::i16, "i2"},
                                                           {Dtype::i32, "i4"},
                                                           {Dtype::i64, "i8"},
                                                           {Dtype::u8, "u1"},
                                                           {Dtype::u16, "u2"},
                                                           {Dtype::u32, "u4"},
                                                           {Dtype::u64, "u8"},
                                                           {Dtype::f16, "f2"},
                                                           {Dtype::f32, "f4"},
                                                           {Dtype::f64, "f8"}});

/// Reads the literal of the header: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::size_t offset, const std::string& name)
      : text_(text), offset_(offset), name_(name) {}

  NpyHeader parse() {
    NpyHeader header;
    bool has_type = false, has_order = false, has_shape = false;
    const auto once = [&](bool& seen, const std::string& key) {
      if (std::exchange(seen, true)) fail("the header has '" + key + "' twice");
    };
    expect('{');
    while (!take('}')) {
      const std::string key = text();
      expect(':');
      if (key == "descr") {
        once(has_type, key);
        type(header);
      } else if (key == "fortran_order") {
        once(has_order, key);
        header.is_fortran_order = boolean();
      } else if (key == "shape") {
        once(has_shape, key);
        header.shape = shape();
      } else {
        fail("the header has the key '" + key + "'; accepted are descr, fortran_order and shape");
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (place_ != text_.size()) fail("something follows the dictionary of the header");
    if (!has_type || !has_order || !has_shape) fail("the header must have descr, fortran_order and shape");
    return header;
  }

 private:
  std::string_view text_;
  std::size_t offset_, place_ = 0;
  const std::string& name_;

  [[noreturn]] void fail(const std::string& problem) const {
    throw DataError(name_, problem, static_cast<std::int64_t>(offset_ + place_));
  }
  void skip_blanks() { place_ = std::min(text_.find_first_not_of(" \t\n\r", place_), text_.size()); }
  [[nodiscard]] char next() {
    skip_blanks();
    return place_ < text_.size() ? text_[place_] : '\0';
  }
  bool take(char c) {
    if (next() != c) return false;
    ++place_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string("'") + c + "' is needed here in the header; the file is damaged");
  }
  std::string text() {
    const char quote = next();
    const std::size_t end = quote == '\'' || quote == '"' ? text_.find(quote, place_ + 1) : std::string_view::npos;
    if (end == std::string_view::npos) fail("a text in quotes is needed here in the header; the file is damaged");
    const std::string_view found = text_.substr(place_ + 1, end - place_ - 1);
    place_ = end + 1;
    return std::string(found);
  }
  bool boolean() {
    skip_blanks();
    for (const auto& [word, value] : {std::pair("True"sv, true), std::pair("False"sv, false)}) {
      if (text_.substr(place_).starts_with(word)) {
        place_ += word.size();
        return value;
      }
    }
    fail("fortran_order must be True or False");
  }
  void type(NpyHeader& header) {
    constexpr auto accepted = "; accepted are bool, int8 to int64, uint8 to uint64, float16, float32 and float64";
    if (next() == '[') fail("the elements are records of several fields" + std::string(accepted));
    const std::string found = text();
    const auto known = found.empty()
                           ? type_codes.end()
                           : std::ranges::find(type_codes, std::string_view(found).substr(1), &TypeCode::code);
    if (known == type_codes.end() || "<>|="sv.find(found[0]) == std::string_view::npos) {
      fail("the elements have the type '" + found + "'" + accepted);
    }
    header.dtype = known->dtype;
    header.is_big_endian = found[0] == '>';
  }
  std::vector<Index> shape() {
    std::vector<Index> sizes;
    expect('(');
    while (!take(')')) {
      skip_blanks();
      const std::size_t end = std::min(text_.find_first_not_of("0123456789", place_), text_.size());
      const std::optional<Index> size = parse_integer(text_.substr(place_, end - place_));
      if (!size) fail("a size is needed here in the header's shape");
      place_ = end;
      if (place_ < text_.size() && text_[place_] == 'L') ++place_;  // Python 2
      sizes.push_back(*size);
      if (sizes.size() > highest_rank) fail("the shape has more than " + std::to_string(highest_rank) + " sizes");
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }
};

/// Copies one step of the first index out of the elements that follow a header.
void copy_row(const NpyHeader& header, const std::byte* data, Index index, std::byte* to) {
  const auto bytes = static_cast<std::size_t>(size_of(header.dtype));
  const Index count = header.row_size();
  const auto copy = [&](Index from, Index place) {
    std::byte* element = to + static_cast<std::size_t>(place) * bytes;
    std::memcpy(element, data + static_cast<std::size_t>(from) * bytes, bytes);
    if (header.is_big_endian) std::reverse(element, element + bytes);
  };
  if (!header.is_fortran_order) {
    if (!header.is_big_endian) {
      if (count > 0)
        std::memcpy(to, data + static_cast<std::size_t>(index * count) * bytes,
                    static_cast<std::size_t>(count) * bytes);
      return;
    }
    for (Index i = 0; i < count; ++i) copy(index * count + i, i);
    return;
  }
  // The index of each further dimension, the last one changing fastest, and the place to which they lead.
  std::vector<Index> strides, position;
  Index stride = header.rows();
  for (std::size_t axis = 1; axis < header.shape.size(); ++axis) {
    strides.push_back(stride);
    stride *= header.shape[axis];
  }
  position.assign(strides.size(), 0);
  Index from = index;
  for (Index i = 0; i < count; ++i) {
    copy(from, i);
    for (std::size_t axis = strides.size(); axis-- > 0;) {
      from += strides[axis];
      if (++position[axis] < header.shape[axis + 1]) break;
      from -= strides[axis] * header.shape[axis + 1];
      position[axis] = 0;
    }
  }
}

const std::byte* elements_of(std::string_view bytes, const NpyHeader& header) {
  return reinterpret_cast<const std::byte*>(bytes.data()) + header.data_offset;
}

}  // namespace

bool is_npy(std::string_view bytes) {
  return bytes.starts_with(magic);
}

Index NpyHeader::rows() const {
  return shape.empty() ? 1 : shape[0];
}

Index NpyHeader::row_size() const {
  Index size = 1;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) size *= shape[axis];
  return size;
}

NpyHeader parse_npy_header(std::string_view bytes, const std::string& name) {
  const auto fail = [&](const std::string& problem, std::size_t offset) {
    throw DataError(name, problem, static_cast<std::int64_t>(offset));
  };
  if (!is_npy(bytes)) {
    fail(detail::content_problem(bytes, "a NumPy array (.npy)", "found no NumPy array (.npy)"), 0);
  }
  constexpr std::size_t version_end = 8;
  const auto byte = [&](std::size_t i) { return std::size_t{static_cast<std::uint8_t>(bytes[i])}; };
  if (bytes.size() < version_end) fail("the file ends inside its header; fetch it again", bytes.size());
  if (byte(6) < 1 || byte(6) > 3 || byte(7) != 0) {
    fail("is of version " + std::to_string(byte(6)) + "." + std::to_string(byte(7)) + "; accepted are 1.0 to 3.0", 6);
  }
  const std::size_t begin = version_end + (byte(6) == 1 ? 2 : 4);
  if (bytes.size() < begin) fail("the file ends inside its header; fetch it again", bytes.size());
  std::size_t length = 0;
  for (std::size_t i = begin; i-- > version_end;) length = length << 8 | byte(i);
  if (length > bytes.size() - begin) fail("the file ends inside its header; fetch it again", bytes.size());

  NpyHeader header = HeaderParser(bytes.substr(begin, length), begin, name).parse();
  header.data_offset = begin + length;
  const std::size_t found = bytes.size() - header.data_offset;
  Index values = size_of(header.dtype);
  // In terms of sizes without zeros, so that a product of the others is in range, too.
  bool is_empty = false, is_too_large = false;
  for (const Index size : header.shape) {
    is_empty |= size == 0;
    is_too_large |= size != 0 && __builtin_mul_overflow(values, size, &values);
  }
  const std::string wanted = is_too_large ? "more than 2^63" : std::to_string(is_empty ? 0 : values);
  if (is_too_large || found != static_cast<std::size_t>(is_empty ? 0 : values)) {
    fail("found " + std::to_string(found) + " bytes of elements; the shape " + shape_text(header.shape) +
             " of the header asks for " + wanted,
         header.data_offset);
  }
  return header;
}

NamedTensor decode_npy(std::string_view bytes, const std::string& name) {
  const NpyHeader header = parse_npy_header(bytes, name);
  NamedTensor tensor{name, header.dtype, header.shape, std::vector<std::byte>(bytes.size() - header.data_offset)};
  const auto row_bytes = static_cast<std::size_t>(header.row_size() * size_of(header.dtype));
  if (tensor.bytes.empty()) return tensor;
  for (Index row = 0; row < header.rows(); ++row) {
    copy_row(header, elements_of(bytes, header), row, tensor.bytes.data() + static_cast<std::size_t>(row) * row_bytes);
  }
  return tensor;
}

std::string encode_npy(const NamedTensor& tensor) {
  tensor.require_whole();
  const auto known = std::ranges::find(type_codes, tensor.dtype, &TypeCode::dtype);
  if (known == type_codes.end()) {
    throw DataError("tensor '" + tensor.name + "'",
                    "has elements of " + std::string(to_string(tensor.dtype)) + ", which NumPy does not have");
  }
  std::string header = "{'descr': '";
  header.append(size_of(tensor.dtype) == 1 ? "|" : "<")
      .append(known->code)
      .append("', 'fortran_order': False, 'shape': (");
  for (const Index size : tensor.shape) header += std::to_string(size) + (tensor.shape.size() == 1 ? "," : ", ");
  if (tensor.shape.size() > 1) header.resize(header.size() - 2);
  header += "), }";
  constexpr std::size_t begin = magic.size() + 4;
  header.resize((begin + header.size() + 1 + alignment - 1) / alignment * alignment - begin - 1, ' ');
  header += '\n';
  std::string bytes(magic);
  bytes += {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  return bytes;
}

struct NpyFile::Mapping {
  std::string_view bytes;
  NpyHeader header;

  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (!bytes.empty()) ::munmap(const_cast<char*>(bytes.data()), bytes.size());
  }
};

NpyFile::NpyFile(const std::filesystem::path& path) : mapping_(std::make_unique<Mapping>()) {
  detail::require_file(path);
  const detail::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.number(), &status) != 0) {
    throw DataError(path.string(), detail::error_text(errno));
  }
  if (S_ISDIR(status.st_mode)) throw DataError(path.string(), "is a folder; a file is needed");
  if (const auto size = static_cast<std::size_t>(status.st_size); size > 0) {
    void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (start == MAP_FAILED) throw DataError(path.string(), "cannot be mapped: " + detail::error_text(errno));
    mapping_->bytes = {static_cast<const char*>(start), size};
  }
  mapping_->header = parse_npy_header(mapping_->bytes, path.string());
}

NpyFile::~NpyFile() = default;
NpyFile::NpyFile(NpyFile&&) noexcept = default;
NpyFile& NpyFile::operator=(NpyFile&&) noexcept = default;

const NpyHeader& NpyFile::header() const {
  return mapping_->header;
}

const std::byte* NpyFile::row(Index index, std::vector<std::byte>& buffer) const {
  const NpyHeader& header = mapping_->header;
  const std::byte* elements = elements_of(mapping_->bytes, header);
  const auto bytes = static_cast<std::size_t>(header.row_size() * size_of(header.dtype));
  if (!header.is_fortran_order && (!header.is_big_endian || size_of(header.dtype) == 1)) {
    return elements + static_cast<std::size_t>(index) * bytes;
  }
  buffer.resize(bytes);
  copy_row(header, elements, index, buffer.data());
  return buffer.data();
}

namespace {

constexpr std::string_view npy_ending = ".npy";

}  // namespace

std::vector<std::string> npz_names(const ZipFile& archive) {
  std::vector<std::string> names;
  for (const std::string& entry : archive.names()) {
    if (entry.ends_with(npy_ending)) names.push_back(entry.substr(0, entry.size() - npy_ending.size()));
  }
  return names;
}

NamedTensor read_npz(const ZipFile& archive, const std::string& name, const std::string& file) {
  const std::string entry = name + std::string(npy_ending);
  NamedTensor array = decode_npy(archive.read(entry), file + " (" + entry + ")");
  array.name = name;
  return array;
}

void write_npz(const std::filesystem::path& path, const std::vector<NamedTensor>& arrays) {
  std::vector<ZipEntry> entries;
  for (const NamedTensor& array : arrays) entries.push_back({array.name + std::string(npy_ending), encode_npy(array)});
  write_zip(path, entries);
}

}  // namespace glifr
