#include "glifr/io/safetensors.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;

template <class T>
NamedTensor tensor(std::string name, std::vector<Index> shape, const std::vector<T>& values) {
  return make_named_tensor<T>(std::move(name), std::move(shape), values);
}

TensorFile example() {
  TensorFile file;
  file.tensors.push_back(tensor<float>("neuron_layer.thresh", {1, 3}, {1.5f, -2, 3}));
  file.tensors.push_back(tensor<double>("weights", {2, 1, 2}, {0.1, 0.2, 0.3, 1e300}));
  file.tensors.push_back(tensor<std::int64_t>("epoch", {}, {-7}));
  file.tensors.push_back(tensor<std::uint64_t>("seed", {1}, {~0ull}));
  file.tensors.push_back(tensor<std::uint8_t>("mask", {3}, {1, 0, 255}));
  file.tensors.push_back(tensor<float>("neuron_layer.a_j", {0, 1, 3}, {}));
  file.metadata = {{"dt", "0.05"}, {"note", "quotes \" and \n lines"}};
  return file;
}

/// A file with this header, in front of `data`.
std::string with_header(std::string_view header, std::string_view data = {}) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes.append(header).append(data);
}

TEST_CASE("a file reads back as it was written") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "last.safetensors";
  write_safetensors(path, example());
  const TensorFile file = read_safetensors(path);
  CHECK(file.metadata == example().metadata);
  CHECK(file.tensors.size() == 6);
  for (const NamedTensor& expected : example().tensors) {
    INFO(expected.name);
    const NamedTensor* found = file.find(expected.name);
    REQUIRE(found);
    CHECK(found->dtype == expected.dtype);
    CHECK(found->shape == expected.shape);
    CHECK(found->bytes == expected.bytes);
  }
  CHECK(file.find("none") == nullptr);
  CHECK(values_of<double>(*file.find("weights"), "file") == std::vector{0.1, 0.2, 0.3, 1e300});
}

TEST_CASE("the bytes follow from the content, not from its order") {
  TensorFile reversed = example();
  std::reverse(reversed.tensors.begin(), reversed.tensors.end());
  CHECK(encode_safetensors(reversed) == encode_safetensors(example()));
}

TEST_CASE("tensors lie at multiples of their element's size") {
  const std::string bytes = encode_safetensors(example());
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  CHECK(header % 8 == 0);
  std::size_t offset = 8 + header;
  for (const NamedTensor& read : decode_safetensors(bytes, "bytes").tensors) {
    CHECK(offset % static_cast<std::size_t>(size_of(read.dtype)) == 0);
    offset += read.bytes.size();
  }
  CHECK(offset == bytes.size());
}

