#include "glifr/io/hdf5.hpp"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/text.hpp"

namespace glifr {
namespace {

constexpr std::size_t chunk_cache = 64u << 20u;  // bytes; the library's own megabyte holds no chunk of a large file

/// Keeps the library to one thread, and from printing, while calls are made.
class Calls {
 public:
  Calls() : lock_(mutex()) {
    H5Eget_auto2(H5E_DEFAULT, &print_, &client_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Calls() { H5Eset_auto2(H5E_DEFAULT, print_, client_); }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  /// What the library says to the last call that failed: its innermost complaint.
  [[nodiscard]] static std::string problem() {
    std::string text;
    const auto first = [](unsigned, const H5E_error2_t* error, void* found) -> herr_t {
      if (error->desc != nullptr) *static_cast<std::string*>(found) = error->desc;
      return 1;
    };
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first, &text);
    return text.empty() ? "the HDF5 library does not say why" : text;
  }

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }

  std::scoped_lock<std::mutex> lock_;
  H5E_auto2_t print_ = nullptr;
  void* client_ = nullptr;
};

/// An object of the library, closed with this one.
class Handle {
 public:
  Handle() = default;
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    reset();
    id_ = std::exchange(other.id_, -1);
    close_ = other.close_;
    return *this;
  }

  [[nodiscard]] bool is_open() const { return id_ >= 0; }
  [[nodiscard]] hid_t id() const { return id_; }
  void reset() {
    if (is_open()) close_(std::exchange(id_, -1));
  }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

/// Where a dataset is, for messages.
struct Place {
  std::string file, dataset;

  [[noreturn]] void fail(const std::string& problem) const {
    throw DataError(file, "dataset '" + dataset + "' " + problem);
  }
};

std::string_view name_of(H5T_class_t kind) {
  switch (kind) {
    case H5T_STRING:
      return "texts";
    case H5T_COMPOUND:
      return "records of several fields, as complex numbers are";
    case H5T_VLEN:
      return "lists of variable length";
    case H5T_ARRAY:
      return "arrays";
    case H5T_REFERENCE:
      return "references";
    case H5T_OPAQUE:
      return "opaque bytes";
    default:
      return "elements of a kind that is not known";
  }
}

/// How elements are read: what they are then, and what the library calls that.
struct ElementType {
  Dtype dtype = Dtype::f64;
  hid_t id = -1;
};

/// Nothing (id -1) for an integer of another size.
ElementType integer_type(std::size_t bytes, bool is_signed) {
  switch (bytes) {
    case 1:
      return is_signed ? ElementType{Dtype::i8, H5T_NATIVE_INT8} : ElementType{Dtype::u8, H5T_NATIVE_UINT8};
    case 2:
      return is_signed ? ElementType{Dtype::i16, H5T_NATIVE_INT16} : ElementType{Dtype::u16, H5T_NATIVE_UINT16};
    case 4:
      return is_signed ? ElementType{Dtype::i32, H5T_NATIVE_INT32} : ElementType{Dtype::u32, H5T_NATIVE_UINT32};
    case 8:
      return is_signed ? ElementType{Dtype::i64, H5T_NATIVE_INT64} : ElementType{Dtype::u64, H5T_NATIVE_UINT64};
    default:
      return {};
  }
}

/// Booleans and the like, by their whole numbers. `owned` keeps the type alive that is made for this.
ElementType enumeration_type(hid_t type, Handle& owned, const Place& place) {
  const Handle base(H5Tget_super(type), H5Tclose);
  ElementType result = integer_type(H5Tget_size(base.id()), H5Tget_sign(base.id()) != H5T_SGN_NONE);
  owned = Handle(H5Tget_native_type(type, H5T_DIR_ASCEND), H5Tclose);
  if (!owned.is_open()) place.fail("has an element type that cannot be read: " + Calls::problem());
  const bool fits = result.id >= 0 && H5Tget_size(owned.id()) == static_cast<std::size_t>(size_of(result.dtype));
  result.id = fits ? owned.id() : -1;
  return result;
}

/// Of a type in the file. `owned` keeps a type alive that is made for this.
ElementType element_type(hid_t type, Handle& owned, const Place& place) {
  const H5T_class_t kind = H5Tget_class(type);
  const std::size_t bytes = H5Tget_size(type);
  if (kind == H5T_FLOAT)
    return bytes <= 4 ? ElementType{Dtype::f32, H5T_NATIVE_FLOAT} : ElementType{Dtype::f64, H5T_NATIVE_DOUBLE};
  if (kind == H5T_BITFIELD && bytes == 1) return {Dtype::u8, H5T_NATIVE_B8};  // booleans of PyTables
  if (kind != H5T_INTEGER && kind != H5T_ENUM)
    place.fail("holds " + std::string(name_of(kind)) + "; accepted are integers, floats and booleans");
  const ElementType result =
      kind == H5T_ENUM ? enumeration_type(type, owned, place) : integer_type(bytes, H5Tget_sign(type) != H5T_SGN_NONE);
  if (result.id < 0) place.fail("holds integers of " + std::to_string(bytes) + " bytes; accepted are 1, 2, 4 and 8");
  return result;
}

/// ", packed by …" for a filter that the library does not have.
std::string missing_filter(hid_t dataset) {
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  const int count = H5Pget_nfilters(properties.id());
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0, configuration = 0;
    std::size_t values = 0;
    std::array<char, 64> name{};
    const H5Z_filter_t filter = H5Pget_filter2(properties.id(), static_cast<unsigned>(i), &flags, &values, nullptr,
                                               name.size() - 1, name.data(), &configuration);
    if (filter >= 0 && H5Zfilter_avail(filter) <= 0) {
      const std::string text = name.data();
      return "is packed by filter " + std::to_string(filter) + (text.empty() ? "" : " (" + text + ")") +
             ", which this HDF5 library does not have; write it with gzip or unpacked";
    }
  }
  return {};
}

[[noreturn]] void fail_to_read(hid_t dataset, const Place& place) {
  const std::string problem = Calls::problem();
  const std::string filter = missing_filter(dataset);
  place.fail(filter.empty() ? "cannot be read: " + problem : filter);
}

std::vector<Index> shape_of(hid_t dataset, const Place& place) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  if (!space.is_open()) place.fail("cannot be read: " + Calls::problem());
  const H5S_class_t kind = H5Sget_simple_extent_type(space.id());
  if (kind == H5S_NULL) place.fail("is empty (of a null dataspace)");
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank < 0) place.fail("cannot be read: " + Calls::problem());
  std::vector<hsize_t> sizes(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space.id(), sizes.data(), nullptr);
  std::vector<Index> shape;
  Index elements = 16;  // bytes of the largest element
  for (const hsize_t size : sizes) {
    const bool is_too_large = size > static_cast<hsize_t>(std::numeric_limits<Index>::max()) ||
                              (size > 0 && __builtin_mul_overflow(elements, static_cast<Index>(size), &elements));
    if (is_too_large) place.fail("has a size that is out of range; the file is damaged");
    shape.push_back(static_cast<Index>(size));
  }
  return shape;
}

