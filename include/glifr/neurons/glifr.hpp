#pragma once

#include <array>
#include <cmath>

#include "glifr/neurons/neuron.hpp"

namespace glifr {

/// Generalized leaky-integrate-and-fire-rate neuron with J after-spike currents. With dt the time step and S(t) the
/// firing:
///
///     I_j(t) = (r_j I_j(t-1) + a_j) S(t-1) dt/tau + (1 - dt k_j) I_j(t-1)
///     V(t)   = I_syn(t) + dt k_m R (sum_j I_j(t) + I0) + (1 - dt k_m) V(t-1) - dt/tau S(t-1) (V(t-1) - V_reset)
///     S(t)   = sigmoid((V(t) - thresh) / sigma_v)
///
/// The after-spike currents are updated first and enter V with their new values; the reset uses the old firing and
/// voltage.
template <int J>
struct Glifr {
  static_assert(J >= 0, "the number of after-spike currents is 0 or more");
  static constexpr const char* name = "glifr";
  static constexpr int after_spike_currents = J;
  static constexpr WeightNames weights{"weight_iv", "weight_lat"};

  template <class T>
  struct State {
    T firing;
    T voltage;
    std::array<T, J> after_spike_current;

    static GLIFR_INLINE constexpr void fields(auto& s, auto&& visit) {
      visit(s.firing, Field{.name = "firing"});
      visit(s.voltage, Field{.name = "voltage", .unit = "mV"});
      if constexpr (J > 0) visit(s.after_spike_current, Field{.name = "after_spike_current", .unit = "pA"});
    }
  };

  template <class T>
  struct Parameters {
    T thresh;              ///< threshold, mV
    T k_m;                 ///< membrane decay rate, 1/ms
    std::array<T, J> k_j;  ///< decay rate of after-spike current j, 1/ms
    std::array<T, J> r_j;  ///< multiplicative jump at a spike, in (-1, 1)
    std::array<T, J> a_j;  ///< additive jump at a spike, pA

    static GLIFR_INLINE constexpr void fields(auto& p, auto&& visit) {
      visit(p.thresh, Field{.name = "thresh", .unit = "mV", .initial = [](double, double, double) { return 1.0; }});
      // The published networks start at ln(0.05 dt / (1 - 0.05^2)), which is k_m = 0.05/ms at dt = 0.05 ms.
      visit(p.k_m, Field{.name = "k_m",
                         .unit = "1/ms",
                         .stored_as = "trans_k_m",
                         .transform = Transform::decay_rate,
                         .initial = [](double, double dt, double) { return std::log(0.05 * dt / (1 - 0.05 * 0.05)); }});
      if constexpr (J > 0) {
        visit(p.k_j, Field{.name = "k_j",
                           .unit = "1/ms",
                           .stored_as = "trans_k_j",
                           .transform = Transform::decay_rate,
                           .initial = [](double, double, double) { return std::log(0.1 / 0.9); }});
        visit(p.r_j, Field{.name = "r_j",
                           .stored_as = "trans_r_j",
                           .transform = Transform::bounded,
                           .initial = [](double u, double dt, double) {
                             return to_raw(Transform::bounded, 0.02 * u - 0.01, dt);
                           }});
        visit(p.a_j,
              Field{.name = "a_j", .unit = "pA", .initial = [](double u, double, double) { return 0.02 * u - 0.01; }});
      }
    }
  };

  template <class T>
  struct Constants {
    T dt;       ///< time step, ms
    T tau;      ///< time constant of firing, ms
    T sigma_v;  ///< width of the smooth threshold, mV
    T R;        ///< membrane resistance, GOhm
    T I0;       ///< background current, pA
    T v_reset;  ///< reset voltage, mV

    static GLIFR_INLINE constexpr void fields(auto& c, auto&& visit) {
      visit(c.dt, Field{.name = "dt", .unit = "ms", .value = 0.05});
      visit(c.tau, Field{.name = "tau", .unit = "ms", .value = 0.05});
      visit(c.sigma_v, Field{.name = "sigma_v", .unit = "mV", .value = 1});
      visit(c.R, Field{.name = "R", .unit = "GOhm", .value = 0.1});
      visit(c.I0, Field{.name = "I0", .unit = "pA", .value = 0});
      visit(c.v_reset, Field{.name = "v_reset", .unit = "mV", .value = 0});
    }
  };

  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>& c,
                                          const T& synaptic_current) {
    const C spike = c.dt / c.tau;
    for (std::size_t j = 0; j < J; ++j) {
      T& current = s.after_spike_current[j];
      current = (p.r_j[j] * current + p.a_j[j]) * s.firing * spike + (1 - c.dt * p.k_j[j]) * current;
    }
    const T leak = c.dt * p.k_m;
    T drive = leak * (c.R * c.I0);
    if constexpr (J > 0) {
      T total = s.after_spike_current[0];
      for (std::size_t j = 1; j < J; ++j) total = total + s.after_spike_current[j];
      drive = leak * c.R * (total + c.I0);
    }
    s.voltage = synaptic_current + drive + (1 - leak) * s.voltage - spike * s.firing * (s.voltage - c.v_reset);
    s.firing = sigmoid((s.voltage - p.thresh) * (1 / c.sigma_v));
  }
};

}  // namespace glifr
