#include "session.hpp"

#include <cstdlib>
#include <iostream>

#include "glifr/backend/parallel.hpp"
#include "glifr/io/files.hpp"

namespace analysis = glifr::analysis;

namespace {

std::filesystem::path default_data_root() {
  const char* root = std::getenv("GLIFR_DATA");
  return root && *root ? root : "./datasets";
}

}  // namespace

void Session::add_options(CLI::App& command) {
  data_ = default_data_root();
  command.add_option("--out", out_, "Folder for tables and figures")->type_name("DIR")->capture_default_str();
  command.add_option("--data", data_, "Root folder of the data sets (default $GLIFR_DATA, then ./datasets)")
      ->type_name("DIR");
  command
      .add_option("--cache", cache_,
                  "Folder for decoded recordings (default: a cache beside the data is read, none is written)")
      ->type_name("DIR");
  command.add_option("--precision", precision_, "Numbers to compute with: float32 or float64")
      ->type_name("NAME")
      ->check(CLI::IsMember({"float32", "float64"}).description(""))
      ->capture_default_str();
  command.add_option("--threads", threads_, "Threads of the whole process (default: all of the machine's)")
      ->type_name("N")
      ->check(CLI::Range(1, 4096).description(""));
  command.add_option("--seed", seed_, "Seed of random draws: same seed, same results, on any number of threads")
      ->type_name("S")
      ->capture_default_str();
  command.add_flag("--no-figures", no_figures_, "Write tables only, draw no figures");
}

void Session::run() const {
  const glifr::ThreadLimit limit(threads_ > 0 ? threads_ : glifr::hardware_threads());
  action_();
}

glifr::DataStore Session::open_data() const {
  return {data_, cache_, {}, glifr::DataStore::Caching::nowhere};
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
  const analysis::Drawing drawing = analysis::draw(figure, output(""));
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
  command.add_option("RESULTS", folder, "Results folder as glifr_train makes it, or that of one task, model or trial")
      ->capture_default_str();
}