/// Whether the file holds the elements of a dataset: reading others would give zeros, or as many as the file claims.
void check_storage(hid_t dataset, hsize_t element_size, const std::vector<Index>& shape, const Place& place) {
  hsize_t bytes = element_size;
  for (const Index size : shape) bytes *= static_cast<hsize_t>(size);
  const hsize_t stored = H5Dget_storage_size(dataset);
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  if (H5Pget_layout(creation.id()) == H5D_VIRTUAL)
    place.fail("is a virtual dataset, whose data lie in other files; copy them into one file");
  if (bytes > 0 && stored == 0) place.fail("was created but never written: no byte is stored for it");
  if (bytes / detail::most_deflate_expansion > stored) {
    place.fail("declares " + std::to_string(bytes) + " bytes; the " + std::to_string(stored) +
               " that are stored for it cannot hold them");
  }
}

Handle open_dataset(hid_t file, const Place& place) {
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  constexpr std::size_t slots = 12421;  // a prime, far above the number of chunks
  H5Pset_chunk_cache(access.id(), slots, chunk_cache, H5D_CHUNK_CACHE_W0_DEFAULT);
  Handle dataset(H5Dopen2(file, place.dataset.c_str(), access.id()), H5Dclose);
  if (!dataset.is_open()) place.fail("cannot be opened: " + Calls::problem());
  return dataset;
}

/// The element that `first` stands for and those behind it, as many as `count`, along the first dimension.
Handle select_rows(hid_t dataset, const std::vector<Index>& shape, Index first, Index count) {
  Handle space(H5Dget_space(dataset), H5Sclose);
  if (shape.empty()) return space;
  std::vector<hsize_t> start(shape.size(), 0), sizes(shape.begin(), shape.end());
  start[0] = static_cast<hsize_t>(first);
  sizes[0] = static_cast<hsize_t>(count);
  H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, sizes.data(), nullptr);
  return space;
}

/// The paths of the datasets of a file, by name; groups that several links lead to are entered once.
///
/// A program may be linked with a newer library than this file was compiled for. Only functions that have one name in
/// all versions are called, so neither H5Lvisit nor H5Oget_info, and H5F_ACC_RDONLY is not used, since it ends the
/// program where the versions differ.
struct DatasetList {
  std::vector<std::string>& paths;
  std::set<std::pair<unsigned long, unsigned long>> entered;
  std::string prefix{};

