// The whole of glifr_analyze: parses the command line, calls the analysis layer, prints. Exit codes: 0 done, 1 the run
// failed, 2 what was asked is wrong.
#include "glifr/apps/analyze.hpp"
#include "common/options.hpp"
#include "common/program.hpp"
#include "glifr/error.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace {

std::string names(const CLI::App& app) {
  std::string text;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    text += (text.empty() ? "" : ", ") + subcommand->get_name();
  }
  return text;
}

int run(int argc, char** argv) {
  CLI::App app("Tables, tests and figures from what glifr_train leaves behind.", cli::program_name());
  cli::add_version(app);
  cli::add_cpu_target(app);
  app.require_subcommand(0, 1);
  Session session;
  for (const auto add :
       {add_summary, add_curves, add_ablation, add_fi_curve, add_parameters, add_cluster, add_connectivity, add_trace,
        add_responses, add_count, add_report, add_paper, add_import, add_export}) {
    add(app, session);
  }
  if (const auto exit_code = cli::parse(app, argc, argv)) return *exit_code;
  if (app.get_subcommands().empty()) throw glifr::ConfigError("subcommand", "found none, accepted are " + names(app));
  session.run();
  return 0;
}

}  // namespace

int run_analyze(int argc, char** argv) {
  cli::name_program(argc, argv, "glifr_analyze");
  return cli::run_program([&] { return run(argc, argv); });
}

}  // namespace glifr::apps
