#pragma once

#include <optional>
#include <string_view>

#include "glifr/analysis/statistics.hpp"
#include "glifr/export.hpp"

namespace glifr::paper {

/// What a comparison with a published result comes to.
enum class Verdict {
  same,              ///< the means are equivalent, or a claim of the paper holds here too
  better,            ///< the means differ, and ours is the better one
  different,         ///< the means differ, and ours is the worse one, or the opposite of a claim holds
  not_enough_trials  ///< neither can be told with so many trials
};

/// "same", "better", "different", "not enough trials".
[[nodiscard]] GLIFR_API std::string_view name_of(Verdict verdict);

/// How sure a verdict has to be.
struct Levels {
  double margin = 1.5;        ///< of equivalence, in published standard deviations between trials
  Index least_trials = 5;     ///< fewer are not called the same, whatever the tests say
  double equivalence = 0.05;  ///< level of the two one-sided tests
  double difference = 0.01;   ///< level of Welch's test: with 35 rows, 0.05 would call two of them different by chance
  double claim = 0.05;        ///< level of the tests of the paper's claims, as in the paper
};

/// A verdict with the tests on which it stands.
struct Judgement {
  Verdict verdict = Verdict::not_enough_trials;            ///< what they come to
  std::optional<analysis::TTest> difference{};             ///< Welch's, ours minus theirs, where it is defined
  std::optional<analysis::EquivalenceTest> equivalence{};  ///< where it is defined
};

/// Compares a mean over our trials with the published one: the same where the two one-sided tests say that they differ
/// by less than the margin, of at least `least_trials` trials; otherwise better or different where Welch's test says
/// that they differ; otherwise, and with fewer than two trials, not enough trials. `more_is_better`: of accuracies, not
/// of losses.
[[nodiscard]] GLIFR_API Judgement judge(const analysis::Moments& ours, const analysis::Moments& published,
                                        bool more_is_better, const Levels& levels = {});

}  // namespace glifr::paper
