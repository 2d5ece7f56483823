#include "recordings.hpp"

namespace glifr::detail {

std::unique_ptr<Task> make_ssc_task() {
  return std::make_unique<HeidelbergTask>("ssc", true);
}

}  // namespace glifr::detail
