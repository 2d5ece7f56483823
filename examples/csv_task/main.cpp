// A custom task from a table: predict column y from column x. The table is cut into stretches; the network is trained
// on all but the last and tested on the last.
//   csv_task signal.csv
#include <cstdio>
#include <exception>
#include <vector>

#include <glifr/glifr.hpp>
#include <glifr/io/csv.hpp>

namespace {

using namespace glifr;

constexpr Index steps = 50;  // rows in a stretch

/// Stretches `first` to `first + count` of the table as samples: [steps, count, 1] each.
ValueDataset<float> stretches(const CsvNumbers& table, Index first, Index count) {
  std::vector<float> inputs, targets;
  for (Index t = 0; t < steps; ++t) {
    for (Index sample = first; sample < first + count; ++sample) {
      inputs.push_back(static_cast<float>(table(sample * steps + t, 0)));
      targets.push_back(static_cast<float>(table(sample * steps + t, 1)));
    }
  }
  return {Shape{steps, count, 1}, std::move(inputs), 1, std::move(targets)};
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw ConfigError("csv_task", "expected the name of a CSV file with the columns x and y");
  const CsvNumbers table = read_csv_numbers(argv[1], {.has_header = true});
  if (table.header != std::vector<std::string>{"x", "y"}) throw DataError(argv[1], "expected the columns x and y");
  const Index samples = table.rows / steps;
  if (samples < 2) throw DataError(argv[1], "expected at least 100 rows");
  const auto train = stretches(table, 0, samples - 1), test = stretches(table, samples - 1, 1);

  CellSettings<Glifr<0>> neurons{.input_size = 1, .hidden_size = 24, .delay = 1};
  neurons.constants.dt = neurons.constants.tau = 1;  // ms: one row of the table
  Network<GlifrCell<0, float>> network(neurons, 1, Outputs::every_step);
  initialize_homogeneous(network, 1);

  Workers workers(available_processors());
  TrainingSettings settings{.batch_size = samples - 1, .max_epochs = 1000};
  settings.learning_rate.initial = 3e-3;
  Trainer<float> trainer(network, train, settings, workers);
  std::printf("mean squared error on the last stretch before: %.4f\n", evaluate(network, test, workers).loss());
  trainer.fit();
  std::printf("after: %.4f\n", evaluate(network, test, workers).loss());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
