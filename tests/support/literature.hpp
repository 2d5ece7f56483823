#pragma once

#include "examples/custom_neuron/adaptive_rate.hpp"
#include "glifr/neurons/neuron.hpp"

/// Neurons of the literature, as a scientist would write them down; the first of the three is the example's.
namespace glifr::test {

using example::AdaptiveRate;

/// The reduced population of Wong & Wang (2006, A recurrent network mechanism of time integration in perceptual
/// decisions, Journal of Neuroscience 26, 1314-1328): NMDA gating S driven by the rate of the Abbott-Chance f-I curve,
///
///     dS/dt = -S / tau_S + (1 - S) gamma H(x),   H(x) = (a x - b) / (1 - exp(-d (a x - b)))
///
/// with x = J S + I_0 + I_syn in nA. H is 1/d where a x = b, which the quotient alone would not say.
struct WongWang {
  static constexpr const char* name = "wong_wang";

  template <class T>
  struct State {
    T gating, rate;

    static constexpr Field fields[] = {{.name = "gating"}, {.name = "rate", .unit = "1/ms"}};
  };

  template <class T>
  struct Parameters {
    T tau, coupling, background;

    static constexpr Field fields[] = {{.name = "tau_S",
                                        .unit = "ms",
                                        .stored_as = "log_tau_S",
                                        .transform = Transform::positive,
                                        .value = 20,
                                        .spread = 15},
                                       {.name = "J", .unit = "nA", .value = 0.2609, .spread = 0.1},
                                       {.name = "I_0", .unit = "nA", .value = 0.3255, .spread = 0.05}};
  };

  template <class T>
  struct Constants {
    T dt, a, b, d, gamma;

    static constexpr Field fields[] = {{.name = "dt", .unit = "ms", .value = 0.05, .range = Range::above(0)},
                                       {.name = "a", .unit = "1/(ms nA)", .value = 0.27},
                                       {.name = "b", .unit = "1/ms", .value = 0.108},
                                       {.name = "d", .unit = "ms", .value = 154, .range = Range::above(0)},
                                       {.name = "gamma", .value = 0.641}};
  };

  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>& c,
                                          const T& synaptic_current) {
    const T u = c.d * (c.a * (p.coupling * s.gating + p.background + synaptic_current) - c.b);
    // Both sides of a select are computed: where it is not chosen, too, the quotient must be none of 0/0. Nor may the
    // exponential overflow, for 0 times infinity is no gradient; below -50 the rate is 0 in any case.
    const T is_near = less(abs(u), 1.0 / 1024);
    const T away = select(is_near, 1, max(u, -50));
    s.rate = select(is_near, 1 + u / 2, away / (1 - exp(-away))) / c.d;
    s.gating = s.gating * exp(-(c.dt / p.tau)) + c.dt * (1 - s.gating) * c.gamma * s.rate;
  }
};

/// A leaky integrate-and-fire neuron whose threshold adapts (Bellec, Salaj, Subramoney, Legenstein & Maass 2018, Long
/// short-term memory and learning-to-learn in networks of spiking neurons, NeurIPS 31), with its pseudo-derivative:
///
///     v(t) = alpha v(t-1) + I_syn(t) - z(t-1) A(t-1),   A = b_0 + beta b,   b(t) = rho b(t-1) + (1 - rho) z(t-1)
///     z(t) = H(v(t) - A(t)),   dz/dv = gamma max(0, 1 - |v - A| / b_0) / b_0
struct AdaptiveSpiking {
  static constexpr const char* name = "adaptive_spiking";

  template <class T>
  struct State {
    T spike, voltage, threshold_shift;

    static constexpr Field fields[] = {
        {.name = "spike"}, {.name = "voltage", .unit = "mV"}, {.name = "threshold_shift"}};
  };

  template <class T>
  struct Parameters {
    T k_m, k_b, beta;

    static constexpr Field fields[] = {
        {.name = "k_m", .unit = "1/ms", .stored_as = "trans_k_m", .transform = Transform::decay_rate, .value = 1},
        {.name = "k_b", .unit = "1/ms", .stored_as = "trans_k_b", .transform = Transform::decay_rate, .value = 0.2},
        {.name = "beta", .unit = "mV", .value = 0.5, .spread = 0.3}};
  };

  template <class T>
  struct Constants {
    T dt, b_0, gamma;

    static constexpr Field fields[] = {{.name = "dt", .unit = "ms", .value = 0.05, .range = Range::above(0)},
                                       {.name = "b_0", .unit = "mV", .value = 0.3, .range = Range::above(0)},
                                       {.name = "gamma", .value = 0.3, .range = Range::from(0)}};
  };

  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>& c,
                                          const T& synaptic_current) {
    s.voltage = (1 - c.dt * p.k_m) * s.voltage + synaptic_current - s.spike * (c.b_0 + p.beta * s.threshold_shift);
    s.threshold_shift = s.threshold_shift + c.dt * p.k_b * (s.spike - s.threshold_shift);
    const T over = s.voltage - (c.b_0 + p.beta * s.threshold_shift);
    s.spike = surrogate(less(0, over), over, c.gamma / c.b_0 * max(0, 1 - abs(over) / c.b_0));
  }
};

static_assert(Neuron<AdaptiveRate> && Neuron<WongWang> && Neuron<AdaptiveSpiking>);

}  // namespace glifr::test
