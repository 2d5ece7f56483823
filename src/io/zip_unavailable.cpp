#include "glifr/error.hpp"
#include "glifr/io/zip.hpp"

namespace glifr {
namespace {

const std::string missing_libzip =
    "this glifr was built without libzip; install it (on Debian and Ubuntu libzip-dev) and build glifr again";

}  // namespace

struct ZipFile::Archive {};

ZipFile::ZipFile(const std::filesystem::path& path) {
  throw DataError(path.string(), missing_libzip);
}
ZipFile::~ZipFile() = default;
ZipFile::ZipFile(ZipFile&&) noexcept = default;
ZipFile& ZipFile::operator=(ZipFile&&) noexcept = default;

// No object is ever made that these could be called on.
const std::vector<std::string>& ZipFile::names() const {
  throw DataError("ZIP archive", missing_libzip);
}
bool ZipFile::holds(std::string_view) const {
  throw DataError("ZIP archive", missing_libzip);
}
std::string ZipFile::read(std::string_view) const {
  throw DataError("ZIP archive", missing_libzip);
}

void write_zip(const std::filesystem::path& path, const std::vector<ZipEntry>&) {
  throw OutputError(path.string(), missing_libzip);
}

bool detail::has_zip() {
  return false;
}

}  // namespace glifr
