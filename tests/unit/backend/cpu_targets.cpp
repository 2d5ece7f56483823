#include <iostream>

#include "glifr/backend/cpu_target.hpp"

int main() {
  for (const glifr::CpuTarget target : glifr::usable_cpu_targets()) std::cout << glifr::to_string(target) << '\n';
}
