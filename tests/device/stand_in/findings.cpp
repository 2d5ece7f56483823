#include "findings.hpp"

#include <unistd.h>

#include <cstdio>
#include <map>
#include <sstream>

namespace glifr::stand_in {

namespace {

struct Finding {
  long count = 0;
  std::string detail;
};
struct Findings {
  std::string activity;
  std::map<std::string, Finding> by_kind;
};
/// Never destroyed: programs end in an order that nobody knows.
Findings& findings() {
  static auto* const all = new Findings;
  return *all;
}

std::string listed() {
  std::ostringstream text;
  for (const auto& [kind, finding] : findings().by_kind) {
    text << finding.count << " x " << kind;
    if (!finding.detail.empty()) text << " (first: " << finding.detail << ")";
    text << '\n';
  }
  return text.str();
}

/// When the library is unloaded, at the end of the program.
[[gnu::destructor]] void conclude() {
  if (findings().by_kind.empty()) return;
  std::fflush(nullptr);
  std::fprintf(stderr, "stand-in for CUDA: %zu kinds of findings\n%s", findings().by_kind.size(), listed().c_str());
  ::_exit(1);
}

}  // namespace

void set_activity(std::string what) {
  findings().activity = std::move(what);
}

void report(const std::string& kind, const std::string& detail) {
  const std::string& activity = findings().activity;
  Finding& finding = findings().by_kind[activity.empty() ? kind : kind + ", in " + activity];
  if (finding.count++ == 0) finding.detail = detail;
}

}  // namespace glifr::stand_in

const char* glifr_stand_in_take_findings() {
  static std::string taken;
  taken = glifr::stand_in::listed();
  glifr::stand_in::findings().by_kind.clear();
  return taken.c_str();
}
