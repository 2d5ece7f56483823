#pragma once

#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/error.hpp"
#include "glifr/export.hpp"

namespace glifr {

/// Processes that work on one thing. All of them call each of these functions in the same order, unless it says
/// otherwise; a call returns when what it needs from the others has arrived. Implementations are thread-safe as far as
/// one call at a time goes.
class GLIFR_API Group {
 public:
  virtual ~Group() = default;

  /// Number of this process, from 0.
  [[nodiscard]] virtual Index rank() const = 0;
  /// Processes of the group.
  [[nodiscard]] virtual Index size() const = 0;

  /// Sends to[r] to process r and receives from[r] from it, for each r, this process included. The sizes of what one
  /// sends and the other receives are the same.
  virtual void exchange(std::span<const std::span<const std::byte>> to, std::span<const std::span<std::byte>> from) = 0;
  /// Sends the same bytes to all; all[r] receives those of process r.
  virtual void gather(std::span<const std::byte> mine, std::span<const std::span<std::byte>> all) = 0;
  /// The bits that are set in all processes.
  [[nodiscard]] virtual unsigned common_bits(unsigned bits) = 0;

  /// Whether it holds in all processes.
  [[nodiscard]] bool all_of(bool holds) { return common_bits(holds ? 1U : 0U) != 0; }
  /// The text of each process.
  [[nodiscard]] std::vector<std::string> gather_texts(const std::string& mine);
};

/// Makes the bytes of all processes those of the first.
GLIFR_API void broadcast(Group& group, std::span<std::byte> bytes);

/// Thrown where another process of the group failed, and says itself why.
class GLIFR_API PeerFailure : public Error {
 public:
  /// `diverged`: it failed by a NumericError.
  explicit PeerFailure(bool diverged) : Error("another process of the group failed"), diverged_(diverged) {}
  /// Whether the other one's training diverged.
  [[nodiscard]] bool diverged() const noexcept { return diverged_; }

 private:
  bool diverged_;
};

/// Whether something holds in all processes. Where one of them has failed, all throw: its `error`, or else PeerFailure.
GLIFR_API bool agree(Group& group, const std::exception_ptr& error, bool holds = true);

/// Runs f in the first process of a group, or here where there is none. Where it throws, all processes do: the first
/// one what f threw, the others PeerFailure.
template <class F>
void on_first(Group* group, F&& f) {
  if (!group) return f();
  std::exception_ptr error;
  if (group->rank() == 0) {
    try {
      f();
    } catch (...) {
      error = std::current_exception();
    }
  }
  agree(*group, error);
}

/// The same for a function of whose result, trivially copyable, each process gets a copy.
template <class F>
auto decided_by_first(Group* group, F&& f) {
  using Result = decltype(f());
  static_assert(std::is_trivially_copyable_v<Result>);
  if (!group) return f();
  Result result{};
  on_first(group, [&] { result = f(); });
  broadcast(*group, std::as_writable_bytes(std::span(&result, 1)));
  return result;
}

}  // namespace glifr
