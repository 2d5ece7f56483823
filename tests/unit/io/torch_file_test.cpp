#include "glifr/io/torch_file.hpp"

#include <algorithm>
#include <cmath>

#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"
#include "support/torch_files.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;
using test::PickleWriter;
using test::TemporaryFolder;
using test::torch_storage;
using test::TorchStorage;

#define GLIFR_NEEDS_ZIP() \
  if (!detail::has_zip()) GLIFR_SKIP("this glifr was built without libzip")

std::vector<double> values(const TensorFile& file, const std::string& name) {
  INFO(name);
  const NamedTensor* tensor = file.find(name);
  REQUIRE(tensor);
  return values_of<double>(*tensor, "file");
}

/// What reading the file says; "" where it says nothing.
std::string refusal(const std::filesystem::path& path) {
  try {
    (void)read_torch_file(path);
  } catch (const DataError& error) {
    return error.what();
  }
  return {};
}

std::string refusal_of(const TemporaryFolder& folder, const std::string& bytes) {
  const auto path = folder.path() / "last.ckpt";
  test::write_text(path, bytes);
  return refusal(path);
}

/// {"a": tensor} in the older form.
std::string small_file(const std::vector<float>& stored = {1, 2, 3, 4, 5, 6},
                       const std::vector<std::int32_t>& shape = {2, 3},
                       const std::vector<std::int32_t>& strides = {3, 1}) {
  const auto elements = static_cast<std::int32_t>(stored.size());
  const std::string pickle =
      PickleWriter().raw("}").text("a").tensor("FloatStorage", "7", elements, 0, shape, strides).raw("s").bytes();
  return test::legacy_torch_file(pickle, {torch_storage("7", stored)});
}

void check_lightning(const TensorFile& file) {
  CHECK(values(file, "state_dict.neuron_layer.thresh") == std::vector<double>{1, 2, 3});
  CHECK(file.find("state_dict.neuron_layer.thresh")->shape == std::vector<Index>{1, 3});
  CHECK(values(file, "state_dict.turned") == std::vector<double>{0, 3, 1, 4, 2, 5});
  CHECK(file.find("state_dict.turned")->shape == std::vector<Index>{3, 2});
  CHECK(values(file, "state_dict.part") == std::vector<double>{4, 5});
  CHECK(values(file, "state_dict.scalar") == std::vector<double>{2.5});
  CHECK(file.find("state_dict.scalar")->shape.empty());
  CHECK(file.find("state_dict.none")->shape == std::vector<Index>{0, 1, 3});
  CHECK(values(file, "state_dict.repeated") == std::vector<double>{7, 7, 7, 7});
  CHECK(values(file, "state_dict.tied") == std::vector<double>{1, 2, 3});
  CHECK(values(file, "state_dict.half") == std::vector<double>{0.5, -2});
  CHECK(values(file, "state_dict.brain") == std::vector<double>{1, -2});
  CHECK(values(file, "state_dict.double") == std::vector<double>{0.1});
  CHECK(values_of<std::int64_t>(*file.find("state_dict.long"), "file") ==
        std::vector<std::int64_t>{-(std::int64_t{1} << 40)});
  CHECK(values_of<std::uint8_t>(*file.find("state_dict.bool"), "file") == std::vector<std::uint8_t>{1, 0});
  CHECK(file.find("state_dict.int")->dtype == Dtype::i32);
  CHECK(file.find("state_dict.short")->dtype == Dtype::i16);
  CHECK(file.find("state_dict.char")->dtype == Dtype::i8);
  CHECK(file.find("state_dict.byte")->dtype == Dtype::u8);
  CHECK(values(file, "optimizer_states.0.state.0.exp_avg") == std::vector<double>{0.25});
  CHECK(values(file, "hyper_parameters.own.inside") == std::vector<double>{9});
  CHECK(file.metadata.at("epoch") == "29");
  CHECK(file.metadata.at("hyper_parameters.dt") == "0.05");
  CHECK(file.metadata.at("hyper_parameters.args.lr") == "0.001");
  CHECK(file.metadata.at("hyper_parameters.params_learned") == "true");
  CHECK(file.metadata.at("pytorch-lightning_version") == "1.9.5");
  CHECK_FALSE(file.metadata.contains("hyper_parameters.none"));
  CHECK(encode_safetensors(file).size() > 500);  // names and shapes that our own format takes
}

