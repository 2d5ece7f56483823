#include "glifr/experiment/confusion.hpp"

#include "glifr/analysis/results.hpp"
#include "glifr/analysis/tables.hpp"

namespace glifr {

template <Scalar T>
std::optional<Score> record_confusion(const RecurrentNetwork<T>& network, const Dataset<T>& data, Workers& workers,
                                      const EvaluationOptions<T>& options, const TrialFolder& folder,
                                      const std::function<void(const std::string&)>& note) {
  using analysis::Confusion;
  if (data.classes() == 0) return std::nullopt;
  if (data.classes() > Confusion::most_classes) {
    note("confusion.csv is left out: there are " + std::to_string(data.classes()) + " classes, it has room for " +
         std::to_string(Confusion::most_classes));
    return std::nullopt;
  }
  const Classification result = classify(network, data, workers, options);
  analysis::confusion_table({result.classes, {result.confusion.begin(), result.confusion.end()}})
      .write(folder.confusion());
  return result.score;
}

#define GLIFR_INSTANTIATE(T)                                                                                 \
  template std::optional<Score> record_confusion<T>(const RecurrentNetwork<T>&, const Dataset<T>&, Workers&, \
                                                    const EvaluationOptions<T>&, const TrialFolder&,         \
                                                    const std::function<void(const std::string&)>&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
