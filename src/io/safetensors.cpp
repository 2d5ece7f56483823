#include "glifr/io/safetensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/json.hpp>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/text.hpp"
#include "half.hpp"

namespace glifr {
namespace {

namespace json = boost::json;
using detail::BrainFloat;
using detail::Half;

static_assert(std::endian::native == std::endian::little,
              "safetensors files are little-endian, and are written as memory lies");

constexpr std::size_t length_bytes = 8;
constexpr std::size_t data_alignment = 8;
constexpr std::uint64_t longest_header = 100'000'000;  // the limit of the format's own library
constexpr std::uint64_t most_told = 4096;              // bytes by which a file of another form is told
constexpr std::string_view metadata_key = "__metadata__";

struct DtypeFacts {
  Dtype dtype;
  std::string_view name;
  Index bytes;
};

constexpr std::array dtypes = std::to_array<DtypeFacts>({{Dtype::f64, "F64", 8},
                                                         {Dtype::f32, "F32", 4},
                                                         {Dtype::f16, "F16", 2},
                                                         {Dtype::bf16, "BF16", 2},
                                                         {Dtype::i64, "I64", 8},
                                                         {Dtype::u64, "U64", 8},
                                                         {Dtype::i32, "I32", 4},
                                                         {Dtype::u32, "U32", 4},
                                                         {Dtype::i16, "I16", 2},
                                                         {Dtype::u16, "U16", 2},
                                                         {Dtype::i8, "I8", 1},
                                                         {Dtype::u8, "U8", 1},
                                                         {Dtype::boolean, "BOOL", 1},
                                                         {Dtype::c64, "C64", 8},
                                                         {Dtype::f8_e4m3, "F8_E4M3", 1},
                                                         {Dtype::f8_e5m2, "F8_E5M2", 1},
                                                         {Dtype::f8_e8m0, "F8_E8M0", 1}});

const DtypeFacts& facts(Dtype dtype) {
  return *std::ranges::find(dtypes, dtype, &DtypeFacts::dtype);
}

template <class T>
constexpr Dtype dtype_of() {
  if constexpr (std::same_as<T, double>) return Dtype::f64;
  if constexpr (std::same_as<T, float>) return Dtype::f32;
  if constexpr (std::same_as<T, std::int64_t>) return Dtype::i64;
  if constexpr (std::same_as<T, std::uint64_t>) return Dtype::u64;
  if constexpr (std::same_as<T, std::uint8_t>) return Dtype::u8;
}

/// The product of sizes, or nothing where one is negative or it does not fit an Index.
std::optional<Index> product(std::span<const Index> sizes) {
  Index result = 1;
  for (const Index size : sizes) {
    if (size < 0 || __builtin_mul_overflow(result, size, &result)) return std::nullopt;
  }
  return result;
}

template <class From, class To>
std::vector<To> convert(const NamedTensor& tensor) {
  tensor.require_whole();
  std::vector<From> values(static_cast<std::size_t>(tensor.size()));
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(From));
  if constexpr (std::same_as<From, To>) {
    return values;
  } else {
    std::vector<To> converted(values.size());
    std::ranges::transform(values, converted.begin(), [](From value) { return static_cast<To>(value); });
    return converted;
  }
}

/// Bytes of the header, as a file's beginning says; 0 where it is too short to.
std::uint64_t header_length(std::string_view bytes) {
  std::uint64_t length = 0;
  if (bytes.size() >= length_bytes) std::memcpy(&length, bytes.data(), length_bytes);
  return length;
}

/// Reads the header, member by member; what it throws names the file and the byte.
class Decoder {
 public:
  /// `bytes` are those of a file of `size` bytes, or its beginning with the whole header.
  Decoder(std::string_view bytes, std::uint64_t size, const std::string& name)
      : bytes_(bytes), size_(size), name_(name) {}

