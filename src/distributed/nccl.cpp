#include "nccl.hpp"

#include <nccl.h>

#include <exception>

#include "../backend/cuda/stream.hpp"
#include "../backend/late_library.hpp"
#include "glifr/error.hpp"

namespace glifr {

namespace {

/// NCCL, loaded when devices are linked: it takes more memory than all of glifr.
struct Nccl {
  decltype(&ncclGetUniqueId) get_unique_id = nullptr;
  decltype(&ncclCommInitRank) init_rank = nullptr;
  decltype(&ncclCommDestroy) destroy = nullptr;
  decltype(&ncclCommAbort) abort = nullptr;
  decltype(&ncclGroupStart) group_start = nullptr;
  decltype(&ncclGroupEnd) group_end = nullptr;
  decltype(&ncclSend) send = nullptr;
  decltype(&ncclRecv) receive = nullptr;
  decltype(&ncclGetVersion) get_version = nullptr;
  decltype(&ncclGetErrorString) error_string = nullptr;
  int version = 0;
  std::optional<std::string> problem{};  // why it cannot be used

  Nccl() {
    LateLibrary library("NCCL", "libnccl.so." + std::to_string(NCCL_MAJOR));
    library.find("ncclGetUniqueId", get_unique_id);
    library.find("ncclCommInitRank", init_rank);
    library.find("ncclCommDestroy", destroy);
    library.find("ncclCommAbort", abort);
    library.find("ncclGroupStart", group_start);
    library.find("ncclGroupEnd", group_end);
    library.find("ncclSend", send);
    library.find("ncclRecv", receive);
    library.find("ncclGetVersion", get_version);
    library.find("ncclGetErrorString", error_string);
    problem = library.problem();
    if (!problem && get_version(&version) != ncclSuccess) version = 0;
    constexpr int first = 20906;  // of version 2.9.6
    if (!problem && version < first) problem = "NCCL " + version_text() + " cannot be recorded; needed: 2.9.6 or newer";
  }
  [[nodiscard]] std::string version_text() const {
    const int major = version < 10000 ? 1000 : 10000;  // up to 2.8, a version had fewer digits
    return std::to_string(version / major) + "." + std::to_string(version % major / 100) + "." +
           std::to_string(version % 100);
  }
};

const Nccl& nccl() {
  static const Nccl library;
  return library;
}

void check(ncclResult_t result, const char* call, const char* advice = "") {
  if (result == ncclSuccess) return;
  throw DeviceFailure("nccl", std::string(call) + ": " + nccl().error_string(result) + advice);
}

class NcclLinks final : public DeviceLinks {
 public:
  NcclLinks(const cuda::HasStream& device, Group& group) : device_(device), group_(group) {
    const ncclUniqueId id = decided_by_first(&group, [] {
      ncclUniqueId made;
      check(nccl().get_unique_id(&made), "ncclGetUniqueId");
      return made;
    });
    static_cast<void>(device_.stream());  // whose GPU is to be the current one
    check(nccl().init_rank(&communicator_, static_cast<int>(group.size()), id, static_cast<int>(group.rank())),
          "ncclCommInitRank", "; each process needs a GPU of its own (NCCL_DEBUG=WARN says more)");
  }
  ~NcclLinks() override {
    // After a failure, what other processes were to send may never come.
    const bool fails = std::uncaught_exceptions() > exceptions_;
    static_cast<void>(fails ? nccl().abort(communicator_) : nccl().destroy(communicator_));
  }
  NcclLinks(const NcclLinks&) = delete;
  NcclLinks& operator=(const NcclLinks&) = delete;

  [[nodiscard]] Group& group() const override { return group_; }
  [[nodiscard]] std::string description() const override { return "NCCL " + nccl().version_text(); }
  [[nodiscard]] bool can_be_recorded() const override { return true; }

  void exchange(std::span<const Message> sent, std::span<const Message> received) override {
    const cudaStream_t stream = device_.stream();
    check(nccl().group_start(), "ncclGroupStart");
    for (const auto& [rank, bytes] : sent) {
      check(nccl().send(bytes.data(), bytes.size(), ncclUint8, static_cast<int>(rank), communicator_, stream),
            "ncclSend");
    }
    for (const auto& [rank, bytes] : received) {
      check(nccl().receive(bytes.data(), bytes.size(), ncclUint8, static_cast<int>(rank), communicator_, stream),
            "ncclRecv");
    }
    check(nccl().group_end(), "ncclGroupEnd");
  }

 private:
  const cuda::HasStream& device_;
  Group& group_;
  ncclComm_t communicator_ = nullptr;
  int exceptions_ = std::uncaught_exceptions();
};

}  // namespace

std::optional<std::string> nccl_problem(const Device& device) {
  if (!dynamic_cast<const cuda::HasStream*>(&device)) return "NCCL links GPUs alone, found " + device.name();
  return nccl().problem;
}

std::unique_ptr<DeviceLinks> link_by_nccl(Device& device, Group& group) {
  return std::make_unique<NcclLinks>(dynamic_cast<const cuda::HasStream&>(device), group);
}

}  // namespace glifr
