#include "glifr/io/hdf5.hpp"

#include "targets.hpp"

#ifdef GLIFR_FUZZ_HDF5
#include <hdf5.h>

#include <algorithm>
#include <array>

#include "glifr/datasets/recordings.hpp"
#include "glifr/datasets/sample_file.hpp"
#include "glifr/io/elements.hpp"
#include "memory_file.hpp"

namespace glifr::test {
namespace {

/// Takes what a file is to hold from bytes that may be anything: what is tested is how glifr takes whatever a sound
/// file holds, not how the library takes a damaged one.
class Recipe {
 public:
  explicit Recipe(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool is_empty() const { return bytes_.empty(); }
  /// A number below `limit`.
  std::size_t below(std::size_t limit) {
    if (bytes_.empty()) return 0;
    const std::size_t value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value % limit;
  }
  /// That many bytes; zeros where none are left.
  std::string take(std::size_t count) {
    std::string taken(bytes_.substr(0, count));
    bytes_.remove_prefix(taken.size());
    taken.resize(count, '\0');
    return taken;
  }

 private:
  std::string_view bytes_;
};

hid_t choose_type(Recipe& recipe) {
  static const std::array types{H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE, H5T_NATIVE_INT8, H5T_NATIVE_UINT8,
                                H5T_STD_I16BE,    H5T_STD_U16LE,     H5T_STD_I32BE,   H5T_STD_U64BE,
                                H5T_STD_I64LE,    H5T_IEEE_F32BE,    H5T_IEEE_F64BE,  H5T_NATIVE_B8,
                                H5T_NATIVE_B16,   H5T_C_S1,          H5T_STD_REF_OBJ, H5T_NATIVE_LDOUBLE};
  return types[recipe.below(types.size())];
}

/// A dataset of that name; whatever the library refuses is not in the file then.
void write_dataset(hid_t file, const char* name, Recipe& recipe) {
  hid_t type = H5Tcopy(choose_type(recipe));
  switch (recipe.below(8)) {
    case 0: {
      const hid_t base = std::exchange(type, H5Tenum_create(H5T_NATIVE_INT8));
      std::int8_t value = 0;
      H5Tenum_insert(type, "FALSE", &value);
      value = 1;
      H5Tenum_insert(type, "TRUE", &value);
      H5Tclose(base);
      break;
    }
    case 1: {
      const hid_t base = std::exchange(type, H5Tcreate(H5T_COMPOUND, 16));
      H5Tinsert(type, "r", 0, H5T_NATIVE_FLOAT);
      H5Tinsert(type, "i", 8, H5T_NATIVE_FLOAT);
      H5Tclose(base);
      break;
    }
    default:
      break;
  }
  const std::size_t kind = recipe.below(6);
  const bool is_list = kind < 2;
  if (is_list) {
    const hid_t base = std::exchange(type, H5Tvlen_create(type));
    H5Tclose(base);
  }
  const std::size_t rank = kind == 2 ? 3 : recipe.below(5);
  std::array<hsize_t, 4> sizes{};
  hsize_t elements = 1;
  for (std::size_t axis = 0; axis < rank; ++axis) elements *= sizes[axis] = recipe.below(5);
  const hid_t space = rank == 4 && sizes[3] == 4 ? H5Screate(H5S_NULL)
                                                 : H5Screate_simple(static_cast<int>(rank), sizes.data(), nullptr);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  if (rank > 0 && elements > 0 && recipe.below(2) == 0) {
    H5Pset_chunk(properties, static_cast<int>(rank), sizes.data());
    H5Pset_deflate(properties, 1);
  }
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  const hid_t dataset = H5Dcreate2(file, name, type, space, links, properties, H5P_DEFAULT);
  if (dataset >= 0 && is_list) {
    std::vector<std::string> contents;
    const hid_t element = H5Tget_super(type);
    const std::size_t width = H5Tget_size(element);
    H5Tclose(element);
    for (hsize_t i = 0; i < elements; ++i) contents.push_back(recipe.take(width * recipe.below(4)));
    std::vector<hvl_t> lists;
    for (std::string& content : contents) lists.push_back({content.size() / width, content.data()});
    if (!lists.empty()) H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, lists.data());
  } else if (dataset >= 0 && recipe.below(8) != 0) {
    const std::string content = recipe.take(static_cast<std::size_t>(elements) * H5Tget_size(type));
    if (!content.empty()) H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, content.data());
  }
  if (dataset >= 0) H5Dclose(dataset);
  H5Pclose(links);
  H5Pclose(properties);
  H5Sclose(space);
  H5Tclose(type);
}

/// The bytes of a file that follows a recipe.
std::string write_file(Recipe recipe) {
  H5E_auto2_t print = nullptr;
  void* client = nullptr;
  H5Eget_auto2(H5E_DEFAULT, &print, &client);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 1u << 16u, false);
  const hid_t file = H5Fcreate("recipe", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  constexpr std::array names{"inputs", "labels", "targets", "lengths", "spikes/times", "spikes/units"};
  while (!recipe.is_empty()) write_dataset(file, names[recipe.below(names.size())], recipe);
  H5Fflush(file, H5F_SCOPE_LOCAL);
  std::string bytes(static_cast<std::size_t>(H5Fget_file_image(file, nullptr, 0)), '\0');
  H5Fget_file_image(file, bytes.data(), bytes.size());
  H5Fclose(file);
  H5Pclose(access);
  H5Eset_auto2(H5E_DEFAULT, print, client);
  return bytes;
}

}  // namespace

