#include "glifr/training/optimizer.hpp"

#include <cmath>

#include "blocks.hpp"
#include "checked_setting.hpp"
#include "glifr/backend/detail/kernels.hpp"
#include "glifr/neurons/indexing.hpp"

namespace glifr {

namespace {

const OptimizerSettings& checked(const OptimizerSettings& settings) {
  const auto check = [](const std::string& member, const Range& range, double found) {
    detail::require_setting(range, member, "OptimizerSettings::" + member, found);
  };
  check("beta1", setting_ranges::mean_decay, settings.beta1);
  check("beta2", setting_ranges::mean_decay, settings.beta2);
  check("eps", setting_ranges::eps, settings.eps);
  check("momentum", setting_ranges::momentum, settings.momentum);
  check("weight_decay", setting_ranges::weight_decay, settings.weight_decay);
  check("gradient_clip", setting_ranges::gradient_clip, settings.gradient_clip);
  return settings;
}

}  // namespace

template <Scalar T>
Optimizer<T>::Optimizer(const ParameterList<T>& parameters, const OptimizerSettings& settings)
    : settings_(checked(settings)), layout_(parameters), blocks_(layout_.blocks(parameter_block)) {
  if (settings.is_adam() || settings.momentum != 0) first_ = Tensor<T>({layout_.trained_size()});
  if (settings.is_adam()) second_ = Tensor<T>({layout_.trained_size()});
}

template <Scalar T>
void Optimizer<T>::apply(Gradients<T>& gradients, double norm, double learning_rate) {
  layout_.require_unchanged();
  const double clipped = settings_.clipped(norm);
  const T scale = clipped < norm ? static_cast<T>(clipped / norm) : T(1);

  ++steps_;
  const double t = static_cast<double>(steps_);
  const kernels::AdamFactors adam{settings_.beta1, settings_.beta2, settings_.eps,
                                  learning_rate / (1 - std::pow(settings_.beta1, t)),
                                  1 / std::sqrt(1 - std::pow(settings_.beta2, t))};
  kernels::AdamFactors decaying = adam;
  decaying.kept = 1 - learning_rate * settings_.decay();
  for_each_block(std::ssize(blocks_), layout_.trained_size(), [&](Index b) {
    const auto& block = at(blocks_, b);
    const auto& [parameter, offset] = layout_.trained()[block.entry];
    const Index start = offset + block.first;
    const T* gradient = gradients.values().data() + start;
    T* value = parameter->value.data() + block.first;
    if (settings_.is_adam()) {
      kernels::host<T>().adam_update(gradient, scale, block.count, parameter->decays() ? decaying : adam, value,
                                     first_.data() + start, second_.data() + start);
    } else {
      kernels::host<T>().sgd_update(gradient, scale, block.count, static_cast<T>(learning_rate),
                                    static_cast<T>(settings_.momentum), value,
                                    settings_.momentum != 0 ? first_.data() + start : nullptr);
    }
  });
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace glifr
