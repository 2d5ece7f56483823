// glifr_analyze as a user meets it. One clear line for every request that cannot be met.
#include "session.hpp"

using namespace glifr::test::analyze;

TEST_CASE("paths that cannot be looked at, foreign checkpoints and curves that are no numbers are refused in a line") {
  const Session session;
  const std::string long_name(300, 'x');
  for (const char* command : {"summary ", "parameters ", "report ", "export "})
    require_refused(session.analyze(command + long_name), long_name + ": File name too long");
  glifr::test::write_text(session.file("net.ckpt"), "PK\x03\x04 and more");
  for (const char* command : {"summary ", "report ", "ablation ", "responses ", "fi-curve "})
    require_refused(session.analyze(command + session.file("net.ckpt").string()), ": found a ZIP archive");
  glifr::test::write_text(session.file("odd.csv"), "1,0.05\n1e300,1e300\n");
  require_refused(session.analyze("fi-curve --dt 0.05 --parameters " + session.file("odd.csv").string()),
                  "fi-curve: the firing of neuron 1 at -10000 pA is no finite number");
  CHECK_FALSE(fs::exists(session.out()));
}

TEST_CASE("requests that cannot be met") {
  const Session session;
  const std::string none = session.file("none").string();
  require_refused(session.analyze(""), "found no command; accepted: summary, curves, ");
  require_refused(session.analyze("sumary"), "found the command 'sumary'; accepted: summary, curves, ");
  require_refused(session.analyze("sumary results"), "found the command 'sumary'; accepted: summary, curves, ");
  require_refused(session.analyze("sumary --by lr results"), "found the command 'sumary'; accepted: ");
  require_refused(session.analyze("results summary"), "found the command 'results'; accepted: summary, curves, ");
  require_refused(session.analyze("--colour red summary"), "--colour");
  require_refused(session.analyze("summary a b"), "b");
  require_refused(session.analyze("summary --colour red"), "--colour (see glifr_analyze summary --help)");
  require_refused(session.analyze("summary --precision float16"), "float16");
  require_refused(session.analyze("summary --threads 0"), "--threads");
  require_refused(session.analyze("summary --width 20"), "--width");
  require_refused(session.analyze("summary " + none), "none");
  require_refused(session.analyze("fi-curve"), "--checkpoint");
  require_refused(session.analyze("fi-curve --checkpoint " + none), "none");
  require_refused(session.analyze("fi-curve --checkpoint a --parameters b"), "--parameters");
  require_refused(session.analyze("cluster --parameters " + none), "none");
  require_refused(session.analyze("trace --neuron " + none), "--input");
  require_refused(session.analyze("responses --checkpoint " + none), "none");
  require_refused(session.analyze("responses --trial 2 --checkpoint " + none), "--trial");
  for (const char* subcommand : {"ablation", "responses"})
    require_refused(session.analyze(subcommand + (" a --checkpoint " + none)), "RESULTS excludes --checkpoint");
  require_refused(session.analyze("count --task files"), "train_data: is missing");
  require_refused(session.analyze("count --task files --set train_data=a.csv --set test_data=a.csv --data " + none),
                  "none/a.csv");
  require_refused(session.analyze("count --task sin"), "sin");
  glifr::test::write_text(session.file("few.csv"), "1,2\n3,4\n");
  require_refused(session.analyze("cluster --parameters " + session.file("few.csv").string()),
                  "few.csv: found 2 neurons; clusters are sought among 3 or more");
  glifr::test::write_text(session.file("four.csv"), "1,2\n3,4\n5,6\n7,8\n");
  require_refused(session.analyze("cluster --max-clusters 4 --parameters " + session.file("four.csv").string()),
                  "--max-clusters: found 4; accepted for 4 neurons: 2 to 3");
  glifr::test::write_text(session.file("bad.csv"), "1,2\n3,x\n");
  require_refused(session.analyze("fi-curve --parameters " + session.file("bad.csv").string()), "bad.csv");
  glifr::test::write_text(session.file("nan.csv"), "1,2\n3,nan\n5,6\n7,8\n");
  for (const char* subcommand : {"fi-curve", "cluster --max-clusters 2", "parameters"})
    require_refused(session.analyze(std::string(subcommand) + " --parameters " + session.file("nan.csv").string()),
                    "nan.csv: line 2, column 2: found 'nan'");
  glifr::test::write_text(session.file("neuron.json"),
                          R"({"dt": 0.05, "tau": 0.05, "sigma_v": 1, "R": 0.1, "I0": 0, "v_reset": 0,
    "weight_in": 1, "thresh": 1, "k_m": 0.1, "r": [], "a": [], "k": []})");
  glifr::test::write_text(session.file("input.csv"), "0.5\ninf\n");
  require_refused(session.analyze("trace --neuron " + session.file("neuron.json").string() + " --input " +
                                  session.file("input.csv").string()),
                  "input.csv: line 2, column 1: found 'inf'");
  glifr::test::write_text(session.file("model.ckpt"), std::string("PK\x03\x04\x14\0\0\0\x08\0", 10));
  require_refused(session.analyze("parameters --checkpoint " + session.file("model.ckpt").string()), "a ZIP archive");
  for (const char* subcommand : {"parameters ", "fi-curve ", "cluster "}) {
    require_refused(session.analyze(subcommand + session.file("four.csv").string()),
                    "four.csv: found a table (CSV); accepted is a safetensors file, or --parameters FILE");
  }
  require_refused(session.analyze("connectivity " + session.file("four.csv").string()),
                  "four.csv at byte 0: found a table (CSV); accepted is a safetensors file");
  glifr::test::write_text(session.file("page.json"), "<!DOCTYPE html><html></html>");
  require_refused(session.analyze("trace --neuron " + session.file("page.json").string() + " --input " +
                                  session.file("input.csv").string()),
                  "a web page (HTML)");
  fs::create_directories(session.results() / "sine" / "rnn" / "trial_0");
  require_refused(session.analyze("report " + session.results().string()), "none of 1 trials is whole");
  glifr::test::write_trial(session.results(), "sine", "rnn", 1, 0.1, {});
  fs::remove(session.results() / "sine" / "rnn" / "trial_0");
  const std::string results = session.results().string();
  for (const std::string subcommand : {"ablation ", "responses "}) {
    require_refused(session.analyze(subcommand + results + " --task foo"),
                    "--task: found 'foo'; accepted for " + results + ": sine");
    require_refused(session.analyze(subcommand + results + " --model foo"),
                    "--model: found 'foo'; accepted for " + results + ": rnn");
  }
  require_refused(session.analyze("responses --trial 9 " + results),
                  "--trial: found 9; accepted for " + results + ": 1");
  const Finished blocked =
      session.analyze("summary " + session.results().string() + " --out " + session.file("bad.csv").string());
  CHECK(blocked.exit_code == 2);
  CHECK_THAT(blocked.error, Catch::Contains("bad.csv"));
}
