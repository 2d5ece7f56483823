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

/// HDF5 files, read through the HDF Group's library. All calls of it go one after another, so several threads may read
/// from any of these objects. What goes wrong is a DataError that names the file and the dataset; the library itself
/// prints nothing. Where glifr was built without HDF5, files cannot be opened, and the DataError says so.
namespace glifr {

/// Whether bytes hold an HDF5 file: its signature at the beginning or behind a user block of 512, 1024 or 2048 bytes.
[[nodiscard]] GLIFR_API bool is_hdf5(std::string_view bytes);

/// An array of numbers in an HDF5 file, read where it is asked for.
class GLIFR_API Hdf5Array {
 public:
  /// How an element is read: integers and enumerations (as booleans are) by their size, floats as F32 where they have
  /// 32 bits or fewer, as F64 otherwise.
  [[nodiscard]] Dtype dtype() const;
  /// Sizes of the dimensions; none for a scalar.
  [[nodiscard]] const std::vector<Index>& shape() const;
  /// Whether the file holds only some of its chunks: the others read as its fill value, 0 unless the file names
  /// another. False where the library does not tell.
  [[nodiscard]] bool is_partly_written() const;
  /// Reads `count` steps of the first index from `first` on, row-major. Throws DataError where the data are damaged,
  /// or packed by a filter that the library does not have.
  void read(Index first, Index count, std::byte* elements) const;

 private:
  friend class Hdf5File;
  struct Impl;
  explicit Hdf5Array(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

/// Lists of numbers of different length in an HDF5 file, one for each step of their only index.
class GLIFR_API Hdf5Lists {
 public:
  /// The number of lists.
  [[nodiscard]] Index size() const;
  /// Bytes of a number as it is stored.
  [[nodiscard]] Index number_bytes() const;
  /// The numbers of a list. Throws DataError as `Hdf5Array::read`.
  [[nodiscard]] std::vector<double> read(Index index) const;

 private:
  friend class Hdf5File;
  struct Impl;
  explicit Hdf5Lists(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

/// An HDF5 file and its datasets.
class GLIFR_API Hdf5File {
 public:
  /// Opens a file. Throws DataError where it is missing, is no HDF5 file, or is cut short.
  explicit Hdf5File(const std::filesystem::path& path);
  /// The same of a file's bytes; `name` stands for it in messages.
  Hdf5File(std::string_view bytes, const std::string& name);

  /// The paths of all datasets: "inputs", "spikes/times".
  [[nodiscard]] const std::vector<std::string>& names() const;
  /// Whether there is a dataset of that path, with or without a slash in front.
  [[nodiscard]] bool holds(std::string_view path) const;
  /// A dataset of numbers. Throws DataError where it is missing, has elements of another kind, or declares far more
  /// elements than its stored bytes can hold.
  [[nodiscard]] Hdf5Array array(const std::string& path) const;
  /// A dataset of lists of numbers. Throws DataError as `array` does.
  [[nodiscard]] Hdf5Lists lists(const std::string& path) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

namespace detail {

/// Whether glifr was built with HDF5.
[[nodiscard]] GLIFR_API bool has_hdf5();
/// Lets the process end without the HDF5 library closing what is open in it, of which it prints lines where files were
/// damaged. For programs that write no HDF5 files, before they open one.
GLIFR_API void leave_hdf5_at_exit();

}  // namespace detail

}  // namespace glifr
