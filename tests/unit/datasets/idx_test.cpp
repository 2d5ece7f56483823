#include "glifr/datasets/idx.hpp"

#include <zlib.h>

#include <numeric>

#include "fixtures.hpp"
#include "support/catch.hpp"

namespace {

using glifr::DataError;
using namespace glifr::test;
using Catch::Matchers::Contains;

/// Three images of two rows and four columns, pixels 0, 1, 2, …
std::string three_images() {
  Bytes pixels(24);
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{0});
  return idx_bytes({3, 2, 4}, pixels);
}

std::string three_labels() {
  return idx_bytes({3}, {9, 0, 4});
}

std::string gzip(const std::string& content) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string input = content;
  std::string packed(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int status = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::runtime_error("deflate failed");
  return packed;
}

DataError images_error(const std::string& bytes) {
  return data_error([&] { (void)glifr::parse_idx_images(bytes, "images"); });
}

DataError labels_error(const std::string& bytes) {
  return data_error([&] { (void)glifr::parse_idx_labels(bytes, "labels", 10); });
}

std::string with_flipped_bit(std::string bytes, int bit) {
  bytes[static_cast<std::size_t>(bit / 8)] ^= static_cast<char>(1 << bit % 8);
  return bytes;
}

TEST_CASE("IDX images and labels are read") {
  const glifr::IdxImages images = glifr::parse_idx_images(three_images(), "images");
  CHECK(images.count == 3);
  CHECK(images.rows == 2);
  CHECK(images.columns == 4);
  REQUIRE(images.pixels.size() == 24);
  CHECK(images.pixels[0] == 0);
  CHECK(images.pixels[23] == 23);

  CHECK(glifr::parse_idx_labels(three_labels(), "labels", 10) == Bytes{9, 0, 4});
}

TEST_CASE("an IDX file is found with or without .gz") {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "images";

  const DataError missing = data_error([&] { (void)glifr::read_idx_file(file); });
  CHECK_THAT(missing.what(), Contains(file.string()) && Contains("images.gz"));
  CHECK(is_one_line(missing));

  write_text(folder.path() / "images.gz", gzip(three_images()));
  CHECK(glifr::read_idx_file(file).bytes == three_images());
  CHECK_THAT(glifr::read_idx_file(file).name, Contains("images.gz (unpacked)"));

  write_text(file, three_labels());
  CHECK(glifr::read_idx_file(file).bytes == three_labels());
  CHECK(glifr::read_idx_file(file).name == file.string());
}

TEST_CASE("whether an IDX file is packed is told by its content, not by its name") {
  const TemporaryFolder folder;
  write_text(folder.path() / "images", gzip(three_images()));
  CHECK(glifr::read_idx_file(folder.path() / "images").bytes == three_images());
  CHECK_THAT(glifr::read_idx_file(folder.path() / "images").name, Contains("images (unpacked)"));

  write_text(folder.path() / "labels.gz", three_labels());
  CHECK(glifr::read_idx_file(folder.path() / "labels").bytes == three_labels());
  CHECK(glifr::read_idx_file(folder.path() / "labels").name == (folder.path() / "labels.gz").string());
}

TEST_CASE("an IDX file may have a dot in its name where others have a dash") {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "t10k-images-idx3-ubyte";
  write_text(folder.path() / "._t10k-images-idx3-ubyte", "what macOS leaves beside a file");
  CHECK_THAT(data_error([&] { (void)glifr::read_idx_file(file); }).what(),
             Contains("t10k-images-idx3-ubyte.gz") && Contains("t10k-images.idx3-ubyte"));

  write_text(folder.path() / "t10k-images.idx3-ubyte.gz", gzip(three_images()));
  CHECK(glifr::read_idx_file(file).bytes == three_images());
  write_text(folder.path() / "t10k-images.idx3-ubyte", three_labels());
  CHECK(glifr::read_idx_file(file).bytes == three_labels());
  write_text(file, three_images());
  CHECK(glifr::read_idx_file(file).bytes == three_images());
}

TEST_CASE("a file of another kind in place of an IDX file is said to be one") {
  CHECK_THAT(images_error("<!DOCTYPE html><html><body>404</body></html>").what(),
             Contains("found a web page (HTML)") && Contains("accepted is an IDX file of images"));
  CHECK_THAT(labels_error("<html>").what(), Contains("found a web page (HTML)"));
  CHECK_THAT(images_error("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n").what(),
             Contains("found a Git LFS pointer"));
  CHECK_THAT(images_error(gzip(three_images())).what(), Contains("found gzip data"));
}

TEST_CASE("a gzip file of several members is one file") {
  const TemporaryFolder folder;
  write_text(folder.path() / "images.gz", gzip(three_images().substr(0, 11)) + gzip(three_images().substr(11)));
  CHECK(glifr::read_idx_file(folder.path() / "images").bytes == three_images());
}

