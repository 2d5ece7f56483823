#include "glifr/apps/train.hpp"

int main(int argc, char** argv) {
  return glifr::train_main(argc, argv);
}
