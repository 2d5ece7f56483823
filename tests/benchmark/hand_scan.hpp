#pragma once

#include "glifr/backend/detail/cpu/scan.hpp"
#include "glifr/backend/layout.hpp"
#include "glifr/neurons/glifr.hpp"

/// The reverse scan of a GLIFR neuron with two after-spike currents, its adjoint derived with pencil and paper: the
/// yardstick for the one that the compiler derives. Same buffers, same order of loops.
namespace glifr::benchmark_support {

template <class P>
void hand_backward_group(const ScanWindow<Glifr<2>, float>& w, Index n) {
  const auto row = [&](Index k) { return P::load(w.parameters + k * w.neurons + n); };
  const float spike = w.constants[0] / w.constants[1], inverse_sigma = 1 / w.constants[2], i_0 = w.constants[4],
              v_reset = w.constants[5];
  const float dt = w.constants[0];
  const P leak = row(1) * dt, leak_r = leak * w.constants[3], keep = P(1) - leak;
  const P keep_1 = P(1) - row(2) * dt, keep_2 = P(1) - row(3) * dt;
  const P r_1 = row(4), r_2 = row(5), a_1 = row(6), a_2 = row(7);
  P sum_thresh = P::load(w.parameter_sum + n), sum_km = P::load(w.parameter_sum + w.neurons + n);
  P sum_k1 = P::load(w.parameter_sum + 2 * w.neurons + n), sum_k2 = P::load(w.parameter_sum + 3 * w.neurons + n);
  P sum_r1 = P::load(w.parameter_sum + 4 * w.neurons + n), sum_r2 = P::load(w.parameter_sum + 5 * w.neurons + n);
  P sum_a1 = P::load(w.parameter_sum + 6 * w.neurons + n), sum_a2 = P::load(w.parameter_sum + 7 * w.neurons + n);
  const P km_scale = P(dt * w.constants[3]), k_scale = P(-dt);
  for (Index b = 0; b < w.batch; ++b) {
    const Index cell = b * w.stride + n;
    const auto load = [&](std::size_t k, Index t) { return P::load(w.state[k] + t * w.state_step[k] + cell); };
    P df = P::load(w.adjoint[0] + cell), dv = P::load(w.adjoint[1] + cell);
    P d1 = P::load(w.adjoint[2] + cell), d2 = P::load(w.adjoint[3] + cell);
    P f_new = load(0, w.steps), i1_new = load(2, w.steps), i2_new = load(3, w.steps);
    for (Index t = w.steps - 1; t >= 0; --t) {
      const Index at = (t * w.batch + b) * w.stride + n;
      const P f = load(0, t), v = load(1, t), i1 = load(2, t), i2 = load(3, t);
      const P u = (df + P::load(w.output_grad + at)) * (f_new - f_new * f_new) * inverse_sigma;
      sum_thresh = sum_thresh - u;
      dv = dv + u;
      dv.store(w.synaptic_grad + at);
      // dV/dk_m = dt (R (I_1 + I_2 + I0) - V(t-1))
      sum_km = sum_km + dv * (km_scale * (i1_new + i2_new + i_0) - v * dt);
      const P g1 = d1 + dv * leak_r, g2 = d2 + dv * leak_r;
      const P h1 = g1 * spike * f, h2 = g2 * spike * f;
      sum_r1 = sum_r1 + h1 * i1;
      sum_r2 = sum_r2 + h2 * i2;
      sum_a1 = sum_a1 + h1;
      sum_a2 = sum_a2 + h2;
      sum_k1 = sum_k1 + g1 * i1 * k_scale;
      sum_k2 = sum_k2 + g2 * i2 * k_scale;
      df = ((r_1 * i1 + a_1) * g1 + (r_2 * i2 + a_2) * g2 - dv * (v - v_reset)) * spike;
      dv = dv * (keep - f * spike);
      d1 = h1 * r_1 + g1 * keep_1;
      d2 = h2 * r_2 + g2 * keep_2;
      f_new = f;
      i1_new = i1;
      i2_new = i2;
    }
    df.store(w.adjoint[0] + cell);
    dv.store(w.adjoint[1] + cell);
    d1.store(w.adjoint[2] + cell);
    d2.store(w.adjoint[3] + cell);
  }
  sum_thresh.store(w.parameter_sum + n);
  sum_km.store(w.parameter_sum + w.neurons + n);
  sum_k1.store(w.parameter_sum + 2 * w.neurons + n);
  sum_k2.store(w.parameter_sum + 3 * w.neurons + n);
  sum_r1.store(w.parameter_sum + 4 * w.neurons + n);
  sum_r2.store(w.parameter_sum + 5 * w.neurons + n);
  sum_a1.store(w.parameter_sum + 6 * w.neurons + n);
  sum_a2.store(w.parameter_sum + 7 * w.neurons + n);
}

template <int Registers>
void hand_backward(const ScanWindow<Glifr<2>, float>& window) {
  cpu::detail::for_each_group<float, Registers>(
      0, window.neurons, [&](Index n, auto pack) { hand_backward_group<decltype(pack)>(window, n); });
}

}  // namespace glifr::benchmark_support
