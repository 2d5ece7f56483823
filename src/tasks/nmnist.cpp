#include "glifr/datasets/nmnist.hpp"

#include "glifr/io/number.hpp"
#include "tasks.hpp"

namespace glifr {

namespace {

/// Neuromorphic MNIST: a frame of an event camera a time step.
class NmnistTask final : public TaskOf<NmnistTask> {
 public:
  NmnistTask() : TaskOf("nmnist", detail::built_in_configuration("nmnist")) {}

  [[nodiscard]] std::vector<TaskKey> keys() const override {
    return {{.name = "nmnist_path",
             .value = "nmnist",
             .help = "folder of the recordings, relative to the data root",
             .decides = Decides::place},
            {.name = "num_timesteps",
             .value = Index{15},
             .help = "frames a recording",
             .range = {.lowest = 1, .highest = 1e6}},
            {.name = "duration_timestep",
             .value = 1.0,
             .help = "duration of a frame, a whole number of microseconds",
             .unit = "ms",
             .range = {.lowest = 0.001, .highest = 8000}},
            {.name = "input_density",
             .value = 0.03,
             .help = "share of ones in the made-up frames of a benchmark",
             .range = {.lowest = 0, .highest = 1},
             .decides = Decides::nothing}};
  }

  [[nodiscard]] Index time_steps(const Settings& settings) const override {
    return settings.task.whole("num_timesteps");
  }
  [[nodiscard]] std::optional<double> input_density(const Settings& settings) const override {
    return settings.task.number("input_density");
  }

  [[nodiscard]] std::vector<std::string> notes(const Settings& settings, const DataFiles& files) const override {
    std::vector<std::string> notes;
    for (const Split part : {Split::train, Split::test}) {
      const auto data = read(settings, files, part, false);
      if (!data->cache_problem.empty()) notes.push_back("decoded recordings are not kept: " + data->cache_problem);
    }
    return notes;
  }

  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load(const DataRequest& request) const {
    return std::make_shared<NmnistDataset<T>>(read(request.settings, request.files, request.part, request.is_alone));
  }

 private:
  /// Reads a part, once a session. `is_alone`: the other need not be there.
  static std::shared_ptr<const LabelledFrames> read(const Settings& settings, const DataFiles& files, Split part,
                                                    bool is_alone) {
    const TaskSettings& task = settings.task;
    NmnistOptions options;
    options.frames.num_timesteps = task.whole("num_timesteps");
    options.frames.duration_timestep = task.number("duration_timestep");
    options.cache_folder = files.cache;
    options.writes_beside_data = files.caching == DataFiles::Caching::beside_data;
    const std::string what =
        std::string("decoding the ") + (part == Split::train ? "training" : "test") + " recordings";
    if (files.progress) options.progress = [&](Index done, Index total) { files.progress(what, done, total); };
    const std::filesystem::path folder = files.root / task.text("nmnist_path");
    const std::string name = "nmnist " + folder.string() + " " + std::to_string(static_cast<int>(part)) + " " +
                             std::to_string(options.frames.num_timesteps) + " " +
                             format_number(options.frames.duration_timestep);
    return files.read->get<LabelledFrames>(name, [&] {
      if (!is_alone) check_nmnist(folder);  // before the long decoding of one part
      return read_nmnist(folder, part, options);
    });
  }
};

}  // namespace

namespace detail {

std::unique_ptr<Task> make_nmnist_task() {
  return std::make_unique<NmnistTask>();
}

}  // namespace detail

}  // namespace glifr
