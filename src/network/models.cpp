#include "glifr/network/models.hpp"

#include <algorithm>
#include <string>

#include "glifr/error.hpp"

namespace glifr {
namespace {

using Names = std::vector<std::string_view>;

std::string join(const Names& names) {
  std::string text;
  for (const std::string_view name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

/// The models that can learn a task. The realizable task has a neuron learn the parameters of its teacher, J = 2.
Names models_of(std::string_view base_task) {
  if (base_task == "realizable") return {"glifr_lheta"};
  Names names;
  for (const Model& model : models) names.push_back(model.name);
  return names;
}

/// The models for which results on a task were published; none where there are no such results.
Names published_models(std::string_view task) {
  if (task == "sine" || task == "lmnist" || task == "nmnist" || task == "realizable") return models_of(task);
  if (task == "pmnist") return {"rnn", "glifr_lheta", "glifr_rheta"};
  if (task == "lmnist-anneal" || task == "lmnist-lowsigma") return {"glifr_lheta", "glifr_rheta"};
  return {};
}

Names split(std::string_view request) {
  Names names;
  for (std::size_t end; (end = request.find(',')) != std::string_view::npos; request.remove_prefix(end + 1)) {
    names.push_back(request.substr(0, end));
  }
  names.push_back(request);
  return names;
}

}  // namespace

const Model& find_model(std::string_view name) {
  const auto* found = std::ranges::find(models, name, &Model::name);
  if (found == models.end()) {
    throw ConfigError("model", "found '" + std::string(name) + "'; accepted: " + join(models_of("")));
  }
  return *found;
}

std::vector<Model> select_models(std::string_view request, std::string_view task, std::string_view base_task,
                                 const std::vector<Model>& described) {
  const Names published = models_of(base_task);
  Names able = published;
  for (const Model& model : described) able.push_back(model.name);
  Names wanted;
  if (request == "all") {
    wanted = published;
  } else if (request == "paper") {
    wanted = published_models(task);
    if (wanted.empty()) {
      throw ConfigError("model", "found 'paper', but nothing was published for task " + std::string(task) +
                                     "; accepted: all, " + join(able));
    }
  } else {
    wanted = split(request);
  }
  for (const std::string_view name : wanted) {
    if (std::ranges::find(able, name) == able.end()) {
      throw ConfigError("model", "found '" + std::string(name) + "'; accepted for task " + std::string(task) +
                                     ": all, paper, " + join(able));
    }
  }
  std::vector<Model> selected;
  const auto is_wanted = [&](const Model& model) {
    return std::ranges::find(wanted, std::string_view(model.name)) != wanted.end();
  };
  std::ranges::copy_if(models, std::back_inserter(selected), is_wanted);
  std::ranges::copy_if(described, std::back_inserter(selected), is_wanted);
  return selected;
}

}  // namespace glifr
