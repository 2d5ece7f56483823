#include "glifr/io/torch_file.hpp"

#include "glifr/io/files.hpp"
#include "memory_file.hpp"
#include "support/files.hpp"
#include "support/torch_files.hpp"
#include "targets.hpp"

namespace glifr::test {
namespace {

/// {"s": OrderedDict({"w": [2, 2] turned, "b": []}), "n": 0.5, "o": an object}
std::string example_pickle() {
  PickleWriter pickle;
  pickle.raw("}q\x01(").text("s").name("collections", "OrderedDict").raw(")R(");
  pickle.text("w").tensor("FloatStorage", "0", 4, 0, {2, 2}, {1, 2});
  pickle.text("b").tensor("LongStorage", "1", 1, 0, {}, {}).raw("u}").text("_metadata").raw("Nsb");
  pickle.text("n").raw("G?\xe0").raw(std::string(6, '\0'));
  pickle.text("o").name("mine", "Settings").raw(")\x81}").text("dt").raw("K\x05sb");
  return pickle.raw("u").bytes();
}

std::vector<TorchStorage> example_storages() {
  return {torch_storage<float>("0", {1, 2, 3, 4}), torch_storage<std::int64_t>("1", {-7})};
}

}  // namespace

bool fuzz_torch_file(std::string_view bytes) {
  const MemoryFile memory(bytes);
  TensorFile file;
  if (!accepts([&] { file = read_torch_file(memory.path()); })) return false;
  std::size_t size = 0;
  for (const NamedTensor& tensor : file.tensors) {
    require(std::ssize(tensor.bytes) == tensor.size() * size_of(tensor.dtype), "tensors are complete");
    size += tensor.bytes.size();
  }
  constexpr std::size_t packed = 1032;  // an archive's storages may be packed
  require(size <= 8 * packed * bytes.size(), "tensors take memory in proportion to the file");
  const TensorFile again = decode_safetensors(encode_safetensors(file), "tensors written again");
  require(again.tensors.size() == file.tensors.size() && again.metadata == file.metadata, "nothing is lost");
  return true;
}

std::vector<std::string> torch_file_seeds() {
  std::vector<std::string> seeds{legacy_torch_file(example_pickle(), example_storages()),
                                 legacy_torch_file(PickleWriter().raw("N").bytes(), {})};
  if (detail::has_zip()) {
    const TemporaryFolder folder;
    write_torch_zip(folder.path() / "seed.ckpt", example_pickle(), example_storages());
    seeds.push_back(read_file(folder.path() / "seed.ckpt"));
  }
  return seeds;
}

}  // namespace glifr::test
