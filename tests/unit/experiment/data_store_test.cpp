#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "glifr/error.hpp"
#include "glifr/experiment/config.hpp"
#include "glifr/experiment/data.hpp"
#include "glifr/experiment/task.hpp"
#include "glifr/io/hdf5.hpp"
#include "glifr/io/npy.hpp"
#include "glifr/io/safetensors.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"
#include "unit/datasets/fixtures.hpp"

namespace {

using namespace glifr;
using Catch::Matchers::Contains;

/// A data root with a set of images, or of recordings, in it.
class Root {
 public:
  /// Writes one split, all pixels 7, its labels counting from 0 up to `classes` and again.
  void write_images(const std::string& part, std::uint32_t count, std::uint32_t rows, std::uint32_t columns,
                    std::uint32_t classes = 10) const {
    const test::Bytes pixels(std::size_t{count} * rows * columns, 7);
    test::Bytes labels(count);
    for (std::uint32_t i = 0; i < count; ++i) labels[i] = static_cast<std::uint8_t>(i % classes);
    test::write_text(path() / "mnist" / (part + "-images-idx3-ubyte"), test::idx_bytes({count, rows, columns}, pixels));
    test::write_text(path() / "mnist" / (part + "-labels-idx1-ubyte"), test::idx_bytes({count}, labels));
  }
  void write_recordings(const std::string& split) const {
    for (int digit = 0; digit < 10; ++digit) {
      test::write_text(path() / "nmnist" / split / std::to_string(digit) / "1.bin", test::event_bytes(digit, 1, 0, 0));
    }
  }

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

