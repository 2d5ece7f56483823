#include <boost/json.hpp>

#include "glifr/experiment/config.hpp"
#include "glifr/io/json.hpp"
#include "memory_file.hpp"
#include "targets.hpp"

namespace glifr::test {

bool fuzz_config(std::string_view bytes) {
  bool is_accepted = accepts([&] {
    const boost::json::value document = parse_json(bytes, "document");
    require(parse_json(to_text(document), "document written again").kind() == document.kind(), "JSON stays JSON");
    if (!document.is_object()) throw DataError("document", "is no object");
    (void)settings_from_json(document.as_object(), "settings");
  });

  const MemoryFile file(bytes);
  is_accepted |= accepts([&] {
    const Config config = Config::from_file(file.path(), std::nullopt);
    for (const Model& model : models) {
      accepts([&] {
        const Settings settings = config.resolve(model);
        const Settings again = settings_from_json(to_json(settings), "settings written again");
        require(!first_difference(settings, again), "settings that were resolved can be written and read");
      });
    }
  });
  return is_accepted;
}

std::vector<std::string> config_seeds() {
  return {
      R"({"base": "lmnist", "name": "mine", "description": "x", "hidden_size": {"default": 256, "rnn": 8}, "lr": 1e-3})",
      R"({"max_epochs": 2, "optimizer": "sgd", "noise_std": 0.5, "gradient_clip": 1})",
      R"({"base": "nmnist", "num_timesteps": 40, "duration_timestep": 0.5, "nmnist_path": "nm", "sigma_v_anneal": true})",
      to_text(to_json(Config("sine").resolve(models.front())))};
}

}  // namespace glifr::test
