#include "glifr/io/zip.hpp"

#include <cstring>
#include <stdexcept>

#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;

const std::vector<ZipEntry> example{{"a.txt", "first"}, {"folder/b.bin", std::string(3000, '\0')}, {"empty", ""}};

/// Puts a little-endian number of `bytes` bytes into a file, at a place behind the first occurrence of `mark`.
void overwrite(std::string& file, std::string_view mark, std::size_t behind, std::uint64_t value, std::size_t bytes) {
  const std::size_t place = file.find(mark);
  REQUIRE(place != std::string::npos);
  std::memcpy(file.data() + place + behind, &value, bytes);
}

constexpr std::string_view directory_entry = "PK\1\2";
constexpr std::size_t method_at = 10, packed_size_at = 20, size_at = 24;  // within an entry of the directory

#define GLIFR_NEEDS_ZIP() \
  if (!detail::has_zip()) GLIFR_SKIP("this glifr was built without libzip")

TEST_CASE("an archive without libzip is refused with what is missing") {
  if (detail::has_zip()) GLIFR_SKIP("this glifr was built with libzip");
  CHECK_THROWS_WITH(ZipFile("some.npz"), Contains("some.npz: this glifr was built without libzip; install it"));
  CHECK_THROWS_AS(write_zip("some.npz", {}), OutputError);
}

TEST_CASE("an archive reads back as it was written") {
  GLIFR_NEEDS_ZIP();
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "a.zip";
  write_zip(path, example);
  const ZipFile file(path);
  CHECK(file.names() == std::vector<std::string>{"a.txt", "folder/b.bin", "empty"});
  for (const ZipEntry& entry : example) CHECK(file.read(entry.name) == entry.content);
  CHECK(file.holds("a.txt"));
  CHECK_FALSE(file.holds("A.txt"));
  CHECK_THROWS_WITH(file.read("other"), Contains("a.zip: has no entry 'other'"));
}

TEST_CASE("the same entries give the same bytes, and an archive without entries is one too") {
  GLIFR_NEEDS_ZIP();
  const test::TemporaryFolder folder;
  write_zip(folder.path() / "a.zip", example);
  write_zip(folder.path() / "b.zip", example);
  CHECK(read_file(folder.path() / "a.zip") == read_file(folder.path() / "b.zip"));
  write_zip(folder.path() / "none.zip", {});
  CHECK(ZipFile(folder.path() / "none.zip").names().empty());
}

TEST_CASE("archives that cannot be written leave nothing behind") {
  GLIFR_NEEDS_ZIP();
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS(write_zip(folder.path() / "a.zip", {{"x", "1"}, {"x", "2"}}), std::invalid_argument);
  CHECK_THROWS_AS(write_zip(folder.path() / "missing" / "a.zip", example), OutputError);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("what is no archive is refused with what it is") {
  GLIFR_NEEDS_ZIP();
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "a.zip";
  const auto refused = [&](const std::string& bytes, const char* reason) {
    test::write_text(path, bytes);
    CHECK_THROWS_WITH(ZipFile(path), Contains("a.zip: ") && Contains(reason));
  };
  CHECK_THROWS_WITH(ZipFile(folder.path() / "missing.zip"), Contains("missing.zip: No such file"));
  CHECK_THROWS_WITH(ZipFile(folder.path()), Contains("is a folder; a file is needed"));
  refused("", "found no ZIP archive");
  refused("a,b\n1,2\n", "found no ZIP archive");
  refused("\x89HDF\r\n\x1a\n" + std::string(100, '\0'), "found an HDF5 file; accepted is a ZIP archive");
}

TEST_CASE("an archive cut short anywhere is refused") {
  GLIFR_NEEDS_ZIP();
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "a.zip";
  write_zip(path, example);
  const std::string bytes = read_file(path);
  for (std::size_t length = 0; length < bytes.size(); length += length < 200 || length + 300 > bytes.size() ? 1 : 50) {
    INFO(length);
    test::write_text(path, bytes.substr(0, length));
    CHECK_THROWS_AS(ZipFile(path), DataError);
  }
  test::write_text(path, bytes.substr(0, 1000));
  CHECK_THROWS_WITH(ZipFile(path), Contains("is damaged or cut short") && Contains("fetch it again"));
}

TEST_CASE("entries that cannot be what they declare are refused") {
  GLIFR_NEEDS_ZIP();
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "a.zip";
  write_zip(path, {{"data", "0123456789"}});
  const std::string sound = read_file(path);
  const auto refused = [&](const std::string& bytes, const char* reason) {
    test::write_text(path, bytes);
    CHECK_THROWS_WITH(ZipFile(path).read("data"), Contains("a.zip: entry 'data'") && Contains(reason));
  };
  std::string bytes = sound;
  overwrite(bytes, directory_entry, size_at, 2'000'000'000, 4);
  refused(bytes, "declares 2000000000 bytes; the 10 that are there for it cannot hold them");

  overwrite(bytes, directory_entry, packed_size_at, 2'000'000'000, 4);
  refused(bytes, "declares 2000000000 bytes");

  bytes = sound;
  overwrite(bytes, directory_entry, method_at, 93, 2);
  refused(bytes, "is packed by method 93; accepted are stored and deflate");

  bytes = sound;
  bytes[bytes.find("012345")] = 'x';
  refused(bytes, "is damaged (CRC error)");

  bytes = sound;
  overwrite(bytes, directory_entry, 8, 1, 2);  // the flag of encryption
  refused(bytes, "is encrypted");
}

TEST_CASE("archives of Python's zipfile read as they were written") {
  GLIFR_NEEDS_ZIP();
  const auto python = test::python_with("zipfile");
  if (!python) GLIFR_SKIP("there is no Python");
  const test::TemporaryFolder folder;
  test::run_python(*python, folder.path(), R"(
import zipfile
for name, method in ('stored', zipfile.ZIP_STORED), ('deflated', zipfile.ZIP_DEFLATED), ('packed', zipfile.ZIP_LZMA):
    with zipfile.ZipFile(name, 'w', method) as archive:
        archive.writestr('x/data', bytes(range(256)) * 40)
        with archive.open('late.npy', 'w', force_zip64=True) as entry: entry.write(b'abc')
with zipfile.ZipFile('twice', 'w') as archive:
    archive.writestr('x', '1')
    archive.writestr('x', '2')
)");
  std::string expected;
  for (int i = 0; i < 40 * 256; ++i) expected += static_cast<char>(i % 256);
  for (const char* name : {"stored", "deflated"}) {
    INFO(name);
    const ZipFile file(folder.path() / name);
    CHECK(file.read("x/data") == expected);
    CHECK(file.read("late.npy") == "abc");
  }
  CHECK_THROWS_WITH(ZipFile(folder.path() / "packed").read("x/data"), Contains("is packed by method 14"));
  CHECK_THROWS_WITH(ZipFile(folder.path() / "twice"), Contains("entry 'x' is there twice"));

  write_zip(folder.path() / "ours", example);
  CHECK(test::run_python(*python, folder.path(),
                         "import zipfile\nwith zipfile.ZipFile('ours') as f: print(f.testzip(), f.namelist(), "
                         "f.read('a.txt'))") == "None ['a.txt', 'folder/b.bin', 'empty'] b'first'\n");
}

}  // namespace
}  // namespace glifr
