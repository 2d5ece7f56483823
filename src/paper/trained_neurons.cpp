#include <array>
#include <boost/json.hpp>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "glifr/paper/reproduction.hpp"

namespace glifr::paper {
namespace {

/// The courses of the parameters, by the columns of a NeuronTable. A row is an epoch; the columns are J blocks of N
/// values.
using Courses = std::array<CsvNumbers, 5>;
constexpr std::array<const char*, 5> names{"thresh", "k_m", "r_j", "k_j", "a_j"};

std::optional<Courses> read_courses(const TrialFolder& files) {
  Courses courses;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!is_there(files.parameter(names[i]))) return std::nullopt;
    courses[i] = read_csv_numbers(files.parameter(names[i]), {});
  }
  return courses;
}

void check_columns(const Courses& courses, Index neurons, Index num_ascs, const TrialFolder& files) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Index expected = neurons * (i < 2 ? 1 : num_ascs);
    if (courses[i].columns == expected) continue;
    throw DataError(files.parameter(names[i]).string(),
                    "has " + std::to_string(courses[i].columns) + " columns; expected are " + std::to_string(expected));
  }
}

/// The neurons as they were in the first or the last row.
analysis::NeuronTable table_of(const Courses& courses, Index neurons, Index num_ascs, bool is_last) {
  analysis::NeuronTable table{neurons, num_ascs, {}};
  table.values.resize(static_cast<std::size_t>(neurons * table.columns()));
  Index column = 0;
  for (const CsvNumbers& course : courses) {
    const std::span<const double> values = course.row(is_last ? course.rows - 1 : 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto at = static_cast<Index>(i);
      table.values[static_cast<std::size_t>(at % neurons * table.columns() + column + at / neurons)] = values[i];
    }
    column += course.columns / neurons;
  }
  return table;
}

}  // namespace

std::optional<TrainedNeurons> trained_neurons(const analysis::Trial& trial) {
  const TrialFolder files = trial.files();
  const std::optional<Courses> courses = read_courses(files);
  if (!courses) return std::nullopt;
  const Index neurons = (*courses)[0].columns, num_ascs = (*courses)[2].columns / neurons;
  check_columns(*courses, neurons, num_ascs, files);
  TrainedNeurons trained{table_of(*courses, neurons, num_ascs, false), table_of(*courses, neurons, num_ascs, true),
                         default_constants<Glifr<0>>()};
  for_each_scalar(trained.constants, [&](double& constant, const ScalarPlace& place) {
    const boost::json::value* recorded = trial.config.if_contains(scalar_name(place));
    if (recorded && recorded->is_number()) constant = recorded->to_number<double>();
  });
  return trained;
}

}  // namespace glifr::paper
