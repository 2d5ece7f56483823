#include "glifr/io/hdf5.hpp"

#include <thread>

#include "glifr/error.hpp"
#include "glifr/io/elements.hpp"
#include "glifr/io/files.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"

namespace glifr {
namespace {

using Catch::Matchers::Contains;

std::vector<double> read(const Hdf5Array& array, Index first, Index count) {
  Index row = 1;
  for (std::size_t axis = 1; axis < array.shape().size(); ++axis) row *= array.shape()[axis];
  std::vector<std::byte> bytes(static_cast<std::size_t>(row * count * size_of(array.dtype())));
  array.read(first, count, bytes.data());
  std::vector<double> values(static_cast<std::size_t>(row * count));
  convert_elements(array.dtype(), bytes.data(), row * count, values.data());
  return values;
}

TEST_CASE("a file without HDF5 is refused with what is missing") {
  if (detail::has_hdf5()) GLIFR_SKIP("this glifr was built with HDF5");
  CHECK_THROWS_WITH(Hdf5File("some.h5"), Contains("some.h5: this glifr was built without HDF5; install it"));
}

TEST_CASE("HDF5 files are known by their signature, behind a user block too") {
  const std::string signature = "\x89HDF\r\n\x1a\n";
  CHECK(is_hdf5(signature));
  CHECK(is_hdf5(std::string(512, 'x') + signature));
  CHECK(is_hdf5(std::string(2048, 'x') + signature));
  CHECK_FALSE(is_hdf5(std::string(100, 'x') + signature));
  CHECK_FALSE(is_hdf5(signature.substr(0, 7)));
}

TEST_CASE("what is no HDF5 file is refused") {
  if (!detail::has_hdf5()) GLIFR_SKIP("this glifr was built without HDF5");
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "a.h5";
  CHECK_THROWS_WITH(Hdf5File(path), Contains("a.h5: No such file"));
  CHECK_THROWS_WITH(Hdf5File(folder.path()), Contains("is a folder"));
  test::write_text(path, "text");
  CHECK_THROWS_WITH(Hdf5File(path), Contains("a.h5: cannot be opened as an HDF5 file: "));
  CHECK_THROWS_WITH(Hdf5File("PK\3\4", "image"), Contains("image: found a ZIP archive") && Contains("an HDF5 file"));
}

/// A folder with what h5py writes, or none.
struct Written {
  test::TemporaryFolder folder;
  std::optional<std::string> python = test::python_with("numpy, h5py");

