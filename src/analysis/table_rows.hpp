#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "glifr/analysis/plot.hpp"

namespace glifr::analysis::detail {

/// Fills a table row by row.
class TableRows {
 public:
  TableRows(std::string name, std::initializer_list<const char*> columns) : table_{std::move(name), {}} {
    for (const char* column : columns) table_.columns.push_back({column, {}});
  }

  /// A row: a number or a word for each column, in a column always the same kind.
  template <class... Cells>
  void add(const Cells&... cells) {
    std::size_t i = 0;
    (add_cell(table_.columns[i++], cells), ...);
  }

  [[nodiscard]] Table take() { return std::move(table_); }

 private:
  static void add_cell(Column& column, double number) {
    std::get<std::vector<double>>(column.values).push_back(number);
  }
  static void add_cell(Column& column, const std::string& word) {
    if (auto* words = std::get_if<std::vector<std::string>>(&column.values)) return words->push_back(word);
    column.values = std::vector{word};
  }

  Table table_;
};

}  // namespace glifr::analysis::detail
