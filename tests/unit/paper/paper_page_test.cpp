// glifr_analyze paper as a user meets it: the page from a small folder of results, from an archive, and from
// docs/paper.
#include <sstream>

#include "glifr/io/csv.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "unit/paper/published_trials.hpp"

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using glifr::test::Finished;
using glifr::test::Process;

Finished analyze(const glifr::test::TemporaryFolder& folder, const std::string& arguments) {
  std::vector<std::string> words{GLIFR_ANALYZE};
  std::istringstream stream(arguments);
  for (std::string word; stream >> word;) words.push_back(word);
  return Process(words, folder.path()).wait();
}

}  // namespace

TEST_CASE("the page names every table and figure, the verdicts and what was not run") {
  const glifr::test::TemporaryFolder folder;
  const fs::path results = folder.path() / "results", out = folder.path() / "out";
  glifr::test::write_published_trials(results, "sine", "rnn", 10, 0);
  glifr::test::write_published_trials(results, "lmnist", "rnn", 10, -5);
  glifr::test::write_text(results / "notes.json", "{\"lmnist/rnn\": \"a reason <that> | is given\"}");
  const Finished run = analyze(folder, "paper " + results.string() + " --no-figures --out " + out.string());
  CAPTURE(run.error);
  REQUIRE(run.exit_code == 0);
  const std::string html = glifr::read_file(out / "paper.html"), markdown = glifr::read_file(out / "paper.md");
  for (const std::string& page : {html, markdown}) {
    for (const char* name : {"Figure 2", "Figure 3", "Figure 6", "Figure 7", "Figure 8", "Figure 9", "Figure S1",
                             "Figure S3", "Figure S4", "Figure S5", "Table 1", "Table 2"})
      CHECK_THAT(page, Contains(name));
    CHECK_THAT(page, Contains("has 35 rows: 1 same, 1 different, 33 not enough trials"));
    CHECK_THAT(page, Contains("What was not run"));
  }
  CHECK_THAT(html, Contains("a reason &lt;that&gt; | is given"));
  CHECK_THAT(markdown, Contains("a reason \\<that\\> \\| is given"));
  CHECK_THAT(html, Contains("glifr_train --task pmnist --model paper --ntrials 10 --resume"));
  CHECK(glifr::read_csv_cells(out / "paper.csv").rows.size() > 35);
  CHECK(glifr::read_csv_cells(out / "paper_tests.csv").column("tost_p"));

  const fs::path kept = folder.path() / "kept", again = folder.path() / "again";
  REQUIRE(analyze(folder, "paper " + results.string() + " --archive " + kept.string()).exit_code == 0);
  REQUIRE(analyze(folder, "paper " + kept.string() + " --no-figures --out " + again.string()).exit_code == 0);
  CHECK(glifr::read_file(again / "paper.csv") == glifr::read_file(out / "paper.csv"));
}

TEST_CASE("remarks that are no texts are refused in one line") {
  const glifr::test::TemporaryFolder folder;
  const fs::path results = folder.path() / "results";
  glifr::test::write_published_trials(results, "sine", "rnn", 1, 0);
  for (const char* notes : {"[1]", "{\"sine/rnn\": 3}"}) {
    glifr::test::write_text(results / "notes.json", notes);
    const Finished run = analyze(folder, "paper " + results.string());
    CAPTURE(run.error);
    CHECK(run.exit_code == 2);
    CHECK(std::count(run.error.begin(), run.error.end(), '\n') == 1);
    CHECK_THAT(run.error, Contains("notes.json"));
  }
  CHECK(analyze(folder, "paper " + results.string() + " --margin 0").exit_code == 2);
}

TEST_CASE("paper.csv of docs/paper is what its results give") {
  const glifr::test::TemporaryFolder folder;
  const fs::path archive = fs::path(GLIFR_SOURCE_DIR) / "docs/paper", out = folder.path() / "out";
  REQUIRE(analyze(folder, "paper " + archive.string() + " --no-figures --out " + out.string()).exit_code == 0);
  // Numbers need not agree to the last bit on every machine.
  const glifr::CsvCells kept = glifr::read_csv_cells(archive / "paper.csv"),
                        made = glifr::read_csv_cells(out / "paper.csv");
  REQUIRE(kept.rows.size() == made.rows.size());
  for (std::size_t i = 0; i < kept.rows.size(); ++i) {
    CAPTURE(kept.rows[i]);
    for (const std::size_t column : {0, 1, 2, 3, 6}) CHECK(kept.rows[i][column] == made.rows[i][column]);
    for (const std::size_t column : {4, 5}) {
      CHECK(kept.rows[i][column].empty() == made.rows[i][column].empty());
      if (!kept.rows[i][column].empty())
        CHECK(std::stod(made.rows[i][column]) == Approx(std::stod(kept.rows[i][column])).epsilon(1e-6));
    }
  }
}