  /// Adds those below a group whose path is `path`, with a slash at its end where it is not empty. False where the
  /// library fails.
  bool add(hid_t group, const std::string& path) {
    H5G_stat_t stat{};
    if (H5Gget_objinfo(group, ".", true, &stat) < 0) return false;
    if (!entered.emplace(stat.objno[0], stat.objno[1]).second) return true;
    const std::string outer = std::exchange(prefix, path);
    const herr_t result = H5Giterate(group, ".", nullptr, visit, this);
    prefix = outer;
    return result >= 0;
  }

  static herr_t visit(hid_t group, const char* link, void* data) {
    auto& list = *static_cast<DatasetList*>(data);
    const std::string path = list.prefix + link;
    const Handle object(H5Oopen(group, link, H5P_DEFAULT), H5Oclose);
    // What cannot be opened is listed too: to whoever asks for it, the library says why.
    if (!object.is_open() || H5Iget_type(object.id()) == H5I_DATASET) {
      list.paths.push_back(path);
      return 0;
    }
    H5G_stat_t stat{};
    const bool is_group = H5Gget_objinfo(group, link, false, &stat) >= 0 && stat.type == H5G_GROUP;  // and no soft link
    return !is_group || list.add(object.id(), path + "/") ? 0 : -1;
  }
};

constexpr unsigned read_only = 0;

Handle make_space(hsize_t elements) {
  return {H5Screate_simple(1, &elements, nullptr), H5Sclose};
}

}  // namespace

struct Hdf5Array::Impl {
  Place place;
  Handle dataset, owned_type;
  ElementType type;
  std::vector<Index> shape;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    const Calls calls;
    dataset.reset();
    owned_type.reset();
  }
};

struct Hdf5Lists::Impl {
  Place place;
  Handle dataset, type;
  Index size = 0, number_bytes = 0;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    const Calls calls;
    dataset.reset();
    type.reset();
  }
};

struct Hdf5File::Impl {
  std::string name;
  Handle file;
  std::vector<std::string> datasets;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    const Calls calls;
    file.reset();
  }

  /// Opens what `access` says; the calls go on.
  void open(const std::string& path, const Handle& access) {
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
    H5Pset_file_locking(access.id(), false, true);  // there are file systems without locks, and nothing is written
#endif
    file = Handle(H5Fopen(path.c_str(), read_only, access.id()), H5Fclose);
    if (!file.is_open()) throw DataError(name, "cannot be opened as an HDF5 file: " + Calls::problem());
    DatasetList list{datasets, {}};
    if (!list.add(file.id(), "")) throw DataError(name, "cannot be read: " + Calls::problem());
  }

  [[nodiscard]] Place place(std::string_view path) const {
    if (path.starts_with('/')) path.remove_prefix(1);
    Place place{name, std::string(path)};
    if (std::ranges::find(datasets, place.dataset) != datasets.end()) return place;
    throw DataError(name,
                    "has no dataset '" + place.dataset + "'; it has " + (datasets.empty() ? "none" : joined(datasets)));
  }
};

Hdf5File::Hdf5File(const std::filesystem::path& path) {
  {
    std::error_code unknown;
    if (std::filesystem::is_directory(path, unknown) || !std::filesystem::exists(path, unknown)) {
      static_cast<void>(read_file(path));  // says what is wrong
    }
  }
  auto impl = std::make_shared<Impl>();
  impl->name = path.string();
  {
    const Calls calls;
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    impl->open(path.string(), access);
  }
  impl_ = std::move(impl);
}

Hdf5File::Hdf5File(std::string_view bytes, const std::string& name) {
  static std::atomic<unsigned> count{0};
  if (!is_hdf5(bytes)) throw DataError(name, detail::content_problem(bytes, "an HDF5 file", "found no HDF5 file"));
  auto impl = std::make_shared<Impl>();
  impl->name = name;
  {
    const Calls calls;
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fapl_core(access.id(), 1u << 20u, false);
    H5Pset_file_image(access.id(), const_cast<char*>(bytes.data()), bytes.size());  // the library copies them
    impl->open("image " + std::to_string(count++), access);  // the library takes files of one name for one file
  }
  impl_ = std::move(impl);
}

const std::vector<std::string>& Hdf5File::names() const {
  return impl_->datasets;
}

bool Hdf5File::holds(std::string_view path) const {
  if (path.starts_with('/')) path.remove_prefix(1);
  return std::ranges::find(impl_->datasets, path) != impl_->datasets.end();
}

