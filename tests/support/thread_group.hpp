#pragma once

#include <algorithm>
#include <barrier>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

#include "glifr/distributed/group.hpp"

namespace glifr::test {

/// Groups of "processes" that are threads of this one, to test without MPI what groups do.
class ThreadGroups {
 public:
  /// Runs f(group) once for each of so many processes; throws what the first of them threw that threw.
  static void run(Index size, const std::function<void(Group&)>& f) {
    Shared shared(size);
    std::vector<std::exception_ptr> errors(static_cast<std::size_t>(size));
    {
      std::vector<std::jthread> threads;
      for (Index rank = 0; rank < size; ++rank) {
        threads.emplace_back([&, rank] {
          Member member(shared, rank);
          try {
            f(member);
          } catch (...) {
            errors[static_cast<std::size_t>(rank)] = std::current_exception();
          }
        });
      }
    }
    for (const std::exception_ptr& error : errors) {
      if (error) std::rethrow_exception(error);
    }
  }

 private:
  struct Shared {
    explicit Shared(Index count)
        : size(count), barrier(count), sent(static_cast<std::size_t>(count)), bits(static_cast<std::size_t>(count)) {}
    Index size;
    std::barrier<> barrier;
    std::vector<std::vector<std::span<const std::byte>>> sent;  // by sender, then receiver
    std::vector<unsigned> bits;
  };

  class Member final : public Group {
   public:
    Member(Shared& shared, Index rank) : shared_(shared), rank_(static_cast<std::size_t>(rank)) {}
    [[nodiscard]] Index rank() const override { return static_cast<Index>(rank_); }
    [[nodiscard]] Index size() const override { return shared_.size; }
    void exchange(std::span<const std::span<const std::byte>> to, std::span<const std::span<std::byte>> from) override {
      shared_.sent[rank_].assign(to.begin(), to.end());
      shared_.barrier.arrive_and_wait();
      for (std::size_t r = 0; r < from.size(); ++r) {
        const auto bytes = shared_.sent[r][rank_];
        if (bytes.size() != from[r].size()) std::terminate();  // what one sends, the other receives
        if (bytes.data() != from[r].data()) std::ranges::copy(bytes, from[r].begin());
      }
      shared_.barrier.arrive_and_wait();
    }
    void gather(std::span<const std::byte> mine, std::span<const std::span<std::byte>> all) override {
      exchange(std::vector(all.size(), mine), all);
    }
    [[nodiscard]] unsigned common_bits(unsigned bits) override {
      shared_.bits[rank_] = bits;
      shared_.barrier.arrive_and_wait();
      unsigned common = ~0U;
      for (const unsigned one : shared_.bits) common &= one;
      shared_.barrier.arrive_and_wait();
      return common;
    }

   private:
    Shared& shared_;
    std::size_t rank_;
  };
};

}  // namespace glifr::test