TEST_CASE("content larger than the buffer of unpacking is unpacked") {
  const TemporaryFolder folder;
  std::string content(3'000'001, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * i >> 7 & 0xff);
  write_text(folder.path() / "images.gz", gzip(content));
  CHECK(glifr::read_idx_file(folder.path() / "images").bytes == content);
}

TEST_CASE("an IDX file cut short anywhere is an error at its end") {
  for (std::size_t length = 0; length < three_images().size(); ++length) {
    const DataError error = images_error(three_images().substr(0, length));
    CHECK(error.offset() == static_cast<std::int64_t>(length));
    CHECK(is_one_line(error));
  }
  for (std::size_t length = 0; length < three_labels().size(); ++length) {
    const DataError error = labels_error(three_labels().substr(0, length));
    CHECK(error.offset() == static_cast<std::int64_t>(length));
    CHECK(is_one_line(error));
  }
}

TEST_CASE("every flipped bit in an IDX header is noticed") {
  for (int bit = 0; bit < 16 * 8; ++bit) {
    const DataError error = images_error(with_flipped_bit(three_images(), bit));
    CHECK(error.offset() >= 0);
    CHECK(is_one_line(error));
  }
  for (int bit = 0; bit < 8 * 8; ++bit) {
    const DataError error = labels_error(with_flipped_bit(three_labels(), bit));
    CHECK(error.offset() >= 0);
    CHECK(is_one_line(error));
  }
}

TEST_CASE("IDX errors say what was found and what is accepted") {
  CHECK_THAT(images_error(idx_bytes({9}, {1, 2, 3, 4, 5, 6, 7, 8, 9})).what(),
             Contains("images at byte 0: found the magic number 0x00000801; accepted is 0x00000803"));
  CHECK_THAT(images_error(idx_bytes({2, 0, 4}, {})).what(),
             Contains("at byte 8: found a size of 0; accepted is 1 or more"));

  const DataError longer = images_error(three_images() + '\0');
  CHECK(longer.offset() == 16 + 24);
  CHECK_THAT(longer.what(), Contains("found 25 bytes of images; the header's sizes [3, 2, 4] ask for 24"));

  const std::uint32_t most = 0xffffffff;
  CHECK_THAT(images_error(idx_bytes({most, most, most}, {1})).what(), Contains("found 1 bytes of images"));

  const DataError label = labels_error(idx_bytes({3}, {9, 10, 4}));
  CHECK(label.offset() == 9);
  CHECK_THAT(label.what(), Contains("found the label 10; accepted are 0 to 9") && Contains("output_size=11"));
  CHECK_THAT(labels_error(idx_bytes({3}, {21, 26, 1})).what(), Contains("the label 21") && Contains("output_size=27"));
}

TEST_CASE("a gzip file cut short or damaged is an error that names it") {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "images.gz";
  const auto read = [&] {
    const glifr::IdxFile found = glifr::read_idx_file(folder.path() / "images");
    (void)glifr::parse_idx_images(found.bytes, found.name);
  };
  const std::string packed = gzip(three_images());

  for (std::size_t length = 0; length < packed.size(); ++length) {
    write_text(file, packed.substr(0, length));
    const DataError error = data_error(read);
    CHECK(error.file() == file.string());
    CHECK(error.offset() == static_cast<std::int64_t>(length));
    CHECK_THAT(error.what(), Contains("ends inside its compressed data"));
  }

  for (std::size_t damaged = 0; damaged < packed.size(); ++damaged) {
    if (damaged >= 4 && damaged < 10)
      continue;  // the time, the packer's flags and its system say nothing of the content
    std::string bytes = packed;
    bytes[damaged] = static_cast<char>(~bytes[damaged]);
    write_text(file, bytes);
    CHECK(is_one_line(data_error(read)));
  }

  write_text(file, packed + '\x1f');
  CHECK_THAT(data_error(read).what(), Contains("found 1 bytes after the end"));

  write_text(file, packed + std::string(512, '\0'));
  CHECK_NOTHROW(read());
  write_text(file, packed + std::string(511, '\0') + 'x');
  CHECK_THAT(data_error(read).what(), Contains("found 512 bytes after the end"));
}

TEST_CASE("an IDX file that may not be read is an error") {
  const TemporaryFolder folder;
  const std::filesystem::path closed = folder.path() / "closed";
  write_text(closed / "images", three_images());
  const auto read = [&] { (void)glifr::read_idx_file(closed / "images"); };

  std::filesystem::permissions(closed / "images", std::filesystem::perms::none);
  {
    const WithoutRoot unprivileged;
    CHECK_THAT(data_error(read).what(), Contains("closed/images: Permission denied"));
  }
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  {
    const WithoutRoot unprivileged;
    CHECK_THAT(data_error(read).what(), Contains("closed/images: Permission denied"));
  }
  std::filesystem::permissions(closed, std::filesystem::perms::owner_all);

  std::filesystem::create_directory(folder.path() / "labels");
  CHECK(is_one_line(data_error([&] { (void)glifr::read_idx_file(folder.path() / "labels"); })));
}

}  // namespace
