#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "glifr/datasets/recordings.hpp"
#include "tasks.hpp"

/// Tasks on recordings of events in HDF5 files, as frames.
namespace glifr::detail {

/// The keys that say how events become frames: num_timesteps, duration_timestep, frame_values. `num_timesteps` and
/// `duration_timestep` are their values where the configuration gives none.
[[nodiscard]] std::vector<TaskKey> frame_keys(Index num_timesteps, double duration_timestep);

/// Reads a file of recordings, once a session, with input_size channels and output_size classes (0: as many as there
/// are).
[[nodiscard]] std::shared_ptr<const LabelledFrames> read_recordings(const std::filesystem::path& path,
                                                                    const Settings& settings, const DataFiles& files);

/// What users should know of a part of the recordings: that most of their events are in no frame.
[[nodiscard]] std::optional<std::string> note_on(const LabelledFrames& recordings, Split part,
                                                 const Settings& settings);

/// The recordings of the Heidelberg data sets: FOLDER/NAME_{train,test}.h5 under the data root, and
/// FOLDER/NAME_valid.h5 where there is a part for validation, plain or packed by gzip. The key NAME_path names the
/// folder.
class HeidelbergTask : public TaskOf<HeidelbergTask> {
 public:
  HeidelbergTask(const std::string& name, bool has_validation)
      : TaskOf(name, built_in_configuration(name)), has_validation_(has_validation) {}

  [[nodiscard]] std::vector<TaskKey> keys() const override;
  [[nodiscard]] Index time_steps(const Settings& settings) const override;
  [[nodiscard]] bool has_validation_set(const Settings& /*settings*/) const override { return has_validation_; }
  [[nodiscard]] std::optional<double> input_density(const Settings& settings) const override;

  [[nodiscard]] std::vector<std::string> notes(const Settings& settings, const DataFiles& files) const override {
    std::vector<std::string> notes;
    for (const Split part : {Split::train, Split::test, Split::validation}) {
      if (part == Split::validation && !has_validation_) continue;
      if (auto note = note_on(*read(settings, files, part), part, settings)) notes.push_back(*std::move(note));
    }
    return notes;
  }

  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load(const DataRequest& request) const {
    return std::make_shared<FrameDataset<T>>(read(request.settings, request.files, request.part));
  }

 private:
  [[nodiscard]] std::shared_ptr<const LabelledFrames> read(const Settings& settings, const DataFiles& files,
                                                           Split part) const {
    const char* suffix = part == Split::train ? "train" : part == Split::test ? "test" : "valid";
    const auto path = files.root / settings.task.text(name() + "_path") / (name() + "_" + suffix + ".h5");
    return read_recordings(path, settings, files);
  }

  bool has_validation_;
};

}  // namespace glifr::detail
