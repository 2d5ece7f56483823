#include "recordings.hpp"

namespace glifr::detail {

std::unique_ptr<Task> make_shd_task() {
  return std::make_unique<HeidelbergTask>("shd", false);
}

}  // namespace glifr::detail
