#include "glifr/datasets/sample_file.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <utility>

#include "glifr/backend/memory.hpp"
#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/elements.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/hdf5.hpp"
#include "glifr/io/npy.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/text.hpp"
#include "sample_array.hpp"
#include "sample_csv.hpp"

namespace glifr {
namespace {

using detail::SampleArray;
using detail::SampleArrays;

/// The tensors of a checkpoint that are the scale of its inputs.
constexpr const char *mean_name = "normalize.mean", *factor_name = "normalize.factor";

constexpr std::string_view accepted_forms = "an HDF5, NPZ, NPY, safetensors or CSV file";

/// The first bytes of a file; DataError where it cannot be read.
std::string beginning_of(const std::filesystem::path& path) {
  detail::require_file(path);
  std::error_code unknown;
  const bool is_there = std::filesystem::exists(path, unknown) && !std::filesystem::is_directory(path, unknown);
  if (!is_there || !std::ifstream(path)) static_cast<void>(read_file(path));  // says what is wrong
  return detail::beginning_of(path);
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// The arrays of a file of any form but NPY, which has no names; of a CSV file, the names of its columns, too.
std::unique_ptr<SampleArrays> open_arrays(const std::filesystem::path& path, SampleFileKind kind,
                                          const SampleFileOptions& options, std::vector<std::string>& columns) {
  switch (kind) {
    case SampleFileKind::hdf5:
      return detail::open_hdf5(path, options.in_memory_bytes);
    case SampleFileKind::npz:
      return detail::open_npz(path);
    case SampleFileKind::safetensors:
      return detail::open_safetensors(path);
    default:
      detail::SampleTable table = detail::read_sample_csv(path, options.names);
      columns = std::move(table.columns);
      return detail::keep(path.string(), std::move(table.arrays));
  }
}

/// Throws at the first value that is not finite, or not as a T. `values`: the `width` values of a step, made of the
/// elements.
template <Scalar T>
void check_finite(const SampleArray& array, Index sample, Index step, const std::byte* elements, const T* values,
                  Index width) {
  for (Index i = 0; i < width; ++i) {
    if (std::isfinite(values[i])) continue;
    double value = 0;
    convert_elements(array.dtype(), elements + i * size_of(array.dtype()), 1, &value);
    const bool has_time = array.shape().size() == 3;
    array.fail("has " + format_number(value) + " at sample " + std::to_string(sample) +
               (has_time ? ", step " + std::to_string(step) : "") + ", value " + std::to_string(i) +
               " (counted from 0)" +
               (std::isfinite(value) ? ", which does not fit into float32; accepted with --precision float64"
                                     : "; finite numbers are needed"));
  }
}

/// Writes the first `valid` of `steps` steps of a sample, and zeros behind them.
template <Scalar T>
void read_steps(const SampleArray& array, Index sample, Index steps, Index valid, T* to, Index stride) {
  const Index width = array.shape().back();
  thread_local std::vector<std::byte> buffer;
  const std::byte* from = array.row(sample, buffer);
  for (Index step = 0; step < steps; ++step, to += stride) {
    if (step < valid) {
      const std::byte* elements = from + step * width * size_of(array.dtype());
      convert_elements(array.dtype(), elements, width, to);
      check_finite(array, sample, step, elements, to, width);
    } else {
      fill_zero(to, width);
    }
  }
}

}  // namespace

SampleFileKind sample_file_kind(const std::filesystem::path& path) {
  const std::string bytes = beginning_of(path);
  const bool is_network = detail::is_torch_content(bytes);
  if (is_hdf5(bytes)) return SampleFileKind::hdf5;
  if (is_npy(bytes)) return SampleFileKind::npy;
  if (!is_network && (bytes.starts_with("PK\3\4") || bytes.starts_with("PK\5\6"))) return SampleFileKind::npz;
  if (is_safetensors(bytes)) return SampleFileKind::safetensors;
  const bool is_binary = bytes.find('\0') != std::string::npos;
  if (is_binary || !detail::foreign_content(bytes).empty()) {
    throw DataError(path.string(), detail::content_problem(
                                       bytes, std::string(accepted_forms),
                                       "found bytes of an unknown form; accepted is " + std::string(accepted_forms)));
  }
  return SampleFileKind::csv;
}

namespace {

/// Names as the list of a file's arrays has them: those in an HDF5 file are paths, which may begin with a slash.
SampleNames listed_names(SampleNames names, SampleFileKind kind) {
  const auto strip = [](std::string& name) {
    if (name.size() > 1 && name.starts_with('/')) name.erase(0, 1);
  };
  if (kind != SampleFileKind::hdf5) return names;
  strip(names.inputs);
  for (std::optional<std::string>* name : {&names.labels, &names.targets, &names.lengths}) {
    if (*name) strip(**name);
  }
  return names;
}

}  // namespace

struct SampleFile::Content {
  std::string name;
  std::unique_ptr<SampleArray> inputs, targets;  // no targets where there are labels
  std::vector<std::int32_t> labels, lengths;
  std::vector<std::string> columns, notes;
  Index classes = 0;

