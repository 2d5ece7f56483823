#include "glifr/io/npy.hpp"

#include <algorithm>
#include <cstdint>

#include "glifr/io/elements.hpp"
#include "glifr/io/files.hpp"
#include "memory_file.hpp"
#include "support/files.hpp"
#include "targets.hpp"

namespace glifr::test {
namespace {

void check(const NamedTensor& array) {
  require(std::ssize(array.bytes) == array.size() * size_of(array.dtype), "arrays are complete");
  std::vector<double> values(static_cast<std::size_t>(array.size()));
  convert_elements(array.dtype, array.bytes.data(), array.size(), values.data());
  const NamedTensor again = decode_npy(encode_npy(array), "array written again");
  require(again.dtype == array.dtype && again.shape == array.shape && again.bytes == array.bytes,
          "what was read is written");
}

}  // namespace

bool fuzz_npy(std::string_view bytes) {
  NamedTensor array;
  const bool is_accepted = accepts([&] { array = decode_npy(bytes, "array"); });
  const MemoryFile memory(bytes);
  const bool is_mapped = accepts([&] {
    const NpyFile file(memory.path());
    std::vector<std::byte> rows, buffer;
    const auto row_bytes = static_cast<std::size_t>(file.header().row_size() * size_of(file.header().dtype));
    for (Index row = 0; row_bytes > 0 && row < file.header().rows(); ++row) {
      const std::byte* elements = file.row(row, buffer);
      rows.insert(rows.end(), elements, elements + row_bytes);
    }
    require(rows == array.bytes, "an array is read by rows as it is at once");
  });
  require(is_accepted == is_mapped, "a mapped file is accepted as its bytes are");
  if (is_accepted) check(array);
  return is_accepted;
}

bool fuzz_npz(std::string_view bytes) {
  const MemoryFile memory(bytes);
  bool is_accepted = false;
  accepts([&] {
    const ZipFile archive(memory.path());
    is_accepted = true;
    for (const std::string& name : archive.names()) {
      is_accepted &= accepts([&] { (void)archive.read(name); });
    }
    for (const std::string& name : npz_names(archive)) {
      is_accepted &= accepts([&] { check(read_npz(archive, name, "archive")); });
    }
  });
  return is_accepted;
}

std::vector<std::string> npy_seeds() {
  const std::vector<float> values{1, -2, 0.5, 3, 4, 5};
  std::string fortran = encode_npy(make_named_tensor<float>("x", {2, 3}, values));
  fortran.replace(fortran.find("'<f4'"), 5, "'>f4'");
  fortran.replace(fortran.find("False"), 5, "True ");
  return {encode_npy(make_named_tensor<float>("x", {1, 2, 3}, values)), fortran,
          encode_npy({"b", Dtype::boolean, {2}, {std::byte{1}, std::byte{0}}}),
          encode_npy(make_named_tensor<std::int64_t>("n", {}, std::vector<std::int64_t>{7}))};
}

std::vector<std::string> npz_seeds() {
  if (!detail::has_zip()) return {};
  std::vector<std::string> seeds{"PK\5\6" + std::string(18, '\0')};
  const std::vector<NamedTensor> arrays{make_named_tensor<double>("x", {2}, std::vector<double>{1, 2}),
                                        {"b", Dtype::boolean, {2}, {std::byte{1}, std::byte{0}}}};
  const TemporaryFolder folder;
  write_npz(folder.path() / "a.npz", arrays);
  seeds.push_back(read_file(folder.path() / "a.npz"));
  return seeds;
}

}  // namespace glifr::test
