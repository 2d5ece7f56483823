#include "glifr/experiment/settings.hpp"

#include <cmath>
#include <stdexcept>

#include "glifr/cells/cell.hpp"
#include "glifr/experiment/task.hpp"

namespace glifr {

namespace {

template <class T>
const T& value_of(const TaskSettings& task, std::string_view key) {
  const auto found = task.values.find(key);
  const T* value = found == task.values.end() ? nullptr : std::get_if<T>(&found->second);
  if (!value) throw std::logic_error("task " + task.base + " has no key " + std::string(key) + " of this kind");
  return *value;
}

}  // namespace

bool TaskSettings::flag(std::string_view key) const {
  return value_of<bool>(*this, key);
}
Index TaskSettings::whole(std::string_view key) const {
  return value_of<Index>(*this, key);
}
double TaskSettings::number(std::string_view key) const {
  return value_of<double>(*this, key);
}
const std::string& TaskSettings::text(std::string_view key) const {
  return value_of<std::string>(*this, key);
}

Index Settings::delay_steps() const {
  return glifr::delay_steps(model.synaptic_delay, model.dt);
}

Index Settings::time_steps() const {
  return find_task(task.base).time_steps(*this);
}

double Settings::sigma_v_in(Index epoch) const {
  if (!training.sigma_v_anneal) return model.constants.at("sigma_v");
  if (training.max_epochs == 1) return training.sigma_v_first;
  return std::lerp(training.sigma_v_first, training.sigma_v_last,
                   static_cast<double>(epoch) / static_cast<double>(training.max_epochs - 1));
}

}  // namespace glifr