 private:
  test::TemporaryFolder folder_;
};

Settings settings_of(const char* task, const std::vector<std::string>& changes = {}) {
  Config config(task);
  for (const std::string& change : changes) config.set(change);
  return config.resolve(find_model("rnn"));
}

TaskData<float> load(const Root& root, const Settings& settings) {
  DataStore store({.root = root.path()});
  return store.load<float>(settings, 0);
}

TEST_CASE("images of other sizes and classes are trained on where the settings say so, time steps follow") {
  const Root root;
  root.write_images("train", 40, 14, 20, 27);
  root.write_images("t10k", 27, 14, 20, 27);
  const auto lines = load(root, settings_of("lmnist", {"input_size=20", "output_size=27"}));
  CHECK((lines.train->time_steps() == 14 && lines.train->input_size() == 20 && lines.train->classes() == 27));
  CHECK((lines.test->time_steps() == 14 && lines.test->size() == 27));
  const auto pixels = load(root, settings_of("pmnist", {"output_size=27", "permute_pixels=true"}));
  CHECK((pixels.train->time_steps() == 14 * 20 && pixels.train->input_size() == 1));
}

TEST_CASE("sine waves are tested with noise of their own, or as they are") {
  const auto targets = [](const Dataset<float>& data) {
    std::vector<float> values(100);
    data.targets(std::vector<Index>{0}, values.data());
    return values;
  };
  const TaskData<float> plain = load({}, settings_of("sine"));
  CHECK(plain.test == plain.train);
  const TaskData<float> noisy = load({}, settings_of("sine", {"noise_std=0.3"}));
  const std::vector<float> wave = targets(*plain.train), train = targets(*noisy.train), test = targets(*noisy.test);
  double covariance = 0, variance = 0;
  for (std::size_t t = 0; t < wave.size(); ++t) {
    covariance += (train[t] - wave[t]) * (test[t] - wave[t]);
    variance += (test[t] - wave[t]) * (test[t] - wave[t]);
  }
  CHECK(variance / 100 > 0.05);
  CHECK(variance / 100 < 0.15);
  CHECK(std::abs(covariance) < 0.4 * variance);
}

TEST_CASE("trials share what is set aside for validation, where their seed is the same") {
  const Root root;
  root.write_images("train", 40, 28, 28);
  root.write_images("t10k", 20, 28, 28);
  DataStore store({.root = root.path()});
  const Settings settings = settings_of("lmnist", {"validation_fraction=0.25"});
  const auto first = store.load<float>(settings, 1), same = store.load<float>(settings, 1);
  CHECK((first.validation->size() + first.train->size() == 40 && first.validation->size() > 0));
  CHECK((same.train == first.train && same.validation == first.validation));
  CHECK(store.load<float>(settings, 2).validation != first.validation);
}

TEST_CASE("images that do not fit the settings are refused with the key that fits them") {
  const Root root;
  root.write_images("train", 40, 28, 14);
  root.write_images("t10k", 20, 28, 14);
  CHECK_THROWS_WITH(load(root, settings_of("lmnist")),
                    Contains("train-images-idx3-ubyte") && Contains("28 x 14 pixels") && Contains("input_size=14"));
  root.write_images("train", 40, 28, 28, 21);
  root.write_images("t10k", 40, 28, 28);
  CHECK_THROWS_WITH(load(root, settings_of("lmnist")),
                    Contains("train-labels-idx1-ubyte") && Contains("output_size=21"));
}

TEST_CASE("training and test images of different sizes are refused by name") {
  for (const char* task : {"lmnist", "pmnist"}) {
    const Root root;
    root.write_images("train", 40, 28, 28);
    root.write_images("t10k", 20, 14, 28);
    CHECK_THROWS_WITH(load(root, settings_of(task)), Contains("t10k-images-idx3-ubyte") && Contains("14 x 28 pixels") &&
                                                         Contains("train-images-idx3-ubyte") &&
                                                         Contains("28 x 28 pixels"));
  }
}

TEST_CASE("a test needs the test set alone") {
  const Root root;
  root.write_recordings("Test");
  root.write_images("t10k", 20, 28, 28);
  DataStore store({.root = root.path()});
  CHECK(store.load_test<float>(settings_of("nmnist"), 0)->size() == 10);
  CHECK(store.load_test<float>(settings_of("lmnist"), 0)->size() == 20);
  CHECK(store.load_test<double>(settings_of("sine"), 0)->size() == 6);
  CHECK_THROWS_WITH(store.load<float>(settings_of("nmnist"), 0), Contains("Train/0"));
}

TEST_CASE("what is missing of the test set shows before the training set is decoded") {
  const Root root;
  root.write_recordings("Train");
  bool is_decoded = false;
  DataStore store({.root = root.path(), .progress = [&](const std::string&, Index, Index) { is_decoded = true; }});
  CHECK_THROWS_WITH(store.load<float>(settings_of("nmnist"), 0), Contains("Test/0: No such file or directory"));
  CHECK_FALSE(is_decoded);
  root.write_recordings("Test");
  (void)store.load<float>(settings_of("nmnist"), 0);
  CHECK(is_decoded);
}

TEST_CASE("decoded recordings are kept beside the data, in a folder of their own, or nowhere") {
  const auto files = [](const std::filesystem::path& folder) {
    return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
  };
  const Root root;
  root.write_recordings("Test");
  const test::TemporaryFolder elsewhere;
  using Caching = DataFiles::Caching;
  (void)DataStore({.root = root.path(), .caching = Caching::nowhere}).load_test<float>(settings_of("nmnist"), 0);
  (void)DataStore({.root = root.path(), .cache = elsewhere.path(), .caching = Caching::nowhere})
      .load_test<float>(settings_of("nmnist"), 0);
  CHECK(files(root.path() / "nmnist") == 1);
  CHECK(files(elsewhere.path()) == 1);
  (void)DataStore({.root = root.path()}).load_test<float>(settings_of("nmnist"), 0);
  CHECK(files(root.path() / "nmnist") == 2);
}

/// A data root with files of samples of the task `files`, in the long form of CSV.
class OwnData {
 public:
  OwnData() {
    test::write_text(folder_.path() / "train.csv", "sample,x,u,v\n0,1,0,2\n0,2,0,2\n1,40,1,0\n1,60,1,0\n");
    test::write_text(folder_.path() / "test.csv", "sample,x,u,v\n0,1,0,2\n0,2,0,2\n");
  }
  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }
  [[nodiscard]] Settings settings(const DataFiles& files, const std::vector<std::string>& changes) const {
    Config config("files");
    for (const char* part : {"train", "test"}) config.set(part + std::string("_data=") + part + ".csv");
    for (const std::string& change : changes) config.set(change);
    return config.resolve(find_model("rnn"), &files);
  }

 private:
  test::TemporaryFolder folder_;
};

