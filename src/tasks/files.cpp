#include <algorithm>
#include <system_error>

#include "glifr/datasets/file_dataset.hpp"
#include "glifr/datasets/sample_file.hpp"
#include "glifr/error.hpp"
#include "glifr/io/number.hpp"
#include "recordings.hpp"

namespace glifr {

namespace {

std::string name_of(Split part) {
  return part == Split::train ? "train" : part == Split::test ? "test" : "validation";
}

TaskKey text_key(const std::string& name, const std::string& help, Decides decides, const std::string& value = "") {
  return {.name = name, .value = value, .help = help, .decides = decides, .may_be_empty = true};
}

/// The users' own data.
class FilesTask final : public TaskOf<FilesTask> {
 public:
  FilesTask() : TaskOf("files", detail::built_in_configuration("files")) {}

  [[nodiscard]] std::vector<TaskKey> keys() const override {
    std::vector<TaskKey> keys;
    for (const Split part : {Split::train, Split::test, Split::validation}) {
      const std::string name = name_of(part);
      keys.push_back(text_key(name + "_data", "file of the " + name + " samples, relative to the data root or absolute",
                              Decides::place));
      keys.push_back(
          text_key(name + "_labels", "NPY file of the labels, where " + name + "_data is an NPY file", Decides::place));
      keys.push_back(text_key(name + "_targets", "NPY file of the targets, where " + name + "_data is an NPY file",
                              Decides::place));
      keys.push_back(text_key(name + "_lengths", "NPY file of the lengths, where " + name + "_data is an NPY file",
                              Decides::place));
    }
    keys.push_back(text_key("inputs_name", "name of the inputs in the files", Decides::place, "inputs"));
    keys.push_back(text_key("labels_name", "name of the labels; empty: labels, if they are there", Decides::place));
    keys.push_back(text_key("targets_name", "name of the targets; empty: targets, if they are there", Decides::place));
    keys.push_back(text_key("lengths_name", "name of the lengths; empty: lengths, if they are there", Decides::place));
    keys.push_back({.name = "normalize",
                    .value = "none",
                    .help =
                        "inputs as they are, or each feature with mean 0 and standard deviation 1 over the training "
                        "samples",
                    .choices = {"none", "standard"}});
    for (TaskKey& key : detail::frame_keys(0, 1)) keys.push_back(std::move(key));
    return keys;
  }

  /// The data decide what is accepted; see `complete`.
  void check(const Settings& /*settings*/) const override {}
  [[nodiscard]] Index time_steps(const Settings& settings) const override {
    return settings.task.whole("num_timesteps");
  }
  [[nodiscard]] bool has_validation_set(const Settings& settings) const override {
    return !settings.task.text("validation_data").empty();
  }

  void complete(Settings& settings, const DataFiles& files) const override {
    check_validation(settings);
    const std::filesystem::path path = path_of(settings, files, Split::train);
    if (are_recordings(path, files)) {
      require_unset(settings,
                    {"train_labels", "test_labels", "validation_labels", "train_targets", "test_targets",
                     "validation_targets", "train_lengths", "test_lengths", "validation_lengths", "inputs_name",
                     "labels_name", "targets_name", "lengths_name", "normalize"},
                    path.string() + " holds recordings of events");
      return complete_recordings(settings, files);
    }
    require_unset(settings, {"duration_timestep", "frame_values"}, path.string() + " holds no recordings of events");
    const std::shared_ptr<const SampleFile> train = open(settings, files, Split::train);
    const bool has_labels = train->classes() > 0, has_last_target = !has_labels && train->target_steps() == 1;
    const auto follow = [&](const char* key, auto& value, auto unset, auto found, const char* what,
                            const std::string& of) {
      if (value == unset) value = found;
      if (value != found)
        throw ConfigError(key,
                          "found " + std::to_string(value) + "; " + of + " has " + std::to_string(found) + " " + what);
    };
    follow("input_size", settings.model.input_size, Index{0}, train->features(), "features a time step", train->name());
    if (has_labels) {
      Index& classes = settings.model.output_size;
      if (classes == 0) classes = train->classes();
      if (classes < train->classes())
        throw ConfigError("output_size", "found " + std::to_string(classes) + "; " + train->name() +
                                             " has labels up to " + std::to_string(train->classes() - 1));
    } else {
      follow("output_size", settings.model.output_size, Index{0}, train->outputs(), "values a target", train->name());
    }
    Index& steps = std::get<Index>(settings.task.values.at("num_timesteps"));
    follow("num_timesteps", steps, Index{0}, time_steps_of(settings, files), "time steps", "the longest sample");
    for (const Split part : parts_of(settings)) require_same_columns(*open(settings, files, part), *train);
    const LossKind loss = has_labels ? LossKind::cross_entropy : LossKind::mse;
    if (settings.training.loss == LossKind::automatic) settings.training.loss = loss;
    if (settings.training.loss != loss) {
      throw ConfigError("loss_fn", has_labels
                                       ? "found mse; " + train->name() + " has labels, accepted: cross_entropy"
                                       : "found cross_entropy; " + train->name() + " has targets, accepted: mse");
    }
    FinalReduction& reduction = settings.model.final_reduction;
    if (reduction == FinalReduction::automatic)
      reduction = has_labels || has_last_target ? FinalReduction::last : FinalReduction::none;
    if (reduction == FinalReduction::none && (has_labels || has_last_target)) {
      throw ConfigError("final_reduction", "found none; " + train->name() + " has " +
                                               (has_labels ? "a label" : "a target of the last step") +
                                               " for each sample, accepted: last");
    }
  }

