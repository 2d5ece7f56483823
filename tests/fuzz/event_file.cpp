#include "glifr/io/event_file.hpp"

#include "glifr/io/files.hpp"
#include "memory_file.hpp"
#include "targets.hpp"

namespace glifr::test {

bool fuzz_event_file(std::string_view bytes) {
  bool is_accepted = false;
  for (const Index last_step : {0, 2, 1000}) {
    const MemoryFile file(bytes);
    is_accepted |= accepts([&] {
      (void)EventAppender::resume(file.path(), last_step, 0);
      const std::string kept = read_file(file.path());
      require(!kept.empty() && (std::string_view(bytes).starts_with(kept) || kept.size() == 40),
              "what is kept is the beginning, or the first record anew");
      EventAppender again = EventAppender::resume(file.path(), last_step, 0);
      require(read_file(file.path()) == kept, "what is kept is kept");
      EventRecords records;
      records.scalar("x", {.step = last_step}, 1);
      again.append(records);
    });
  }
  return is_accepted;
}

std::vector<std::string> event_file_seeds() {
  if (event_file_problem()) return {};
  const MemoryFile file({});
  EventAppender events = EventAppender::start(file.path(), 1);
  std::vector<std::string> seeds{read_file(file.path())};
  EventRecords records;
  const std::vector<double> values{1, 2, 4};
  records.scalar("train/loss", {.step = 1, .wall_time = 2}, 0.5);
  records.histogram("k_m", {.step = 3, .wall_time = 4}, std::span<const double>(values));
  events.append(records);
  seeds.push_back(read_file(file.path()));
  return seeds;
}

}  // namespace glifr::test
