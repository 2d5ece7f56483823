#include "glifr/analysis/trace.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "glifr/error.hpp"
#include "glifr/io/json.hpp"
#include "glifr_dispatch.hpp"

namespace glifr::analysis {
namespace {

/// The members of a JSON object, each of which must be asked for.
class Members {
 public:
  Members(boost::json::value document, std::string file) : file_(std::move(file)) {
    if (!document.is_object()) throw DataError(file_, "found no JSON object");
    object_ = std::move(document.as_object());
  }

  double number(const char* key) { return as_number(key, take(key)); }

  std::vector<double> numbers(const char* key) {
    const boost::json::value value = take(key);
    if (!value.is_array()) fail(key, value, "a list of numbers");
    std::vector<double> result;
    for (const auto& element : value.as_array()) result.push_back(as_number(key, element));
    return result;
  }

  void check_that_none_is_left() const {
    if (!object_.empty()) throw DataError(file_, "unknown key " + std::string(object_.begin()->key()));
  }

 private:
  boost::json::value take(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) throw DataError(file_, std::string("key ") + key + " is missing");
    boost::json::value value = std::move(found->value());
    object_.erase(found);
    return value;
  }

  double as_number(const char* key, const boost::json::value& value) const {
    if (!value.is_number()) fail(key, value, "a number");
    return value.to_number<double>();
  }

  [[noreturn]] void fail(const char* key, const boost::json::value& value, const char* expected) const {
    throw DataError(file_,
                    std::string("key ") + key + " is " + boost::json::serialize(value) + ", expected " + expected);
  }

  boost::json::object object_;
  std::string file_;
};

}  // namespace

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

SingleNeuron read_single_neuron(const std::filesystem::path& file) {
  Members members(read_json_file(file), file.string());
  SingleNeuron single;
  single.constants = {members.number("dt"), members.number("tau"), members.number("sigma_v"),
                      members.number("R"),  members.number("I0"),  members.number("v_reset")};
  single.weight_in = members.number("weight_in");
  std::vector<double>& values = single.neuron.values;
  values = {members.number("thresh"), members.number("k_m")};
  const std::vector<double> r = members.numbers("r"), k = members.numbers("k"), a = members.numbers("a");
  members.check_that_none_is_left();
  if (r.size() != k.size() || r.size() != a.size()) {
    throw DataError(file.string(), "r, a and k have " + std::to_string(r.size()) + ", " + std::to_string(a.size()) +
                                       " and " + std::to_string(k.size()) + " values, expected as many of each");
  }
  for (const double constant : {single.constants.dt, single.constants.tau, single.constants.sigma_v}) {
    if (!(constant > 0)) throw DataError(file.string(), "dt, tau and sigma_v must be above 0");
  }
  for (const auto* part : {&r, &k, &a}) values.insert(values.end(), part->begin(), part->end());
  single.neuron.neurons = 1;
  single.neuron.num_ascs = static_cast<Index>(r.size());
  return single;
}

Trace trace(const SingleNeuron& single, std::span<const double> input, bool is_float32) {
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
