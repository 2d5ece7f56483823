#include "glifr/distributed/group.hpp"

namespace glifr {

namespace {

/// What each process receives, as `gather` takes it.
std::vector<std::span<std::byte>> spans_of(std::vector<std::string>& texts) {
  std::vector<std::span<std::byte>> spans;
  for (std::string& text : texts) spans.push_back(std::as_writable_bytes(std::span(text)));
  return spans;
}

}  // namespace

std::vector<std::string> Group::gather_texts(const std::string& mine) {
  const auto count = static_cast<std::size_t>(size());
  const std::size_t length = mine.size();
  std::vector<std::size_t> lengths(count);
  std::vector<std::span<std::byte>> places;
  for (std::size_t& one : lengths) places.push_back(std::as_writable_bytes(std::span(&one, 1)));
  gather(std::as_bytes(std::span(&length, 1)), places);
  std::vector<std::string> texts(count);
  for (std::size_t r = 0; r < count; ++r) texts[r].resize(lengths[r]);
  gather(std::as_bytes(std::span(mine)), spans_of(texts));
  return texts;
}

bool agree(Group& group, const std::exception_ptr& error, bool holds) {
  constexpr unsigned succeeded = 1, converged = 2, held = 4;
  unsigned own = succeeded | converged | (holds ? held : 0);
  if (error) {
    try {
      std::rethrow_exception(error);
    } catch (const NumericError&) {
      own = 0;
    } catch (...) {
      own = converged;
    }
  }
  const unsigned common = group.common_bits(own);
  if ((common & succeeded) != 0) return (common & held) != 0;
  if (error) std::rethrow_exception(error);
  throw PeerFailure((common & converged) == 0);
}

void broadcast(Group& group, std::span<std::byte> bytes) {
  // From the first alone: what the others give and take is empty.
  std::vector<std::span<const std::byte>> to(static_cast<std::size_t>(group.size()));
  std::vector<std::span<std::byte>> from(to.size());
  if (group.rank() == 0) {
    for (std::size_t r = 1; r < to.size(); ++r) to[r] = bytes;
  } else {
    from.front() = bytes;
  }
  group.exchange(to, from);
}

}  // namespace glifr
