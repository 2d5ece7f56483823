#pragma once

#include "session.hpp"

namespace glifr::apps {

/// Each adds its subcommand, with all options, to the app.
void add_summary(CLI::App& app, Session& session);
void add_curves(CLI::App& app, Session& session);
void add_ablation(CLI::App& app, Session& session);
void add_fi_curve(CLI::App& app, Session& session);
void add_parameters(CLI::App& app, Session& session);
void add_cluster(CLI::App& app, Session& session);
void add_connectivity(CLI::App& app, Session& session);
void add_trace(CLI::App& app, Session& session);
void add_responses(CLI::App& app, Session& session);
void add_activity(CLI::App& app, Session& session);
void add_count(CLI::App& app, Session& session);
void add_report(CLI::App& app, Session& session);
void add_paper(CLI::App& app, Session& session);
void add_import(CLI::App& app, Session& session);
void add_export(CLI::App& app, Session& session);

}  // namespace glifr::apps
