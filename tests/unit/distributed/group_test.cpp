// What processes of a group do together, by threads that stand for them.
#include "glifr/distributed/group.hpp"

#include <atomic>
#include <vector>

#include "support/catch.hpp"
#include "support/thread_group.hpp"

namespace {

using namespace glifr;
using test::ThreadGroups;

TEST_CASE("texts of any length reach all processes") {
  std::atomic<int> right = 0;
  ThreadGroups::run(3, [&](Group& group) {
    const std::vector<std::string> mine{"zero", "", std::string(100'000, 'x')};
    if (group.gather_texts(mine[static_cast<std::size_t>(group.rank())]) == mine) ++right;
  });
  CHECK(right == 3);
}

TEST_CASE("a broadcast gives all what the first has") {
  std::atomic<int> right = 0;
  ThreadGroups::run(3, [&](Group& group) {
    double values[] = {1.5 + static_cast<double>(group.rank()), 2};
    broadcast(group, std::as_writable_bytes(std::span(values)));
    if (values[0] == 1.5 && values[1] == 2) ++right;
  });
  CHECK(right == 3);
}

TEST_CASE("what the first process decides holds for all, and so does its failure") {
  std::atomic<int> decided = 0, configured = 0, diverged = 0, others = 0;
  ThreadGroups::run(3, [&](Group& group) {
    if (decided_by_first(&group, [&] { return group.rank() + 7; }) == 7) ++decided;
    try {
      on_first(&group, [] { throw ConfigError("key", "wrong"); });
    } catch (const ConfigError&) {
      if (group.rank() == 0) ++configured;
    } catch (const PeerFailure& failure) {
      if (!failure.diverged()) ++others;
    }
    try {
      on_first(&group, [] { throw NumericError("the loss", 1, 1); });
    } catch (const NumericError&) {
      if (group.rank() == 0) ++diverged;
    } catch (const PeerFailure& failure) {
      if (failure.diverged()) ++others;
    }
  });
  CHECK(decided == 3);
  CHECK(configured == 1);
  CHECK(diverged == 1);
  CHECK(others == 4);
}

TEST_CASE("a failure of any process reaches all") {
  std::atomic<int> own = 0, others = 0, refused = 0, granted = 0;
  ThreadGroups::run(4, [&](Group& group) {
    if (!agree(group, nullptr, group.rank() != 3)) ++refused;
    if (agree(group, nullptr)) ++granted;
    std::exception_ptr error;
    if (group.rank() == 2) error = std::make_exception_ptr(OutputError("file", "full"));
    try {
      agree(group, error);
    } catch (const OutputError&) {
      ++own;
    } catch (const PeerFailure&) {
      ++others;
    }
  });
  CHECK(refused == 4);
  CHECK(granted == 4);
  CHECK(own == 1);
  CHECK(others == 3);
}

TEST_CASE("without a group there is nobody to ask") {
  CHECK(decided_by_first(nullptr, [] { return 5; }) == 5);
  CHECK_THROWS_AS(on_first(nullptr, [] { throw ConfigError("key", "wrong"); }), ConfigError);
}

}  // namespace
