#include "glifr/analysis/fi_curve.hpp"

#include "glifr_dispatch.hpp"

namespace glifr::analysis {

std::vector<double> standard_currents() {
  std::vector<double> currents;
  for (int current = -10000; current < 10000; current += 100) currents.push_back(current);
  return currents;
}

FiCurves fi_curves(const NeuronTable& neurons, const GlifrConstants& constants, std::span<const double> currents,
                   bool is_float32) {
  return detail::with_ascs(neurons.num_ascs, [&](auto ascs) {
    constexpr int J = decltype(ascs)::value;
    using N = Glifr<J>;
    std::vector<typename N::template Parameters<double>> parameters;
    for (Index n = 0; n < neurons.neurons; ++n) parameters.push_back(parameters_of<J>(neurons, n));
    const auto c = detail::constants_for<J>(constants);
    return is_float32 ? fi_curves<float, N>(parameters, c, currents) : fi_curves<double, N>(parameters, c, currents);
  });
}

}  // namespace glifr::analysis
