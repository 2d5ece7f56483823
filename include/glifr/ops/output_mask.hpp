#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "glifr/core/random.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/error.hpp"
#include "glifr/io/number.hpp"

namespace glifr {

namespace kernels {

/// Factors on outputs, four neurons at a time, [steps * batch, neurons]: see `OutputMask`.
template <Scalar T>
struct FillMask {
  double threshold;  // of the words below 2^32 that drop an output
  T kept;            // factor of the others
  Random random;
  const Random* random_at;  // instead of `random`, unless null
  const Index* samples;
  const T* silencing;                               // null: none silenced
  Index first_step, step_stride, all_steps, batch;  // row r: step first_step + r / batch * step_stride
  std::uint64_t layer;                              // of the network: layers of one size drop different neurons
  View<T> y;

  GLIFR_INLINE void operator()(Index r, Index group) const {
    std::array<std::uint32_t, 4> words{};
    if (threshold > 0) {
      const auto groups = static_cast<std::uint64_t>((y.columns + 3) / 4);
      const Index step = first_step + r / batch * step_stride;
      const auto row = static_cast<std::uint64_t>(samples[r % batch] * all_steps + step);
      const Random numbers = random_at ? *random_at : random;
      words = numbers.words((layer << 56) + row * groups + static_cast<std::uint64_t>(group));
    }
    for (Index i = 0; i < 4 && 4 * group + i < y.columns; ++i) {
      const Index n = 4 * group + i;
      const T factor = static_cast<double>(words[static_cast<std::size_t>(i)]) < threshold ? T(0) : kept;
      y(r, n) = silencing ? factor * silencing[n] : factor;
    }
  }
};

}  // namespace kernels

/// What multiplies a cell's output before anything else sees it: inverted dropout (each output 0 with probability p,
/// else 1 / (1 - p)) and silencing (a factor a neuron). Dropout is drawn for (layer, sample, step, neuron), so that it
/// does not depend on how a batch is cut up.
template <Scalar T>
struct OutputMask {
  double dropout = 0;                 ///< probability, 0 to 1; 1 gives zeros
  Random random{0, Stream::dropout};  ///< keyed by epoch
  std::span<const Index> samples{};   ///< number of each sample of the batch, within the data set; where the tape is
  std::span<const T> silencing{};     ///< [neurons], 0 or 1, on the host; empty: none silenced
  /// Instead of `random`, unless null: where the tape is, read when the factors are drawn.
  const Random* random_at = nullptr;
  std::uint64_t layer = 0;  ///< number of the layer in its network, below 256
  /// The numbers of `silencing` where the tape is; null: they are copied there. A network takes those of all its
  /// layers, one behind the other.
  const T* silencing_at = nullptr;

  /// Some output may be changed.
  [[nodiscard]] bool is_active() const { return dropout > 0 || !silencing.empty(); }
  /// One row serves all steps and samples: there is no dropout.
  [[nodiscard]] bool is_constant() const { return dropout == 0; }

  /// ConfigError where the probability is none; ShapeError where there is not a number for each sample or a factor for
  /// each neuron.
  void check(Index batch, Index neurons) const {
    if (!(dropout >= 0 && dropout <= 1))
      throw ConfigError("dropout_prob", "expected a dropout of 0 to 1, found " + format_number(dropout));
    const auto require = [](const char* what, std::size_t found, Index expected) {
      if (static_cast<Index>(found) != expected)
        throw ShapeError(what, std::to_string(expected), std::to_string(found));
    };
    if (dropout > 0) require("dropout: numbers of samples", samples.size(), batch);
    if (!silencing.empty()) require("silencing: factors on neurons", silencing.size(), neurons);
  }

  /// Factors of the samples of a batch in some steps of a sequence of `all_steps`: every `step_stride`-th from
  /// `first_step` on, as many as `y` [steps * batch, neurons] has room for.
  void fill(Tape<T>& tape, Index first_step, Index step_stride, Index all_steps, Index batch, View<T> y) const {
    const T kept = dropout < 1 ? static_cast<T>(1 / (1 - dropout)) : T(0);
    const T* factors = silencing.empty() ? nullptr : silencing_at ? silencing_at : tape.to_memory(silencing);
    for_each_element(tape.device(), y.rows, (y.columns + 3) / 4,
                     kernels::FillMask<T>{dropout * 0x1p32, kept, random, random_at, samples.data(), factors,
                                          first_step, step_stride, all_steps, batch, layer, y});
  }

  /// Factors of step t as a tape value [batch, neurons] without gradient.
  Var<T> at(Tape<T>& tape, Index t, Index steps, Index batch, Index neurons) const {
    T* rows = tape.memory().template allocate<T>(batch * neurons);
    fill(tape, t, 1, steps, batch, {rows, batch, neurons});
    return tape.constant({batch, neurons}, rows);
  }
};

}  // namespace glifr
