#include "glifr/experiment/trained.hpp"

#include <boost/json.hpp>
#include <system_error>

#include "glifr/error.hpp"
#include "glifr/experiment/build.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/io/json.hpp"
#include "glifr/io/safetensors.hpp"
#include "glifr/io/trial_folder.hpp"
#include "glifr/training/checkpoint.hpp"

namespace glifr {

namespace {

TrainedNetwork describe_trained(const boost::json::object& record, const std::filesystem::path& file,
                                const std::filesystem::path& checkpoint) {
  TrainedNetwork trained{
      .settings = settings_from_json(record, file.string()), .checkpoint = checkpoint, .record = record};
  const boost::json::value* seed = record.if_contains("seed");
  if (!seed) throw DataError(file.string(), "key seed is missing");
  boost::json::error_code problem;
  trained.seed = seed->to_number<std::uint64_t>(problem);
  if (problem) {
    throw DataError(file.string(),
                    "key seed is " + to_line(*seed) + ", expected an integer from 0 to 18446744073709551615");
  }
  return trained;
}

/// The checkpoint that the trial of a folder was tested with, or would be if it were complete.
std::filesystem::path tested_checkpoint(const TrialFolder& folder) {
  analysis::Trial trial;
  trial.folder = folder.path();
  std::error_code error;
  if (std::filesystem::exists(folder.test(), error)) trial.test = analysis::read_test(folder.test());
  return trial.tested_checkpoint();
}

template <Scalar T>
std::unique_ptr<RecurrentNetwork<T>> make_loaded(const Settings& settings, const TensorFile& file,
                                                 const std::string& name) {
  auto network = make_network<T>(settings);
  load_parameters(*network, file, name);
  load_constants(*network, file, name);
  return network;
}

}  // namespace

TrainedNetwork read_trained(const std::filesystem::path& place) {
  std::error_code error;
  if (!std::filesystem::exists(place, error)) throw DataError(place.string(), "there is no such file or folder");
  const bool is_folder = std::filesystem::is_directory(place, error);
  const TrialFolder folder = is_folder ? TrialFolder(place) : TrialFolder::of_checkpoint(place);
  const std::filesystem::path file = folder.record();
  if (!std::filesystem::exists(file, error)) {
    throw DataError(file.string(),
                    "is missing; expected the folder of a trial, TASK/MODEL/trial_N, or a checkpoint in it");
  }
  const boost::json::value document = read_json_file(file);
  if (!document.is_object()) throw DataError(file.string(), "found no JSON object");
  return describe_trained(document.as_object(), file, is_folder ? tested_checkpoint(folder) : place);
}

TrainedNetwork read_trained(const analysis::Trial& trial) {
  return describe_trained(trial.config, trial.files().record(), trial.tested_checkpoint());
}

template <Scalar T>
std::unique_ptr<RecurrentNetwork<T>> make_trained(const TrainedNetwork& trained) {
  return make_loaded<T>(trained.settings, read_safetensors(trained.checkpoint), trained.checkpoint.string());
}

template <Scalar T>
analysis::MakeNetwork<T> trained_maker(const TrainedNetwork& trained) {
  const auto file = std::make_shared<const TensorFile>(read_safetensors(trained.checkpoint));
  const auto make = [settings = trained.settings, file, name = trained.checkpoint.string()] {
    return make_loaded<T>(settings, *file, name);
  };
  (void)make();  // what is wrong with the checkpoint shows here, not in the middle of an analysis
  return make;
}

#define GLIFR_INSTANTIATE(T)                                                            \
  template std::unique_ptr<RecurrentNetwork<T>> make_trained<T>(const TrainedNetwork&); \
  template analysis::MakeNetwork<T> trained_maker<T>(const TrainedNetwork&)
GLIFR_INSTANTIATE(float);
GLIFR_INSTANTIATE(double);
#undef GLIFR_INSTANTIATE

}  // namespace glifr
