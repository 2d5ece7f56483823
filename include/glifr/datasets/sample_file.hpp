#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/io/safetensors.hpp"

namespace glifr {

/// The forms of files that samples are read from.
enum class SampleFileKind { hdf5, npz, npy, safetensors, csv };

/// The form of a file, told by its content and not by its name. Throws DataError where it is missing or of another
/// form.
[[nodiscard]] GLIFR_API SampleFileKind sample_file_kind(const std::filesystem::path& path);

/// What the arrays of a file are called. Where a name is not given, the array is one that may be missing.
struct SampleNames {
  std::string inputs = "inputs";            ///< `[samples, time, features]`
  std::optional<std::string> labels = {};   ///< `[samples]`; not given: "labels" ("label" in CSV files)
  std::optional<std::string> targets = {};  ///< `[samples, time, outputs]` or `[samples, outputs]`; not given:
                                            ///< "targets" (in CSV files "target" and all "target_…")
  std::optional<std::string> lengths = {};  ///< `[samples]`; not given: "lengths"
};

/// How a file of samples is read.
struct SampleFileOptions {
  SampleNames names = {};                   ///< of the arrays in the file
  std::filesystem::path labels_file = {};   ///< a .npy file with the labels; empty: they are in the file itself
  std::filesystem::path targets_file = {};  ///< the same of the targets
  std::filesystem::path lengths_file = {};  ///< the same of the lengths
  Index in_memory_bytes = Index{1} << 31u;  ///< an array of more bytes is read from the disk when it is asked for
};

/// A file of labelled sequences, or of sequences with targets: an HDF5, NPZ, NPY, safetensors or CSV file.
///
/// Elements may be of any integer, boolean or floating-point type. Arrays of HDF5 and NPY files that are larger than
/// `in_memory_bytes` stay on the disk. Samples may be of different length; what lies behind a sample's length reads as
/// 0.
///
/// A CSV file has a row a time step, with a line of names: first the column `sample`, a whole number below 2^53 that
/// the rows of a sample share; then features; one column `label`, the same in all rows of a sample, or columns
/// `target_…`. Columns of these names are no features, whatever names are asked for. The rows of a sample stand
/// together, in the order of time; samples may have different numbers of them. No two columns have one name.
///
/// Immutable; several threads may read from one object.
class GLIFR_API SampleFile {
 public:
  /// Opens a file and checks it. Throws DataError, naming the file, the array and the place, where it cannot be read,
  /// an array is missing or of another shape or type, a value is not finite, a label is no class number, a length is
  /// not between 1 and the time steps, numbers of samples differ, or there are none; ConfigError where the options do
  /// not go together. Arrays that stay on the disk are checked where they are read.
  explicit SampleFile(const std::filesystem::path& path, const SampleFileOptions& options = {});
  ~SampleFile();
  SampleFile(SampleFile&&) noexcept;
  SampleFile& operator=(SampleFile&&) noexcept;

  /// The file, for messages.
  [[nodiscard]] const std::string& name() const;
  /// The number of samples.
  [[nodiscard]] Index samples() const;
  /// Time steps of the longest sample that the file has room for.
  [[nodiscard]] Index time_steps() const;
  /// Features of every time step.
  [[nodiscard]] Index features() const;
  /// Whether the inputs stay on the disk.
  [[nodiscard]] bool is_on_disk() const;

  /// A label a sample; empty where there are targets.
  [[nodiscard]] std::span<const std::int32_t> labels() const;
  /// The highest label + 1; 0 where there are targets.
  [[nodiscard]] Index classes() const;
  /// Values of a target; 0 where there are labels.
  [[nodiscard]] Index outputs() const;
  /// Steps that have a target: all (`time_steps()`) or the last one of a sample (1).
  [[nodiscard]] Index target_steps() const;
  /// Time steps of each sample; empty where all have `time_steps()`.
  [[nodiscard]] std::span<const std::int32_t> lengths() const;
  /// Time steps of a sample.
  [[nodiscard]] Index length(Index sample) const;
  /// The columns of a CSV file: features, then targets. Empty for files of other forms, whose columns have no names.
  [[nodiscard]] std::span<const std::string> columns() const;
  /// What users should know of the file, a sentence each: that an HDF5 dataset was written only in part.
  [[nodiscard]] std::span<const std::string> notes() const;

  /// Writes the inputs of a sample: step t, `features()` values, begins at `x + t * stride`. Throws DataError where
  /// they are on the disk and damaged, or a value is not finite as a T.
  template <Scalar T>
  void inputs(Index sample, T* x, Index stride) const;
  /// Writes the targets of a sample: step t of `target_steps()`, `outputs()` values, begins at `y + t * stride`. Throws
  /// as `inputs`.
  template <Scalar T>
  void targets(Index sample, T* y, Index stride) const;

 private:
  struct Content;
  std::unique_ptr<const Content> content_;
};

/// A shift and a factor for each feature: x becomes (x - mean) * factor.
struct FeatureScale {
  std::vector<double> mean;    ///< one a feature
  std::vector<double> factor;  ///< one a feature
};

/// The scale that gives each feature of a file mean 0 and standard deviation 1 over all valid steps of all samples; a
/// feature that never changes becomes 0. Computed in double, from the first sample to the last, so that the same file
/// gives the same bits. Throws as `SampleFile::inputs`.
[[nodiscard]] GLIFR_API FeatureScale standard_scale(const SampleFile& file);

/// Adds to a network's checkpoint the scale of its inputs.
GLIFR_API void add_scale(TensorFile& checkpoint, const FeatureScale& scale);
/// Whether a tensor of a checkpoint is of the scale of its inputs, not of the network.
[[nodiscard]] GLIFR_API bool is_of_scale(const NamedTensor& tensor);
/// The scale that `add_scale` added; nothing where there is none, or only a part of it. `name` stands for the file in
/// messages. DataError where it is no numbers.
[[nodiscard]] GLIFR_API std::optional<FeatureScale> recorded_scale(const TensorFile& checkpoint,
                                                                   const std::string& name);

}  // namespace glifr
