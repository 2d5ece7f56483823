#include "glifr/training/evaluate.hpp"

#include <numeric>

#include "glifr/error.hpp"
#include "micro_batches.hpp"

namespace glifr {

template <Scalar T>
Score evaluate(const RecurrentNetwork<T>& network, const Dataset<T>& data, Workers& workers,
               const EvaluationOptions<T>& options) {
  check_samples(options.samples, data.size());
  MicroBatches<T> micro_batches(network, data, workers.threads(), {.micro_batch = options.micro_batch}, options.loss);
  return workers.run([&] {
    return options.samples.empty() ? micro_batches.evaluate(options.engine)
                                   : micro_batches.evaluate(options.samples, options.engine);
  });
}

template <Scalar T>
Classification classify(const RecurrentNetwork<T>& network, const Dataset<T>& data, Workers& workers,
                        const EvaluationOptions<T>& options) {
  if (data.classes() < 1) throw ConfigError("classify", "the targets of these data are values, expected classes");
  if (network.outputs() != Outputs::last_step)
    throw ConfigError("classify", "a class a sample needs Outputs::last_step, found Outputs::every_step");
  if (network.output_size() != data.classes()) {
    throw ConfigError("output_size", "the data has " + std::to_string(data.classes()) + " classes, the network " +
                                         std::to_string(network.output_size()) + " outputs");
  }
  check_samples(options.samples, data.size());
  std::vector<Index> samples(options.samples.begin(), options.samples.end());
  if (samples.empty()) {
    samples.resize(static_cast<std::size_t>(data.size()));
    std::iota(samples.begin(), samples.end(), Index{0});
  }
  Classification result{.classes = data.classes()};
  result.predicted.resize(samples.size());
  MicroBatches<T> micro_batches(network, data, workers.threads(), {.micro_batch = options.micro_batch}, options.loss);
  result.score = workers.run([&] {
    return options.samples.empty() ? micro_batches.evaluate(options.engine, result.predicted.data())
                                   : micro_batches.evaluate(samples, options.engine, result.predicted.data());
  });
  const std::vector<std::int32_t> labels = labels_of<T>(data, samples);
  result.confusion.assign(static_cast<std::size_t>(result.classes * result.classes), 0);
  for (std::size_t i = 0; i < labels.size(); ++i)
    ++result.confusion[static_cast<std::size_t>(labels[i] * result.classes + result.predicted[i])];
  return result;
}

#define GLIFR_INSTANTIATE(T)                                                                                        \
  template Score evaluate<T>(const RecurrentNetwork<T>&, const Dataset<T>&, Workers&, const EvaluationOptions<T>&); \
  template Classification classify<T>(const RecurrentNetwork<T>&, const Dataset<T>&, Workers&,                      \
                                      const EvaluationOptions<T>&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
