#include "glifr/io/npy.hpp"

#include <cstring>

#include "glifr/error.hpp"
#include "glifr/io/elements.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;

/// A .npy file with this header, in front of `data`; lengths fit one byte.
std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += {version, '\0', static_cast<char>(header.size()), '\0'};
  if (version > 1) bytes.append(2, '\0');
  return bytes + header + data;
}

std::vector<double> doubles(const NamedTensor& tensor) {
  std::vector<double> values(static_cast<std::size_t>(tensor.size()));
  convert_elements(tensor.dtype, tensor.bytes.data(), tensor.size(), values.data());
  return values;
}

TEST_CASE("an array reads back as it was written") {
  const std::vector<double> values{1, -2, 0.5, 1e300, 0, 3};
  for (const std::vector<Index>& shape : {std::vector<Index>{6}, {2, 3}, {1, 6, 1}}) {
    const NamedTensor tensor = make_named_tensor<double>("x", shape, values);
    const std::string bytes = encode_npy(tensor);
    CHECK(parse_npy_header(bytes, "x").data_offset % 64 == 0);
    const NamedTensor again = decode_npy(bytes, "x");
    CHECK(again.shape == shape);
    CHECK(again.dtype == Dtype::f64);
    CHECK(again.bytes == tensor.bytes);
  }
  const NamedTensor scalar = make_named_tensor<std::int64_t>("n", {}, std::vector<std::int64_t>{-7});
  CHECK(decode_npy(encode_npy(scalar), "n").bytes == scalar.bytes);
  CHECK_THROWS_WITH(encode_npy({"b", Dtype::bf16, {1}, std::vector<std::byte>(2)}),
                    Contains("'b'") && Contains("BF16, which NumPy does not have"));
}

TEST_CASE("headers of every version and of other writers read") {
  const std::string two("\1\2", 2);
  for (const char version : {'\1', '\2', '\3'}) {
    CHECK(decode_npy(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n", two, version), "a").shape ==
          std::vector<Index>{2});
  }
  // Other orders of the keys, other quotes, no comma at the end, Python 2's long numbers, no elements at all.
  CHECK(decode_npy(npy("{\"shape\":(1, 2),\"fortran_order\":True,\"descr\":\"=u1\"}", two), "a").shape ==
        std::vector<Index>{1, 2});
  CHECK(decode_npy(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2L,), }", two), "a").dtype ==
        Dtype::boolean);
  CHECK(decode_npy(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 7), }", ""), "a").bytes.empty());
}

TEST_CASE("either byte order and either order of the elements give the same array") {
  const auto header = [](const char* descr, const char* fortran) {
    return std::string("{'descr': '") + descr + "', 'fortran_order': " + fortran + ", 'shape': (2, 3), }\n";
  };
  const std::vector<double> expected{1, 2, 3, 4, 5, 260};
  CHECK(doubles(decode_npy(npy(header("<i2", "False"), std::string("\1\0\2\0\3\0\4\0\5\0\4\1", 12)), "a")) == expected);
  CHECK(doubles(decode_npy(npy(header(">i2", "False"), std::string("\0\1\0\2\0\3\0\4\0\5\1\4", 12)), "a")) == expected);
  CHECK(doubles(decode_npy(npy(header("<i2", "True"), std::string("\1\0\4\0\2\0\5\0\3\0\4\1", 12)), "a")) == expected);
  CHECK(doubles(decode_npy(npy(header(">i2", "True"), std::string("\0\1\0\4\0\2\0\5\0\3\1\4", 12)), "a")) == expected);
}

TEST_CASE("an array whose shape and bytes disagree is not written") {
  CHECK_THROWS_AS(encode_npy({"x", Dtype::f32, {2}, std::vector<std::byte>(7)}), std::invalid_argument);
}

