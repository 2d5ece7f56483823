#include "sample_csv.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "glifr/error.hpp"
#include "glifr/io/csv.hpp"
#include "glifr/io/number.hpp"

namespace glifr::detail {
namespace {

/// What the columns behind the first hold.
struct Columns {
  std::vector<Index> features, labels, targets;
};

Columns sort_columns(const CsvNumbers& table, const std::string& file, const SampleNames& names) {
  const std::string label = names.labels.value_or("label"), target = names.targets.value_or("target");
  const auto refuse_sample = [&](const std::string& key, const std::optional<std::string>& name) {
    if (name == "sample")
      throw ConfigError(key, "found 'sample', the column of " + file + " that numbers the samples; accepted: another");
  };
  refuse_sample("labels_name", names.labels);
  refuse_sample("targets_name", names.targets);
  if (table.header[0] != "sample") {
    throw DataError(file, "the first column is '" + table.header[0] +
                              "'; 'sample' is needed, then features, then 'label' or 'target_…'");
  }
  Columns columns;
  for (Index column = 1; column < table.columns; ++column) {
    const std::string& name = table.header[static_cast<std::size_t>(column)];
    const bool is_answer = name == "label" || name == "target" || name.starts_with("target_");
    if (name == label) {
      columns.labels.push_back(column);
    } else if (name == target || name.starts_with(target + "_")) {
      columns.targets.push_back(column);
    } else if (!is_answer) {  // of other labels and targets than those that are asked for, the inputs say nothing
      columns.features.push_back(column);
    }
  }
  if (columns.features.empty()) throw DataError(file, "has no column of features between 'sample' and the last");
  std::set<std::string> names_seen;
  for (const std::string& name : table.header) {
    if (!names_seen.insert(name).second) throw DataError(file, "has two columns '" + name + "'");
  }
  return columns;
}

struct Rows {
  Index first = 0, count = 0;
};

/// The rows of each sample.
std::vector<Rows> sort_rows(const CsvNumbers& table, const std::string& file) {
  std::vector<Rows> samples;
  std::map<double, Index> seen;
  constexpr double limit = 1LL << 53;  // from which on doubles no longer tell one whole number from the next
  for (Index row = 0; row < table.rows; ++row) {
    const double sample = table(row, 0);
    if (!(std::abs(sample) < limit)) {
      throw DataError(file, "line " + std::to_string(row + 2) + ": found the sample " + format_number(sample) +
                                "; numbers of samples are told apart below 9007199254740992 (2^53)");
    }
    if (!whole_number(sample)) {
      throw DataError(file, "line " + std::to_string(row + 2) + ": found the sample " + format_number(sample) +
                                "; samples are numbered by whole numbers");
    }
    if (row > 0 && sample == table(row - 1, 0)) {
      ++samples.back().count;
      continue;
    }
    if (const auto [earlier, is_new] = seen.emplace(sample, row); !is_new) {
      throw DataError(file, "line " + std::to_string(row + 2) + ": sample " + format_number(sample) +
                                " began in line " + std::to_string(earlier->second + 2) +
                                " and others followed; the rows of a sample must be together");
    }
    samples.push_back({row, 1});
  }
  return samples;
}

/// Columns as `[samples, time, columns]`, with zeros behind the end of a sample.
NamedTensor collect(const CsvNumbers& table, const std::vector<Rows>& samples, Index time_steps,
                    const std::vector<Index>& columns, std::string name) {
  std::vector<double> values(static_cast<std::size_t>(std::ssize(samples) * time_steps * std::ssize(columns)), 0);
  auto place = values.begin();
  for (const Rows& sample : samples) {
    auto value = place;
    for (Index row = sample.first; row < sample.first + sample.count; ++row) {
      for (const Index column : columns) *value++ = table(row, column);
    }
    place += time_steps * std::ssize(columns);
  }
  return make_named_tensor<double>(std::move(name), {std::ssize(samples), time_steps, std::ssize(columns)}, values);
}

}  // namespace

SampleTable read_sample_csv(const std::filesystem::path& path, const SampleNames& names) {
  const std::string file = path.string();
  const auto meaning = [&](const std::string& column) {
    return column == names.labels.value_or("label") ? "labels are classes 0 … C - 1" : "";
  };
  const CsvNumbers table = read_csv_numbers(path, {.has_header = true, .meaning = meaning});
  const Columns columns = sort_columns(table, file, names);
  const std::vector<Rows> samples = sort_rows(table, file);
  if (samples.empty()) throw DataError(file, "has no row behind the line of names");

  Index time_steps = 0;
  std::vector<std::int64_t> lengths;
  for (const Rows& sample : samples) {
    lengths.push_back(sample.count);
    time_steps = std::max(time_steps, sample.count);
  }
  SampleTable result;
  for (const std::vector<Index>& group : {columns.features, columns.targets}) {
    for (const Index column : group) result.columns.push_back(table.header[static_cast<std::size_t>(column)]);
  }
  std::vector<NamedTensor>& arrays = result.arrays;
  arrays.push_back(collect(table, samples, time_steps, columns.features, "inputs"));
  if (std::ranges::count(lengths, time_steps) != std::ssize(lengths)) {
    arrays.push_back(make_named_tensor<std::int64_t>("lengths", {std::ssize(lengths)}, lengths));
  }
  if (!columns.labels.empty()) {
    std::vector<double> labels;
    for (const Rows& sample : samples) {
      labels.push_back(table(sample.first, columns.labels[0]));
      for (Index row = sample.first; row < sample.first + sample.count; ++row) {
        if (table(row, columns.labels[0]) == labels.back()) continue;
        throw DataError(file, "line " + std::to_string(row + 2) + ": the label is " +
                                  format_number(table(row, columns.labels[0])) + ", in line " +
                                  std::to_string(sample.first + 2) + " of the same sample " +
                                  format_number(labels.back()) + "; a sample has one label");
      }
    }
    arrays.push_back(make_named_tensor<double>("labels", {std::ssize(labels)}, labels));
  }
  if (!columns.targets.empty()) arrays.push_back(collect(table, samples, time_steps, columns.targets, "targets"));
  return result;
}

}  // namespace glifr::detail