  Content(const std::filesystem::path& path, const SampleFileOptions& options) : name(path.string()) {
    const SampleFileKind kind = sample_file_kind(path);
    const SampleNames names = listed_names(options.names, kind);
    const bool has_names = kind != SampleFileKind::npy && kind != SampleFileKind::csv;
    const auto refuse_name = [&](const char* key, bool is_given) {
      if (is_given) throw ConfigError(key, "does not go with " + name + ", in which arrays have no names");
    };
    refuse_name("inputs_name", !has_names && names.inputs != SampleNames().inputs);
    refuse_name("lengths_name", !has_names && names.lengths);
    refuse_name("labels_name", kind == SampleFileKind::npy && names.labels);
    refuse_name("targets_name", kind == SampleFileKind::npy && names.targets);
    if (!options.labels_file.empty() && !options.targets_file.empty()) {
      throw ConfigError(options.targets_file.string(), "targets do not go with the labels in " +
                                                           options.labels_file.string() + "; one of them is needed");
    }
    std::unique_ptr<SampleArray> label_array, length_array;
    if (!options.labels_file.empty()) label_array = detail::open_npy(options.labels_file, options.in_memory_bytes);
    if (!options.targets_file.empty()) targets = detail::open_npy(options.targets_file, options.in_memory_bytes);
    if (!options.lengths_file.empty()) length_array = detail::open_npy(options.lengths_file, options.in_memory_bytes);

    if (kind == SampleFileKind::npy) {
      inputs = detail::open_npy(path, options.in_memory_bytes);
    } else {
      const std::unique_ptr<SampleArrays> arrays = open_arrays(path, kind, options, columns);
      if (arrays->names().empty()) throw DataError(name, "holds no array; inputs, and labels or targets, are needed");
      const std::string inputs_name = kind == SampleFileKind::csv ? "inputs" : names.inputs;
      inputs = find(*arrays, inputs_name, "inputs_name");
      if (!label_array && !targets) {
        choose_targets(*arrays, kind, names, label_array);
      } else {
        refuse_second(*arrays, label_array ? options.labels_file : options.targets_file,
                      label_array ? "labels" : "targets", label_array ? names.labels : names.targets);
      }
      const std::string lengths_name = names.lengths.value_or("lengths");
      if (length_array) {
        refuse_second(*arrays, options.lengths_file, "lengths", names.lengths);
      } else if (names.lengths || has(arrays->names(), lengths_name)) {
        length_array = find(*arrays, lengths_name, "lengths_name");
      }
    }
    check_inputs();
    if (length_array) {
      check_samples(*length_array);
      lengths = detail::whole_numbers(*length_array, 1, static_cast<std::int32_t>(time_steps()));
      check_count(*length_array);
    }
    if (label_array) {
      check_samples(*label_array);
      labels = detail::whole_numbers(*label_array, 0, detail::highest_label);
      check_count(*label_array);
      classes = 1 + Index{std::ranges::max(labels)};
    } else if (targets) {
      check_targets();
    } else {
      throw DataError(name, "is an array without labels or targets; they must be given in another .npy file");
    }
    check_values();
  }

  [[nodiscard]] Index samples() const { return inputs->shape()[0]; }
  [[nodiscard]] Index time_steps() const { return inputs->shape()[1]; }
  [[nodiscard]] Index target_steps() const { return targets && targets->shape().size() == 3 ? time_steps() : 1; }
  [[nodiscard]] Index length(Index sample) const {
    return lengths.empty() ? time_steps() : Index{lengths[static_cast<std::size_t>(sample)]};
  }

 private:
  [[nodiscard]] std::unique_ptr<SampleArray> find(const SampleArrays& arrays, const std::string& array,
                                                  const char* key) {
    const std::vector<std::string> names = arrays.names();
    if (!has(names, array)) {
      throw DataError(name, "has no '" + array + "'; it has " + joined(names) + ", and " + key + " chooses one");
    }
    std::unique_ptr<SampleArray> found = arrays.array(array);
    if (found->is_partly_written())
      notes.push_back(name + ": '" + array + "' was written only in part; the rest reads as its fill value, mostly 0");
    return found;
  }

