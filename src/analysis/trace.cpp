#include "glifr/analysis/trace.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "glifr/error.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/json_members.hpp"
#include "glifr_dispatch.hpp"

namespace glifr::analysis {
std::vector<double> Trace::state(Index index) const {
  std::vector<double> result;
  for (Index t = 0; t < steps(); ++t) result.push_back((*this)(t, index));
  return result;
}

std::optional<Index> Trace::first_overflow() const {
  const auto found = std::ranges::find_if(values, [](double value) { return !std::isfinite(value); });
  if (found == values.end()) return std::nullopt;
  return (found - values.begin()) / states();
}

SingleGlifr read_single_glifr(const std::filesystem::path& file) {
  JsonMembers json(read_json_file(file), file.string());
  SingleGlifr single;
  take_fields(json, single.constants, false);
  single.weight_in = json.number("weight_in");
  std::vector<double>& values = single.neuron.values;
  values = {json.number("thresh"), json.number("k_m")};
  const std::vector<double> r = json.numbers("r"), k = json.numbers("k"), a = json.numbers("a");
  json.check_that_none_is_left();
  if (r.size() != k.size() || r.size() != a.size()) {
    throw DataError(file.string(), "r, a and k have " + std::to_string(r.size()) + ", " + std::to_string(a.size()) +
                                       " and " + std::to_string(k.size()) + " values, expected as many of each");
  }
  for (const auto* part : {&r, &k, &a}) values.insert(values.end(), part->begin(), part->end());
  single.neuron.neurons = 1;
  single.neuron.num_ascs = static_cast<Index>(r.size());
  return single;
}

Trace trace(const SingleGlifr& single, std::span<const double> input, bool is_float32) {
  std::vector<double> synaptic(input.size());
  std::ranges::transform(input, synaptic.begin(), [&](double x) {
    return is_float32 ? static_cast<double>(static_cast<float>(x) * static_cast<float>(single.weight_in))
                      : x * single.weight_in;
  });
  return detail::with_ascs(single.neuron.num_ascs, [&](auto ascs) {
    constexpr int J = decltype(ascs)::value;
    const auto parameters = parameters_of<J>(single.neuron, 0);
    const auto constants = detail::constants_for<J>(single.constants);
    return is_float32 ? trace<float, Glifr<J>>(parameters, constants, synaptic)
                      : trace<double, Glifr<J>>(parameters, constants, synaptic);
  });
}

}  // namespace glifr::analysis
