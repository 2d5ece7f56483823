#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "glifr/core/random.hpp"
#include "glifr/core/tape.hpp"
#include "glifr/error.hpp"

namespace glifr {

/// What multiplies a cell's output before anything else sees it: inverted dropout (each output 0 with probability p,
/// else 1 / (1 - p)) and silencing (a factor a neuron). Dropout is drawn for (sample, step, neuron), so that it does
/// not depend on how a batch is cut up.
template <Scalar T>
struct OutputMask {
  double dropout = 0;                 ///< probability, 0 to 1; 1 gives zeros
  Random random{0, Stream::dropout};  ///< keyed by epoch
  std::span<const Index> samples{};   ///< number of each sample of the batch, within the data set
  std::span<const T> silencing{};     ///< [neurons], 0 or 1; empty: none silenced

  /// Some output may be changed.
  [[nodiscard]] bool is_active() const { return dropout > 0 || !silencing.empty(); }
  /// One row serves all steps and samples: there is no dropout.
  [[nodiscard]] bool is_constant() const { return dropout == 0; }

  /// ConfigError where the probability is none; ShapeError where there is not a number for each sample or a factor for
  /// each neuron.
  void check(Index batch, Index neurons) const {
    if (!(dropout >= 0 && dropout <= 1))
      throw ConfigError("dropout_prob", "expected 0 to 1, found " + std::to_string(dropout));
    const auto require = [](const char* what, std::size_t found, Index expected) {
      if (static_cast<Index>(found) != expected)
        throw ShapeError(what, std::to_string(expected), std::to_string(found));
    };
    if (dropout > 0) require("dropout: numbers of samples", samples.size(), batch);
    if (!silencing.empty()) require("silencing: factors on neurons", silencing.size(), neurons);
  }

  /// Factors of step t (of `steps`), sample b of the batch.
  void fill(Index t, Index steps, Index b, Index neurons, T* row) const {
    if (dropout > 0) {
      const T kept = dropout < 1 ? static_cast<T>(1 / (1 - dropout)) : T(0);
      const double threshold = dropout * 0x1p32;
      const auto groups = static_cast<std::uint64_t>((neurons + 3) / 4);
      const auto sample = static_cast<std::uint64_t>(samples[static_cast<std::size_t>(b)]);
      const std::uint64_t first = (sample * static_cast<std::uint64_t>(steps) + static_cast<std::uint64_t>(t)) * groups;
      for (Index n = 0; n < neurons; n += 4) {
        const auto words = random.words(first + static_cast<std::uint64_t>(n / 4));
        for (Index i = 0; i < 4 && n + i < neurons; ++i) {
          row[n + i] = static_cast<double>(words[static_cast<std::size_t>(i)]) < threshold ? T(0) : kept;
        }
      }
    } else {
      for (Index n = 0; n < neurons; ++n) row[n] = T(1);
    }
    for (std::size_t n = 0; n < silencing.size(); ++n) row[n] *= silencing[n];
  }

  /// Factors of step t as a tape value [batch, neurons] without gradient.
  Var<T> at(Tape<T>& tape, Index t, Index steps, Index batch, Index neurons) const {
    T* rows = tape.arena().template allocate<T>(batch * neurons);
    for (Index b = 0; b < batch; ++b) fill(t, steps, b, neurons, rows + b * neurons);
    return tape.constant({batch, neurons}, rows);
  }
};

}  // namespace glifr
