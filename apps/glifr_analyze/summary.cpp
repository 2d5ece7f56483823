#include "glifr/analysis/summary.hpp"

#include <cstdio>

#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/style.hpp"
#include "glifr/analysis/tables.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

void print(const analysis::TaskSummary& summary) {
  const char* metric = summary.has_accuracy() ? "test accuracy (%)" : "test loss";
  std::printf("\n%s, %s\n", summary.task.c_str(), metric);
  const double factor = summary.has_accuracy() ? 100 : 1;
  for (const analysis::ModelSummary& model : summary.models) {
    const analysis::Moments m = analysis::moments(model.values());
    std::printf("  %-14s %3td trial%s  %.6g", analysis::model_name(model.model).c_str(), m.count,
                m.count == 1 ? " " : "s", factor * m.mean);
    if (m.count > 1) std::printf(" +- %.3g", factor * m.sd);
    std::printf("\n");
  }
}

}  // namespace

void add_summary(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand(
      "summary", "Test results of every task and model, t-tests between all pairs of models, error bars");
  auto folder = std::make_shared<std::string>("results");
  add_results_option(*command, *folder);
  session.add_options(*command);
  command->callback([&session, folder] {
    session.set_action([&session, folder] {
      const auto summaries = analysis::summarize(session.read_results(*folder));
      session.write(analysis::summary_table(summaries), "summary.csv");
      session.write(analysis::comparison_table(summaries), "ttests.csv");
      for (const analysis::TaskSummary& summary : summaries) session.draw(analysis::summary_figure(summary));
      for (const analysis::TaskSummary& summary : summaries) print(summary);
    });
  });
}

}  // namespace glifr::apps
