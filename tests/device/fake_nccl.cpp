// A library of NCCL's name that passes messages among emulated devices of one process, whose streams are the devices
// themselves: it shows that NCCL is found, and called in the way that it allows.
#include <nccl.h>

#include <barrier>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "support/emulated_device.hpp"

namespace {

struct Message {
  int rank;
  std::span<std::byte> bytes;
};

/// What the communicators of one identity share.
struct Shared {
  explicit Shared(int count) : barrier(count), sent(static_cast<std::size_t>(count)) {}
  std::barrier<> barrier;
  std::vector<std::vector<Message>> sent;  // by sender; copies of what was in the devices
};

std::mutex mutex;
std::map<long, std::shared_ptr<Shared>> known;
long identities = 0;

}  // namespace

struct ncclComm {
  std::shared_ptr<Shared> shared;
  int rank;
};

namespace {

/// What the calling thread asked for since ncclGroupStart.
struct Queued {
  int depth = 0;
  std::vector<Message> sent, received;
  ncclComm* communicator = nullptr;
  cudaStream_t stream = nullptr;
};
thread_local Queued queued;

ncclResult_t add(std::vector<Message>& messages, void* buffer, std::size_t count, ncclDataType_t type, int peer,
                 ncclComm* communicator, cudaStream_t stream) {
  const bool is_right = queued.depth > 0 && type == ncclUint8 && count > 0 && peer != communicator->rank;
  if (!is_right) return ncclInvalidUsage;
  queued.communicator = communicator;
  queued.stream = stream;
  messages.push_back({peer, {static_cast<std::byte*>(buffer), count}});
  return ncclSuccess;
}

void exchange(ncclComm& communicator, const std::vector<Message>& sent, const std::vector<Message>& received) {
  Shared& shared = *communicator.shared;
  std::vector<std::vector<std::byte>> copies;
  auto& own = shared.sent[static_cast<std::size_t>(communicator.rank)];
  own.clear();
  for (const auto& [rank, bytes] : sent) {
    copies.emplace_back(bytes.begin(), bytes.end());
    own.push_back({rank, copies.back()});
  }
  shared.barrier.arrive_and_wait();
  std::map<int, std::size_t> places;
  for (const auto& [rank, bytes] : received) {
    const auto& theirs = shared.sent[static_cast<std::size_t>(rank)];
    std::size_t& place = places[rank];
    while (theirs[place].rank != communicator.rank) ++place;
    if (theirs[place].bytes.size() != bytes.size()) std::terminate();  // NCCL would wait for ever
    std::memcpy(bytes.data(), theirs[place++].bytes.data(), bytes.size());
  }
  shared.barrier.arrive_and_wait();
}

}  // namespace

extern "C" {

ncclResult_t ncclGetVersion(int* version) {
  *version = 21806;
  return ncclSuccess;
}
const char* ncclGetErrorString(ncclResult_t) {
  return "invalid usage";
}
ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  const std::lock_guard lock(mutex);
  std::memset(id, 0, sizeof *id);
  ++identities;
  std::memcpy(id, &identities, sizeof identities);
  return ncclSuccess;
}
ncclResult_t ncclCommInitRank(ncclComm_t* communicator, int count, ncclUniqueId id, int rank) {
  long identity = 0;
  std::memcpy(&identity, &id, sizeof identity);
  const std::lock_guard lock(mutex);
  auto& shared = known[identity];
  if (!shared) shared = std::make_shared<Shared>(count);
  *communicator = new ncclComm{shared, rank};
  return ncclSuccess;
}
ncclResult_t ncclCommDestroy(ncclComm_t communicator) {
  delete communicator;
  return ncclSuccess;
}
ncclResult_t ncclCommAbort(ncclComm_t communicator) {
  return ncclCommDestroy(communicator);
}
ncclResult_t ncclGroupStart() {
  ++queued.depth;
  return ncclSuccess;
}
ncclResult_t ncclSend(const void* from, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator,
                      cudaStream_t stream) {
  return add(queued.sent, const_cast<void*>(from), count, type, peer, communicator, stream);
}
ncclResult_t ncclRecv(void* to, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator,
                      cudaStream_t stream) {
  return add(queued.received, to, count, type, peer, communicator, stream);
}
ncclResult_t ncclGroupEnd() {
  Queued all = std::exchange(queued, {});
  if (--all.depth != 0) return ncclInvalidUsage;
  if (!all.communicator) return ncclSuccess;
  auto* const device = reinterpret_cast<glifr::test::EmulatedDevice*>(all.stream);
  device->call([all] { exchange(*all.communicator, all.sent, all.received); });
  return ncclSuccess;
}

}  // extern "C"
