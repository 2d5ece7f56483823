#include "glifr/datasets/idx.hpp"

#include "glifr/datasets/gzip.hpp"
#include "targets.hpp"

namespace glifr::test {
namespace {

using namespace std::string_literals;

constexpr Index classes = 10;

bool parse(std::string_view bytes) {
  const bool is_images = accepts([&] {
    const IdxImages images = parse_idx_images(bytes, "images");
    require(images.count > 0 && images.rows > 0 && images.columns > 0, "images have a size");
    require(std::ssize(images.pixels) == images.count * images.rows * images.columns, "images are complete");
  });
  const bool is_labels = accepts([&] {
    const std::vector<std::uint8_t> labels = parse_idx_labels(bytes, "labels", classes);
    require(!labels.empty(), "there are labels");
    for (const std::uint8_t label : labels) require(label < classes, "labels are in range");
  });
  return is_images || is_labels;
}

}  // namespace

bool fuzz_idx(std::string_view bytes) {
  bool is_packed = false;
  accepts([&] { is_packed = parse(unpack_gzip(bytes, "packed")); });
  const bool is_plain = parse(bytes);
  return is_plain || is_packed;
}

std::vector<std::string> idx_seeds() {
  return {
      "\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\3ABCDEFGHIJKL"s, "\0\0\x08\x01\0\0\0\x04\x09\x00\x03\x05"s,
      // `printf '\0\0\10\1\0\0\0\4\11\0\3\5' | gzip -n`
      "\x1f\x8b\x08\0\0\0\0\0\0\x03\x63\x60\xe0\x60\x64\x60\x60\x60\xe1\x64\x60\x66\x05\0\xde\xdc\xb6\xac\x0c\0\0\0"s};
}

}  // namespace glifr::test