  /// The metadata, and the tensors where they lie; these have no bytes yet.
  std::map<std::string, std::string> read_header() {
    const std::string_view header_text = header();
    data_begin_ = length_bytes + header_text.size();
    const json::value header = parse_header(header_text);
    std::map<std::string, std::string> found;
    for (const json::key_value_pair& member : header.get_object()) {
      if (member.key() == metadata_key) {
        found = metadata(member.value());
      } else {
        places_.push_back(place(member.key(), member.value()));
      }
    }
    std::ranges::sort(places_, {}, [](const Place& p) { return std::pair(p.begin, p.end); });  // empty tensors first
    std::uint64_t end = 0;
    for (const Place& place : places_) {
      if (place.begin != end)
        fail("tensor '" + place.tensor.name + "' overlaps its neighbour or leaves a gap", data_begin_ + place.begin);
      end = place.end;
    }
    if (end != data_size()) {
      fail(std::to_string(data_size() - end) + " bytes follow that belong to no tensor", data_begin_ + end);
    }
    return found;
  }

  TensorFile decode() {
    TensorFile file;
    file.metadata = read_header();
    for (Place& place : places_) {
      const auto* first = reinterpret_cast<const std::byte*>(bytes_.data()) + data_begin_ + place.begin;
      place.tensor.bytes.assign(first, first + (place.end - place.begin));
      file.tensors.push_back(std::move(place.tensor));
    }
    return file;
  }

 private:
  struct Place {
    NamedTensor tensor;
    std::uint64_t begin = 0, end = 0;  // within the data
  };

  [[noreturn]] void fail(const std::string& problem, std::uint64_t offset) const {
    throw DataError(name_, problem, static_cast<std::int64_t>(offset));
  }
  [[noreturn]] void fail_tensor(std::string_view tensor, const std::string& problem) const {
    fail("tensor '" + std::string(tensor) + "': " + problem, length_bytes);
  }
  [[nodiscard]] std::uint64_t data_size() const { return size_ - data_begin_; }

  /// For bytes that are no safetensors file at all.
  [[noreturn]] void fail_file(const std::string& problem, std::uint64_t offset) const {
    const std::string text = detail::text_content(bytes_);
    fail(detail::content_problem(bytes_, "a safetensors file",
                                 text.empty() ? problem : "found " + text + "; accepted is a safetensors file"),
         offset);
  }

  [[nodiscard]] std::string_view header() const {
    if (size_ < length_bytes)
      fail_file("is cut short; a safetensors file begins with 8 bytes for the length of its header", size_);
    const std::uint64_t length = header_length(bytes_);
    if (length > longest_header || length > size_ - length_bytes) {
      fail_file("the header should have " + std::to_string(length) + " bytes, " + std::to_string(size_ - length_bytes) +
                    " follow; this is no safetensors file, or it is cut short",
                0);
    }
    return bytes_.substr(length_bytes, length);
  }

  [[nodiscard]] json::value parse_header(std::string_view text) const {
    if (!text.starts_with('{')) fail_file("the header is no JSON object; this is no safetensors file", length_bytes);
    try {
      return parse_json(text, "");
    } catch (const DataError& error) {
      const std::string problem = error.what();
      fail("the header" + problem.substr(problem.find(": ")),
           length_bytes + static_cast<std::uint64_t>(std::max<std::int64_t>(error.offset(), 0)));
    }
  }

  [[nodiscard]] std::map<std::string, std::string> metadata(const json::value& value) const {
    const json::object* object = value.if_object();
    if (!object) fail("__metadata__ is no object", length_bytes);
    std::map<std::string, std::string> result;
    for (const json::key_value_pair& member : *object) {
      if (!member.value().is_string())
        fail("__metadata__ '" + std::string(member.key()) + "' is no text", length_bytes);
      result.emplace(member.key(), member.value().get_string());
    }
    return result;
  }

