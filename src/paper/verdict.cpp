#include "glifr/paper/verdict.hpp"

#include <stdexcept>

namespace glifr::paper {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::same:
      return "same";
    case Verdict::better:
      return "better";
    case Verdict::different:
      return "different";
    case Verdict::not_enough_trials:
      return "not enough trials";
  }
  throw std::logic_error("no such verdict");
}

Judgement judge(const analysis::Moments& ours, const analysis::Moments& published, bool more_is_better,
                const Levels& levels) {
  Judgement judgement;
  if (ours.count < 2 || published.count < 2 || !(published.sd > 0)) return judgement;
  judgement.difference = analysis::welch_t_test(ours, published);
  judgement.equivalence = analysis::equivalence_test(ours, published, levels.margin * published.sd);
  if (judgement.equivalence->p() < levels.equivalence) {
    judgement.verdict = ours.count >= levels.least_trials ? Verdict::same : Verdict::not_enough_trials;
  } else if (judgement.difference->p < levels.difference) {
    judgement.verdict = (ours.mean > published.mean) == more_is_better ? Verdict::better : Verdict::different;
  }
  return judgement;
}

}  // namespace glifr::paper
