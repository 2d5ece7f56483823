#include "glifr/datasets/sample_file.hpp"

#include <sys/stat.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "glifr/datasets/digest.hpp"
#include "glifr/datasets/file_dataset.hpp"
#include "glifr/datasets/recordings.hpp"
#include "glifr/error.hpp"
#include "glifr/io/hdf5.hpp"
#include "glifr/io/npy.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;

constexpr Index samples = 4, steps = 3, features = 2;

/// Inputs 0, 0.25, 0.5, …; labels 1, 0, 2, 0; targets 0, -1, -2, …
NamedTensor inputs() {
  std::vector<float> values(samples * steps * features);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 4;
  return make_named_tensor<float>("inputs", {samples, steps, features}, values);
}
NamedTensor labels() {
  return make_named_tensor<std::int64_t>("labels", {samples}, std::vector<std::int64_t>{1, 0, 2, 0});
}
NamedTensor targets(std::vector<Index> shape) {
  Index size = 1;
  for (const Index s : shape) size *= s;
  std::vector<double> values(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = -static_cast<double>(i);
  return make_named_tensor<double>("targets", std::move(shape), values);
}
NamedTensor counts(const char* name, const std::vector<std::int64_t>& values) {
  return make_named_tensor<std::int64_t>(name, {std::ssize(values)}, values);
}

/// A folder in which files of tensors are made.
struct Files {
  test::TemporaryFolder folder;

  std::filesystem::path tensors(const std::vector<NamedTensor>& content) const {
    const auto path = folder.path() / "data";
    write_safetensors(path, {content, {}});
    return path;
  }
  std::filesystem::path text(const char* name, std::string_view content) const {
    test::write_text(folder.path() / name, content);
    return folder.path() / name;
  }
};

/// All inputs of a data set, `[time_steps, samples, input_size]`.
std::vector<float> all_inputs(const FileDataset<float>& data) {
  std::vector<Index> chosen(static_cast<std::size_t>(data.size()));
  std::iota(chosen.begin(), chosen.end(), 0);
  std::vector<float> values(static_cast<std::size_t>(data.time_steps() * data.size() * data.input_size()), -99);
  data.inputs(chosen, values.data());
  return values;
}

FileDataset<float> dataset(const std::filesystem::path& path, const SampleFileOptions& options = {}) {
  return FileDataset<float>(std::make_shared<SampleFile>(path, options));
}

TEST_CASE("a file of labelled sequences becomes a time-major data set") {
  const Files files;
  const FileDataset<float> data = dataset(files.tensors({inputs(), labels()}));
  CHECK(data.size() == samples);
  CHECK(data.time_steps() == steps);
  CHECK(data.input_size() == features);
  CHECK(data.classes() == 3);
  CHECK(data.target_size() == 0);
  CHECK_FALSE(data.has_lengths());
  const std::vector<Index> chosen{2, 0};
  std::vector<float> x(steps * 2 * features);
  data.inputs(chosen, x.data());
  CHECK(x == std::vector<float>{3, 3.25, 0, 0.25, 3.5, 3.75, 0.5, 0.75, 4, 4.25, 1, 1.25});
  std::vector<std::int32_t> found(2);
  data.labels(chosen, found.data());
  CHECK(found == std::vector<std::int32_t>{2, 1});
  std::vector<std::int32_t> lengths(2);
  data.lengths(chosen, lengths.data());
  CHECK(lengths == std::vector<std::int32_t>{3, 3});
}

TEST_CASE("targets are of every step or of the last") {
  const Files files;
  const std::vector<Index> chosen{1, 3};
  const FileDataset<float> every = dataset(files.tensors({inputs(), targets({samples, steps, 1})}));
  CHECK(every.classes() == 0);
  CHECK(every.target_size() == 1);
  CHECK(every.target_steps() == steps);
  std::vector<float> y(steps * 2);
  every.targets(chosen, y.data());
  CHECK(y == std::vector<float>{-3, -9, -4, -10, -5, -11});
  CHECK_THROWS_AS(every.labels(chosen, nullptr), std::logic_error);

  const FileDataset<float> last = dataset(files.tensors({inputs(), targets({samples, 2})}));
  CHECK(last.target_size() == 2);
  CHECK(last.target_steps() == 1);
  y.assign(4, 0);
  last.targets(chosen, y.data());
  CHECK(y == std::vector<float>{-2, -3, -6, -7});
}

TEST_CASE("samples are padded to more steps than their file has") {
  const Files files;
  const auto padded = [&](const std::vector<NamedTensor>& content, std::optional<FeatureScale> scale = {}) {
    const auto file = std::make_shared<SampleFile>(files.tensors(content));
    return FileDataset<float>(file, {.scale = std::move(scale), .time_steps = steps + 1});
  };
  const std::vector<Index> chosen{1};
  std::vector<std::int32_t> lengths(1);
  std::vector<float> x((steps + 1) * features, -1), y(steps + 1, -1);
  const FileDataset<float> every = padded({inputs(), targets({samples, steps, 1})});
  CHECK((every.time_steps() == steps + 1 && every.target_steps() == steps + 1));
  REQUIRE(every.has_lengths());
  every.lengths(chosen, lengths.data());
  CHECK(lengths == std::vector<std::int32_t>{steps});
  every.inputs(chosen, x.data());
  CHECK(x == std::vector<float>{1.5, 1.75, 2, 2.25, 2.5, 2.75, 0, 0});
  every.targets(chosen, y.data());
  CHECK(y == std::vector<float>{-3, -4, -5, 0});

  const FileDataset<float> last =
      padded({inputs(), targets({samples, 2}), counts("lengths", {3, 2, 1, 3})}, FeatureScale{{1, 1}, {2, 2}});
  CHECK(last.target_steps() == 1);
  last.lengths(chosen, lengths.data());
  CHECK(lengths == std::vector<std::int32_t>{2});
  last.inputs(chosen, x.data());
  CHECK(x == std::vector<float>{1, 1.5, 2, 2.5, 0, 0, 0, 0});
  const auto file = std::make_shared<SampleFile>(files.tensors({inputs(), labels()}));
  CHECK_THROWS_WITH(FileDataset<float>(file, {.time_steps = steps - 1}), Contains("3 time steps or more"));
}

TEST_CASE("a scale of another number of features is refused, by the part of it that has another") {
  const Files files;
  const auto file = std::make_shared<SampleFile>(files.tensors({inputs(), labels()}));
  const auto scaled = [&](FeatureScale scale) { return FileDataset<float>(file, {.scale = std::move(scale)}); };
  CHECK_NOTHROW(scaled({{1, 1}, {2, 2}}));
  CHECK_THROWS_WITH(scaled({{1}, {2, 2}}), "means of the inputs: expected 2 features, found 1");
  CHECK_THROWS_WITH(scaled({{1, 1}, {2, 2, 2}}), "factors of the inputs: expected 2 features, found 3");
}

TEST_CASE("what lies behind the end of a sample reads as 0, whatever the file has there") {
  const Files files;
  NamedTensor padded = inputs();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(padded.bytes.data() + 4 * features * sizeof nan, &nan, sizeof nan);  // sample 1, step 1
  const auto path = files.tensors({padded, targets({samples, steps, 1}), counts("lengths", {3, 1, 2, 3})});
  const FileDataset<float> data = dataset(path);
  CHECK(data.has_lengths());
  const std::vector<Index> chosen{1, 2};
  std::vector<std::int32_t> lengths(2);
  data.lengths(chosen, lengths.data());
  CHECK(lengths == std::vector<std::int32_t>{1, 2});
  std::vector<float> x(steps * 2 * features, -1), y(steps * 2, -1);
  data.inputs(chosen, x.data());
  CHECK(x == std::vector<float>{1.5, 1.75, 3, 3.25, 0, 0, 3.5, 3.75, 0, 0, 0, 0});
  data.targets(chosen, y.data());
  CHECK(y == std::vector<float>{-3, -6, 0, -7, 0, 0});

  const auto file = std::make_shared<SampleFile>(path);
  FileDataset<float>(file, {.scale = FeatureScale{{1, 1}, {2, 2}}}).inputs(chosen, x.data());
  CHECK(x == std::vector<float>{1, 1.5, 4, 4.5, 0, 0, 5, 5.5, 0, 0, 0, 0});
}

TEST_CASE("arrays may have other names") {
  const Files files;
  NamedTensor x = inputs(), y = labels(), n = counts("n", {1, 2, 3, 3});
  x.name = "x";
  y.name = "y";
  const auto path = files.tensors({x, y, n, targets({samples, 1})});
  const SampleFile file(path, {.names = {.inputs = "x", .labels = "y", .lengths = "n"}});
  CHECK(file.classes() == 3);
  CHECK(file.length(1) == 2);
  CHECK_THROWS_WITH(SampleFile(path), Contains("data: has no 'inputs'; it has ") && Contains("inputs_name"));
  CHECK_THROWS_WITH(SampleFile(path, {.names = {.inputs = "x", .labels = "z"}}), Contains("has no 'z'; it has "));
  CHECK_THROWS_WITH(SampleFile(path, {.names = {.inputs = "x", .lengths = "m"}}), Contains("has no 'm'; it has "));
  CHECK(SampleFile(path, {.names = {.inputs = "x"}}).outputs() == 1);
  CHECK_THROWS_WITH(SampleFile(files.tensors({inputs(), labels(), targets({samples, 1})})),
                    Contains("has both labels ('labels') and targets ('targets')"));
  CHECK_THROWS_WITH(SampleFile(files.tensors({inputs()})), Contains("has neither 'labels' nor 'targets'"));
}

TEST_CASE("an array alone goes with labels or targets in a file of their own") {
  const Files files;
  const auto x = files.text("x.npy", encode_npy(inputs())), y = files.text("y.npy", encode_npy(labels())),
             z = files.text("z.npy", encode_npy(targets({samples, steps, 1})));
  CHECK(SampleFile(x, {.labels_file = y}).classes() == 3);
  CHECK(SampleFile(x, {.targets_file = z}).target_steps() == steps);
  CHECK_THROWS_WITH(SampleFile(x), Contains("x.npy: is an array without labels or targets"));
  CHECK_THROWS_AS(SampleFile(x, {.labels_file = y, .targets_file = z}), ConfigError);
  CHECK_THROWS_WITH(SampleFile(x, {.names = {.inputs = "x"}, .labels_file = y}), Contains("inputs_name: does not go"));
  CHECK_THROWS_WITH(SampleFile(x, {.labels_file = x}), Contains("x.npy: has the shape [4, 3, 2]; [samples] is needed"));
  for (const SampleNames& names :
       {SampleNames{.labels = "y"}, SampleNames{.targets = "y"}, SampleNames{.lengths = "n"}}) {
    CHECK_THROWS_WITH(SampleFile(x, {.names = names, .labels_file = y}),
                      Contains("s_name: does not go with") && Contains("in which arrays have no names"));
  }
  CHECK_THROWS_WITH(SampleFile(x, {.labels_file = files.text("n.csv", "1\n")}), Contains("n.csv at byte 0: found no"));

  const std::string both = "do not go with those in " + (files.folder.path() / "data").string();
  CHECK_THROWS_WITH(SampleFile(files.tensors({inputs(), labels()}), {.labels_file = y}),
                    Contains("y.npy: its labels " + both));
  CHECK_THROWS_WITH(SampleFile(files.tensors({inputs(), targets({samples, 1})}), {.targets_file = z}),
                    Contains("z.npy: its targets " + both));
  const auto csv = files.text("own.csv", "sample,x,class\n0,1,0\n1,2,1\n");
  CHECK_THROWS_WITH(SampleFile(csv, {.names = {.labels = "class"}, .labels_file = y}),
                    Contains("y.npy: its labels do not go with those in") && Contains("own.csv"));
  CHECK(SampleFile(files.tensors({inputs()}), {.labels_file = y}).classes() == 3);
}

TEST_CASE("an array alone goes with lengths in a file of their own") {
  const Files files;
  const auto x = files.text("x.npy", encode_npy(inputs())), y = files.text("y.npy", encode_npy(labels())),
             n = files.text("n.npy", encode_npy(counts("", {3, 1, 2, 3})));
  const SampleFile file(x, {.labels_file = y, .lengths_file = n});
  CHECK(std::ranges::equal(file.lengths(), std::vector<std::int32_t>{3, 1, 2, 3}));
  CHECK(file.length(1) == 1);
  const auto refused = [&](const std::vector<std::int64_t>& lengths, const char* problem) {
    const auto bad = files.text("bad.npy", encode_npy(counts("", lengths)));
    CHECK_THROWS_WITH(SampleFile(x, {.labels_file = y, .lengths_file = bad}),
                      Contains("bad.npy: ") && Contains(problem));
  };
  refused({3, 1, 2}, "has 3 samples; the inputs have 4");
  refused({3, 1, 0, 3}, "has 0 at sample 2 (counted from 0); accepted are whole numbers from 1 to 3");
  refused({3, 1, 2, 4}, "has 4 at sample 3");
  CHECK_THROWS_WITH(SampleFile(x, {.labels_file = y, .lengths_file = x}), Contains("[samples] is needed"));
  CHECK_THROWS_WITH(
      SampleFile(files.tensors({inputs(), labels(), counts("lengths", {1, 1, 1, 1})}), {.lengths_file = n}),
      Contains("n.npy: its lengths do not go with those in"));
  CHECK(SampleFile(files.tensors({inputs(), labels()}), {.lengths_file = n}).length(2) == 2);
}

TEST_CASE("a large array stays on the disk and reads as one in memory") {
  const Files files;
  const auto x = files.text("x.npy", encode_npy(inputs())), y = files.text("y.npy", encode_npy(labels()));
  const SampleFileOptions on_disk{.labels_file = y, .in_memory_bytes = 10};
  CHECK(SampleFile(x, on_disk).is_on_disk());
  CHECK_FALSE(SampleFile(x, {.labels_file = y}).is_on_disk());
  CHECK(all_inputs(dataset(x, on_disk)) == all_inputs(dataset(x, {.labels_file = y})));

  NamedTensor damaged = inputs();
  const float infinite = std::numeric_limits<float>::infinity();
  std::memcpy(damaged.bytes.data() + 9 * sizeof infinite, &infinite, sizeof infinite);
  const auto bad = files.text("bad.npy", encode_npy(damaged));
  CHECK_THROWS_WITH(SampleFile(bad, {.labels_file = y}),
                    Contains("bad.npy: has inf at sample 1, step 1, value 1 (counted from 0); finite"));
  const FileDataset<float> data = dataset(bad, on_disk);  // checked where it is read
  CHECK_THROWS_WITH(all_inputs(data), Contains("bad.npy: has inf at sample 1, step 1, value 1"));
}

TEST_CASE("a CSV file in its long form holds samples of different length") {
  const Files files;
  const auto path = files.text("data.csv", "sample,a,b,label\n7,1,2,1\n7,3,4,1\n2,5,6,0\n9,7,8,2\n9,9,10,2\n");
  const FileDataset<float> data = dataset(path);
  CHECK(data.size() == 3);
  CHECK(data.time_steps() == 2);
  CHECK(data.classes() == 3);
  CHECK(data.has_lengths());
  CHECK(all_inputs(data) == std::vector<float>{1, 2, 5, 6, 7, 8, 3, 4, 0, 0, 9, 10});

  const SampleFile values(files.text("data.csv", "sample,a,target_x,target_y\n0,1,2,3\n0,4,5,6\n1,7,8,9\n1,0,0,1\n"));
  CHECK(values.outputs() == 2);
  CHECK(std::ranges::equal(values.columns(), std::vector<std::string>{"a", "target_x", "target_y"}));
  CHECK(values.target_steps() == 2);
  CHECK(values.lengths().empty());
  std::vector<double> y(4);
  values.targets(0, y.data(), 2);
  CHECK(y == std::vector<double>{2, 3, 5, 6});
  CHECK(SampleFile(files.text("data.csv", "sample,a,y\n0,1,2\n1,3,0\n"), {.names = {.labels = "y"}}).classes() == 3);
}

TEST_CASE("CSV files that are not in the long form are refused with the line") {
  const Files files;
  const auto refused = [&](const char* text, const char* reason) {
    CHECK_THROWS_WITH(SampleFile(files.text("data.csv", text)), Contains("data.csv: ") && Contains(reason));
  };
  refused("", "is empty");
  refused("1,2,3\n4,5,6\n", "the first column is '1'; 'sample' is needed");
  refused("sample,a,label\n", "has no row behind the line of names");
  refused("sample,label\n0,1\n", "has no column of features");
  refused("sample,a\n0,1\n", "has no column 'label' and none that begins with 'target_'");
  refused("sample,a,label,label\n0,1,1,1\n", "has two columns 'label'");
  refused("sample,a,a,label\n0,1,1,1\n", "has two columns 'a'");
  refused("sample,a,label,target_x\n0,1,1,1\n",
          "has both a column of labels ('label') and columns of targets ('target_…'); labels_name or targets_name");
  refused("sample,a,label\n0,1,1\n0,2,0\n", "line 3: the label is 0, in line 2 of the same sample 1");
  refused("sample,a,label\n0,1,1\n1,2,0\n0,1,1\n", "line 4: sample 0 began in line 2 and others followed");
  refused("sample,a,label\n0,nan,1\n", "line 2, column 2 (a): found 'nan'; a finite number is needed");
  refused("sample,a,label\n0,1,1.5\n", "'labels' has 1.5 at sample 0");
  refused("sample,a,label\n0,1,mid\n",
          "line 2, column 3 (label): found 'mid'; a number is needed; labels are classes 0 … C - 1");
  CHECK_THROWS_WITH(SampleFile(files.text("data.csv", "sample,a,size\n0,1,mid\n"), {.names = {.labels = "size"}}),
                    Contains("column 3 (size): found 'mid'; a number is needed; labels are classes 0 … C - 1"));
  CHECK_THROWS_WITH(SampleFile(files.text("data.csv", "sample,a,label\n0,low,1\n")),
                    Catch::EndsWith("column 2 (a): found 'low'; a number is needed"));
  refused("sample,a,label\n0,1\n", "line 2: found 2 cells");
  refused("sample;a;label\n0;1;0\n", "columns are separated by ';'; commas are needed");
  refused("sample,a,label\n0,1,0\n0.5,1,0\n", "line 3: found the sample 0.5; samples are numbered by whole numbers");
  // Two numbers that are one as doubles.
  refused("sample,a,label\n9007199254740992,1,0\n9007199254740993,2,1\n",
          "line 2: found the sample 9007199254740992; numbers of samples are told apart below 9007199254740992");
  CHECK(SampleFile(files.text("data.csv", "sample,a,label\n9007199254740990,1,0\n9007199254740991,2,1\n")).samples() ==
        2);
  CHECK_THROWS_WITH(SampleFile(files.text("data.csv", "sample,a\n0,1\n"), {.names = {.labels = "sample"}}),
                    Contains("labels_name: found 'sample', the column of") && Contains("that numbers the samples"));
}

TEST_CASE("columns that hold answers are no features, whichever of them is asked for") {
  const Files files;
  const auto path =
      files.text("data.csv", "sample,a,label,target_x,target,species,target_y\n0,7,1,2,3,1,5\n1,8,0,4,5,2,6\n");
  const SampleFile labelled(path, {.names = {.labels = "species"}});
  CHECK(labelled.features() == 1);
  CHECK((labelled.labels()[0] == 1 && labelled.labels()[1] == 2));
  const SampleFile valued(files.text("y.csv", "sample,a,label,target_x,y_1,y_2\n0,7,1,2,3,4\n"),
                          {.names = {.targets = "y"}});
  CHECK((valued.features() == 1 && valued.outputs() == 2));
}

TEST_CASE("the form of a file is told by its content") {
  const Files files;
  CHECK(sample_file_kind(files.tensors({inputs()})) == SampleFileKind::safetensors);
  CHECK(sample_file_kind(files.text("x.csv", encode_npy(inputs()))) == SampleFileKind::npy);
  CHECK(sample_file_kind(files.text("x.h5", "PK\5\6")) == SampleFileKind::npz);
  CHECK(sample_file_kind(files.text("x.h5", "sample,a\n")) == SampleFileKind::csv);
  CHECK(sample_file_kind(files.text("x", "\x89HDF\r\n\x1a\n")) == SampleFileKind::hdf5);
  CHECK_THROWS_WITH(sample_file_kind(files.text("x", "%PDF-1.7")),
                    Contains("found a PDF; accepted is an HDF5, NPZ, NPY, safetensors or CSV file"));
  const std::string checkpoint = std::string("PK\3\4", 4) + std::string(22, '\0') + std::string("\x0e\0\0\0", 4);
  CHECK_THROWS_WITH(
      sample_file_kind(files.text("x", checkpoint + "model/data.pkl")),
      Contains("found a PyTorch checkpoint, which 'glifr_analyze import' reads; accepted is an HDF5, NPZ"));
  CHECK_THROWS_WITH(sample_file_kind(files.text("x", std::string("\1\0\2\0\3", 5))), Contains("unknown form"));
  CHECK_THROWS_WITH(sample_file_kind(files.folder.path() / "none"), Contains("none: No such file"));
  CHECK_THROWS_WITH(sample_file_kind(files.folder.path()), Contains("is a folder"));
  const auto pipe = files.folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(sample_file_kind(pipe), Contains("pipe: is a pipe; a file is needed"));
  CHECK_THROWS_WITH(SampleFile(files.text("x", encode_npy(inputs())), {.labels_file = pipe}), Contains("is a pipe"));
  CHECK_THROWS_WITH(holds_recordings(pipe), Contains("is a pipe"));
  CHECK_THROWS_WITH(sample_file_kind("/dev/null"), Contains("/dev/null: is a device; a file is needed"));
}

TEST_CASE("arrays that do not fit each other are refused with file, array and place") {
  const Files files;
  const auto refused = [&](const std::vector<NamedTensor>& tensors, const char* reason) {
    CHECK_THROWS_WITH(SampleFile(files.tensors(tensors)), Contains("data: ") && Contains(reason));
  };
  const auto of_shape = [](const char* name, std::vector<Index> shape) {
    NamedTensor tensor = targets(std::move(shape));
    tensor.name = name;
    return tensor;
  };
  refused({of_shape("inputs", {4, 6}), labels()}, "'inputs' has the shape [4, 6]; [samples, time, features]");
  refused({of_shape("inputs", {0, 3, 2}), labels()}, "'inputs' has the shape [0, 3, 2]");
  refused({of_shape("inputs", {4, 3, 0}), labels()}, "each 1 or more");
  refused({{"inputs", Dtype::c64, {1, 1, 1}, std::vector<std::byte>(8)}, labels()}, "'inputs' has elements of C64");
  refused({inputs(), counts("labels", {1, 0, 2})}, "'labels' has 3 samples; the inputs have 4");
  refused({inputs(), counts("labels", {1, 0, -1, 0})}, "'labels' has -1 at sample 2 (counted from 0)");
  refused({inputs(), counts("labels", {1, 0, 70000, 0})}, "accepted are whole numbers from 0 to 65535");
  refused({inputs(), make_named_tensor<float>("labels", {4}, std::vector<float>{0, 0.5, 1, 0})},
          "'labels' has 0.5 at sample 1");
  refused({inputs(), make_named_tensor<float>("labels", {4}, std::vector<float>{0, NAN, 1, 0})},
          "'labels' has nan at sample 1");
  constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  refused({inputs(), make_named_tensor<std::uint64_t>("labels", {4}, std::vector<std::uint64_t>{0, 1, largest, 0})},
          "'labels' has 18446744073709551615 at sample 2");
  refused({inputs(), counts("labels", {0, 1, -9007199254740993, 0})}, "'labels' has -9007199254740993 at sample 2");
  refused({}, "holds no array; inputs, and labels or targets, are needed");
  refused({inputs(), of_shape("labels", {4, 1})}, "'labels' has the shape [4, 1]; [samples] is needed");
  refused({inputs(), targets({4})}, "'targets' has the shape [4]; [samples, time, outputs] or [samples, outputs]");
  refused({inputs(), targets({4, 2, 1})}, "'targets' has 2 time steps; the inputs have 3");
  refused({inputs(), targets({5, 3, 1})}, "'targets' has 5 samples; the inputs have 4");
  refused({inputs(), make_named_tensor<float>("targets", {4, 1}, std::vector<float>{0, 0, NAN, 0})},
          "'targets' has nan at sample 2, value 0");
  refused({inputs(), labels(), counts("lengths", {3, 0, 1, 1})}, "'lengths' has 0 at sample 1 (counted from 0)");
  refused({inputs(), labels(), counts("lengths", {3, 1, 1, 4})}, "accepted are whole numbers from 1 to 3");
  refused({inputs(), labels(), counts("lengths", {3})}, "'lengths' has 1 samples; the inputs have 4");
  CHECK_THROWS_WITH(
      FileDataset<float>(std::make_shared<SampleFile>(files.tensors({inputs(), labels()})), {.classes = 2}),
      Contains("found the label 2 at sample 2") && Contains("accepted are 0 to 1") && Contains("output_size=3"));
  NamedTensor wide = targets({1, 1, 1});
  wide.name = "inputs";
  const double value = 1e300;
  std::memcpy(wide.bytes.data(), &value, sizeof value);
  CHECK_THROWS_WITH(
      all_inputs(dataset(files.tensors({wide, counts("labels", {0})}))),
      Contains("'inputs' has 1e+300 at sample 0, step 0, value 0 (counted from 0), which does not fit into "
               "float32; accepted with --precision float64"));
}

TEST_CASE("the standard scale comes from the valid steps") {
  const Files files;
  const SampleFile all(files.tensors({inputs(), labels()}));
  const FeatureScale scale = standard_scale(all);
  // Feature 0 has 0, 0.5, …, 5.5: mean 2.75, variance (12^2 - 1) / 12 / 4.
  CHECK(scale.mean[0] == Approx(2.75).epsilon(1e-14));
  CHECK(scale.mean[1] == Approx(3).epsilon(1e-14));
  CHECK(1 / scale.factor[0] == Approx(std::sqrt(143.0 / 48)).epsilon(1e-14));

  const SampleFile some(files.tensors({inputs(), labels(), counts("lengths", {2, 1, 1, 1})}));
  CHECK(standard_scale(some).mean[0] == Approx((0 + 0.5 + 1.5 + 3 + 4.5) / 5).epsilon(1e-14));
  NamedTensor constant = inputs();
  std::fill(constant.bytes.begin(), constant.bytes.end(), std::byte{0});
  CHECK(standard_scale(SampleFile(files.tensors({constant, labels()}))).factor == std::vector<double>{1, 1});
}

TEST_CASE("names in an HDF5 file are paths, with and without a slash in front") {
  const auto python = test::python_with("numpy, h5py");
  if (!python || !detail::has_hdf5()) GLIFR_SKIP("there is no Python with NumPy and h5py, or glifr has no HDF5");
  const Files files;
  test::run_python(*python, files.folder.path(), R"(
import numpy as np, h5py
with h5py.File('a.h5', 'w') as f:
    f['group/x'], f['group/y'], f['n'] = np.ones((2, 3, 1)), [0, 1], [3, 2]
    f['targets'] = np.ones((2, 1))
)");
  const auto path = files.folder.path() / "a.h5";
  for (const std::string slash : {"", "/"}) {
    const SampleFile file(path, {.names = {slash + "group/x", slash + "group/y", {}, slash + "n"}});
    CHECK(file.classes() == 2);
    CHECK(file.length(1) == 2);
    CHECK(SampleFile(path, {.names = {slash + "group/x", {}, slash + "targets"}}).outputs() == 1);
  }
  CHECK_THROWS_WITH(SampleFile(path, {.names = {.inputs = "/x"}}), Contains("has no 'x'; it has "));
}

TEST_CASE("an HDF5 dataset of which chunks are missing is noted, whether it is read from the disk or from memory") {
  const auto python = test::python_with("numpy, h5py");
  if (!python || !detail::has_hdf5()) GLIFR_SKIP("there is no Python with NumPy and h5py, or glifr has no HDF5");
  const Files files;
  test::run_python(*python, files.folder.path(), R"(
import numpy as np, h5py
for packing in [None, 'gzip']:
    for written in [7, 10]:
        with h5py.File(f'{packing}-{written}.h5', 'w') as f:
            x = f.create_dataset('inputs', (10, 3, 2), 'f4', chunks=(3, 2, 2), compression=packing)
            x[:written], f['labels'] = np.ones((written, 3, 2)), np.arange(10) % 2
)");
  for (const std::string packing : {"None", "gzip"}) {
    for (const Index in_memory_bytes : {0, 1000}) {
      const auto notes = [&](const std::string& written) {
        const SampleFile file(files.folder.path() / (packing + "-" + written + ".h5"),
                              {.in_memory_bytes = in_memory_bytes});
        return std::vector<std::string>(file.notes().begin(), file.notes().end());
      };
      CHECK(notes("10").empty());
      REQUIRE(notes("7").size() == 1);
      CHECK_THAT(notes("7")[0], Contains("-7.h5: 'inputs' was written only in part"));
    }
  }
}

TEST_CASE("the same data give the same bits from every form that Python writes") {
  const auto python = test::python_with("numpy, h5py");
  if (!python || !detail::has_hdf5() || !detail::has_zip()) {
    GLIFR_SKIP("there is no Python with NumPy and h5py, or glifr was built without HDF5 or libzip");
  }
  const Files files;
  test::run_python(*python, files.folder.path(), R"(
import numpy as np, h5py
rng = np.random.default_rng(1)
lengths = rng.integers(3, 9, 20)
lengths[0] = 8
x = rng.integers(-8, 8, (20, 8, 3))
for i, n in enumerate(lengths): x[i, n:] = 0
y = rng.integers(0, 2, 20)
y[:2] = 0, 1
for kind in ['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8']:
    for endian in '<>':
        for order in 'CF':
            a, b, n = x.astype(endian + kind, order=order), y.astype(endian + 'i8'), lengths.astype(endian + 'u2')
            name = kind + {'<': 'l', '>': 'b'}[endian] + order
            np.savez(name + '.npz', inputs=a, labels=b, lengths=n)
            with h5py.File(name + '.h5', 'w') as f:
                f.create_dataset('inputs', data=a, compression='gzip', chunks=(7, 8, 3))
                f['labels'], f['lengths'] = b.astype(bool), n
np.savez_compressed('packed.npz', inputs=x.astype('f4'), labels=y.astype(bool), lengths=lengths)
with open('long.csv', 'w') as f:
    f.write('sample,a,b,c,label\n')
    for i in range(20):
        for t in range(lengths[i]): f.write(','.join(map(repr, [i, *x[i, t].tolist(), int(y[i])])) + '\n')
)");
  std::optional<DataDigest> first;
  std::vector<std::int32_t> lengths;
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(files.folder.path())) {
    for (const Index in_memory_bytes : {Index{1} << 20, Index{100}}) {
      INFO(entry.path().filename() << " with " << in_memory_bytes << " bytes in memory");
      const auto file =
          std::make_shared<SampleFile>(entry.path(), SampleFileOptions{.in_memory_bytes = in_memory_bytes});
      CHECK(file->is_on_disk() == (in_memory_bytes == 100 && entry.path().extension() == ".h5"));
      const DataDigest sum = digest(FileDataset<float>(file));
      if (!first) {
        first = sum;
        lengths.assign(file->lengths().begin(), file->lengths().end());
      }
      CHECK(sum == *first);
      CHECK(std::vector<std::int32_t>(file->lengths().begin(), file->lengths().end()) == lengths);
      CHECK(standard_scale(*file).mean == standard_scale(SampleFile(files.folder.path() / "long.csv")).mean);
      ++found;
    }
  }
  CHECK(found == 2 * (2 * 7 * 4 + 2));
}

}  // namespace
}  // namespace glifr
