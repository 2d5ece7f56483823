#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "glifr/analysis/ablation.hpp"
#include "glifr/analysis/results.hpp"
#include "glifr/experiment/settings.hpp"
#include "glifr/export.hpp"
#include "glifr/network/network.hpp"

namespace glifr {

/// The trained network of a trial, as far as its config.json tells of it; `make_trained` makes it.
struct TrainedNetwork {
  Settings settings{};                 ///< with which it was trained
  std::uint64_t seed = 0;              ///< of the run: noise and permutations of the data follow it
  std::filesystem::path checkpoint{};  ///< that holds it
  boost::json::object record{};        ///< config.json
};

/// The network of a checkpoint in a trial's folder, or the one that the trial of a folder was tested with: the last or
/// the best; where the trial is not complete, the last. The checkpoint itself is not read. DataError where there is no
/// such file or no config.json, or the latter does not describe a trial.
[[nodiscard]] GLIFR_API TrainedNetwork read_trained(const std::filesystem::path& place);
/// The network that a complete trial was tested with. DataError where its config.json does not describe it.
[[nodiscard]] GLIFR_API TrainedNetwork read_trained(const analysis::Trial& trial);

/// The network with its parameters and with the constants that training left it with: the width of the threshold, for
/// one, may have been annealed. Trained in the other precision, its numbers are converted. DataError where the
/// checkpoint is missing, damaged or of another network; ConfigError as `make_network`.
template <Scalar T>
[[nodiscard]] GLIFR_API std::unique_ptr<RecurrentNetwork<T>> make_trained(const TrainedNetwork& trained);

/// Makes such networks, also from several threads, of a checkpoint that is read once: for `analysis::ablate`. Throws
/// as `make_trained`, here and not when they are made.
template <Scalar T>
[[nodiscard]] GLIFR_API analysis::MakeNetwork<T> trained_maker(const TrainedNetwork& trained);

}  // namespace glifr
