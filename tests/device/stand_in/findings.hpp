#pragma once

#include <string>

/// What programs did that a GPU would not have forgiven. At the program's end all is listed on stderr by kind, and
/// where there is anything, the exit status is 1.
namespace glifr::stand_in {

/// What is being done now, in which a finding is made: a kernel's name, a copy.
void set_activity(std::string what);
/// Findings of one kind in one activity are counted; of the first, the detail is kept.
void report(const std::string& kind, const std::string& detail = "");

}  // namespace glifr::stand_in

/// For tests of the stand-in itself: what was found, a line each, which is forgotten. Valid until the next call.
extern "C" const char* glifr_stand_in_take_findings();