TEST_CASE("what is no array of numbers is refused with what is wrong") {
  const auto refused = [](const std::string& bytes, const char* reason) {
    CHECK_THROWS_WITH(decode_npy(bytes, "file"), Contains("file") && Contains(reason));
  };
  const std::string four(4, '\0');
  refused("", "found no NumPy array");
  refused("\x89HDF\r\n\x1a\n", "found an HDF5 file; accepted is a NumPy array");
  refused(npy("{}", "", 4), "is of version 4.0; accepted are 1.0 to 3.0");
  refused(npy("{'descr': '<f4', 'fortran_order': False}", four), "must have descr, fortran_order and shape");
  refused(npy("{'descr': '<f4', 'descr': '<f4'}", four), "has 'descr' twice");
  refused(npy("{'shape': (1,), 'order': 3}", four), "has the key 'order'; accepted are descr");
  refused(npy("{'shape': (1,), 'fortran_order': 0, 'descr': '<f4'}", four), "must be True or False");
  refused(npy("{'shape': (-1,), 'fortran_order': False, 'descr': '<f4'}", four), "a size is needed here");
  refused(npy("{'shape': (1.5,), 'fortran_order': False, 'descr': '<f4'}", four), "')' is needed here");
  refused(npy("{'shape': (99999999999999999999,)}", four), "a size is needed here");
  refused(npy("{'shape': (1,), 'fortran_order': False, 'descr': '<f4'} x", four), "something follows the dictionary");
  refused(npy("{'shape': (1,), 'fortran_order': False, 'descr': '<f4", four), "a text in quotes is needed");
  refused(npy("['shape']", four), "'{' is needed here");
  for (const char* type : {"<c8", "<U3", "|O", "|V4", "<M8[s]", "<f16", "|S1", "f4", "<", ""}) {
    refused(npy("{'shape': (1,), 'fortran_order': False, 'descr': '" + std::string(type) + "'}", four),
            "accepted are bool, int8 to int64");
  }
  refused(npy("{'shape': (1,), 'fortran_order': False, 'descr': [('a', '<f4')]}", four), "records of several fields");
  refused(npy("{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}", four),
          "found 4 bytes of elements; the shape [2] of the header asks for 8");
  refused(npy("{'shape': (), 'fortran_order': False, 'descr': '<f2'}", four), "asks for 2");
  refused(npy("{'shape': (500000000,), 'fortran_order': False, 'descr': '<f4'}", four), "asks for 2000000000");
  refused(npy("{'shape': (4611686018427387904, 4), 'fortran_order': False, 'descr': '<f4'}", four),
          "asks for more than 2^63");
}

TEST_CASE("a .npy file cut short anywhere is refused") {
  const std::string bytes = encode_npy(make_named_tensor<float>("x", {3}, std::vector<float>{1, 2, 3}));
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "x.npy";
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    INFO(length);
    CHECK_THROWS_AS(decode_npy(bytes.substr(0, length), "cut"), DataError);
    test::write_text(path, bytes.substr(0, length));
    CHECK_THROWS_AS(NpyFile(path), DataError);
  }
  CHECK_THROWS_WITH(NpyFile(folder.path() / "missing.npy"), Contains("missing.npy: No such file"));
  CHECK_THROWS_WITH(NpyFile(folder.path()), Contains("is a folder"));
}