bool fuzz_hdf5(std::string_view bytes) {
  const std::string image = write_file(Recipe(bytes));
  const Hdf5File file(image, "file");
  bool is_accepted = false;
  for (const std::string& name : file.names()) {
    is_accepted |= accepts([&] {
      const Hdf5Array array = file.array(name);
      Index elements = size_of(array.dtype());
      for (const Index size : array.shape()) elements *= size;
      std::vector<std::byte> content(static_cast<std::size_t>(elements));
      array.read(0, array.shape().empty() ? 1 : array.shape()[0], content.data());
    });
    is_accepted |= accepts([&] {
      const Hdf5Lists lists = file.lists(name);
      for (Index i = 0; i < lists.size(); ++i) (void)lists.read(i);
    });
  }
  const MemoryFile memory(image);
  for (const Index in_memory_bytes : {Index{1} << 20, Index{0}}) {
    accepts([&] {
      const SampleFile samples(memory.path(), {.in_memory_bytes = in_memory_bytes});
      std::vector<float> values(static_cast<std::size_t>(samples.time_steps() * samples.features()));
      for (Index i = 0; i < samples.samples(); ++i) samples.inputs(i, values.data(), samples.features());
      (void)standard_scale(samples);
    });
  }
  accepts([&] {
    const LabelledFrames data = read_recordings(memory.path(), {.values = FrameValues::count});
    require(data.frames.samples == std::ssize(data.labels), "every recording has a label");
    require(data.counts.size() == data.frames.ones.size(), "every one has its count");
  });
  return is_accepted;
}

std::vector<std::string> hdf5_seeds() {
  // Datasets as `write_dataset` takes them: name, type, enumeration or record, list or array, sizes, packing, elements.
  const std::string inputs{'\0', '\0', '\7', '\2', '\2', '\2', '\1', '\1', '\1'};
  const std::string labels{'\1', '\3', '\7', '\5', '\1', '\2', '\1', '\1', '\0', '\1'};
  const std::string times{'\4', '\1', '\7', '\0', '\1', '\2', '\1', '\0', '\0'};
  const std::string units{'\5', '\5', '\7', '\0', '\1', '\2', '\1', '\0', '\0'};
  return {inputs + std::string(16, '\0') + labels, times + units + labels, labels};
}

}  // namespace glifr::test

#else

namespace glifr::test {

bool fuzz_hdf5(std::string_view bytes) {
  return accepts([&] { (void)Hdf5File(bytes, "file"); });
}

std::vector<std::string> hdf5_seeds() {
  return {};
}

}  // namespace glifr::test

#endif
