#include "glifr/core/tape.hpp"

namespace glifr::detail {

void report_dead_value(bool is_empty) {
  throw std::logic_error(is_empty ? "a Var that stands for no value was used"
                                  : "a value of a tape was used after the tape was cleared");
}

}  // namespace glifr::detail
