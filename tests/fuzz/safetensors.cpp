#include "glifr/io/safetensors.hpp"

#include <cstdint>
#include <span>

#include "targets.hpp"

namespace glifr::test {
namespace {

bool same(const NamedTensor& a, const NamedTensor& b) {
  return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape && a.bytes == b.bytes;
}

}  // namespace

bool fuzz_safetensors(std::string_view bytes) {
  TensorFile file;
  if (!accepts([&] { file = decode_safetensors(bytes, "tensors"); })) return false;
  for (const NamedTensor& tensor : file.tensors) {
    require(std::ssize(tensor.bytes) == tensor.size() * size_of(tensor.dtype), "tensors are complete");
    accepts(
        [&] { require(std::ssize(values_of<double>(tensor, "file")) == tensor.size(), "every element has a value"); });
  }
  const TensorFile again = decode_safetensors(encode_safetensors(file), "tensors written again");
  require(again.metadata == file.metadata && again.tensors.size() == file.tensors.size(), "nothing is lost");
  for (const NamedTensor& tensor : file.tensors) {
    const NamedTensor* copy = again.find(tensor.name);
    require(copy != nullptr && same(*copy, tensor), "what was read is written");
  }
  return true;
}

std::vector<std::string> safetensors_seeds() {
  const std::vector<double> values{1, -2, 0.5, 1e300};
  const std::vector<float> single{3};
  const std::vector<std::int64_t> counts{-1, 7};
  TensorFile file;
  file.tensors = {make_named_tensor<double>("w", {2, 2}, values),
                  make_named_tensor<float>("b.x", {}, single),
                  make_named_tensor<std::int64_t>("n", {2, 1}, counts),
                  {"h", Dtype::f16, {2}, std::vector<std::byte>(4)}};
  file.metadata = {{"dt", "0.05"}};
  return {encode_safetensors(file), encode_safetensors({})};
}

}  // namespace glifr::test
