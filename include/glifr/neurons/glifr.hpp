#pragma once

#include <array>
#include <cmath>

#include "glifr/export.hpp"
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
struct GLIFR_API Glifr {
  static_assert(J >= 0, "the number of after-spike currents is 0 or more");
  static constexpr const char* name = "glifr";                      ///< for messages and files
  static constexpr int after_spike_currents = J;                    ///< J
  static constexpr WeightNames weights{"weight_iv", "weight_lat"};  ///< names of the published code

  /// What a neuron carries from step to step.
  template <class T>
  struct State {
    T firing;                              ///< S, smooth and normalised, in (0, 1)
    T voltage;                             ///< V, mV
    std::array<T, J> after_spike_current;  ///< I_j, pA

    /// Name and unit of each member.
    static constexpr Field fields[] = {
        {.name = "firing"}, {.name = "voltage", .unit = "mV"}, {.name = "after_spike_current", .unit = "pA"}};
  };

  /// What is trained, one of each a neuron.
  template <class T>
  struct Parameters {
    T thresh;              ///< threshold, mV
    T k_m;                 ///< membrane decay rate, 1/ms
    std::array<T, J> k_j;  ///< decay rate of after-spike current j, 1/ms
    std::array<T, J> r_j;  ///< multiplicative jump at a spike, in (-1, 1)
    std::array<T, J> a_j;  ///< additive jump at a spike, pA

    /// Name, unit, stored form and initial value of each member.
    static constexpr Field fields[] = {
        {.name = "thresh", .unit = "mV", .value = 1},
        // The published networks start at ln(0.05 dt / (1 - 0.05^2)), which is k_m = 0.05/ms at dt = 0.05 ms.
        {.name = "k_m",
         .unit = "1/ms",
         .stored_as = "trans_k_m",
         .transform = Transform::decay_rate,
         .initial = [](double, double dt, double) { return std::log(0.05 * dt / (1 - 0.05 * 0.05)); }},
        {.name = "k_j",
         .unit = "1/ms",
         .stored_as = "trans_k_j",
         .transform = Transform::decay_rate,
         .initial = [](double, double, double) { return std::log(0.1 / 0.9); }},
        {.name = "r_j", .stored_as = "trans_r_j", .transform = Transform::bounded, .value = 0, .spread = 0.01},
        {.name = "a_j", .unit = "pA", .value = 0, .spread = 0.01}};
  };

  /// What all neurons of a layer share.
  template <class T>
  struct Constants {
    T dt;       ///< time step, ms
    T tau;      ///< time constant of firing, ms
    T sigma_v;  ///< width of the smooth threshold, mV
    T R;        ///< membrane resistance, GOhm
    T I0;       ///< background current, pA
    T v_reset;  ///< reset voltage, mV

    /// Name, unit, default and range of each member.
    static constexpr Field fields[] = {
        {.name = "dt", .unit = "ms", .value = 0.05, .range = Range::above(0)},
        {.name = "tau",
         .unit = "ms",
         .value = 0.05,
         .range = Range::above(0),
         .meaning = "time over which a firing rate of 1 is one spike"},
        {.name = "sigma_v",
         .unit = "mV",
         .value = 1,
         .range = Range::above(0),
         .meaning = "width of the smooth threshold"},
        {.name = "R", .unit = "GOhm", .value = 0.1, .range = Range::from(0), .meaning = "membrane resistance"},
        {.name = "I0", .unit = "pA", .value = 0, .meaning = "constant background current"},
        {.name = "v_reset", .unit = "mV", .value = 0, .meaning = "voltage towards which a spike resets"}};
  };

  /// One time step, on any value type.
  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>& c,
                                          const T& synaptic_current) {
    const T spikes = (c.dt / c.tau) * s.firing;  // in this step
    if constexpr (J > 0) {
      for (std::size_t j = 0; j < J; ++j) {
        T& current = s.after_spike_current[j];
        current = (p.r_j[j] * current + p.a_j[j]) * spikes + (1 - c.dt * p.k_j[j]) * current;
      }
    }
    const T leak = c.dt * p.k_m;
    T drive = leak * (c.R * c.I0);
    if constexpr (J > 0) {
      T total = s.after_spike_current[0];
      for (std::size_t j = 1; j < J; ++j) total = total + s.after_spike_current[j];
      drive = leak * c.R * (total + c.I0);
    }
    s.voltage = synaptic_current + (1 - leak) * s.voltage - spikes * (s.voltage - c.v_reset) + drive;
    s.firing = sigmoid((s.voltage - p.thresh) * (1 / c.sigma_v));
  }
};

}  // namespace glifr
