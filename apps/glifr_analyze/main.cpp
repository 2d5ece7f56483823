// glifr_analyze: parses the command line, calls the analysis layer, prints. Exit codes: 0 done, 1 the run failed, 2
// what was asked is wrong.
#include <csignal>
#include <exception>
#include <iostream>

#include "glifr/error.hpp"
#include "glifr/version.hpp"
#include "subcommands.hpp"

namespace {

int exit_code_of(const glifr::Error& error) {
  const bool run_failed =
      dynamic_cast<const glifr::NumericError*>(&error) || dynamic_cast<const glifr::OutputError*>(&error);
  return run_failed ? 1 : 2;
}

std::string names(const CLI::App& app) {
  std::string text;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    text += (text.empty() ? "" : ", ") + subcommand->get_name();
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that reaches the limit on its size is an error of the write, not the end
  CLI::App app("Tables, tests and figures from what glifr_train leaves behind.", "glifr_analyze");
  app.set_version_flag("--version", "glifr_analyze " + std::string(glifr::version()), "Print the version and exit");
  app.require_subcommand(0, 1);
  Session session;
  for (const auto add : {add_summary, add_curves, add_ablation, add_fi_curve, add_parameters, add_cluster, add_trace,
                         add_responses, add_count, add_report}) {
    add(app, session);
  }
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) throw glifr::ConfigError("subcommand", "found none, accepted are " + names(app));
    session.run();
    return 0;
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    std::cerr << "glifr_analyze: " << error.what() << " (see glifr_analyze --help)" << std::endl;
    return 2;
  } catch (const glifr::Error& error) {
    std::cerr << "glifr_analyze: " << error.what() << std::endl;
    return exit_code_of(error);
  } catch (const std::exception& error) {
    std::cerr << "glifr_analyze: " << error.what() << std::endl;
    return 1;
  }
}
