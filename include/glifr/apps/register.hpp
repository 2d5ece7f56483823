#pragma once

#include <concepts>
#include <type_traits>

#include "glifr/experiment/task.hpp"
#include "glifr/network/description.hpp"

namespace glifr::apps {

/// Whether a type is a task that can be made without arguments.
template <class T>
inline constexpr bool is_task = std::derived_from<T, Task>&& std::is_default_constructible_v<T>;

/// What a program can add to those of the library: a neuron or a task.
template <class T>
concept NeuronOrTask = is_task<T> || Neuron<T>;

/// Makes it known by its name.
template <NeuronOrTask T>
void register_custom() {
  if constexpr (is_task<T>) {
    register_task<T>();
  } else {
    register_neuron<T>();
  }
}

}  // namespace glifr::apps
