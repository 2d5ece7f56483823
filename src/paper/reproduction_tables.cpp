#include <algorithm>
#include <cmath>

#include "glifr/paper/contents.hpp"
#include "glifr/paper/reproduction.hpp"

namespace glifr::paper {
namespace {

using analysis::Moments;

void add_number(CsvRows& csv, const Moments& moments, double value) {
  moments.count > 0 && !std::isnan(value) ? csv.cell(value) : csv.empty_cell();
}

void add_row(CsvRows& csv, const Row& row) {
  csv.cell(row.statement.empty() ? row.item : row.item + ": " + row.statement).cell(row.task).cell(row.model);
  csv.cell(row.trials);
  add_number(csv, row.ours, row.ours.mean);
  add_number(csv, row.published, row.published.mean);
  row.has_verdict ? csv.cell(name_of(row.judgement.verdict)) : csv.empty_cell();
  csv.end_row();
}

}  // namespace

CsvRows paper_table(const Reproduction& reproduction) {
  CsvRows csv({"row", "task", "model", "trials", "ours", "published", "verdict"});
  for (const Row& row : reproduction.numbers) add_row(csv, row);
  for (const Row& row : reproduction.claims) add_row(csv, row);
  for (const Item& item : contents()) {
    const auto is_of_item = [&](const Row& row) { return row.item == item.name; };
    if (std::ranges::any_of(reproduction.numbers, is_of_item) || std::ranges::any_of(reproduction.claims, is_of_item))
      continue;
    add_row(csv, {.item = item.name, .task = {}, .model = {}, .has_verdict = false});
  }
  return csv;
}

CsvRows tests_table(const Reproduction& reproduction) {
  CsvRows csv({"row", "task", "model", "quantity", "trials", "mean", "sd", "published_trials", "published_mean",
               "published_sd", "welch_t", "welch_df", "welch_p", "margin", "tost_p_lower", "tost_p_upper", "tost_p",
               "verdict", "note"});
  for (const Row& row : reproduction.numbers) {
    csv.cell(row.item).cell(row.task).cell(row.model).cell(row.quantity).cell(row.ours.count);
    add_number(csv, row.ours, row.ours.mean);
    add_number(csv, row.ours, row.ours.sd);
    csv.cell(row.published.count).cell(row.published.mean).cell(row.published.sd);
    if (const auto& test = row.judgement.difference) {
      csv.cell(test->t).cell(test->degrees_of_freedom).cell(test->p);
    } else {
      csv.empty_cell().empty_cell().empty_cell();
    }
    if (const auto& test = row.judgement.equivalence) {
      csv.cell(test->margin).cell(test->p_lower).cell(test->p_upper).cell(test->p());
    } else {
      csv.empty_cell().empty_cell().empty_cell().empty_cell();
    }
    row.has_verdict ? csv.cell(name_of(row.judgement.verdict)) : csv.empty_cell();
    csv.cell(row.note).end_row();
  }
  return csv;
}

}  // namespace glifr::paper