TEST_CASE("the scale of inputs is that of the columns that are inputs") {
  const OwnData data;
  const DataFiles shared{.root = data.path()};
  const auto scale = [&](const DataFiles& files, const char* labels) {
    TensorFile checkpoint;
    const Settings settings = data.settings(files, {"normalize=standard", std::string("labels_name=") + labels});
    find_task("files").annotate(checkpoint, settings, files);
    return values_of<double>(checkpoint.tensors.at(0), "file");
  };
  const auto u = scale(shared, "u"), v = scale(shared, "v");
  CHECK(u != v);
  CHECK(u == scale({.root = data.path()}, "u"));
  CHECK(v == scale({.root = data.path()}, "v"));
}

TEST_CASE("the test data of a network are scaled as its checkpoint says, whatever the training data are by now") {
  const OwnData data;
  const std::vector<std::string> changes{"normalize=standard", "labels_name=u"};
  const auto first_inputs = [](DataStore& store, const Settings& settings, const TensorFile* checkpoint) {
    const Index first = 0;
    std::vector<double> x(4);
    store.load_test<double>(settings, 0, checkpoint)->inputs(std::span(&first, 1), x.data());
    return x;
  };
  TensorFile checkpoint;
  DataStore store({.root = data.path()});
  const Settings settings = data.settings(store.files(), changes);
  find_task("files").annotate(checkpoint, settings, store.files());
  const auto trained_with = first_inputs(store, settings, nullptr);
  test::write_text(data.path() / "train.csv", "sample,x,u,v\n0,5,0,2\n0,9,0,2\n1,4,1,0\n1,6,1,0\n");
  DataStore later({.root = data.path()});
  CHECK(first_inputs(later, settings, nullptr) != trained_with);
  CHECK(first_inputs(later, settings, &checkpoint) == trained_with);
  std::filesystem::remove(data.path() / "train.csv");
  DataStore without({.root = data.path()});
  CHECK(first_inputs(without, settings, &checkpoint) == trained_with);
  CHECK_THROWS_WITH(first_inputs(without, settings, nullptr), Contains("train.csv"));

  const std::vector<std::int64_t> whole{1};
  checkpoint.tensors.at(0) = make_named_tensor<std::int64_t>(checkpoint.tensors.at(0).name, {1}, whole);
  CHECK_THROWS_WITH(without.load_test<double>(settings, 0, &checkpoint, "net.safetensors"),
                    Contains("net.safetensors: tensor 'normalize.mean': found I64"));
}

TEST_CASE("samples with lengths are padded to the longest of all parts, those without are refused") {
  const OwnData data;
  const std::string names = "sample,x,u,v\n", row = ",1,0,2\n";
  const auto sample = [&](const std::string& number, int steps) {
    std::string text;
    for (int step = 0; step < steps; ++step) text += number + row;
    return text;
  };
  const auto write = [&](const char* name, const std::vector<int>& lengths) {
    std::string text = names;
    for (std::size_t i = 0; i < lengths.size(); ++i) text += sample(std::to_string(i), lengths[i]);
    test::write_text(data.path() / name, text);
  };
  const auto steps_of = [&](const std::vector<std::string>& further) {
    DataStore store({.root = data.path()});
    std::vector<std::string> changes = further;
    changes.push_back("labels_name=u");
    const Settings settings = data.settings(store.files(), changes);
    const TaskData<float> all = store.load<float>(settings, 0);
    CHECK((all.train->time_steps() == settings.time_steps() && all.test->time_steps() == settings.time_steps()));
    CHECK((!all.validation || all.validation->time_steps() == settings.time_steps()));
    CHECK((all.train->has_lengths() || all.test->has_lengths()));
    return settings.time_steps();
  };
  write("train.csv", {2, 5});
  write("test.csv", {3, 3});
  CHECK(steps_of({}) == 5);
  write("test.csv", {3, 7});
  CHECK(steps_of({}) == 7);
  write("validation.csv", {9, 1});
  CHECK(steps_of({"validation_data=validation.csv"}) == 9);
  CHECK_THROWS_WITH(steps_of({"num_timesteps=5"}),
                    Contains("num_timesteps: found 5; the longest sample has 7 time steps"));
  write("train.csv", {5, 5});
  write("test.csv", {3, 3});
  CHECK_THROWS_WITH(steps_of({}), Contains("test.csv") && Contains("has 3 time steps, the training data have 5"));
}

