#include <boost/json.hpp>
#include <optional>

#include "glifr/experiment/config.hpp"
#include "glifr/io/json.hpp"
#include "memory_file.hpp"
#include "targets.hpp"

namespace glifr::test {

namespace {

/// A document, as the settings of a finished run are.
bool read_document(std::string_view bytes) {
  boost::json::value document;
  if (!accepts([&] { document = parse_json(bytes, "document"); })) return false;
  const boost::json::value again = parse_json(to_text(document), "document written again");
  require(again.is_structured() == document.is_structured(), "JSON that was read can be written and read");
  return document.is_object() && accepts([&] { (void)settings_from_json(document.as_object(), "settings"); });
}

/// A configuration file, as a user writes it.
bool read_config(std::string_view bytes) {
  const MemoryFile file(bytes);
  std::optional<Config> config;
  if (!accepts([&] { config = Config::from_file(file.path(), std::nullopt); })) return false;
  for (const Model& model : known_models()) {
    Settings settings;
    if (!accepts([&] { settings = config->resolve(model); })) continue;
    const Settings again = settings_from_json(to_json(settings), "settings written again");
    require(!first_difference(settings, again), "settings that were resolved can be written and read");
  }
  return true;
}

}  // namespace

bool fuzz_config(std::string_view bytes) {
  const bool is_document = read_document(bytes);
  return read_config(bytes) || is_document;
}

std::vector<std::string> config_seeds() {
  return {
      R"({"base": "lmnist", "name": "mine", "description": "x", "hidden_size": {"default": 256, "rnn": 8}, "lr": 1e-3})",
      R"({"max_epochs": 2, "optimizer": "sgd", "noise_std": 0.5, "gradient_clip": 1})",
      R"({"base": "nmnist", "num_timesteps": 40, "duration_timestep": 0.5, "nmnist_path": "nm", "sigma_v_anneal": true})",
      to_text(to_json(Config("sine").resolve(known_models().front())))};
}

}  // namespace glifr::test