  [[nodiscard]] Place place(std::string_view name, const json::value& value) const {
    const json::object* object = value.if_object();
    if (!object) fail_tensor(name, "is no object");
    const auto member = [&](std::string_view key) -> const json::value& {
      const json::value* found = object->if_contains(key);
      if (!found) fail_tensor(name, "has no " + std::string(key));
      return *found;
    };
    Place place;
    place.tensor.name = name;
    place.tensor.dtype = dtype(name, member("dtype"));
    place.tensor.shape = counts(name, member("shape"), "shape");
    const std::vector<Index> offsets = counts(name, member("data_offsets"), "data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1] || static_cast<std::uint64_t>(offsets[1]) > data_size()) {
      fail_tensor(name, "data_offsets lie outside the " + std::to_string(data_size()) + " bytes of data");
    }
    place.begin = static_cast<std::uint64_t>(offsets[0]);
    place.end = static_cast<std::uint64_t>(offsets[1]);
    std::vector<Index> sizes = place.tensor.shape;
    sizes.push_back(size_of(place.tensor.dtype));
    if (product(sizes) != offsets[1] - offsets[0]) {
      fail_tensor(name, "its shape needs other than the " + std::to_string(offsets[1] - offsets[0]) + " bytes it has");
    }
    return place;
  }

  [[nodiscard]] Dtype dtype(std::string_view tensor, const json::value& value) const {
    const json::string* text = value.if_string();
    const auto* found = text ? std::ranges::find(dtypes, std::string_view(*text), &DtypeFacts::name) : dtypes.end();
    if (found == dtypes.end()) {
      fail_tensor(tensor,
                  "dtype " + json::serialize(value) + "; accepted are " + joined(dtypes, ", ", &DtypeFacts::name));
    }
    return found->dtype;
  }

  [[nodiscard]] std::vector<Index> counts(std::string_view tensor, const json::value& value,
                                          const std::string& what) const {
    const json::array* array = value.if_array();
    if (!array) fail_tensor(tensor, what + " is no array");
    std::vector<Index> result;
    for (const json::value& element : *array) {
      const std::int64_t* count = element.if_int64();
      if (!count || *count < 0)
        fail_tensor(tensor, what + " holds " + json::serialize(element) + "; counts are needed");
      result.push_back(*count);
    }
    return result;
  }

  std::string_view bytes_;
  std::uint64_t size_, data_begin_ = 0;
  const std::string& name_;
  std::vector<Place> places_;  // in the order of the data
};

}  // namespace

std::string_view to_string(Dtype dtype) {
  return facts(dtype).name;
}

Index size_of(Dtype dtype) {
  return facts(dtype).bytes;
}

Index NamedTensor::size() const {
  return product(shape).value();
}

void NamedTensor::require_whole() const {
  std::vector<Index> sizes = shape;
  sizes.push_back(size_of(dtype));
  if (product(sizes) != std::ssize(bytes))
    throw std::invalid_argument("shape and bytes of tensor '" + name + "' disagree");
}

template <class T>
NamedTensor make_named_tensor(std::string name, std::vector<Index> shape, std::span<const T> values) {
  NamedTensor tensor{std::move(name), dtype_of<T>(), std::move(shape), {}};
  if (product(tensor.shape) != std::ssize(values)) {
    throw ShapeError("tensor '" + tensor.name + "'", "as many values as its shape has", std::to_string(values.size()));
  }
  const std::span<const std::byte> bytes = std::as_bytes(values);
  tensor.bytes.assign(bytes.begin(), bytes.end());
  return tensor;
}

template <class T>
std::vector<T> values_of(const NamedTensor& tensor, const std::string& name) {
  if (tensor.dtype == dtype_of<T>()) return convert<T, T>(tensor);
  if constexpr (Scalar<T>) {
    if (tensor.dtype == Dtype::f32) return convert<float, T>(tensor);
    if (tensor.dtype == Dtype::f64) return convert<double, T>(tensor);
    if (tensor.dtype == Dtype::f16) return convert<Half, T>(tensor);
    if (tensor.dtype == Dtype::bf16) return convert<BrainFloat, T>(tensor);
  }
  if constexpr (std::same_as<T, std::uint8_t>) {
    if (tensor.dtype == Dtype::boolean) return convert<T, T>(tensor);
  }
  const std::string accepted = Scalar<T> ? "F64, F32, F16 or BF16" : std::string(to_string(dtype_of<T>()));
  throw DataError(name, "tensor '" + tensor.name + "': found " + std::string(to_string(tensor.dtype)) + "; " +
                            accepted + " is needed");
}

