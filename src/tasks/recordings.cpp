#include "recordings.hpp"

#include "glifr/io/number.hpp"

namespace glifr::detail {

std::vector<TaskKey> frame_keys(Index num_timesteps, double duration_timestep) {
  return {{.name = "num_timesteps",
           .value = num_timesteps,
           .help = "time steps; of recordings of events, frames",
           .range = {.lowest = 0, .highest = 1e6}},
          {.name = "duration_timestep",
           .value = duration_timestep,
           .help = "duration of a frame of events, a whole number of microseconds",
           .unit = "ms",
           .range = {.lowest = 0.001, .highest = 8000}},
          {.name = "frame_values",
           .value = "binary",
           .help = "values of a frame: whether there is an event of its channel (binary), or how many (count)",
           .choices = {"binary", "count"}}};
}

std::shared_ptr<const LabelledFrames> read_recordings(const std::filesystem::path& path, const Settings& settings,
                                                      const DataFiles& files) {
  const TaskSettings& task = settings.task;
  RecordingOptions options;
  options.frames.num_timesteps = task.whole("num_timesteps");
  options.frames.duration_timestep = task.number("duration_timestep");
  options.values = task.text("frame_values") == "count" ? FrameValues::count : FrameValues::binary;
  options.units = settings.model.input_size;
  options.classes = settings.model.output_size;
  if (files.progress)
    options.progress = [&](Index done, Index total) {
      files.progress("reading the recordings of " + path.filename().string(), done, total);
    };
  const auto name_with = [&](Index units, Index classes) {
    std::string name = "recordings " + path.string() + " " + task.text("frame_values");
    for (const double number : {static_cast<double>(options.frames.num_timesteps), options.frames.duration_timestep,
                                static_cast<double>(units), static_cast<double>(classes)})
      name += " " + format_number(number);
    return name;
  };
  const auto recordings = files.read->get<LabelledFrames>(name_with(options.units, options.classes),
                                                          [&] { return glifr::read_recordings(path, options); });
  files.read->keep(name_with(recordings->frames.frame_size, recordings->classes), recordings);  // sizes as they are now
  return recordings;
}

std::optional<std::string> note_on(const LabelledFrames& recordings, Split part, const Settings& settings) {
  if (recordings.events_outside * 2 <= recordings.events) return std::nullopt;
  constexpr double milliseconds = 1000;  // a second
  const double covered =
      static_cast<double>(recordings.frames.time_steps) * settings.task.number("duration_timestep") / milliseconds;
  const char* name = part == Split::train ? "training" : part == Split::test ? "test" : "validation";
  return std::to_string(recordings.events_outside) + " of the " + std::to_string(recordings.events) +
         " events of the " + name +
         " data are behind the last frame: times are in seconds, and the longest recording lasts " +
         format_number(static_cast<float>(recordings.longest)) + " s, the frames cover " + format_number(covered) +
         " s";
}

std::vector<TaskKey> HeidelbergTask::keys() const {
  std::vector<TaskKey> keys{{.name = name() + "_path",
                             .value = name(),
                             .help = "folder of the recordings, relative to the data root",
                             .decides = Decides::place}};
  for (TaskKey& key : frame_keys(100, 10)) keys.push_back(std::move(key));
  keys.push_back({.name = "input_density",
                  .value = 0.01,
                  .help = "share of ones in the made-up frames of a benchmark",
                  .range = {.lowest = 0, .highest = 1},
                  .decides = Decides::nothing});
  return keys;
}

Index HeidelbergTask::time_steps(const Settings& settings) const {
  return settings.task.whole("num_timesteps");
}

std::optional<double> HeidelbergTask::input_density(const Settings& settings) const {
  if (settings.task.text("frame_values") == "count") return std::nullopt;
  return settings.task.number("input_density");
}

}  // namespace glifr::detail
