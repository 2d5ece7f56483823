#pragma once

// Catch2 2.13 is one header, Catch2 3 several; the tests are written for both.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

namespace glifr::test {

/// The value of an environment variable, or nothing where it is unset or empty.
inline std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? std::optional<std::string>(value) : std::nullopt;
}

/// How many test cases were skipped.
inline int skips = 0;

}  // namespace glifr::test

/// Ends the test case and has ctest report it as skipped, unless something failed before.
#define GLIFR_SKIP(reason)                         \
  do {                                             \
    std::cout << "[skipped] " << (reason) << '\n'; \
    ++glifr::test::skips;                          \
    return;                                        \
  } while (false)
