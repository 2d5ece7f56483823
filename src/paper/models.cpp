#include "glifr/paper/models.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "glifr/error.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/text.hpp"
#include "glifr/paper/published.hpp"
#include "models_json.hpp"

namespace glifr {

std::vector<Model> detail::make_built_in_models() {
  std::vector<Model> models;
  const boost::json::value document = parse_json(models_json, "models.json");
  for (const auto& [name, value] : document.as_object()) {
    const boost::json::object& members = value.as_object();
    Model model{.name = std::string(name), .neuron = std::string(members.at("neuron").as_string())};
    if (const auto* count = members.if_contains("num_ascs")) model.num_ascs = count->as_int64();
    if (const auto* parameters = members.if_contains("parameters"))
      model.trains_dynamics = parameters->at("all").at("train").as_bool();
    if (const auto* source = members.if_contains("starts_from")) model.starts_from = std::string(source->as_string());
    models.push_back(std::move(model));
  }
  return models;
}

namespace paper {

std::vector<std::string> published_models(std::string_view task) {
  if (task == "lmnist-lowsigma")
    return {"glifr_lheta", "glifr_rheta"};  // trained, and its results are in a figure alone
  if (task == "realizable") return find_task(task).models();
  std::vector<std::string> names;
  for (const Model& model : known_models()) {
    if (find_published(task, model.name)) names.push_back(model.name);
  }
  return names;
}

std::vector<Model> select_models(std::string_view request, const Config& config) {
  if (request != "paper") {
    if (("," + std::string(request) + ",").find(",paper,") != std::string::npos)
      throw ConfigError("model", "found 'paper' beside other names; accepted: 'paper' alone, or names");
    return glifr::select_models(request, config, published_models(config.task()).empty() ? "" : "paper");
  }
  const std::string names = joined(published_models(config.task()), ",");
  if (names.empty()) {
    std::string able = "all";
    for (const Model& model : glifr::select_models("all", config)) able += ", " + model.name;
    for (const Model& model : config.described_models()) able += ", " + model.name;
    throw ConfigError("model",
                      "found 'paper', but nothing was published for task " + config.task() + "; accepted: " + able);
  }
  return glifr::select_models(names, config);
}

}  // namespace paper

}  // namespace glifr
