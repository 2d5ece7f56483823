#pragma once

#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "glifr/experiment/data.hpp"
#include "glifr/experiment/trial.hpp"
#include "glifr/io/trial_folder.hpp"

/// config.json: the record of what a trial was started with. A trial is gone on with, or started from, by a run of the
/// same settings, seed and data only.
namespace glifr {

/// What a record holds beside its settings. Not settings: each is an option, or follows.
inline constexpr auto record_members =
    std::to_array<std::string_view>({"version", "seed", "trial", "precision", "device", "engine", "cpu_target",
                                     "trained_parameters", "data", "starts_from", "imported_from"});

/// CRC-32, as records name it: 8 hexadecimal digits.
[[nodiscard]] std::string checksum(std::string_view content);

/// What a heterogeneous trial starts from, as its record names it.
struct Source {
  std::string model;       ///< its name
  std::string settings;    ///< checksum of its settings
  std::string checkpoint;  ///< checksum of the file that initial values are drawn from
};

/// What the folder of a trial's source holds. DataError where its checkpoint cannot be read.
[[nodiscard]] Source describe_source(const Settings& settings, const TrialFolder& folder);

/// A task's data, as a record names them.
[[nodiscard]] boost::json::object to_json(const TaskDigest& data);

/// The same of a source.
[[nodiscard]] boost::json::object to_json(const Source& source);

/// Writes a record to its place.
void write_record(const std::filesystem::path& file, const boost::json::object& record);

/// Reads a trial's record. DataError, with what to do, where there is none, it is damaged, or it holds what this
/// version does not know.
[[nodiscard]] boost::json::object read_record(const std::filesystem::path& file);

/// Something in which a trial and a run differ.
struct Difference {
  std::string key;          ///< of both
  std::string there, here;  ///< in the record, and in this run
  std::string why = {};     ///< why it cannot be, where that is not obvious
};

/// Where a run differs from the trial in a folder, in what decides the trial's results. Epochs beyond those of the
/// record differ only where the epochs before depend on how many there are.
[[nodiscard]] std::optional<Difference> difference_to_go_on(const boost::json::object& record, const std::string& file,
                                                            const Trial& trial, const RunOptions& options);

/// Where a run differs from the trial that it would start from.
[[nodiscard]] std::optional<Difference> difference_to_source(const boost::json::object& record, const std::string& file,
                                                             const Trial& source, const RunOptions& options);

/// Where the data differ from those that a record names; nothing where it names none.
[[nodiscard]] std::optional<Difference> difference_of_data(const boost::json::object& record, const TaskDigest& data,
                                                           bool with_test);
/// Whether a record names its data. Those of versions before 0.1 do not.
[[nodiscard]] bool names_data(const boost::json::object& record);

/// Where a trial's source differs from the one that its record names.
[[nodiscard]] std::optional<Difference> difference_of_source(const boost::json::object& record, const Source& source);

}  // namespace glifr
