#pragma once

#include <boost/json/object.hpp>
#include <optional>

#include "glifr/experiment/trial.hpp"
#include "record.hpp"

/// What stands in the way of a trial: in its own folder, or in that of the trial that it starts from.
namespace glifr {

/// ConfigError: a run differs from the trial that it would go on with.
[[noreturn]] void refuse_to_go_on(const Difference& difference, const TrialFolder& folder);

/// ConfigError: a run differs from the trial in `source`, from which a heterogeneous one would start.
[[noreturn]] void refuse_to_start(const Difference& difference, const Trial& trial, const TrialFolder& source);

/// The trial that a heterogeneous one starts from.
[[nodiscard]] Trial source_of(const Trial& trial);

/// The record of the trial that a heterogeneous one starts from, which must be complete and of the same settings.
[[nodiscard]] boost::json::object checked_source(const Trial& trial, const RunOptions& options);

/// Where what a trial started from, by its record, is another now than it was; nothing where there is no complete one
/// any more, or the model is not heterogeneous.
[[nodiscard]] std::optional<Difference> difference_to_present_source(const boost::json::object& record,
                                                                     const Trial& trial, const RunOptions& options);

/// Writes into a record where the data lie in this run; whether that is another place.
bool take_places(boost::json::object& record, const Settings& settings);

/// Whether there is a complete trial with which the run has nothing to do: all epochs that are asked for are done, and
/// its record says where the data lie. ConfigError where it is one of other settings.
[[nodiscard]] bool is_done(const Trial& trial, const RunOptions& options);

/// std::logic_error where the device that is opened, or none, is not called what it is.
void check_device(const RunOptions& options);

/// Refuses to go on with a trial of other settings, or over one that is there.
void check_folder(const Trial& trial, const RunOptions& options);

}  // namespace glifr
