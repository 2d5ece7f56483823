#include "glifr/version.hpp"

namespace glifr {

std::string_view version() {
  return GLIFR_VERSION;
}

}  // namespace glifr