  /// Labels, targets or lengths (`what`) in another file do not go with those of the file itself.
  void refuse_second(const SampleArrays& arrays, const std::filesystem::path& other, const std::string& what,
                     const std::optional<std::string>& chosen) const {
    const std::string array = chosen.value_or(what);
    if (!has(arrays.names(), array) && !has(arrays.names(), what)) return;
    throw ConfigError(other.string(), "its " + what + " do not go with those in " + name + "; one of them is needed");
  }

  /// The labels or the targets of a file that has one of them.
  void choose_targets(const SampleArrays& arrays, SampleFileKind kind, const SampleNames& names,
                      std::unique_ptr<SampleArray>& label_array) {
    const std::vector<std::string> there = arrays.names();
    // The names of a CSV file are those of columns, from which arrays are made that have the usual names.
    const bool is_csv = kind == SampleFileKind::csv;
    const std::string labels_name = is_csv ? "labels" : names.labels.value_or("labels");
    const std::string targets_name = is_csv ? "targets" : names.targets.value_or("targets");
    const bool is_chosen = names.labels.has_value() != names.targets.has_value();
    const bool takes_labels = is_chosen ? names.labels.has_value() : has(there, labels_name);
    const bool takes_targets = is_chosen ? names.targets.has_value() : has(there, targets_name);
    if (takes_labels && takes_targets) {
      const std::string both = is_csv ? "a column of labels ('" + names.labels.value_or("label") +
                                            "') and columns of targets ('" + names.targets.value_or("target_…") + "')"
                                      : "labels ('" + labels_name + "') and targets ('" + targets_name + "')";
      throw DataError(name, "has both " + both + "; labels_name or targets_name chooses one");
    }
    if (is_csv && !has(there, takes_labels ? labels_name : targets_name)) {
      throw DataError(name, "has no column '" + names.labels.value_or("label") + "' and none that begins with '" +
                                names.targets.value_or("target") + "_'");
    }
    if (!takes_labels && !takes_targets) {
      throw DataError(name, "has neither '" + labels_name + "' nor '" + targets_name + "'; it has " + joined(there) +
                                ", and labels_name or targets_name chooses one");
    }
    if (takes_labels) {
      label_array = find(arrays, labels_name, "labels_name");
    } else {
      targets = find(arrays, targets_name, "targets_name");
    }
  }

  void check_inputs() const {
    const std::vector<Index>& shape = inputs->shape();
    if (shape.size() != 3 || std::ranges::min(shape) < 1) {
      inputs->fail("has the shape " + shape_text(shape) + "; [samples, time, features], each 1 or more, is needed");
    }
    constexpr Index longest = std::numeric_limits<std::int32_t>::max();
    if (std::ranges::max(shape) > longest) inputs->fail("has the shape " + shape_text(shape) + ", which is too large");
  }

  /// Of an array of one number a sample.
  void check_samples(const SampleArray& array) const {
    if (array.shape().size() == 1) check_count(array);
  }

  void check_count(const SampleArray& array) const {
    if (array.samples() != samples()) {
      array.fail("has " + std::to_string(array.samples()) + " samples; the inputs have " + std::to_string(samples()));
    }
  }

  void check_targets() const {
    const std::vector<Index>& shape = targets->shape();
    if ((shape.size() != 2 && shape.size() != 3) || std::ranges::min(shape) < 1) {
      targets->fail("has the shape " + shape_text(shape) +
                    "; [samples, time, outputs] or [samples, outputs], each 1 or more, is needed");
    }
    check_count(*targets);
    if (shape.size() == 3 && shape[1] != time_steps()) {
      targets->fail("has " + std::to_string(shape[1]) + " time steps; the inputs have " + std::to_string(time_steps()));
    }
  }

