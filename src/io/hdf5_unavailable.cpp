#include "glifr/error.hpp"
#include "glifr/io/hdf5.hpp"

namespace glifr {
namespace {

[[noreturn]] void fail(const std::string& file) {
  throw DataError(
      file, "this glifr was built without HDF5; install it (on Debian and Ubuntu libhdf5-dev) and build glifr again");
}

}  // namespace

Hdf5File::Hdf5File(const std::filesystem::path& path) {
  fail(path.string());
}
Hdf5File::Hdf5File(std::string_view, const std::string& name) {
  fail(name);
}

// No object is ever made that these could be called on.
const std::vector<std::string>& Hdf5File::names() const {
  fail("HDF5 file");
}
bool Hdf5File::holds(std::string_view) const {
  fail("HDF5 file");
}
Hdf5Array Hdf5File::array(const std::string&) const {
  fail("HDF5 file");
}
Hdf5Lists Hdf5File::lists(const std::string&) const {
  fail("HDF5 file");
}
Dtype Hdf5Array::dtype() const {
  fail("HDF5 file");
}
const std::vector<Index>& Hdf5Array::shape() const {
  fail("HDF5 file");
}
bool Hdf5Array::is_partly_written() const {
  fail("HDF5 file");
}
void Hdf5Array::read(Index, Index, std::byte*) const {
  fail("HDF5 file");
}
Index Hdf5Lists::size() const {
  fail("HDF5 file");
}
Index Hdf5Lists::number_bytes() const {
  fail("HDF5 file");
}
std::vector<double> Hdf5Lists::read(Index) const {
  fail("HDF5 file");
}

bool detail::has_hdf5() {
  return false;
}

void detail::leave_hdf5_at_exit() {}

}  // namespace glifr
