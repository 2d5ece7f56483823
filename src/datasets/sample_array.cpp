#include "sample_array.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/elements.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/hdf5.hpp"
#include "glifr/io/npy.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"
#include "glifr/io/zip.hpp"

namespace glifr::detail {
namespace {

class KeptArray final : public SampleArray {
 public:
  KeptArray(std::string file, std::string name, NamedTensor tensor)
      : SampleArray(std::move(file), std::move(name), tensor.dtype, std::move(tensor.shape)),
        bytes_(std::move(tensor.bytes)),
        row_bytes_(row_size() * size_of(dtype())) {}

  [[nodiscard]] const std::byte* row(Index sample, std::vector<std::byte>&) const override {
    return bytes_.data() + sample * row_bytes_;
  }
  [[nodiscard]] bool is_on_disk() const override { return false; }

 private:
  std::vector<std::byte> bytes_;
  Index row_bytes_;
};

class NpyArray final : public SampleArray {
 public:
  NpyArray(const std::string& file, NpyFile npy)
      : SampleArray(file, "", npy.header().dtype, npy.header().shape), npy_(std::move(npy)) {}

  [[nodiscard]] const std::byte* row(Index sample, std::vector<std::byte>& buffer) const override {
    return npy_.row(sample, buffer);
  }
  [[nodiscard]] bool is_on_disk() const override { return true; }

 private:
  NpyFile npy_;
};

class StoredArray final : public SampleArray {
 public:
  StoredArray(const std::string& file, const std::string& name, Hdf5Array array)
      : SampleArray(file, name, array.dtype(), array.shape()), array_(std::move(array)) {}

  [[nodiscard]] const std::byte* row(Index sample, std::vector<std::byte>& buffer) const override {
    buffer.resize(static_cast<std::size_t>(row_size() * size_of(dtype())));
    array_.read(sample, 1, buffer.data());
    return buffer.data();
  }
  [[nodiscard]] bool is_on_disk() const override { return true; }

 private:
  Hdf5Array array_;
};

/// The bytes of an array of sizes that are in range.
Index byte_count(Dtype dtype, const std::vector<Index>& shape) {
  Index bytes = size_of(dtype);
  for (const Index size : shape) bytes *= size;
  return bytes;
}

class Hdf5Arrays final : public SampleArrays {
 public:
  Hdf5Arrays(const std::filesystem::path& path, Index in_memory_bytes)
      : path_(path.string()), file_(path), in_memory_bytes_(in_memory_bytes) {}

  [[nodiscard]] std::vector<std::string> names() const override { return file_.names(); }
  [[nodiscard]] std::unique_ptr<SampleArray> array(const std::string& name) const override {
    Hdf5Array array = file_.array(name);
    const bool is_partly_written = array.is_partly_written();
    std::unique_ptr<SampleArray> result = open(name, std::move(array));
    result->set_partly_written(is_partly_written);
    return result;
  }

 private:
  /// On the disk, or in memory.
  [[nodiscard]] std::unique_ptr<SampleArray> open(const std::string& name, Hdf5Array array) const {
    const Index bytes = byte_count(array.dtype(), array.shape());
    if (bytes > in_memory_bytes_ && !array.shape().empty()) {
      return std::make_unique<StoredArray>(path_, name, std::move(array));
    }
    NamedTensor tensor{name, array.dtype(), array.shape(), std::vector<std::byte>(static_cast<std::size_t>(bytes))};
    array.read(0, array.shape().empty() ? 1 : array.shape()[0], tensor.bytes.data());
    return keep(path_, name, std::move(tensor));
  }

  std::string path_;
  Hdf5File file_;
  Index in_memory_bytes_;
};

class NpzArrays final : public SampleArrays {
 public:
  explicit NpzArrays(const std::filesystem::path& path) : path_(path.string()), archive_(path) {}

  [[nodiscard]] std::vector<std::string> names() const override { return npz_names(archive_); }
  [[nodiscard]] std::unique_ptr<SampleArray> array(const std::string& name) const override {
    return keep(path_, name, read_npz(archive_, name, path_));
  }