TEST_CASE("checkpoints of torch.save read, in both forms and byte orders") {
  const auto python = test::python_with("zipfile");
  if (!python) GLIFR_SKIP("there is no Python");
  const TemporaryFolder folder;
  test::run_python(*python, folder.path(), std::string(test::python_torch) + R"(
class Own:
    pass
own = Own()
own.inside = tensor([9.0], (1,))
own.itself = own
matrix = Storage('Float', [0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
thresh = tensor([1.0, 2.0, 3.0], (1, 3), type=Parameter)
class ModelCheckpoint: pass
checkpoint = {
    'epoch': 29, 'global_step': 150000, 'pytorch-lightning_version': '1.9.5',
    'state_dict': state_dict({
        'neuron_layer.thresh': thresh,
        'turned': Tensor(matrix, 0, (3, 2), (1, 3)),
        'part': Tensor(matrix, 4, (2,), (1,)),
        'scalar': tensor([2.5], ()),
        'none': tensor([], (0, 1, 3)),
        'repeated': Tensor(Storage('Float', [7.0]), 0, (2, 2), (0, 0)),
        'tied': thresh,
        'half': tensor([0.5, -2.0], (2,), 'Half'),
        'brain': tensor([0x3f80, 0xc000], (2,), 'BFloat16'),
        'double': tensor([0.1], (1,), 'Double'),
        'long': tensor([-2**40], (1,), 'Long'), 'int': tensor([-3], (1,), 'Int'),
        'short': tensor([-3], (1,), 'Short'), 'char': tensor([-3], (1,), 'Char'),
        'byte': tensor([250], (1,), 'Byte'), 'bool': tensor([True, False], (2,), 'Bool'),
    }),
    'callbacks': {ModelCheckpoint: {'monitor': None, 'best_model_score': None}},
    'optimizer_states': [{'state': {0: {'step': 5, 'exp_avg': tensor([0.25], (1,))}},
                          'param_groups': [{'lr': 1e-3, 'betas': (0.9, 0.999), 'params': [0]}]}],
    'hyper_parameters': {'dt': 0.05, 'args': Namespace(lr=1e-3), 'own': own, 'params_learned': True, 'none': None,
                         'device': torch.device('cpu'), 'size': torch.Size((2, 3)), 'what': {(1, 2): 'tuple'}},
}
save(checkpoint, 'plain.ckpt'); save(checkpoint, 'little.ckpt', 'little'); save(checkpoint, 'big.ckpt', 'big')
save_legacy(checkpoint, 'legacy.ckpt'); save_legacy(checkpoint, 'legacy-big.ckpt', 'big')
save(thresh, 'tensor.pt'); save([thresh], 'list.pt')
)");
  for (const char* name : {"legacy.ckpt", "legacy-big.ckpt"}) {
    INFO(name);
    CHECK(looks_like_torch_file(folder.path() / name));
    check_lightning(read_torch_file(folder.path() / name));
  }
  GLIFR_NEEDS_ZIP();
  for (const char* name : {"plain.ckpt", "little.ckpt", "big.ckpt"}) {
    INFO(name);
    CHECK(looks_like_torch_file(folder.path() / name));
    check_lightning(read_torch_file(folder.path() / name));
  }
  CHECK(values(read_torch_file(folder.path() / "tensor.pt"), "tensor") == std::vector<double>{1, 2, 3});
  CHECK(values(read_torch_file(folder.path() / "list.pt"), "0") == std::vector<double>{1, 2, 3});

  SECTION("where a safetensors file is wanted, they are said to be checkpoints of PyTorch") {
    for (const char* name : {"plain.ckpt", "legacy.ckpt"}) {
      CHECK_THROWS_WITH(read_safetensors(folder.path() / name),
                        Contains("found a PyTorch checkpoint, which 'glifr_analyze import' reads; accepted is a "
                                 "safetensors file"));
    }
  }
}

TEST_CASE("a checkpoint of PyTorch that is cut short anywhere is refused") {
  const TemporaryFolder folder;
  const std::string bytes = small_file();
  REQUIRE(refusal_of(folder, bytes).empty());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    INFO(length);
    CHECK_THAT(refusal_of(folder, bytes.substr(0, length)), Contains("last.ckpt"));
  }
  CHECK_THAT(refusal_of(folder, bytes + "x"), Contains("1 bytes follow that belong to no tensor"));

  GLIFR_NEEDS_ZIP();
  const auto path = folder.path() / "zip.ckpt";
  const std::string pickle =
      PickleWriter().raw("}").text("a").tensor("FloatStorage", "7", 2, 0, {2}, {1}).raw("s").bytes();
  test::write_torch_zip(path, pickle, {torch_storage<float>("7", {1, 2})});
  const std::string archive = read_file(path);
  REQUIRE(refusal(path).empty());
  for (std::size_t length = 0; length < archive.size(); ++length) {
    INFO(length);
    CHECK_THAT(refusal_of(folder, archive.substr(0, length)), Contains("last.ckpt"));
  }
  for (std::size_t length = 0; length + 1 < pickle.size(); ++length) {
    test::write_torch_zip(path, pickle.substr(0, length), {torch_storage<float>("7", {1, 2})});
    CHECK_THAT(refusal(path), Contains("zip.ckpt: archive/data.pkl at byte") && Contains("cut short"));
  }
}

TEST_CASE("storages are as long as they should be") {
  const TemporaryFolder folder;
  const std::string declared = PickleWriter()
                                   .raw("}")
                                   .text("a")
                                   .tensor("FloatStorage", "7", 500'000'000, 0, {500'000'000}, {1})
                                   .raw("s")
                                   .bytes();
  const TorchStorage little = torch_storage<float>("7", {1, 2});
  CHECK_THAT(refusal_of(folder, test::legacy_torch_file(declared, {little})),
             Contains("storage '7' has 2 elements, expected 500000000"));
  TorchStorage claimed = little;
  claimed.elements = 500'000'000;
  CHECK_THAT(refusal_of(folder, test::legacy_torch_file(declared, {claimed})),
             Contains("storage '7' should have 2000000000 bytes, found 8"));
  CHECK_THAT(refusal_of(folder, test::legacy_torch_file(declared, {})), Contains("there is no storage '7'"));
  CHECK_THAT(refusal_of(folder, test::legacy_torch_file(declared, {torch_storage<float>("8", {1})})),
             Contains("a storage that no tensor names"));

  GLIFR_NEEDS_ZIP();
  const auto path = folder.path() / "zip.ckpt";
  test::write_torch_zip(path, declared, {little});
  CHECK(std::filesystem::file_size(path) < 1500);
  CHECK_THAT(refusal(path), Contains("zip.ckpt: storage '7' should hold 500000000 elements of F32, found 8 bytes"));
  test::write_torch_zip(path, declared, {});
  CHECK_THAT(refusal(path), Contains("has no entry 'archive/data/7'"));
  test::write_torch_zip(path, declared, {little}, "middle");
  CHECK_THAT(refusal(path), Contains("should say little or big"));
  write_zip(path, {{"a.npy", ""}});
  CHECK_THAT(refusal(path), Contains("found a ZIP archive without data.pkl"));
}

TEST_CASE("what a file repeats takes no more memory than a few times the file") {
  const TemporaryFolder folder;
  CHECK_THAT(refusal_of(folder, small_file({1}, {1'000'000'000}, {0})), Contains("tensor 'a' repeats what is stored"));
  CHECK_THAT(refusal_of(folder, small_file({1}, {2'000'000'000, 2'000'000'000, 2'000'000'000}, {0, 0, 0})),
             Contains("tensor 'a' has too many elements"));

  // A tensor of 40 kB under thousands of names.
  PickleWriter many;
  many.raw("}(").text("a").tensor("FloatStorage", "7", 10'000, 0, {10'000}, {1}).raw("q\x01");
  for (int i = 0; i < 5'000; ++i) many.number(i).raw("h\x01");
  many.raw("u");
  CHECK_THAT(
      refusal_of(folder, test::legacy_torch_file(many.bytes(), {torch_storage("7", std::vector<float>(10'000))})),
      Contains("repeats what is stored"));

  // A dictionary of dictionaries, each there twice in the next: taken once.
  PickleWriter doubled;
  doubled.raw("}").text("x").number(1).raw("sq\x01");
  for (int level = 0; level < 60; ++level) doubled.raw("}(").text("l").raw("h\x01").text("r").raw("h\x01uq\x01");
  const std::string doubled_file = test::legacy_torch_file(doubled.bytes(), {});
  test::write_text(folder.path() / "last.ckpt", doubled_file);
  CHECK(read_torch_file(folder.path() / "last.ckpt").metadata.size() == 1);

  // One long key, part of many names.
  PickleWriter keys;
  keys.text(std::string(50'000, 'k'))
      .raw(
          "q\x01"
          "0}h\x01}(");
  for (int i = 0; i < 5'000; ++i) keys.number(i).raw("K\x01");
  keys.raw("us");
  CHECK_THAT(refusal_of(folder, test::legacy_torch_file(keys.bytes(), {})),
             Contains("names of its tensors are too long"));
}

TEST_CASE("deep nesting is refused, circles are not followed") {
  const TemporaryFolder folder;
  PickleWriter deep;
  for (int level = 0; level < 50'000; ++level) deep.raw("}").text("k");
  deep.raw("N").raw(std::string(50'000, 's'));
  CHECK_THAT(refusal_of(folder, test::legacy_torch_file(deep.bytes(), {})), Contains("nested deeper than 100 levels"));

  const std::string circle =
      PickleWriter().raw("}q\x01").text("self").raw("h\x01s").text("n").number(3).raw("s").bytes();
  test::write_text(folder.path() / "last.ckpt", test::legacy_torch_file(circle, {}));
  CHECK(read_torch_file(folder.path() / "last.ckpt").metadata == std::map<std::string, std::string>{{"n", "3"}});
}

TEST_CASE("tensors of one name, or of a reserved one, are refused") {
  const TemporaryFolder folder;
  PickleWriter pickle;
  pickle.raw("}(").text("a.b").tensor("FloatStorage", "7", 1, 0, {1}, {1});
  pickle.text("a").raw("}").text("b").tensor("FloatStorage", "7", 1, 0, {1}, {1}).raw("su");
  CHECK_THAT(refusal_of(folder, test::legacy_torch_file(pickle.bytes(), {torch_storage<float>("7", {1})})),
             Contains("two tensors are called 'a.b'"));
  const std::string reserved =
      PickleWriter().raw("}").text("__metadata__").tensor("FloatStorage", "7", 1, 0, {1}, {1}).raw("s").bytes();
  CHECK_THAT(refusal_of(folder, test::legacy_torch_file(reserved, {torch_storage<float>("7", {1})})),
             Contains("a tensor is called '__metadata__'"));
}

TEST_CASE("what is no checkpoint of PyTorch is refused with what it is") {
  const TemporaryFolder folder;
  CHECK_THAT(refusal_of(folder, ""), Contains("is no checkpoint of PyTorch, or is cut short"));
  CHECK_THAT(refusal_of(folder, "epoch,loss\n"), Contains("is no checkpoint of PyTorch"));
  CHECK_THAT(refusal_of(folder, PickleWriter().number(1).bytes()), Contains("found a Python pickle"));
  CHECK_THAT(refusal_of(folder, "\x89HDF\r\n\x1a\n"),
             Contains("found an HDF5 file; accepted is a checkpoint of PyTorch"));
  CHECK_THAT(refusal(folder.path() / "none.ckpt"), Contains("No such file"));
  CHECK_THAT(refusal(folder.path()), Contains("is a folder"));
  CHECK_FALSE(looks_like_torch_file(folder.path() / "none.ckpt"));
  CHECK_FALSE(looks_like_torch_file(folder.path()));
}

TEST_CASE("a checkpoint that calls a function is refused and nothing runs") {
  const TemporaryFolder folder;
  const std::string evil = PickleWriter()
                               .raw("}(")
                               .text("state_dict")
                               .raw("}")
                               .text("x")
                               .name("posix", "system")
                               .raw("(")
                               .text("touch '" + (folder.path() / "ran").string() + "'")
                               .raw("tRu")
                               .bytes();
  CHECK_THAT(refusal_of(folder, test::legacy_torch_file(evil, {})),
             Contains("calls 'posix.system', which was not run"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "ran"));
}

}  // namespace
}  // namespace glifr
