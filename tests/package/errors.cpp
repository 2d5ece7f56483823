// Errors keep their type on the way out of the library, be it a shared one.
#include <cstdio>
#include <string>

#include <glifr/error.hpp>
#include <glifr/io/safetensors.hpp>
#include <glifr/version.hpp>

int main() {
  try {
    (void)glifr::read_safetensors("there is no such file");
  } catch (const glifr::DataError& error) {
    std::printf("glifr %s: %s\n", std::string(glifr::version()).c_str(), error.what());
    return error.file() == "there is no such file" ? 0 : 1;
  }
  return 1;
}
