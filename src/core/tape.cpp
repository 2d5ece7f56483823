#include "glifr/core/tape.hpp"

#include <string>

namespace glifr::detail {

void report_other_tape(const char* operation) {
  throw std::logic_error(std::string(operation) + ": an operand is a value of another tape");
}

void report_used_grad() {
  throw std::logic_error(
      "the gradient of a layer's outputs was asked for after the backward pass, which has put other numbers in its "
      "place; take that of a value made of them");
}

void report_dead_value(bool is_empty) {
  throw std::logic_error(is_empty ? "a Var that stands for no value was used"
                                  : "a value of a tape was used after the tape was cleared");
}

}  // namespace glifr::detail
