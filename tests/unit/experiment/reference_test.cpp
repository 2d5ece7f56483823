#include <filesystem>

#include "glifr/experiment/config.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"

namespace glifr {
namespace {

TEST_CASE("docs/configuration.md is the reference of the keys as they are") {
  const std::filesystem::path page = std::filesystem::path(GLIFR_SOURCE_DIR) / "docs" / "configuration.md";
  if (test::environment("GLIFR_UPDATE_DOCS")) write_file_atomically(page, config_reference());
  INFO("to bring the page up to date, run this test with GLIFR_UPDATE_DOCS=1 in the environment");
  CHECK(read_file(page) == config_reference());
}

}  // namespace
}  // namespace glifr
