// The whole of glifr_analyze: parses the command line, calls the analysis layer, prints. Exit codes: 0 done, 1 the run
// failed, 2 what was asked is wrong.
#include "glifr/apps/analyze.hpp"
#include "common/options.hpp"
#include "common/program.hpp"
#include "glifr/error.hpp"
#include "glifr/io/text.hpp"
#include "subcommands.hpp"

namespace glifr::apps {

namespace {

std::string names(const CLI::App& app) {
  return glifr::joined(app.get_subcommands([](const CLI::App*) { return true; }), ", ",
                       [](const CLI::App* subcommand) { return subcommand->get_name(); });
}

/// Error where there is no command, or what stands in its place is none.
void check_command(const CLI::App& app) {
  const std::vector<std::string> others = app.remaining();
  if (others.empty() && !app.get_subcommands().empty()) return;
  if (!others.empty() && others.front().starts_with('-')) {
    throw glifr::Error("The following argument was not expected: " + others.front() + " (see " + app.get_name() +
                       " --help)");
  }
  const std::string found = others.empty() ? "no command" : "the command '" + others.front() + "'";
  throw glifr::Error("found " + found + "; accepted: " + names(app));
}

int run(int argc, char** argv) {
  CLI::App app("Tables, tests and figures from what glifr_train leaves behind.", cli::program_name());
  cli::add_version(app);
  cli::add_cpu_target(app);
  app.require_subcommand(0, 1);
  Session session;
  for (const auto add :
       {add_summary, add_curves, add_ablation, add_fi_curve, add_parameters, add_cluster, add_connectivity, add_trace,
        add_responses, add_activity, add_count, add_report, add_paper, add_import, add_export}) {
    add(app, session);
  }
  app.allow_extras();  // so that a command that is misspelt is said to be one
  if (const auto exit_code = cli::parse(app, argc, argv)) return *exit_code;
  check_command(app);
  session.run();
  return 0;
}

}  // namespace

int run_analyze(int argc, char** argv) {
  cli::name_program(argc, argv, "glifr_analyze");
  return cli::run_program([&] { return run(argc, argv); });
}

}  // namespace glifr::apps
