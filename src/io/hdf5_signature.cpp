#include "glifr/io/hdf5.hpp"

namespace glifr {

bool is_hdf5(std::string_view bytes) {
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  for (const std::size_t place : {0u, 512u, 1024u, 2048u}) {
    if (place < bytes.size() && bytes.substr(place).starts_with(signature)) return true;
  }
  return false;
}

}  // namespace glifr