  /// Of what is in memory; the rest is checked where it is read.
  void check_values() const {
    std::vector<double> values(static_cast<std::size_t>(inputs->row_size()));
    for (Index sample = 0; sample < samples() && !inputs->is_on_disk(); ++sample) {
      read_steps(*inputs, sample, time_steps(), length(sample), values.data(), inputs->shape()[2]);
    }
    if (!targets || targets->is_on_disk()) return;
    const bool has_time = targets->shape().size() == 3;
    values.resize(static_cast<std::size_t>(targets->row_size()));
    for (Index sample = 0; sample < samples(); ++sample) {
      read_steps(*targets, sample, target_steps(), has_time ? length(sample) : 1, values.data(),
                 targets->shape().back());
    }
  }
};

SampleFile::SampleFile(const std::filesystem::path& path, const SampleFileOptions& options)
    : content_(std::make_unique<const Content>(path, options)) {}
SampleFile::~SampleFile() = default;
SampleFile::SampleFile(SampleFile&&) noexcept = default;
SampleFile& SampleFile::operator=(SampleFile&&) noexcept = default;

const std::string& SampleFile::name() const {
  return content_->name;
}
Index SampleFile::samples() const {
  return content_->samples();
}
Index SampleFile::time_steps() const {
  return content_->time_steps();
}
Index SampleFile::features() const {
  return content_->inputs->shape()[2];
}
bool SampleFile::is_on_disk() const {
  return content_->inputs->is_on_disk();
}
std::span<const std::int32_t> SampleFile::labels() const {
  return content_->labels;
}
Index SampleFile::classes() const {
  return content_->classes;
}
Index SampleFile::outputs() const {
  return content_->targets ? content_->targets->shape().back() : 0;
}
Index SampleFile::target_steps() const {
  return content_->target_steps();
}
std::span<const std::int32_t> SampleFile::lengths() const {
  return content_->lengths;
}
std::span<const std::string> SampleFile::columns() const {
  return content_->columns;
}
std::span<const std::string> SampleFile::notes() const {
  return content_->notes;
}
Index SampleFile::length(Index sample) const {
  return content_->length(sample);
}

template <Scalar T>
void SampleFile::inputs(Index sample, T* x, Index stride) const {
  read_steps(*content_->inputs, sample, time_steps(), length(sample), x, stride);
}

template <Scalar T>
void SampleFile::targets(Index sample, T* y, Index stride) const {
  const Index steps = target_steps();
  read_steps(*content_->targets, sample, steps, steps == 1 ? 1 : length(sample), y, stride);
}

template void SampleFile::inputs(Index, float*, Index) const;
template void SampleFile::inputs(Index, double*, Index) const;
template void SampleFile::targets(Index, float*, Index) const;
template void SampleFile::targets(Index, double*, Index) const;

FeatureScale standard_scale(const SampleFile& file) {
  // Welford's recurrence: mean and sum of squared differences from it, a value at a time.
  const auto features = static_cast<std::size_t>(file.features());
  FeatureScale scale{std::vector<double>(features, 0), std::vector<double>(features, 0)};
  std::vector<double> x(static_cast<std::size_t>(file.time_steps()) * features);
  double count = 0;
  for (Index sample = 0; sample < file.samples(); ++sample) {
    file.inputs(sample, x.data(), file.features());
    const double* value = x.data();
    for (Index step = 0; step < file.length(sample); ++step) {
      const double share = 1 / ++count;
      for (std::size_t feature = 0; feature < features; ++feature) {
        const double difference = *value - scale.mean[feature];
        scale.mean[feature] += difference * share;
        scale.factor[feature] += difference * (*value++ - scale.mean[feature]);
      }
    }
  }
  for (std::size_t feature = 0; feature < features; ++feature) {
    const double deviation = std::sqrt(scale.factor[feature] / count);
    if (!std::isfinite(deviation)) {
      throw DataError(file.name(), "the standard deviation of feature " + std::to_string(feature) +
                                       " (counted from 0) is not finite; smaller values are needed");
    }
    scale.factor[feature] = deviation > 0 ? 1 / deviation : 1;
  }
  return scale;
}

void add_scale(TensorFile& checkpoint, const FeatureScale& scale) {
  const auto add = [&](const char* name, const std::vector<double>& values) {
    checkpoint.tensors.push_back(make_named_tensor<double>(name, {std::ssize(values)}, values));
  };
  add(mean_name, scale.mean);
  add(factor_name, scale.factor);
}

bool is_of_scale(const NamedTensor& tensor) {
  return tensor.name == mean_name || tensor.name == factor_name;
}

std::optional<FeatureScale> recorded_scale(const TensorFile& checkpoint, const std::string& name) {
  const NamedTensor *mean = checkpoint.find(mean_name), *factor = checkpoint.find(factor_name);
  if (!mean || !factor) return std::nullopt;
  return FeatureScale{values_of<double>(*mean, name), values_of<double>(*factor, name)};
}

}  // namespace glifr