  template <Scalar T>
  [[nodiscard]] std::shared_ptr<const Dataset<T>> load(const DataRequest& request) const {
    const Settings& s = request.settings;
    const std::filesystem::path path = path_of(s, request.files, request.part);
    if (are_recordings(path, request.files))
      return std::make_shared<FrameDataset<T>>(detail::read_recordings(path, s, request.files));
    const std::shared_ptr<const SampleFile> file = open(s, request.files, request.part);
    require_same("features a time step", *file, file->features(), s.model.input_size);
    const Index steps = s.task.whole("num_timesteps");
    if (file->time_steps() > steps) require_same("time steps", *file, file->time_steps(), steps);
    const bool needs_labels = s.training.loss == LossKind::cross_entropy;
    if (needs_labels != (file->classes() > 0))
      throw DataError(file->name(), needs_labels ? "has targets, the training data have labels"
                                                 : "has labels, the training data have targets");
    if (!needs_labels) require_same("values a target", *file, file->outputs(), s.model.output_size);
    if (s.model.final_reduction == FinalReduction::none && file->target_steps() != file->time_steps())
      throw DataError(file->name(), "has targets of the last step, the training data have targets of every step");
    FileDatasetOptions options;
    options.classes = needs_labels ? s.model.output_size : 0;
    options.time_steps = steps;
    if (follows_checkpoint(s)) {
      if (request.checkpoint) options.scale = recorded_scale(*request.checkpoint, request.checkpoint_name);
      if (!options.scale) options.scale = scale_of(s, request.files);
    }
    return std::make_shared<FileDataset<T>>(file, options);
  }

  [[nodiscard]] bool follows_checkpoint(const Settings& settings) const override {
    return settings.task.text("normalize") == "standard";
  }

  void annotate(TensorFile& checkpoint, const Settings& settings, const DataFiles& files) const override {
    if (follows_checkpoint(settings)) add_scale(checkpoint, scale_of(settings, files));
  }

  [[nodiscard]] std::vector<std::string> notes(const Settings& settings, const DataFiles& files) const override {
    std::vector<std::string> notes;
    for (const Split part : parts_of(settings)) {
      const std::filesystem::path path = path_of(settings, files, part);
      if (!are_recordings(path, files)) {
        for (const std::string& note : open(settings, files, part)->notes()) {
          if (std::ranges::find(notes, note) == notes.end())
            notes.push_back(note);  // a file may serve as several parts
        }
        if (part == Split::train && settings.model.final_reduction == FinalReduction::none &&
            has_constant_targets(settings, files)) {
          notes.push_back("the targets of " + path.string() +
                          " are the same at all steps of a sample, and the network is trained to give them at every "
                          "step; with final_reduction=last it is trained to give them at the last one");
        }
        continue;
      }
      auto note = detail::note_on(*detail::read_recordings(path, settings, files), part, settings);
      if (note) notes.push_back(*std::move(note));
    }
    return notes;
  }

