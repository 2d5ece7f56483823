#pragma once

#include <concepts>
#include <type_traits>

#include "glifr/experiment/keys.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/network/description.hpp"

namespace glifr::apps {

/// Whether a type is a task that can be made without arguments.
template <class T>
inline constexpr bool is_task = std::derived_from<T, Task>&& std::is_default_constructible_v<T>;

/// What a program can add to those of the library: a neuron or a task.
template <class T>
concept NeuronOrTask = is_task<T> || Neuron<T>;

/// Makes it known by its name. ConfigError as `register_neuron` and `register_task`, and where a constant of a neuron
/// is called as a key of a task.
template <NeuronOrTask T>
void register_custom() {
  if constexpr (is_task<T>) {
    register_task<T>();
  } else {
    register_neuron<T>();
    for (const Task* task : known_tasks()) static_cast<void>(config_keys(*task));
  }
}

}  // namespace glifr::apps
