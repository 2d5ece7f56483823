#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "glifr/experiment/settings.hpp"
#include "glifr/network/description.hpp"
#include "glifr/network/models.hpp"

/// Layers and models as configurations write them.
namespace glifr::detail {

/// The models of a configuration's member `models`: {"deep": {"layers": [{"neuron": "glifr", "size": 64}, …]}, …}.
/// `place` says where it stands, as " in my.json". ConfigError where something is not known or not accepted.
[[nodiscard]] std::vector<Model> models_from_json(const boost::json::value& models, const std::string& place);

/// Layers, from the input on; ConfigError as above.
[[nodiscard]] std::vector<LayerDescription> layers_from_json(const boost::json::value& layers,
                                                             const std::string& place);

/// What `layers_from_json` reads.
[[nodiscard]] boost::json::array to_json(const std::vector<LayerDescription>& layers);

/// Sets what single settings say of a network (hidden_size and its like) as the first of its layers has it.
void follow_layers(ModelSettings& model);

/// ConfigError where a name cannot be that of a model: it is the name of a folder, and not that of a model that is
/// known.
void check_model_name(const std::string& name, const std::string& place);

}  // namespace glifr::detail
