#include "glifr/apps/analyze.hpp"

int main(int argc, char** argv) {
  return glifr::analyze_main(argc, argv);
}
