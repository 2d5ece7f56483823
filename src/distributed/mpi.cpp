#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "glifr/distributed/launch.hpp"

namespace glifr {

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

/// MPI counts in int.
constexpr std::size_t largest_message = std::size_t{1} << 30;

/// Waits for what others do in their own time without taking a processor.
void wait_asleep(MPI_Request& request) {
  for (int is_done = 0; MPI_Test(&request, &is_done, MPI_STATUS_IGNORE), !is_done;)
    std::this_thread::sleep_for(Milliseconds(10));
}

/// The processes of MPI_COMM_WORLD. MPI's own handler of errors ends all processes.
class MpiGroup final : public LaunchedGroup {
 public:
  /// `ends_mpi`: whether MPI was started for this group, and ends with it.
  explicit MpiGroup(bool ends_mpi) : ends_mpi_(ends_mpi) {
    MPI_Comm_dup(MPI_COMM_WORLD, &work_);
    MPI_Comm_dup(MPI_COMM_WORLD, &end_);
    MPI_Comm_rank(work_, &rank_);
    MPI_Comm_size(work_, &size_);
    MPI_Comm machine = MPI_COMM_NULL;
    MPI_Comm_split_type(work_, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    int rank = 0, size = 1;
    MPI_Comm_rank(machine, &rank);
    MPI_Comm_size(machine, &size);
    MPI_Comm_free(&machine);
    local_ = {rank, size};
  }
  ~MpiGroup() override {
    MPI_Comm_free(&end_);
    MPI_Comm_free(&work_);
    if (ends_mpi_) MPI_Finalize();
  }
  MpiGroup(const MpiGroup&) = delete;
  MpiGroup& operator=(const MpiGroup&) = delete;

  [[nodiscard]] Index rank() const override { return rank_; }
  [[nodiscard]] Index size() const override { return size_; }
  [[nodiscard]] Local local() const override { return local_; }

  void exchange(std::span<const std::span<const std::byte>> to, std::span<const std::span<std::byte>> from) override {
    begin();
    for (int r = 0; r < size_; ++r) receive(from[static_cast<std::size_t>(r)], r);
    for (int i = 0; i < size_; ++i) {  // each process begins at another one
      const int r = (rank_ + i) % size_;
      send(to[static_cast<std::size_t>(r)], r);
    }
    finish();
  }

  void gather(std::span<const std::byte> mine, std::span<const std::span<std::byte>> all) override {
    begin();
    for (int r = 0; r < size_; ++r) {
      if (r != rank_) receive(all[static_cast<std::size_t>(r)], r);
    }
    for (int i = 1; i < size_; ++i) send(mine, (rank_ + i) % size_);
    const auto& own = all[static_cast<std::size_t>(rank_)];
    if (own.data() != mine.data()) std::ranges::copy(mine, own.begin());
    finish();
  }

  [[nodiscard]] unsigned common_bits(unsigned bits) override {
    unsigned common = 0;
    MPI_Allreduce(&bits, &common, 1, MPI_UNSIGNED, MPI_BAND, work_);
    return common;
  }

  void share_until_done(std::atomic<bool>& stop, const std::function<bool()>& is_done) override {
    for (;;) {
      unsigned bits = (stop ? 0U : 1U) | (is_done() ? 2U : 0U), common = 0;
      MPI_Request request = MPI_REQUEST_NULL;
      MPI_Iallreduce(&bits, &common, 1, MPI_UNSIGNED, MPI_BAND, work_, &request);
      wait_asleep(request);
      if ((common & 1U) == 0) stop = true;
      if ((common & 2U) != 0) return;
      std::this_thread::sleep_for(Milliseconds(50));
    }
  }

  [[nodiscard]] bool meet(double seconds) override {
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ibarrier(end_, &request);
    const auto started = Clock::now();
    for (int is_done = 0; MPI_Test(&request, &is_done, MPI_STATUS_IGNORE), !is_done;) {
      if (seconds > 0 && Clock::now() - started > std::chrono::duration<double>(seconds)) return false;
      std::this_thread::sleep_for(Milliseconds(1));
    }
    return true;
  }
  [[noreturn]] void abort(int code) override {
    MPI_Abort(MPI_COMM_WORLD, code);
    std::_Exit(code);  // where MPI returns
  }

 private:
  void begin() { requests_.clear(); }
  void receive(std::span<std::byte> bytes, int from) {
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), largest_message))) {
      const int count = static_cast<int>(std::min(bytes.size(), largest_message));
      MPI_Irecv(bytes.data(), count, MPI_BYTE, from, 0, work_, &requests_.emplace_back());
    }
  }
  void send(std::span<const std::byte> bytes, int to) {
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), largest_message))) {
      const int count = static_cast<int>(std::min(bytes.size(), largest_message));
      MPI_Isend(bytes.data(), count, MPI_BYTE, to, 0, work_, &requests_.emplace_back());
    }
  }
  void finish() { MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE); }

  bool ends_mpi_;
  MPI_Comm work_ = MPI_COMM_NULL, end_ = MPI_COMM_NULL;  // the second for `meet` alone
  int rank_ = 0, size_ = 1;
  Local local_;
  std::vector<MPI_Request> requests_;
};

}  // namespace

std::unique_ptr<LaunchedGroup> join_launched() {
  const std::optional<Launcher> launcher = find_launcher();
  if (!launcher) return nullptr;  // MPI takes half a second to start
  int level = MPI_THREAD_SINGLE, was_started = 0;
  MPI_Initialized(&was_started);
  if (was_started) {
    MPI_Query_thread(&level);
  } else {
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &level);
  }
  if (level < MPI_THREAD_SERIALIZED) {
    if (!was_started) MPI_Finalize();
    throw ConfigError("MPI", "gives no calls from several threads (MPI_THREAD_SERIALIZED), which glifr needs");
  }
  auto group = std::make_unique<MpiGroup>(!was_started);
  if (group->size() != launcher->processes) {
    const Index found = group->size();
    group.reset();
    throw ConfigError(launcher->name, "started " + std::to_string(launcher->processes) + " processes, but MPI finds " +
                                          std::to_string(found) +
                                          "; start them with the MPI that glifr was built with (srun --mpi=pmix)");
  }
  return group;
}

}  // namespace glifr