template NamedTensor make_named_tensor(std::string, std::vector<Index>, std::span<const float>);
template NamedTensor make_named_tensor(std::string, std::vector<Index>, std::span<const double>);
template NamedTensor make_named_tensor(std::string, std::vector<Index>, std::span<const std::int64_t>);
template NamedTensor make_named_tensor(std::string, std::vector<Index>, std::span<const std::uint64_t>);
template NamedTensor make_named_tensor(std::string, std::vector<Index>, std::span<const std::uint8_t>);
template std::vector<float> values_of(const NamedTensor&, const std::string&);
template std::vector<double> values_of(const NamedTensor&, const std::string&);
template std::vector<std::int64_t> values_of(const NamedTensor&, const std::string&);
template std::vector<std::uint64_t> values_of(const NamedTensor&, const std::string&);
template std::vector<std::uint8_t> values_of(const NamedTensor&, const std::string&);

const NamedTensor* TensorFile::find(std::string_view name) const {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

bool is_safetensors(std::string_view bytes) {
  return bytes.size() >= length_bytes + 2 && bytes[length_bytes] == '{' && header_length(bytes) <= longest_header;
}

std::string encode_safetensors(const TensorFile& file) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& tensor : file.tensors) order.push_back(&tensor);
  std::ranges::sort(order, [](const NamedTensor* a, const NamedTensor* b) {
    const Index wide_first =
        size_of(b->dtype) - size_of(a->dtype);  // so that every tensor lies at a multiple of its element's size
    return wide_first != 0 ? wide_first < 0 : a->name < b->name;
  });

  json::object header;
  if (!file.metadata.empty()) {
    json::object& metadata = header[metadata_key].emplace_object();
    for (const auto& [key, value] : file.metadata) metadata.emplace(key, value);
  }
  std::size_t end = 0;
  for (const NamedTensor* tensor : order) {
    if (tensor->name == metadata_key)
      throw std::invalid_argument("encode_safetensors: no tensor can be called __metadata__");
    tensor->require_whole();
    const std::size_t begin = std::exchange(end, end + tensor->bytes.size());
    const bool is_new =
        header
            .emplace(tensor->name, json::object{{"dtype", to_string(tensor->dtype)},
                                                {"shape", json::array(tensor->shape.begin(), tensor->shape.end())},
                                                {"data_offsets", {begin, end}}})
            .second;
    if (!is_new) throw std::invalid_argument("encode_safetensors: there are two tensors '" + tensor->name + "'");
  }

  std::string header_text = json::serialize(header);
  header_text.resize((header_text.size() + data_alignment - 1) / data_alignment * data_alignment, ' ');
  const std::uint64_t length = header_text.size();
  std::string bytes(length_bytes, '\0');
  std::memcpy(bytes.data(), &length, length_bytes);
  bytes.reserve(length_bytes + header_text.size() + end);
  bytes += header_text;
  for (const NamedTensor* tensor : order) {
    bytes.append(reinterpret_cast<const char*>(tensor->bytes.data()), tensor->bytes.size());
  }
  return bytes;
}

void write_safetensors(const std::filesystem::path& path, const TensorFile& file) {
  write_file_atomically(path, encode_safetensors(file));
}

TensorFile decode_safetensors(std::string_view bytes, const std::string& name) {
  return Decoder(bytes, bytes.size(), name).decode();
}

TensorFile read_safetensors(const std::filesystem::path& path) {
  return decode_safetensors(read_file(path), path.string());
}

std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path) {
  detail::require_file(path);
  const std::string name = path.string();
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff end = file.tellg();
  std::string bytes;
  const auto read = [&](std::uint64_t count) {
    bytes.resize(count);
    file.seekg(0);
    file.read(bytes.data(), std::ssize(bytes));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
  };
  read(length_bytes);
  if (bytes.size() < length_bytes) return read_safetensors(path).metadata;  // says what is wrong
  const auto size = static_cast<std::uint64_t>(end);
  read(std::min(size, std::max(most_told, length_bytes + std::min(header_length(bytes), longest_header))));
  return Decoder(bytes, size, name).read_header();
}

}  // namespace glifr
