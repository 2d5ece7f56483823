#pragma once

#include <glifr/neurons/neuron.hpp>

namespace example {

using namespace glifr;  // Field, Transform, and functions such as sigmoid for plain numbers

/// A rate neuron with spike-frequency adaptation (Benda & Herz 2003, A universal model for spike-frequency adaptation,
/// Neural Computation 15, 2523-2564): its onset curve f_0, here logistic, is shifted by an adaptation current that
/// follows the rate,
///
///     r = f_0(u - a),   da/dt = k_a (g r - a),   du/dt = -k u + I_syn
struct AdaptiveRate {
  static constexpr const char* name = "adaptive_rate";
  template <class T>
  struct State {
    T rate, drive, adaptation;
    static constexpr Field fields[] = {{"rate"}, {"drive", "mV"}, {"adaptation", "mV"}};
  };
  template <class T>
  struct Parameters {
    T k, k_a, gain;  // name, unit, stored as, transform of what is stored, initial value and spread
    static constexpr Field fields[] = {{"k", "1/ms", "trans_k", Transform::decay_rate, 1, 0.5},
                                       {"k_a", "1/ms", "trans_k_a", Transform::decay_rate, 0.3, 0.2},
                                       {"gain", "mV", "log_gain", Transform::positive, 1, 0.5}};
  };
  template <class T>
  struct Constants {
    T dt;
    static constexpr Field fields[] = {{.name = "dt", .unit = "ms", .value = 0.05}};
  };
  static GLIFR_INLINE constexpr void step(auto& s, const auto& p, const auto& c, const auto& synaptic_current) {
    s.drive = (1 - c.dt * p.k) * s.drive + synaptic_current;
    s.adaptation = s.adaptation + c.dt * p.k_a * (p.gain * s.rate - s.adaptation);
    s.rate = sigmoid(s.drive - s.adaptation);
  }
};

}  // namespace example
