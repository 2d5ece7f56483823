#include "glifr/analysis/figures.hpp"
#include "glifr/analysis/tables.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

void add_curves(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand(
      "curves",
      "Training curves of every task and model, mean and sd over trials, of unfinished trials as far as they are");
  auto folder = std::make_shared<std::string>("results");
  add_results_option(*command, *folder);
  session.add_options(*command, {});
  command->callback([&session, folder] {
    session.set_action([&session, folder] {
      const analysis::Results results = session.read_results(*folder, true);
      std::vector<std::pair<std::string, std::vector<analysis::TrainingCurve>>> curves;
      for (const std::string& task : tasks(results)) curves.emplace_back(task, training_curves(results, task));
      session.write(analysis::curves_table(curves), "curves.csv");
      for (const auto& [task, of_task] : curves) {
        if (!of_task.empty()) session.draw(analysis::training_curves_figure(task, of_task));
      }
    });
  });
}

}  // namespace glifr::apps
