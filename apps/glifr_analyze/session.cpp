#include "session.hpp"

#include <cstdlib>
#include <iostream>

#include "glifr/backend/parallel.hpp"
#include "glifr/io/files.hpp"

namespace glifr::apps {

namespace analysis = glifr::analysis;

namespace {

std::filesystem::path default_data_root() {
  const char* root = std::getenv("GLIFR_DATA");
  return root && *root ? root : "./datasets";
}

}  // namespace

void Session::add_options(CLI::App& command) {
  data_ = default_data_root();
  cli::add_path(command, "--out", out_, "Folder for tables and figures")->type_name("DIR")->capture_default_str();
  cli::add_path(command, "--data", data_, "Root folder of the data sets (default $GLIFR_DATA, then ./datasets)")
      ->type_name("DIR");
  cli::add_path(command, "--cache", cache_,
                "Folder for decoded recordings (default: a cache beside the data is read, none is written)")
      ->type_name("DIR");
  cli::add_choice(command, "--precision", precision_, {"float32", "float64"},
                  "Numbers to compute with: float32 or float64")
      ->type_name("NAME")
      ->capture_default_str();
  cli::add_integer(command, "--threads", threads_, cli::threads,
                   "Threads of the whole process (default: all of the machine's)")
      ->type_name("N");
  cli::add_seed(command, seed_, "Seed of random draws: same seed, same results, on any number of threads")
      ->type_name("S")
      ->capture_default_str();
  command.add_flag("--no-figures", no_figures_, "Write tables only, draw no figures");
  command
      .add_option("--width", width_,
                  "Width of the figures for print, mm, with letters of 8 points: 85 for one column of a journal, 170 "
                  "for two (default: as wide as looks right on a screen)")
      ->type_name("MM")
      ->check(CLI::Range(analysis::least_figure_width, 1000.0).description(""));
}

void Session::run() const {
  const glifr::ThreadLimit limit(threads_ > 0 ? threads_ : glifr::hardware_threads());
  action_();
}

glifr::DataStore Session::open_data() const {
  return glifr::DataStore({.root = data_, .cache = cache_, .caching = glifr::DataFiles::Caching::nowhere});
}

std::filesystem::path Session::output(const std::string& file) const {
  glifr::create_folder(out_);
  return out_ / file;
}

void Session::write(const glifr::CsvRows& table, const std::string& file) const {
  const auto path = output(file);
  table.write(path);
  std::cout << "wrote " << path.string() << '\n';
}

analysis::Drawing Session::draw(const analysis::Figure& figure) const {
  if (no_figures_) return {{}, false, "figures were turned off by --no-figures"};
  const analysis::Drawing drawing = analysis::draw(figure, output(""), width_);
  if (drawing.is_drawn) {
    std::cout << "drew " << drawing.svg().string() << " and .pdf\n";
  } else if (!has_said_why_not_drawn_) {
    warn("figures are not drawn, their data and scripts are there: " + drawing.problem);
    has_said_why_not_drawn_ = true;
  }
  return drawing;
}

analysis::Results Session::read_results(const std::string& folder) const {
  analysis::Results results = analysis::read_results(folder);
  for (const analysis::Rejected& trial : results.rejected) warn("left out " + trial.name + ": " + trial.reason);
  return results;
}

void Session::warn(const std::string& text) {
  std::cerr << "glifr_analyze: " << text << std::endl;
}

void add_results_option(CLI::App& command, std::string& folder) {
  cli::add_text(command, "RESULTS", folder,
                "Results folder as glifr_train makes it, or that of one task, model or trial")
      ->capture_default_str();
}

}  // namespace glifr::apps