 private:
  /// Throws ConfigError where one of these keys is set, for it has no effect.
  void require_unset(const Settings& settings, const std::vector<std::string>& names, const std::string& why) const {
    const auto shown = [](const SettingValue& value) {
      const std::string* text = std::get_if<std::string>(&value);
      return !text ? format_number(std::get<double>(value)) : text->empty() ? "nothing" : "'" + *text + "'";
    };
    for (const TaskKey& key : keys()) {
      const SettingValue& found = settings.task.values.at(key.name);
      if (std::ranges::find(names, key.name) == names.end() || found == key.value) continue;
      throw ConfigError(key.name, "found " + shown(found) + "; " + why + ", accepted: " + shown(key.value));
    }
  }

  static void check_validation(const Settings& settings) {
    const std::string& data = settings.task.text("validation_data");
    if (!data.empty() && settings.training.validation_fraction > 0) {
      throw ConfigError("validation_fraction", "found " + format_number(settings.training.validation_fraction) +
                                                   " beside validation_data, '" + data + "'; accepted: one of them");
    }
    for (const char* key : {"validation_labels", "validation_targets", "validation_lengths"}) {
      if (!data.empty() || settings.task.text(key).empty()) continue;
      throw ConfigError(key, "found '" + settings.task.text(key) + "' without validation_data; accepted: both");
    }
  }

  /// Recordings of events: channels and classes are as many as the events need, unless they are given.
  static void complete_recordings(Settings& settings, const DataFiles& files) {
    if (settings.task.whole("num_timesteps") == 0)
      throw ConfigError("num_timesteps",
                        "is missing; recordings of events become so many frames of duration_timestep ms");
    const auto train = detail::read_recordings(path_of(settings, files, Split::train), settings, files);
    if (settings.model.input_size == 0) settings.model.input_size = train->frames.frame_size;
    if (settings.model.output_size == 0) settings.model.output_size = train->classes;
    if (settings.training.loss == LossKind::automatic) settings.training.loss = LossKind::cross_entropy;
    if (settings.model.final_reduction == FinalReduction::automatic)
      settings.model.final_reduction = FinalReduction::last;
    if (settings.training.loss != LossKind::cross_entropy)
      throw ConfigError("loss_fn", "found mse; recordings of events have labels, accepted: cross_entropy");
    if (settings.model.final_reduction != FinalReduction::last)
      throw ConfigError("final_reduction", "found none; recordings of events have a label each, accepted: last");
  }

  /// The parts of the data for which there is a file.
  static std::vector<Split> parts_of(const Settings& settings) {
    std::vector<Split> parts;
    for (const Split part : {Split::train, Split::test, Split::validation}) {
      if (!settings.task.text(name_of(part) + "_data").empty()) parts.push_back(part);
    }
    return parts;
  }

  static std::filesystem::path path_of(const Settings& settings, const DataFiles& files, Split part) {
    const std::string key = name_of(part) + "_data";
    const std::string& text = settings.task.text(key);
    if (text.empty())
      throw ConfigError(key, "is missing; the task files needs train_data and test_data, as --set " + key + "=" +
                                 name_of(part) + ".h5");
    const std::filesystem::path path = files.root / text;
    std::error_code unknown;  // whoever reads it says why
    if (std::filesystem::path(text).is_relative() && !std::filesystem::exists(path, unknown) && !unknown) {
      throw DataError(path.string(), "No such file; " + key + "=" + text + " is relative to the data root (--data), " +
                                         files.root.string());
    }
    return path;
  }

  static bool are_recordings(const std::filesystem::path& path, const DataFiles& files) {
    return *files.read->get<bool>("recordings in " + path.string(), [&] { return holds_recordings(path); });
  }

  static SampleFileOptions options_of(const Settings& settings, const DataFiles& files, Split part) {
    const TaskSettings& task = settings.task;
    const auto beside = [&](const std::string& key) {
      const std::string& text = task.text(key);
      return text.empty() ? std::filesystem::path() : files.root / text;
    };
    const auto optional = [&](const char* key) -> std::optional<std::string> {
      return task.text(key).empty() ? std::nullopt : std::optional(task.text(key));
    };
    SampleFileOptions options;
    options.names = {task.text("inputs_name"), optional("labels_name"), optional("targets_name"),
                     optional("lengths_name")};
    options.labels_file = beside(name_of(part) + "_labels");
    options.targets_file = beside(name_of(part) + "_targets");
    options.lengths_file = beside(name_of(part) + "_lengths");
    return options;
  }