Hdf5Array Hdf5File::array(const std::string& path) const {
  auto array = std::make_shared<Hdf5Array::Impl>();
  array->place = impl_->place(path);
  {
    const Calls calls;
    array->dataset = open_dataset(impl_->file.id(), array->place);
    const Handle type(H5Dget_type(array->dataset.id()), H5Tclose);
    array->type = element_type(type.id(), array->owned_type, array->place);
    array->shape = shape_of(array->dataset.id(), array->place);
    check_storage(array->dataset.id(), H5Tget_size(type.id()), array->shape, array->place);
  }
  return Hdf5Array(std::move(array));
}

Hdf5Lists Hdf5File::lists(const std::string& path) const {
  auto lists = std::make_shared<Hdf5Lists::Impl>();
  lists->place = impl_->place(path);
  {
    const Calls calls;
    lists->dataset = open_dataset(impl_->file.id(), lists->place);
    const Handle type(H5Dget_type(lists->dataset.id()), H5Tclose);
    if (H5Tget_class(type.id()) != H5T_VLEN) lists->place.fail("holds no lists of variable length, which are needed");
    const Handle element(H5Tget_super(type.id()), H5Tclose);
    if (const H5T_class_t kind = H5Tget_class(element.id()); kind != H5T_INTEGER && kind != H5T_FLOAT) {
      lists->place.fail("holds lists of " + std::string(name_of(kind)) + "; lists of integers or floats are needed");
    }
    const std::vector<Index> shape = shape_of(lists->dataset.id(), lists->place);
    if (shape.size() != 1) {
      lists->place.fail("has " + std::to_string(shape.size()) + " dimensions; one, of recordings, is needed");
    }
    lists->size = shape[0];
    lists->number_bytes = static_cast<Index>(H5Tget_size(element.id()));
    lists->type = Handle(H5Tvlen_create(H5T_NATIVE_DOUBLE), H5Tclose);
  }
  return Hdf5Lists(std::move(lists));
}

Dtype Hdf5Array::dtype() const {
  return impl_->type.dtype;
}

const std::vector<Index>& Hdf5Array::shape() const {
  return impl_->shape;
}

bool Hdf5Array::is_partly_written() const {
#if H5_VERSION_GE(1, 10, 5)
  const Calls calls;
  const hid_t dataset = impl_->dataset.id();
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose), space(H5Dget_space(dataset), H5Sclose);
  std::vector<hsize_t> sizes(impl_->shape.size());
  const int rank = static_cast<int>(sizes.size());
  if (H5Pget_layout(creation.id()) != H5D_CHUNKED || H5Pget_chunk(creation.id(), rank, sizes.data()) != rank)
    return false;
  if (std::ranges::find(sizes, hsize_t{0}) != sizes.end()) return false;  // as a damaged file may say
  hsize_t chunks = 1, written = 0;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis)
    chunks *= (static_cast<hsize_t>(impl_->shape[axis]) + sizes[axis] - 1) / sizes[axis];
  return H5Dget_num_chunks(dataset, space.id(), &written) >= 0 && written < chunks;
#else
  return false;
#endif
}

void Hdf5Array::read(Index first, Index count, std::byte* elements) const {
  const Calls calls;
  hsize_t total = static_cast<hsize_t>(impl_->shape.empty() ? 1 : count);
  for (std::size_t axis = 1; axis < impl_->shape.size(); ++axis) total *= static_cast<hsize_t>(impl_->shape[axis]);
  if (total == 0) return;
  const hid_t dataset = impl_->dataset.id();
  const Handle file_space = select_rows(dataset, impl_->shape, first, count), memory_space = make_space(total);
  if (H5Dread(dataset, impl_->type.id, memory_space.id(), file_space.id(), H5P_DEFAULT, elements) < 0) {
    fail_to_read(dataset, impl_->place);
  }
}

Index Hdf5Lists::size() const {
  return impl_->size;
}

Index Hdf5Lists::number_bytes() const {
  return impl_->number_bytes;
}

std::vector<double> Hdf5Lists::read(Index index) const {
  const Calls calls;
  const hid_t dataset = impl_->dataset.id();
  const Handle file_space = select_rows(dataset, {impl_->size}, index, 1), memory_space = make_space(1);
  hvl_t list{};
  if (H5Dread(dataset, impl_->type.id(), memory_space.id(), file_space.id(), H5P_DEFAULT, &list) < 0) {
    fail_to_read(dataset, impl_->place);
  }
  const auto* values = static_cast<const double*>(list.p);
  std::vector<double> result(values, values + list.len);
  H5Dvlen_reclaim(impl_->type.id(), memory_space.id(), H5P_DEFAULT, &list);
  return result;
}

bool detail::has_hdf5() {
  return true;
}

void detail::leave_hdf5_at_exit() {
  H5dont_atexit();
}

}  // namespace glifr
