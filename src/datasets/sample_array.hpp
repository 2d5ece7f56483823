#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/io/safetensors.hpp"

namespace glifr::detail {

/// An array in a file, read by the steps of its first index; several threads may do so at once.
class SampleArray {
 public:
  /// `file` and `name` are for messages; the array of a .npy file has no name.
  SampleArray(std::string file, std::string name, Dtype dtype, std::vector<Index> shape);
  virtual ~SampleArray() = default;
  SampleArray(const SampleArray&) = delete;
  SampleArray& operator=(const SampleArray&) = delete;

  [[nodiscard]] Dtype dtype() const { return dtype_; }
  [[nodiscard]] const std::vector<Index>& shape() const { return shape_; }
  [[nodiscard]] Index samples() const { return shape_.at(0); }
  /// Elements of a step of the first index.
  [[nodiscard]] Index row_size() const;
  /// The elements of a step of the first index, in place or copied to `buffer`.
  [[nodiscard]] virtual const std::byte* row(Index sample, std::vector<std::byte>& buffer) const = 0;
  /// Whether rows are read from the disk.
  [[nodiscard]] virtual bool is_on_disk() const = 0;

  /// Whether the file holds only a part of it, and a fill value is read in place of the rest.
  [[nodiscard]] bool is_partly_written() const { return is_partly_written_; }
  void set_partly_written(bool is_so) { is_partly_written_ = is_so; }

  /// Throws DataError: the file, the array, the problem.
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  std::string file_, name_;
  Dtype dtype_;
  std::vector<Index> shape_;
  bool is_partly_written_ = false;
};

/// The arrays of a file by name.
class SampleArrays {
 public:
  virtual ~SampleArrays() = default;
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  /// One that is there.
  [[nodiscard]] virtual std::unique_ptr<SampleArray> array(const std::string& name) const = 0;
};

/// An array of a file that holds only that.
[[nodiscard]] std::unique_ptr<SampleArray> open_npy(const std::filesystem::path& path, Index in_memory_bytes);
/// An array in memory; `file` and `name` are for messages.
[[nodiscard]] std::unique_ptr<SampleArray> keep(std::string file, std::string name, NamedTensor tensor);

[[nodiscard]] std::unique_ptr<SampleArrays> open_hdf5(const std::filesystem::path& path, Index in_memory_bytes);
[[nodiscard]] std::unique_ptr<SampleArrays> open_npz(const std::filesystem::path& path);
[[nodiscard]] std::unique_ptr<SampleArrays> open_safetensors(const std::filesystem::path& path);
[[nodiscard]] std::unique_ptr<SampleArrays> keep(std::string file, std::vector<NamedTensor> tensors);

/// The whole numbers of an array of rank 1, each from `lowest` to `highest`. `advice` is the end of the message on
/// another one.
[[nodiscard]] std::vector<std::int32_t> whole_numbers(const SampleArray& array, std::int32_t lowest,
                                                      std::int32_t highest, const std::string& advice = "");

/// The highest number of a class.
inline constexpr std::int32_t highest_label = 65535;

}  // namespace glifr::detail