TEST_CASE("CSV files have the columns of the training data, in their order") {
  const test::TemporaryFolder folder;
  const auto complete = [&](const std::string& test_columns) {
    test::write_text(folder.path() / "train.csv", "sample,a,b,target_x,target_y\n0,1,2,3,4\n1,4,3,2,1\n");
    test::write_text(folder.path() / "test.csv", "sample," + test_columns + "\n0,1,2,3,4\n");
    DataStore store({.root = folder.path()});
    Config config("files");
    config.set("train_data=train.csv");
    config.set("test_data=test.csv");
    return config.resolve(find_model("rnn"), &store.files());
  };
  CHECK_NOTHROW(complete("a,b,target_x,target_y"));
  CHECK_NOTHROW(complete("target_x,a,b,target_y"));  // features and targets are told by their names
  CHECK_THROWS_WITH(complete("b,a,target_x,target_y"), Contains("test.csv: has 'b' where the training data, ") &&
                                                           Contains("have 'a'; the same columns in the same order"));
  CHECK_THROWS_WITH(complete("a,b,target_y,target_x"), Contains("has 'target_y' where") && Contains("have 'target_x'"));
  CHECK_THROWS_WITH(complete("a,b,c,target_x"), Contains("has 'c' where") && Contains("have 'target_x'"));
}

TEST_CASE("targets of every step go with targets of every step") {
  const test::TemporaryFolder folder;
  const auto write = [&](const std::string& name, const Shape& shape) {
    TensorFile file;
    const std::vector<double> zeros(static_cast<std::size_t>(shape.size()));
    std::vector<Index> sizes;
    for (int axis = 0; axis < shape.rank(); ++axis) sizes.push_back(shape[axis]);
    file.tensors.push_back(make_named_tensor<double>("inputs", {4, 3, 2}, std::vector<double>(24)));
    file.tensors.push_back(make_named_tensor<double>("targets", sizes, zeros));
    write_safetensors(folder.path() / name, file);
  };
  write("every", {4, 3, 1});
  write("last", {4, 1});
  DataStore store({.root = folder.path()});
  const auto load = [&](const std::string& train, const std::string& test) {
    Config config("files");
    config.set("train_data=" + train);
    config.set("test_data=" + test);
    return store.load<float>(config.resolve(find_model("rnn"), &store.files()), 0);
  };
  CHECK_NOTHROW(load("every", "every"));
  CHECK_NOTHROW(load("last", "last"));
  CHECK_THROWS_WITH(load("every", "last"),
                    Contains("last: has targets of the last step, the training data have targets of every step"));
}

TEST_CASE("targets that are the same at all steps of each sample are noted where every step is trained") {
  const test::TemporaryFolder folder;
  const auto notes = [&](const std::string& rows, const std::vector<std::string>& changes = {}) {
    test::write_text(folder.path() / "train.csv", "sample,x,target_y\n" + rows);
    const DataFiles files{.root = folder.path()};
    Config config("files");
    config.set("train_data=train.csv");
    config.set("test_data=train.csv");
    for (const std::string& change : changes) config.set(change);
    return find_task("files").notes(config.resolve(find_model("rnn"), &files), files);
  };
  const std::string constant = "0,1,0.5\n0,2,0.5\n1,3,0.7\n";
  const auto found = notes(constant);
  REQUIRE(found.size() == 1);
  CHECK_THAT(found[0], Contains("train.csv are the same at all steps of a sample") && Contains("final_reduction=last"));
  CHECK(notes(constant, {"final_reduction=last"}).empty());
  CHECK(notes(constant + "2,1,0\n2,1,0.1\n").empty());
  CHECK(notes("0,1,0.5\n1,3,0.7\n").empty());  // of one step each
}

TEST_CASE("a path that cannot be looked at is refused by name") {
  const OwnData data;
  const std::string longer(300, 'x');  // than names can be
  CHECK_THROWS_AS(data.settings({.root = data.path()}, {"train_data=" + longer}), DataError);
}

TEST_CASE("samples in NPY files may have lengths in a file of their own") {
  const OwnData data;
  const auto write = [&](const std::string& name, const std::vector<Index>& shape, const std::vector<double>& values) {
    test::write_text(data.path() / name, encode_npy(make_named_tensor<double>("", shape, values)));
  };
  write("x.npy", {2, 3, 1}, {1, 2, 3, 4, 5, 6});
  write("y.npy", {2}, {0, 1});
  write("n.npy", {2}, {3, 1});
  std::vector<std::string> changes;
  for (const std::string part : {"train", "test"}) {
    changes.push_back(part + "_data=x.npy");
    changes.push_back(part + "_labels=y.npy");
  }
  changes.emplace_back("train_lengths=n.npy");
  DataStore store({.root = data.path()});
  const TaskData<double> read = store.load<double>(data.settings(store.files(), changes), 0);
  CHECK(read.train->has_lengths());
  CHECK_FALSE(read.test->has_lengths());  // the same file without them
  std::vector<std::int32_t> lengths(2);
  read.train->lengths(std::vector<Index>{0, 1}, lengths.data());
  CHECK(lengths == std::vector<std::int32_t>{3, 1});
}