  bool write(const std::string& script) {
    if (!python || !detail::has_hdf5()) return false;
    test::run_python(*python, folder.path(), "import numpy as np, h5py\n" + script);
    return true;
  }
  [[nodiscard]] Hdf5File open(const char* name) const { return Hdf5File(folder.path() / name); }
};

#define GLIFR_NEEDS_WRITTEN(written, script) \
  if (!(written).write(script)) GLIFR_SKIP("there is no Python with NumPy and h5py, or glifr was built without HDF5")

TEST_CASE("arrays of every type and layout that h5py writes read as they are") {
  Written written;
  GLIFR_NEEDS_WRITTEN(written, R"(
whole = np.arange(24).reshape(4, 3, 2) * 5
types = ['b1'] + [e + k + s for e in '<>' for k in 'iu' for s in '1248'] + [e + f for e in '<>' for f in ('f2', 'f4', 'f8')]
layouts = {'plain': {}, 'chunked': dict(chunks=(2, 2, 1)), 'gzip': dict(chunks=(3, 3, 2), compression='gzip', shuffle=True, fletcher32=True)}
with h5py.File('all.h5', 'w') as f:
    for layout, options in layouts.items():
        for t in types:
            array = (whole / 8 - 2 if 'f' in t else whole % 2 if t == 'b1' else whole).astype(t)
            f.create_dataset(f'{layout}/{t}', data=array, **options)
    f['scalar'] = np.float32(2.5)
    f['none'] = np.zeros((0, 3))
    f['link'] = h5py.SoftLink('/plain/b1')
)");
  const Hdf5File file = written.open("all.h5");
  CHECK(file.names().size() == 3 * 23 + 3);
  CHECK(file.holds("/plain/b1"));
  CHECK_FALSE(file.holds("plain"));
  for (const std::string& name : file.names()) {
    INFO(name);
    if (name.find('/') == std::string::npos) continue;
    const Hdf5Array array = file.array(name);
    CHECK(array.shape() == std::vector<Index>{4, 3, 2});
    std::vector<double> expected;
    for (int i = 0; i < 24; ++i) {
      expected.push_back(name.ends_with("b1") ? i % 2 : name.find('f') != std::string::npos ? i * 5 / 8.0 - 2 : i * 5);
    }
    CHECK(read(array, 0, 4) == expected);
    CHECK(read(array, 1, 2) == std::vector<double>(expected.begin() + 6, expected.begin() + 18));
    CHECK(read(array, 3, 1) == std::vector<double>(expected.begin() + 18, expected.end()));
  }
  CHECK(read(file.array("scalar"), 0, 1) == std::vector<double>{2.5});
  CHECK(file.array("none").shape() == std::vector<Index>{0, 3});
  CHECK(file.array("plain/<f2").dtype() == Dtype::f32);
  CHECK(file.array("plain/>i4").dtype() == Dtype::i32);
  CHECK(read(file.array("/link"), 0, 1) == std::vector<double>{0, 1, 0, 1, 0, 1});
}

TEST_CASE("every path to a dataset is listed by name, and each group is entered once") {
  Written written;
  GLIFR_NEEDS_WRITTEN(written, R"(
with h5py.File('links.h5', 'w') as f:
    f['b/z'] = f['b/deep/er/x'] = f['c'] = np.arange(3)
    f['b/alias'] = f['b/z']            # the same dataset
    f['d'] = f['b']                    # the same group
    f['b/up'] = f['/']                 # a circle
    f['a'] = h5py.SoftLink('/b')       # the group b is entered by its own name
    f['e'] = h5py.SoftLink('/b/z')
    f['f'] = h5py.SoftLink('/nowhere')
    f['g'] = h5py.ExternalLink('nowhere.h5', '/x')
    f['h'] = np.dtype('f4')
)");
  const Hdf5File file = written.open("links.h5");
  CHECK(file.names() == std::vector<std::string>{"b/alias", "b/deep/er/x", "b/z", "c", "e", "f", "g"});
  CHECK(read(file.array("b/deep/er/x"), 0, 3) == std::vector<double>{0, 1, 2});
  CHECK_THROWS_AS(file.array("f"), DataError);
}

TEST_CASE("lists of variable length read as they are") {
  Written written;
  GLIFR_NEEDS_WRITTEN(written, R"(
with h5py.File('lists.h5', 'w') as f:
    for name, t in ('halves', 'f2'), ('ints', 'i8'), ('big', '>u2'):
        d = f.create_dataset('spikes/' + name, (3,), dtype=h5py.vlen_dtype(np.dtype(t)))
        d[0], d[1], d[2] = [np.array(v, dtype=t) for v in ([1, 2, 300], [], [7])]
    f.create_dataset('table', (2, 2), dtype=h5py.vlen_dtype('f4'))
    f['texts'] = ['a', 'b']
    f['fixed'] = np.zeros((2, 3))
)");
  const Hdf5File file = written.open("lists.h5");
  for (const char* name : {"spikes/halves", "spikes/ints", "spikes/big"}) {
    const Hdf5Lists lists = file.lists(name);
    CHECK(lists.size() == 3);
    CHECK(lists.number_bytes() == (name == std::string("spikes/ints") ? 8 : 2));
    CHECK(lists.read(0) == std::vector<double>{1, 2, 300});
    CHECK(lists.read(1).empty());
    CHECK(lists.read(2) == std::vector<double>{7});
  }
  CHECK_THROWS_WITH(file.lists("fixed"), Contains("dataset 'fixed' holds no lists of variable length"));
  CHECK_THROWS_WITH(file.lists("table"), Contains("'table' has 2 dimensions; one"));
  CHECK_THROWS_WITH(file.array("spikes/ints"), Contains("'spikes/ints' holds lists of variable length; accepted"));
  CHECK_THROWS_WITH(file.array("texts"), Contains("'texts' holds texts; accepted are integers"));
}

TEST_CASE("datasets that cannot be read are refused with what is wrong") {
  Written written;
  GLIFR_NEEDS_WRITTEN(written, R"(
data = np.arange(4000.0).reshape(40, 100)
with h5py.File('a.h5', 'w') as f:
    f['x'] = data
    f['deep/y'] = data
    f['complex'] = data.astype('c8')
    f['null'] = h5py.Empty('f4')
    f.create_dataset('lzf', data=data, compression='lzf')
    f.create_dataset('unwritten', (1 << 20, 500), 'f4', chunks=(1, 500))
    huge = f.create_dataset('huge', (1 << 30, 1 << 20), 'f4', chunks=(1, 500))
    huge[0, :10] = 1
    layout = h5py.VirtualLayout((40, 100), 'f8')
    layout[:] = h5py.VirtualSource('elsewhere.h5', 'x', (40, 100))
    f.create_virtual_dataset('virtual', layout)
    f['dangling'] = h5py.SoftLink('/nowhere')
    f['elsewhere'] = h5py.ExternalLink('missing.h5', '/x')
with h5py.File('packed.h5', 'w') as f:
    d = f.create_dataset('x', data=data, chunks=(40, 100), compression='gzip')
    offset, size = d.id.get_chunk_info(0).byte_offset, d.id.get_chunk_info(0).size
whole = open('packed.h5', 'rb').read()
open('damaged.h5', 'wb').write(whole[:offset + 50] + b'\0' * 200 + whole[offset + 250:])
whole = open('a.h5', 'rb').read()
open('cut.h5', 'wb').write(whole[:len(whole) // 2])
)");
  const Hdf5File file = written.open("a.h5");
  CHECK_THROWS_WITH(file.array("inputs"), Contains("a.h5: has no dataset 'inputs'; it has ") && Contains("deep/y"));
  CHECK_THROWS_WITH(file.array("deep"), Contains("has no dataset 'deep'"));
  CHECK_THROWS_WITH(file.array("complex"), Contains("'complex' holds records of several fields, as complex"));
  CHECK_THROWS_WITH(file.array("null"), Contains("'null' is empty"));
  CHECK_THROWS_WITH(file.array("unwritten"), Contains("'unwritten' was created but never written"));
  CHECK_THROWS_WITH(file.array("virtual"), Contains("'virtual' is a virtual dataset") && Contains("into one file"));
  CHECK_THROWS_WITH(file.array("huge"), Contains("'huge' declares") && Contains("cannot hold them"));
  CHECK_THROWS_WITH(file.array("dangling"), Contains("'dangling' cannot be opened: "));
  CHECK_THROWS_WITH(file.array("elsewhere"), Contains("'elsewhere' cannot be opened: "));
  CHECK_THROWS_WITH(read(file.array("lzf"), 0, 1),
                    Contains("'lzf' is packed by filter 32000 (lzf), which this HDF5 library does not have"));
  CHECK_THROWS_WITH(read(written.open("damaged.h5").array("x"), 0, 1),
                    Contains("damaged.h5: dataset 'x' cannot be read"));
  CHECK_THROWS_WITH(written.open("cut.h5"), Contains("cut.h5: cannot be opened as an HDF5 file: truncated file"));
}

TEST_CASE("a file's bytes read as the file does, several at a time and from several threads") {
  Written written;
  GLIFR_NEEDS_WRITTEN(written, R"(
for name, factor in ('a.h5', 1), ('b.h5', 10):
    with h5py.File(name, 'w') as f:
        f.create_dataset('x', data=np.arange(3000.0).reshape(300, 10) * factor, chunks=(7, 10), compression='gzip')
)");
  const Hdf5File a(read_file(written.folder.path() / "a.h5"), "same"),
      b(read_file(written.folder.path() / "b.h5"), "same");
  const Hdf5Array first = a.array("x"), second = b.array("x");
  std::vector<double> sums(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < sums.size(); ++t) {
    threads.emplace_back([&, t] {
      for (Index row = 0; row < 300; ++row) sums[t] += read(t % 2 == 0 ? first : second, row, 1)[1];
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double sum = 10 * 300 * 299 / 2 + 300;
  CHECK(sums == std::vector<double>{sum, 10 * sum, sum, 10 * sum});
}

}  // namespace
}  // namespace glifr