  /// All that what is read from a file depends on.
  static std::string described(const std::filesystem::path& path, const SampleFileOptions& options) {
    std::string all = path.string();
    for (const std::string& each :
         {options.labels_file.string(), options.targets_file.string(), options.lengths_file.string(),
          options.names.inputs, options.names.labels.value_or(""), options.names.targets.value_or(""),
          options.names.lengths.value_or("")})
      all += "\n" + each;
    return all;
  }

  static std::shared_ptr<const SampleFile> open(const Settings& settings, const DataFiles& files, Split part) {
    const std::filesystem::path path = path_of(settings, files, part);
    const SampleFileOptions options = options_of(settings, files, part);
    return files.read->get<SampleFile>("samples " + described(path, options),
                                       [&] { return SampleFile(path, options); });
  }

  /// Whether there are targets of every step of the training data, and those of no sample change over its steps.
  static bool has_constant_targets(const Settings& settings, const DataFiles& files) {
    const std::shared_ptr<const SampleFile> train = open(settings, files, Split::train);
    const std::string name =
        described(path_of(settings, files, Split::train), options_of(settings, files, Split::train));
    return *files.read->get<bool>("constant targets of " + name, [&] {
      if (train->target_steps() == 1) return false;
      const Index width = train->outputs();
      std::vector<double> values(static_cast<std::size_t>(train->target_steps() * width));
      Index longest = 0;
      for (Index sample = 0; sample < train->samples(); ++sample) {
        train->targets(sample, values.data(), width);
        longest = std::max(longest, train->length(sample));
        const auto end = values.begin() + train->length(sample) * width;
        if (!std::equal(values.begin() + width, end, values.begin())) return false;
      }
      return longest > 1;
    });
  }

  static FeatureScale scale_of(const Settings& settings, const DataFiles& files) {
    const std::shared_ptr<const SampleFile> train = open(settings, files, Split::train);
    const std::string name =
        described(path_of(settings, files, Split::train), options_of(settings, files, Split::train));
    return *files.read->get<FeatureScale>("scale of " + name, [&] { return standard_scale(*train); });
  }

  /// Time steps of the longest sample of all parts. DataError where no samples have lengths, by which shorter ones
  /// could be padded, and parts differ.
  static Index time_steps_of(const Settings& settings, const DataFiles& files) {
    std::vector<std::shared_ptr<const SampleFile>> parts;
    for (const Split part : parts_of(settings)) parts.push_back(open(settings, files, part));
    Index longest = 0;
    for (const auto& part : parts) longest = std::max(longest, part->time_steps());
    if (std::ranges::any_of(parts, [](const auto& part) { return !part->lengths().empty(); })) return longest;
    for (const auto& part : parts) require_same("time steps", *part, part->time_steps(), parts.front()->time_steps());
    return longest;
  }

  /// Columns are taken in their order: where they have names, these are to be the same.
  static void require_same_columns(const SampleFile& file, const SampleFile& train) {
    const auto found = file.columns(), expected = train.columns();
    if (found.empty() || expected.empty()) return;
    const auto [here, there] = std::ranges::mismatch(found, expected);
    if (here == found.end() && there == expected.end()) return;
    const auto shown = [](auto column, auto end) { return column == end ? "no further column" : "'" + *column + "'"; };
    throw DataError(file.name(), "has " + shown(here, found.end()) + " where the training data, " + train.name() +
                                     ", have " + shown(there, expected.end()) +
                                     "; the same columns in the same order are needed");
  }

  static void require_same(const char* what, const SampleFile& file, Index found, Index expected) {
    if (found == expected) return;
    throw DataError(file.name(), "has " + std::to_string(found) + " " + what + ", the training data have " +
                                     std::to_string(expected));
  }
};

}  // namespace

namespace detail {

std::unique_ptr<Task> make_files_task() {
  return std::make_unique<FilesTask>();
}

}  // namespace detail

}  // namespace glifr
