#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// The element types of the format, but for those of less than a byte. glifr writes F64 and F32, takes values from
/// these, from F16 and BF16, and carries the others along.
enum class Dtype { f64, f32, f16, bf16, i64, u64, i32, u32, i16, u16, i8, u8, boolean, c64, f8_e4m3, f8_e5m2, f8_e8m0 };

/// "F64", "BF16", "U8", "BOOL", …: the name in the file.
[[nodiscard]] GLIFR_API std::string_view to_string(Dtype dtype);
/// Bytes an element.
[[nodiscard]] GLIFR_API Index size_of(Dtype dtype);

/// A named array of any rank, row-major, as it lies in a file.
struct GLIFR_API NamedTensor {
  std::string name;              ///< unique in its file
  Dtype dtype = Dtype::f32;      ///< of its elements
  std::vector<Index> shape;      ///< outermost size first; empty for a scalar
  std::vector<std::byte> bytes;  ///< the elements, little-endian

  /// Number of elements; 1 for a scalar (no sizes).
  [[nodiscard]] Index size() const;
  /// std::invalid_argument where there are not as many bytes as shape and type ask for.
  void require_whole() const;
};

/// Copies values (float, double, std::int64_t, std::uint64_t, std::uint8_t) into a tensor of their type. Throws
/// ShapeError where the shape asks for another number of them.
template <class T>
[[nodiscard]] GLIFR_API NamedTensor make_named_tensor(std::string name, std::vector<Index> shape,
                                                      std::span<const T> values);

/// The values of a tensor; `name` stands for its file in messages. Floating-point tensors (F64, F32, F16, BF16) convert
/// to float and double; integers must be asked for as what they are, BOOL as std::uint8_t. Throws DataError naming the
/// tensor where its type does not fit, std::invalid_argument where bytes and shape disagree.
template <class T>
[[nodiscard]] GLIFR_API std::vector<T> values_of(const NamedTensor& tensor, const std::string& name);

/// What a safetensors file holds.
struct GLIFR_API TensorFile {
  std::vector<NamedTensor> tensors;             ///< in any order
  std::map<std::string, std::string> metadata;  ///< texts by name

  /// The tensor of that name, or null.
  [[nodiscard]] const NamedTensor* find(std::string_view name) const;
};

/// Whether bytes are the beginning of a safetensors file: the length of a header, and the header's first brace.
[[nodiscard]] GLIFR_API bool is_safetensors(std::string_view bytes);

/// The bytes of a safetensors file: the length of the header (8 bytes, little-endian), the header (JSON, padded with
/// spaces to 8 bytes), the tensors without gaps, those of wide elements first, then by name. The same content gives the
/// same bytes, in whatever order it was put in. Throws std::invalid_argument where two tensors have one name, one is
/// called "__metadata__", or bytes and shape disagree.
[[nodiscard]] GLIFR_API std::string encode_safetensors(const TensorFile& file);
/// Writes a safetensors file; see `write_file_atomically`.
GLIFR_API void write_safetensors(const std::filesystem::path& path, const TensorFile& file);

/// Reads the bytes of a safetensors file, tensors in the order in which they lie there; `name` stands for the file in
/// messages. Trusts nothing: throws DataError with the offset where the header's length, its JSON, an element type, a
/// shape or the place of a tensor is wrong, where tensors overlap or leave a gap, or bytes are missing or left over.
[[nodiscard]] GLIFR_API TensorFile decode_safetensors(std::string_view bytes, const std::string& name);
/// The same from a file. Throws DataError where it cannot be read, too.
[[nodiscard]] GLIFR_API TensorFile read_safetensors(const std::filesystem::path& path);
/// The metadata of a file, of which only the header is read and checked as `decode_safetensors` does, against the
/// file's size.
[[nodiscard]] GLIFR_API std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path);

}  // namespace glifr
