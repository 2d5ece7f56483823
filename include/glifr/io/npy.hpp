#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/io/zip.hpp"

/// NumPy's files: an array (.npy, versions 1.0 to 3.0 of the format) and archives of them (.npz). Element types are
/// bool, integers of 8 to 64 bits and floats of 16, 32 and 64 bits, in either byte order; elements lie in C or in
/// Fortran order. What is read is row-major (C order) and little-endian.
namespace glifr {

/// Whether bytes begin as a .npy file does.
[[nodiscard]] GLIFR_API bool is_npy(std::string_view bytes);

/// What the header of a .npy file says.
struct NpyHeader {
  Dtype dtype = Dtype::f64;       ///< of the elements
  bool is_big_endian = false;     ///< the order of an element's bytes
  bool is_fortran_order = false;  ///< whether the first index, not the last, is the one that changes fastest
  std::vector<Index> shape;       ///< empty for a scalar
  std::size_t data_offset = 0;    ///< where the elements begin

  /// Elements of one step of the first index; of the array where it has none.
  [[nodiscard]] Index row_size() const;
  /// Steps of the first index; 1 for a scalar.
  [[nodiscard]] Index rows() const;
};

/// The header of a .npy file of these bytes; `name` stands for it in messages. Trusts nothing: throws DataError where
/// it is no .npy file, the header is not the Python literal that the format asks for, elements are of another type
/// (text, objects, records, complex numbers), or the file is not as long as its shape says.
[[nodiscard]] GLIFR_API NpyHeader parse_npy_header(std::string_view bytes, const std::string& name);

/// The array in the bytes of a .npy file. Throws as `parse_npy_header`.
[[nodiscard]] GLIFR_API NamedTensor decode_npy(std::string_view bytes, const std::string& name);
/// The bytes of a .npy file, version 1.0, in C order. Throws DataError where NumPy has no such element type,
/// std::invalid_argument where bytes and shape disagree.
[[nodiscard]] GLIFR_API std::string encode_npy(const NamedTensor& tensor);

/// A .npy file of any size, mapped into memory and read where it is asked for. Several threads may read from one
/// object. Whoever shortens the file meanwhile ends the process (SIGBUS).
class GLIFR_API NpyFile {
 public:
  /// Maps the file. Throws DataError where it cannot be read, and as `parse_npy_header`.
  explicit NpyFile(const std::filesystem::path& path);
  ~NpyFile();
  NpyFile(NpyFile&&) noexcept;
  NpyFile& operator=(NpyFile&&) noexcept;

  /// What its header says.
  [[nodiscard]] const NpyHeader& header() const;
  /// The elements of one step of the first index, row-major and little-endian: in place where they lie so, or copied to
  /// `buffer`.
  [[nodiscard]] const std::byte* row(Index index, std::vector<std::byte>& buffer) const;

 private:
  struct Mapping;
  std::unique_ptr<Mapping> mapping_;
};

/// The names of the arrays in a .npz archive, without ".npy".
[[nodiscard]] GLIFR_API std::vector<std::string> npz_names(const ZipFile& archive);
/// An array of a .npz archive by its name, without ".npy"; `file` stands for the archive in messages. Throws as
/// `ZipFile::read` and `parse_npy_header`.
[[nodiscard]] GLIFR_API NamedTensor read_npz(const ZipFile& archive, const std::string& name, const std::string& file);
/// Writes a .npz archive as numpy.savez does, arrays in the given order; see `write_zip` and `encode_npy`.
GLIFR_API void write_npz(const std::filesystem::path& path, const std::vector<NamedTensor>& arrays);

}  // namespace glifr