 private:
  std::string path_;
  ZipFile archive_;
};

class KeptArrays final : public SampleArrays {
 public:
  KeptArrays(std::string file, std::vector<NamedTensor> tensors)
      : path_(std::move(file)), tensors_(std::move(tensors)) {}

  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const NamedTensor& tensor : tensors_) names.push_back(tensor.name);
    return names;
  }
  [[nodiscard]] std::unique_ptr<SampleArray> array(const std::string& name) const override {
    return keep(path_, name, *std::ranges::find(tensors_, name, &NamedTensor::name));
  }

 private:
  std::string path_;
  std::vector<NamedTensor> tensors_;
};

/// An element of a real type; whole numbers with all their digits.
std::string element_text(Dtype dtype, const std::byte* element) {
  const auto integer = [&]<class Integer>(Integer number) {
    std::memcpy(&number, element, sizeof number);
    return std::to_string(number);
  };
  if (dtype == Dtype::u64) return integer(std::uint64_t{});
  if (dtype == Dtype::i64) return integer(std::int64_t{});
  double value = 0;
  convert_elements(dtype, element, 1, &value);
  const bool is_float = dtype == Dtype::f64 || dtype == Dtype::f32 || dtype == Dtype::f16 || dtype == Dtype::bf16;
  return is_float ? format_number(value) : std::to_string(static_cast<std::int64_t>(value));
}

}  // namespace

SampleArray::SampleArray(std::string file, std::string name, Dtype dtype, std::vector<Index> shape)
    : file_(std::move(file)), name_(std::move(name)), dtype_(dtype), shape_(std::move(shape)) {
  if (!is_real(dtype)) {
    fail("has elements of " + std::string(to_string(dtype)) + "; accepted are integers, floats and booleans");
  }
}

void SampleArray::fail(const std::string& problem) const {
  throw DataError(file_, (name_.empty() ? "" : "'" + name_ + "' ") + problem);
}

Index SampleArray::row_size() const {
  Index size = 1;
  for (std::size_t axis = 1; axis < shape_.size(); ++axis) size *= shape_[axis];
  return size;
}

std::unique_ptr<SampleArray> keep(std::string file, std::string name, NamedTensor tensor) {
  return std::make_unique<KeptArray>(std::move(file), std::move(name), std::move(tensor));
}

std::unique_ptr<SampleArray> open_npy(const std::filesystem::path& path, Index in_memory_bytes) {
  NpyFile file(path);
  const NpyHeader& header = file.header();
  if (!header.shape.empty() && byte_count(header.dtype, header.shape) > in_memory_bytes) {
    return std::make_unique<NpyArray>(path.string(), std::move(file));
  }
  return keep(path.string(), "", decode_npy(read_file(path), path.string()));
}

std::unique_ptr<SampleArrays> open_hdf5(const std::filesystem::path& path, Index in_memory_bytes) {
  return std::make_unique<Hdf5Arrays>(path, in_memory_bytes);
}

std::unique_ptr<SampleArrays> open_npz(const std::filesystem::path& path) {
  return std::make_unique<NpzArrays>(path);
}

std::unique_ptr<SampleArrays> open_safetensors(const std::filesystem::path& path) {
  return keep(path.string(), read_safetensors(path).tensors);
}

std::unique_ptr<SampleArrays> keep(std::string file, std::vector<NamedTensor> tensors) {
  return std::make_unique<KeptArrays>(std::move(file), std::move(tensors));
}

std::vector<std::int32_t> whole_numbers(const SampleArray& array, std::int32_t lowest, std::int32_t highest,
                                        const std::string& advice) {
  if (array.shape().size() != 1) array.fail("has the shape " + shape_text(array.shape()) + "; [samples] is needed");
  std::vector<std::int32_t> numbers;
  std::vector<std::byte> buffer;
  for (Index sample = 0; sample < array.samples(); ++sample) {
    const std::byte* element = array.row(sample, buffer);
    double value = 0;
    convert_elements(array.dtype(), element, 1, &value);
    const std::optional<Index> whole = whole_number(value);
    if (!whole || *whole < lowest || *whole > highest) {
      array.fail("has " + element_text(array.dtype(), element) + " at sample " + std::to_string(sample) +
                 " (counted from 0); accepted are whole numbers from " + std::to_string(lowest) + " to " +
                 std::to_string(highest) + advice);
    }
    numbers.push_back(static_cast<std::int32_t>(*whole));
  }
  return numbers;
}

}  // namespace glifr::detail
