#pragma once

#include <array>

#include "glifr/neurons/neuron.hpp"

/// Neurons as a user might write them, which between them use all that a step may: every function, several states,
/// inputs and parameters, an output that the rest of the step reads, numbers among values.
namespace glifr::test {

/// Saturating rate with a calcium trace: quotients, exponentials, logarithms, bounds.
struct Calcium {
  static constexpr const char* name = "calcium";

  template <class T>
  struct State {
    T rate, voltage, calcium;

    static constexpr Field fields[] = {{.name = "rate"}, {.name = "voltage", .unit = "mV"}, {.name = "calcium"}};
  };

  template <class T>
  struct Parameters {
    T tau, ceiling;
    std::array<T, 2> gain;

    static constexpr Field fields[] = {
        {.name = "tau", .unit = "ms", .stored_as = "log_tau", .transform = Transform::positive},
        {.name = "ceiling", .stored_as = "trans_ceiling", .transform = Transform::fraction},
        {.name = "gain"}};
  };

  template <class T>
  struct Constants {
    T dt;

    static constexpr Field fields[] = {{.name = "dt", .unit = "ms", .value = 0.3}};
  };

  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>& c,
                                          const T& synaptic_current) {
    s.calcium = min(max(s.calcium + p.gain[0] * s.rate, -1), p.ceiling);
    s.voltage = s.voltage * exp(-(c.dt / p.tau)) + synaptic_current / sqrt(1 + s.calcium * s.calcium);
    s.rate = tanh(s.voltage - p.gain[1] * log(1 + abs(s.calcium))) / (2 - s.calcium);
  }
};

/// Two currents, one of which gates the other; a leak that depends on the side of a threshold.
struct Gated {
  static constexpr const char* name = "gated";
  static constexpr int inputs = 2;

  template <class T>
  struct State {
    T output, voltage;

    static constexpr Field fields[] = {{.name = "output"}, {.name = "voltage", .unit = "mV"}};
  };

  template <class T>
  struct Parameters {
    T slow, fast, theta, width;

    static constexpr Field fields[] = {
        {.name = "slow", .stored_as = "trans_slow", .transform = Transform::bounded},
        {.name = "fast"},
        {.name = "theta", .unit = "mV"},
        {.name = "width", .unit = "mV", .stored_as = "log_width", .transform = Transform::positive}};
  };

  template <class T>
  struct Constants {};

  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>&,
                                          const std::array<T, 2>& currents) {
    const T leak = select(less(s.voltage, p.theta), p.slow, p.fast);
    s.voltage = s.voltage * leak + currents[0] * sigmoid(currents[1] / p.width) - s.output / 4;
    s.output = s.voltage;
  }
};

/// Leaky integrate-and-fire with a surrogate gradient. Its reset reads the spike of the same step.
struct Spiking {
  static constexpr const char* name = "spiking";

  template <class T>
  struct State {
    T spike, voltage;

    static constexpr Field fields[] = {{.name = "spike"}, {.name = "voltage", .unit = "mV"}};
  };

  template <class T>
  struct Parameters {
    T thresh, leak;

    static constexpr Field fields[] = {{.name = "thresh", .unit = "mV"},
                                       {.name = "leak", .stored_as = "trans_leak", .transform = Transform::fraction}};
  };

  template <class T>
  struct Constants {
    T sharpness;

    static constexpr Field fields[] = {{.name = "sharpness", .value = 5}};
  };

  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>& c,
                                          const T& synaptic_current) {
    const T voltage = p.leak * s.voltage + synaptic_current;
    const T over = voltage - p.thresh;
    const T width = 1 + c.sharpness * abs(over);
    s.spike = surrogate(less(0, over), over, 1 / (width * width));
    s.voltage = voltage * (1 - s.spike * s.spike);
  }
};

/// A rate that remembers itself; the shares of new and old are a constant that is an array.
struct Mixed {
  static constexpr const char* name = "mixed";

  template <class T>
  struct State {
    T output;

    static constexpr Field fields[] = {{.name = "output"}};
  };

  template <class T>
  struct Parameters {
    T bias;

    static constexpr Field fields[] = {{.name = "bias"}};
  };

  template <class T>
  struct Constants {
    std::array<T, 2> gain;

    static constexpr Field fields[] = {{.name = "gain", .value = 1, .range = Range::above(0)}};
  };

  template <class T, class C>
  static GLIFR_INLINE constexpr void step(State<T>& s, const Parameters<T>& p, const Constants<C>& c,
                                          const T& synaptic_current) {
    s.output = c.gain[0] * tanh(synaptic_current + p.bias) + c.gain[1] * s.output;
  }
};

static_assert(Neuron<Calcium> && Neuron<Gated> && Neuron<Spiking> && Neuron<Mixed>);

}  // namespace glifr::test
