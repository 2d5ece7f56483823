#pragma once

#include <concepts>

#include "glifr/experiment/task.hpp"
#include "glifr/network/description.hpp"

namespace glifr::apps {

/// What a program can add to those of the library: a neuron, or a task with a default constructor.
template <class T>
concept NeuronOrTask = Neuron<T> ||(std::derived_from<T, Task>&& std::default_initializable<T>);

/// Makes it known by its name.
template <NeuronOrTask T>
void register_custom() {
  if constexpr (std::derived_from<T, Task>) {
    register_task<T>();
  } else {
    register_neuron<T>();
  }
}

}  // namespace glifr::apps