TEST_CASE("keys that have no effect on the data are refused") {
  const OwnData data;
  const DataFiles files{.root = data.path()};
  const auto refused = [&](std::vector<std::string> changes, const char* problem) {
    changes.push_back("labels_name=u");
    CHECK_THROWS_WITH(data.settings(files, changes), Contains(problem));
  };
  refused({"validation_fraction=0.5", "validation_data=test.csv"},
          "validation_fraction: found 0.5 beside validation_data, 'test.csv'; accepted: one of them");
  refused({"validation_labels=labels.npy"}, "validation_labels: found 'labels.npy' without validation_data");
  refused({"validation_lengths=lengths.npy"}, "validation_lengths: found 'lengths.npy' without validation_data");
  refused({"frame_values=count"}, "frame_values: found 'count'");
  refused({"duration_timestep=2"}, "train.csv holds no recordings of events, accepted: 1");
}

TEST_CASE("recordings of events take no labels from elsewhere and no scale, and say when most events are left out") {
  const auto python = test::python_with("numpy, h5py");
  if (!python || !detail::has_hdf5()) GLIFR_SKIP("there is no Python with NumPy and h5py, or no HDF5");
  const OwnData data;
  test::run_python(*python, data.path(), R"(
import numpy as np, h5py
with h5py.File('events.h5', 'w') as f:
    for key, values in ('times', [0.001, 5, 6]), ('units', [0, 1, 2]):
        d = f.create_dataset('spikes/' + key, (2,), dtype=h5py.vlen_dtype('f8'))
        for i in range(2): d[i] = np.array(values)
    f['labels'] = [0, 1]
)");
  const DataFiles files{.root = data.path()};
  const std::vector<std::string> events{"train_data=events.h5", "test_data=events.h5", "num_timesteps=10"};
  const Settings settings = data.settings(files, events);
  Index read = 0;
  DataStore store({.root = data.path(), .progress = [&](const std::string&, Index, Index) { ++read; }});
  (void)store.load<float>(data.settings(store.files(), events), 0);
  CHECK(read == 2);  // recordings, once, though the sizes of frames came from them

  test::run_python(*python, data.path(), R"(
import gzip, h5py, numpy as np
gzip.open('train.csv.gz', 'wb').write(open('train.csv', 'rb').read())
with h5py.File('plain.h5', 'w') as f: f['inputs'], f['labels'] = np.zeros((2, 3, 4)), [0, 1]
gzip.open('plain.h5.gz', 'wb').write(open('plain.h5', 'rb').read())
)");
  for (const std::string packed : {"train.csv.gz", "plain.h5.gz"}) {
    CHECK_THROWS_WITH(
        data.settings(files, {"train_data=" + packed}),
        Contains(packed) && Contains("is packed by gzip and holds no recordings of events") && Contains("unpacked"));
  }
  const auto notes = find_task("files").notes(settings, files);
  REQUIRE(notes.size() == 2);
  for (const char* part : {"training", "test"}) {
    const std::string expected = "4 of the 6 events of the " + std::string(part) + " data are behind the last frame";
    CHECK_THAT(notes[part == std::string("test") ? 1 : 0],
               Contains(expected) &&
                   Contains("times are in seconds, and the longest recording lasts 6 s, the frames cover 0.01 s"));
  }
  for (const std::string change :
       {"train_labels=labels.npy", "train_lengths=lengths.npy", "labels_name=other", "targets_name=other",
        "lengths_name=other", "inputs_name=other", "normalize=standard"}) {
    std::vector<std::string> changes = events;
    changes.push_back(change);
    CHECK_THROWS_WITH(data.settings(files, changes), Contains(change.substr(0, change.find('=')) + ": found") &&
                                                         Contains("events.h5 holds recordings of events, accepted: "));
  }
}

}  // namespace