TEST_CASE("arrays that NumPy writes read as they are, whole and by rows") {
  const auto python = test::python_with("numpy");
  if (!python) GLIFR_SKIP("there is no Python with NumPy");
  const test::TemporaryFolder folder;
  test::run_python(*python, folder.path(), R"(
import numpy as np
whole = np.arange(2 * 3 * 4).reshape(2, 3, 4) * 5
for order in 'CF':
    for endian in '<>':
        for code in ['b1'] + [k + s for k in 'iu' for s in '1248'] + ['f2', 'f4', 'f8']:
            array = (whole / 8 - 2 if code[0] == 'f' else whole % 2 if code == 'b1' else whole).astype(endian + code, order=order)
            name = code + ('l' if endian == '<' else 'b') + order
            np.save(name + '.npy', array)
            np.savetxt(name + '.txt', array.astype(float).reshape(2, -1), delimiter=',')
np.save('strings.npy', np.array(['a', 'b']))
np.save('objects.npy', np.array([{}, 1], dtype=object), allow_pickle=True)
np.save('records.npy', np.zeros(2, dtype=[('a', '<f4'), ('b', '<i4')]))
np.save('empty.npy', np.zeros((0, 3)))
)");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    std::filesystem::path expected_file = entry.path();
    if (entry.path().extension() != ".npy" || !std::filesystem::exists(expected_file.replace_extension(".txt")))
      continue;
    INFO(entry.path().filename());
    ++files;
    std::vector<double> expected;
    std::istringstream text(read_file(expected_file));
    for (double value; text >> value; text.ignore()) expected.push_back(value);

    const NamedTensor whole = decode_npy(read_file(entry.path()), "whole");
    CHECK(whole.shape == std::vector<Index>{2, 3, 4});
    CHECK(doubles(whole) == expected);
    const NpyFile file(entry.path());
    std::vector<double> rows;
    std::vector<std::byte> buffer;
    for (Index row = 0; row < 2; ++row) {
      rows.resize(rows.size() + 12);
      convert_elements(file.header().dtype, file.row(row, buffer), 12, rows.data() + row * 12);
    }
    CHECK(rows == expected);
    std::vector<float> single(24), rounded(expected.begin(), expected.end());
    convert_elements(whole.dtype, whole.bytes.data(), 24, single.data());
    CHECK(single == rounded);
  }
  CHECK(files == 48);
  CHECK_THROWS_WITH(NpyFile(folder.path() / "strings.npy"), Contains("strings.npy at byte") && Contains("'<U1'"));
  CHECK_THROWS_WITH(NpyFile(folder.path() / "objects.npy"), Contains("'|O'"));
  CHECK_THROWS_WITH(NpyFile(folder.path() / "records.npy"), Contains("records"));
  CHECK(NpyFile(folder.path() / "empty.npy").header().rows() == 0);
}

TEST_CASE("NumPy reads the arrays and archives that are written, and the other way round") {
  const auto python = test::python_with("numpy");
  if (!python || !detail::has_zip()) GLIFR_SKIP("there is no Python with NumPy, or no libzip");
  const test::TemporaryFolder folder;
  const std::vector<NamedTensor> arrays{make_named_tensor<float>("w.x", {2, 2}, std::vector<float>{1, -2, 0.5, 4}),
                                        make_named_tensor<std::int64_t>("n", {}, std::vector<std::int64_t>{7}),
                                        make_named_tensor<std::uint8_t>("b", {3}, std::vector<std::uint8_t>{1, 0, 255}),
                                        {"t", Dtype::boolean, {2}, {std::byte{1}, std::byte{0}}},
                                        {"h", Dtype::f16, {1}, {std::byte{0}, std::byte{0x3c}}}};
  write_npz(folder.path() / "ours.npz", arrays);
  CHECK(test::run_python(*python, folder.path(), R"(
import numpy as np
with np.load('ours.npz', allow_pickle=False) as f:
    for name in f.files: print(name, f[name].dtype, f[name].shape, f[name].tolist())
    np.savez('stored.npz', **f)
    np.savez_compressed('packed.npz', **f)
)") == "w.x float32 (2, 2) [[1.0, -2.0], [0.5, 4.0]]\nn int64 () 7\nb uint8 (3,) [1, 0, 255]\n"
       "t bool (2,) [True, False]\nh float16 (1,) [1.0]\n");
  for (const char* name : {"ours.npz", "stored.npz", "packed.npz"}) {
    INFO(name);
    const ZipFile file(folder.path() / name);
    CHECK(npz_names(file) == std::vector<std::string>{"w.x", "n", "b", "t", "h"});
    for (const NamedTensor& array : arrays) {
      const NamedTensor found = read_npz(file, array.name, name);
      CHECK(found.name == array.name);
      CHECK(found.dtype == array.dtype);
      CHECK(found.shape == array.shape);
      CHECK(found.bytes == array.bytes);
    }
  }
}

TEST_CASE("an archive of damaged arrays is refused with the entry") {
  if (!detail::has_zip()) GLIFR_SKIP("this glifr was built without libzip");
  const test::TemporaryFolder folder;
  write_zip(folder.path() / "a.npz", {{"x.npy", "none"}, {"readme.txt", "text"}});
  const ZipFile file(folder.path() / "a.npz");
  CHECK(npz_names(file) == std::vector<std::string>{"x"});
  CHECK_THROWS_WITH(read_npz(file, "x", "a.npz"), Contains("a.npz (x.npy)") && Contains("found no NumPy array"));
}

}  // namespace
}  // namespace glifr