TEST_CASE("the form of the file is that of the published format") {
  TensorFile file;
  file.tensors.push_back(tensor<float>("b", {2}, {1, 2}));
  file.metadata = {{"dt", "1"}};
  CHECK(encode_safetensors(file) ==
        with_header("{\"__metadata__\":{\"dt\":\"1\"},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                    std::string_view("\0\0\x80\x3f\0\0\0\x40", 8)));
}

TEST_CASE("floating-point values convert, integers do not") {
  CHECK(values_of<double>(tensor<float>("x", {2}, {0.5f, 2}), "file") == std::vector<double>{0.5, 2});
  CHECK(values_of<float>(tensor<double>("x", {1}, {0.1}), "file") == std::vector<float>{0.1f});
  CHECK(values_of<std::int64_t>(tensor<std::int64_t>("x", {1}, {-1}), "file") == std::vector<std::int64_t>{-1});
  CHECK(values_of<std::uint8_t>(NamedTensor{"x", Dtype::boolean, {2}, {std::byte{1}, std::byte{0}}}, "file") ==
        std::vector<std::uint8_t>{1, 0});
  CHECK_THROWS_WITH(values_of<float>(tensor<std::int64_t>("x", {1}, {1}), "file"),
                    "file: tensor 'x': found I64; F64, F32, F16 or BF16 is needed");
  CHECK_THROWS_AS(values_of<std::int64_t>(tensor<float>("x", {1}, {1}), "file"), DataError);
}

TEST_CASE("half-precision values become floats and doubles") {
  const auto of_bits = [](Dtype dtype, const std::vector<std::uint16_t>& bits) {
    NamedTensor tensor{"x", dtype, {static_cast<Index>(bits.size())}, std::vector<std::byte>(2 * bits.size())};
    std::memcpy(tensor.bytes.data(), bits.data(), tensor.bytes.size());
    return tensor;
  };
  // One, the largest and the smallest normal number, the smallest of all, a third, minus two, minus zero, infinity.
  const NamedTensor half =
      of_bits(Dtype::f16, {0x3c00, 0x7bff, 0x0400, 0x0001, 0x3555, 0xc000, 0x8000, 0x7c00, 0xfc00});
  const std::vector<double> expected{1, 65504, 0x1p-14, 0x1p-24, 0x1.554p-2, -2, -0.0, HUGE_VAL, -HUGE_VAL};
  CHECK(values_of<double>(half, "file") == expected);
  CHECK(values_of<float>(half, "file") == std::vector<float>(expected.begin(), expected.end()));
  CHECK(std::signbit(values_of<float>(half, "file")[6]));
  CHECK(std::isnan(values_of<double>(of_bits(Dtype::f16, {0x7e00}), "file")[0]));

  const NamedTensor brain = of_bits(Dtype::bf16, {0x3f80, 0xc000, 0x4049, 0x7f80});
  CHECK(values_of<double>(brain, "file") == std::vector<double>{1, -2, 3.140625, HUGE_VAL});
  CHECK(values_of<float>(brain, "file") == std::vector<float>{1, -2, 3.140625F, HUGE_VALF});
}

TEST_CASE("tensors of types that nobody asks for are carried along") {
  for (const char* dtype : {"I8", "I16", "U16", "I32", "U32", "F16", "BF16", "C64", "F8_E4M3", "F8_E5M2", "F8_E8M0"}) {
    INFO(dtype);
    const std::string name(dtype);
    const Index bytes = name == "C64" ? 8 : name.ends_with("32") ? 4 : name.ends_with("16") ? 2 : 1;
    const std::string header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"x\":{\"dtype\":\"" +
                               name + "\",\"shape\":[2],\"data_offsets\":[4," + std::to_string(4 + 2 * bytes) + "]}}";
    const TensorFile file =
        decode_safetensors(with_header(header, std::string(static_cast<std::size_t>(4 + 2 * bytes), '\1')), "file");
    REQUIRE(file.tensors.size() == 2);
    CHECK(values_of<float>(*file.find("w"), "file").size() == 1);
    CHECK(to_string(file.find("x")->dtype) == name);
    const TensorFile again = decode_safetensors(encode_safetensors(file), "again");
    CHECK(again.find("x")->bytes == file.find("x")->bytes);
    if (!name.ends_with("F16")) CHECK_THROWS_WITH(values_of<float>(*file.find("x"), "file"), Contains("found " + name));
  }
}

TEST_CASE("a file of another kind in place of a safetensors file is said to be one") {
  const auto refused = [](const std::string& bytes, const char* kind) {
    CHECK_THROWS_WITH(decode_safetensors(bytes, "file"), Contains(kind) && Contains("accepted is a safetensors file"));
  };
  refused(std::string("PK\x03\x04\x14\0\0\0\x08\0", 10), "found a ZIP archive (as .pt");
  refused(std::string("\x80\x02\x8a\x0al\xfc\x9c"
                      "F\xf9 j\xa8P",
                      13),
          "found a Python pickle");
  refused("\x89HDF\r\n\x1a\n" + std::string(8, '\0'), "found an HDF5 file");
  refused("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "found a Git LFS pointer");
  refused("\n<!doctype html><title>Not found</title>", "found a web page (HTML)");
  refused("<?xml version=\"1.0\"?><Error/>", "found an XML document");
  refused("1,0.05,0.1\n1,0.06,0.2\n", "found a table (CSV)");
  refused("1,2\n", "found a table (CSV)");
  refused("thresh\n1\n2\n3\n", "found text");
  refused("\xef\xbb\xbf{\"task\": \"sine\"}\n", "found JSON");
  refused(std::string("\x1f\x8b\x08\0\0\0\0\0\0\3", 10), "found gzip data");
}

TEST_CASE("content that makes no file is refused") {
  CHECK_THROWS_AS(tensor<float>("x", {2, 2}, {1, 2, 3}), ShapeError);
  TensorFile file;
  file.tensors = {tensor<float>("x", {1}, {1}), tensor<float>("x", {1}, {2})};
  CHECK_THROWS_AS(encode_safetensors(file), std::invalid_argument);
  file.tensors = {tensor<float>("__metadata__", {1}, {1})};
  CHECK_THROWS_AS(encode_safetensors(file), std::invalid_argument);
  file.tensors = {NamedTensor{"x", Dtype::f32, {2}, std::vector<std::byte>(7)}};
  CHECK_THROWS_AS(encode_safetensors(file), std::invalid_argument);
}

TEST_CASE("values are not read beyond the bytes that there are") {
  for (const std::vector<Index>& shape : {std::vector<Index>{3}, {1}, {-1, -2}, {Index{1} << 62, 8}}) {
    CHECK_THROWS_WITH(values_of<float>(NamedTensor{"x", Dtype::f32, shape, std::vector<std::byte>(8)}, "file"),
                      "shape and bytes of tensor 'x' disagree");
  }
  CHECK(values_of<float>(NamedTensor{"x", Dtype::f32, {2}, std::vector<std::byte>(8)}, "file").size() == 2);
  CHECK_THROWS_AS(values_of<double>(NamedTensor{"x", Dtype::bf16, {2}, {}}, "file"), std::invalid_argument);
}

TEST_CASE("a file cut short anywhere is refused") {
  const std::string bytes = encode_safetensors(example());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    if (length % 8 != 0 && length > 64 && length + 64 < bytes.size()) continue;
    INFO(length);
    CHECK_THROWS_AS(decode_safetensors(std::string_view(bytes).substr(0, length), "cut"), DataError);
  }
  CHECK_THROWS_WITH(decode_safetensors(bytes + "x", "long"), Contains("1 bytes follow that belong to no tensor"));
}

TEST_CASE("the metadata are read without the tensors, and the header is checked against the file's size") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "last.safetensors";
  const auto read = [&](std::string_view bytes) {
    test::write_text(path, bytes);
    return read_safetensors_metadata(path);
  };
  TensorFile file = example();
  CHECK(read(encode_safetensors(file)) == file.metadata);
  file.metadata["long"] = std::string(10000, 'x');
  const std::string bytes = encode_safetensors(file);
  CHECK(read(bytes) == file.metadata);
  CHECK(read(encode_safetensors({})).empty());

  // What is refused is refused as when everything is read.
  const auto problem = [](auto&& action) -> std::string {
    try {
      static_cast<void>(action());
    } catch (const DataError& error) {
      return error.what();
    }
    return "nothing";
  };
  std::vector<std::string> damaged{"",
                                   "text",
                                   "1,2\n3,4\n",
                                   std::string("PK\x03\x04\x14\0\0\0\x08\0", 10),
                                   bytes + "x",
                                   std::string(8, '\xff'),
                                   with_header("[1]"),
                                   with_header("{\"a\":1}")};
  for (const std::size_t length : {std::size_t{7}, std::size_t{100}, std::size_t{9000}, bytes.size() - 1})
    damaged.push_back(bytes.substr(0, length));
  for (const std::string& content : damaged) {
    INFO(content.substr(0, 20));
    const std::string found = problem([&] { return read(content); });
    CHECK_THAT(found, Catch::StartsWith(path.string()));
    CHECK(found == problem([&] { return read_safetensors(path); }));
  }
  CHECK_THROWS_WITH(read_safetensors_metadata(folder.path()), Contains("is a folder"));
  CHECK_THROWS_WITH(read_safetensors_metadata(folder.path() / "none"), Contains("none: No such file"));
}

TEST_CASE("a damaged header is refused or reads as other, valid content") {
  const std::string bytes = encode_safetensors(example());
  for (std::size_t position = 0; position < bytes.size(); ++position) {
    for (const int mask : {0x01, 0x10, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[position] = static_cast<char>(damaged[position] ^ mask);
      try {
        static_cast<void>(encode_safetensors(decode_safetensors(damaged, "damaged")));
      } catch (const DataError& error) {
        CHECK(error.file() == "damaged");
      }
    }
  }
}

TEST_CASE("wrong headers are refused with what is wrong") {
  const auto refused = [](const std::string& bytes, const char* reason) {
    CHECK_THROWS_WITH(decode_safetensors(bytes, "file"), Contains(reason));
  };
  const std::string data(8, '\0');
  refused("", "is cut short");
  refused(std::string(8, '\xff'), "the header should have 18446744073709551615 bytes");
  refused(with_header(""), "no JSON object");
  refused(with_header("[1]"), "no JSON object");
  refused(with_header("{\"a\""), "file at byte 12: the header: line 1 is not JSON");
  refused(with_header("{\"a\":1,\"a\":1}"), "the header: line 1 has 'a' for the second time");
  refused(with_header("{}{}"), "file at byte 8: the header: holds 2 JSON documents");
  refused(with_header("{\"a\":1}"), "'a': is no object");
  refused(with_header("{\"__metadata__\":{\"a\":1}}"), "__metadata__ 'a' is no text");
  refused(with_header("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", data), "'a': has no dtype");
  refused(with_header("{\"a\":{\"dtype\":\"F128\",\"shape\":[4],\"data_offsets\":[0,8]}}", data),
          "dtype \"F128\"; accepted");
  refused(with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", data), "shape holds -2");
  refused(with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", data), "shape holds 2");
  refused(with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", data),
          "needs other than the 8 bytes");
  refused(with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}", data),
          "needs other than");
  refused(with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", data),
          "outside the 8 bytes");
  refused(with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", data), "outside the 8 bytes");
  refused(with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", data), "leaves a gap");
  refused(with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                      "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                      data),
          "overlaps");
}

TEST_CASE("an empty tensor may lie between others, in whatever order the header names them") {
  const TensorFile file =
      decode_safetensors(with_header("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]},"
                                     "\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]},"
                                     "\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
                                     "xyz"),
                         "file");
  REQUIRE(file.tensors.size() == 3);
  CHECK(file.tensors[0].name == "c");
  CHECK(file.tensors[1].name == "b");
  CHECK(file.tensors[2].name == "a");
}

TEST_CASE("the format's own library reads our files and writes files that we read") {
  if (std::system("python3 -c 'import safetensors.numpy' >/dev/null 2>&1") != 0) {
    GLIFR_SKIP("python3 has no safetensors package");
  }
  const test::TemporaryFolder folder;
  write_safetensors(folder.path() / "ours.safetensors", example());
  test::write_text(folder.path() / "copy.py",
                   "import numpy as np\n"
                   "from safetensors import safe_open\n"
                   "from safetensors.numpy import save_file\n"
                   "with safe_open('ours.safetensors', 'np') as f:\n"
                   "    tensors = {name: f.get_tensor(name) for name in f.keys()}\n"
                   "    metadata = f.metadata()\n"
                   "assert tensors['weights'].shape == (2, 1, 2) and tensors['weights'][1, 0, 1] == 1e300\n"
                   "assert tensors['neuron_layer.thresh'].dtype == np.float32\n"
                   "assert tensors['epoch'] == -7 and tensors['seed'][0] == 2**64 - 1\n"
                   "save_file(tensors, 'theirs.safetensors', metadata)\n");
  REQUIRE(std::system(("cd '" + folder.path().string() + "' && python3 copy.py").c_str()) == 0);
  const TensorFile theirs = read_safetensors(folder.path() / "theirs.safetensors");
  CHECK(encode_safetensors(theirs) == encode_safetensors(example()));
}

}  // namespace
}  // namespace glifr
