#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/experiment/config.hpp"

/// Files of settings, before their keys are checked.
namespace glifr::detail {

/// What a file of settings says of itself beside its keys.
struct Heading {
  std::optional<std::string> base, name;              // of a variation
  std::optional<std::string> task, base_task, model;  // as `to_json` writes them

  friend bool operator==(const Heading&, const Heading&) = default;
};

/// A document of a file, its members told apart.
struct Document {
  Heading heading;
  boost::json::object values;  // keys, not yet checked
  std::vector<Model> described;
  boost::json::object record;  // what config.json records of a trial
};

/// The documents of a file, one of each model. Throws DataError where it cannot be read, is not JSON, or holds
/// documents that do not belong together; ConfigError where members contradict each other.
[[nodiscard]] std::vector<Document> read_documents(const std::filesystem::path& path);

/// The built-in task over which a file lies, and the name of the task that it makes of it.
struct Ground {
  Config builtin;
  std::string task;
};

/// What the heading of a file lies over; `asked`: the task that was asked for. Throws ConfigError where there is no
/// such task, the file calls itself by the name of another one, or it has no name and gets none (`is_renamed`).
[[nodiscard]] Ground find_ground(const Heading& heading, const std::filesystem::path& path,
                                 std::optional<std::string_view> asked, bool is_renamed);

/// The documents of a file as one: a key that may differ by model has the value of each model's own document, and a
/// change that all of them make is one for the other models, too. Throws ConfigError where documents contradict each
/// other.
[[nodiscard]] boost::json::object merge_documents(const std::vector<Document>& documents, const Config& task,
                                                  const std::string& file);

}  // namespace glifr::detail
