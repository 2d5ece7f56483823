#include "glifr/io/torch_file.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/number.hpp"
#include "glifr/io/pickle.hpp"
#include "glifr/io/zip.hpp"

namespace glifr {
namespace {

constexpr int deepest = 100;                // levels of dictionaries and lists
constexpr std::size_t most_sharing = 8;     // bytes of tensors for one that is stored
constexpr std::size_t longest_names = 256;  // bytes of names and texts for one of the pickle
constexpr std::string_view wanted = "a checkpoint of PyTorch";

/// Bytes that were stored for a key; where they are not there, it throws.
using Stored = std::function<std::string_view(const std::string& key)>;

/// Takes the tensors and the metadata out of a pickle.
class Tensors {
 public:
  Tensors(std::string file, std::size_t pickle_bytes, Stored stored, bool is_big_endian)
      : file_name_(std::move(file)),
        pickle_bytes_(pickle_bytes),
        stored_(std::move(stored)),
        is_big_endian_(is_big_endian) {}

  TensorFile of(const PickleValue& root) {
    if (root.get_if<PickleTensor>()) {
      visit(root, "tensor", 0);
    } else {
      visit(root, "", 0);
    }
    return std::move(file_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const { throw DataError(file_name_, problem); }

  void visit(const PickleValue& value, const std::string& name, int depth) {
    if (const auto* tensor = value.get_if<PickleTensor>()) return add(*tensor, name);
    const auto* list = value.get_if<PickleList>();
    const auto* dict = value.get_if<PickleDict>();
    const auto* object = value.get_if<PickleObject>();
    if (!list && !dict && !object) return;
    if (!visited_.insert(&value).second) return;
    if (depth == deepest) fail("values are nested deeper than " + std::to_string(deepest) + " levels");
    if (list) visit_elements(*list, name, depth);
    if (dict) visit_entries(*dict, name, depth);
    if (object) {
      visit_entries(object->items, name, depth);
      visit_elements(object->elements, name, depth);
      if (object->state) visit(*object->state, name, depth + 1);
    }
  }

  void visit_elements(const PickleList& list, const std::string& name, int depth) {
    for (std::size_t i = 0; i < list.elements.size(); ++i) {
      if (is_plain(*list.elements[i])) continue;
      visit(*list.elements[i], joined(name, std::to_string(i)), depth + 1);
    }
  }

  void visit_entries(const PickleDict& dict, const std::string& name, int depth) {
    for (const auto& [key, value] : dict.entries) {
      const auto* text = key->get_if<std::string>();
      const auto* number = key->get_if<std::int64_t>();
      if (!text && !number) continue;
      std::string entry = joined(name, text ? *text : std::to_string(*number));
      if (std::optional<std::string> plain = plain_text(*value)) {
        count_text(plain->size());
        file_.metadata.insert_or_assign(std::move(entry), std::move(*plain));
      } else if (!is_plain(*value)) {
        visit(*value, entry, depth + 1);
      }
    }
  }

  /// Whether nothing is in a value that could be a tensor.
  static bool is_plain(const PickleValue& value) {
    return !value.get_if<PickleTensor>() && !value.get_if<PickleList>() && !value.get_if<PickleDict>() &&
           !value.get_if<PickleObject>();
  }
  static std::optional<std::string> plain_text(const PickleValue& value) {
    if (const auto* truth = value.get_if<bool>()) return *truth ? "true" : "false";
    if (const auto* number = value.get_if<std::int64_t>()) return std::to_string(*number);
    if (const auto* number = value.get_if<double>()) return format_number(*number);
    if (const auto* text = value.get_if<std::string>()) return *text;
    return std::nullopt;
  }

  std::string joined(const std::string& name, const std::string& key) {
    count_text(name.size() + 1 + key.size());
    return name.empty() ? key : name + "." + key;
  }
  /// A key that is there once may be part of many names.
  void count_text(std::size_t bytes) {
    text_bytes_ += bytes;
    if (text_bytes_ / longest_names > pickle_bytes_) fail("the names of its tensors are too long");
  }

  void add(const PickleTensor& tensor, const std::string& name) {
    const auto& storage = *tensor.storage->get_if<PickleStorage>();
    const std::string_view bytes = stored_(storage.key);
    const std::size_t width = static_cast<std::size_t>(size_of(storage.dtype));
    if (bytes.size() / width < static_cast<std::size_t>(storage.elements)) {
      fail("storage '" + storage.key + "' should hold " + std::to_string(storage.elements) + " elements of " +
           std::string(to_string(storage.dtype)) + ", found " + std::to_string(bytes.size()) + " bytes");
    }
    if (used_.insert(storage.key).second) stored_bytes_ += bytes.size();

    NamedTensor made{name, storage.dtype, tensor.shape, {}};
    Index count = 1;
    for (const Index size : tensor.shape) {
      if (__builtin_mul_overflow(count, size, &count)) fail("tensor '" + name + "' has too many elements");
    }
    const std::size_t allowed = most_sharing * (stored_bytes_ + pickle_bytes_);
    if (static_cast<std::size_t>(count) > (allowed - std::min(allowed, made_bytes_)) / width) {
      fail("tensor '" + name + "' repeats what is stored; its tensors are more than " + std::to_string(most_sharing) +
           " times as large as the file");
    }
    made.bytes.resize(static_cast<std::size_t>(count) * width);
    made_bytes_ += made.bytes.size();
    if (count > 0) {
      gather(bytes, tensor, width, made.bytes.data());
      if (is_big_endian_) turn(made.bytes, storage.dtype == Dtype::c64 ? width / 2 : width);
    }
    if (!names_.insert(name).second) fail("two tensors are called '" + name + "'");
    if (name == "__metadata__") fail("a tensor is called '__metadata__', a name that safetensors files reserve");
    file_.tensors.push_back(std::move(made));
  }

  /// Copies the elements of a tensor with one or more of them, row-major.
  static void gather(std::string_view bytes, const PickleTensor& tensor, std::size_t width, std::byte* to) {
    const std::size_t rank = tensor.shape.size();
    std::vector<Index> place(rank, 0);
    for (Index element = tensor.offset;;) {
      std::memcpy(to, bytes.data() + static_cast<std::size_t>(element) * width, width);
      to += width;
      std::size_t axis = rank;
      for (; axis > 0; --axis) {
        const std::size_t a = axis - 1;
        if (++place[a] < tensor.shape[a]) {
          element += tensor.strides[a];
          break;
        }
        element -= tensor.strides[a] * (tensor.shape[a] - 1);
        place[a] = 0;
      }
      if (axis == 0) return;
    }
  }

  static void turn(std::vector<std::byte>& bytes, std::size_t width) {
    for (std::size_t i = 0; i < bytes.size(); i += width) {
      std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                   bytes.begin() + static_cast<std::ptrdiff_t>(i + width));
    }
  }

  std::string file_name_;
  std::size_t pickle_bytes_;
  Stored stored_;
  bool is_big_endian_;
  TensorFile file_;
  std::set<std::string> names_;  // of the tensors
  std::set<std::string> used_;   // keys of storages
  std::unordered_set<const PickleValue*> visited_;
  std::size_t stored_bytes_ = 0, made_bytes_ = 0, text_bytes_ = 0;
};

/// The ZIP form: a folder with `data.pkl`, `byteorder`, and `data/KEY` for each storage.
TensorFile read_zip(const std::filesystem::path& path) {
  constexpr std::string_view pickle_name = "data.pkl";
  const ZipFile archive(path);
  const auto is_pickle = [&](const std::string& name) {
    return name == pickle_name || name.ends_with("/" + std::string(pickle_name));
  };
  const auto found = std::ranges::find_if(archive.names(), is_pickle);
  if (found == archive.names().end()) {
    throw DataError(path.string(), "found a ZIP archive without data.pkl; accepted is " + std::string(wanted));
  }
  const std::string folder = found->substr(0, found->size() - pickle_name.size());

  bool is_big_endian = false;  // before there was the entry, it never was
  if (archive.holds(folder + "byteorder")) {
    const std::string order = archive.read(folder + "byteorder");
    if (order != "little" && order != "big") {
      throw DataError(path.string(), "entry '" + folder + "byteorder' should say little or big");
    }
    is_big_endian = order == "big";
  }

  const std::string bytes = archive.read(*found);
  const Pickle pickle = read_pickle(bytes, path.string() + ": " + *found);
  std::map<std::string, std::string> storages;
  const Stored stored = [&](const std::string& key) -> std::string_view {
    const auto known = storages.find(key);
    if (known != storages.end()) return known->second;
    return storages.emplace(key, archive.read(folder + "data/" + key)).first->second;
  };
  return Tensors(path.string(), bytes.size(), stored, is_big_endian).of(pickle.root());
}

/// The older form: five pickles (a number that marks it, a version, facts of the machine, what was saved, the keys of
/// the storages), then for each key the number of elements (8 bytes) and the elements.
class LegacyReader {
 public:
  explicit LegacyReader(const std::filesystem::path& path) : name_(path.string()), bytes_(read_file(path)) {}

  TensorFile read() {
    static_cast<void>(next());  // the mark, by which the form was told
    const Pickle version = next();
    const auto* number = version.root().get_if<std::int64_t>();
    if (!number || *number != 1001) fail("found another version of the form than 1001");
    const bool is_big_endian = !is_little_endian(next());
    const std::size_t begin = place_;
    const Pickle content = next();
    const std::size_t pickle_bytes = place_ - begin;
    read_storages(content, next(), is_big_endian);
    const Stored stored = [&](const std::string& key) {
      const auto found = storages_.find(key);
      if (found == storages_.end()) throw DataError(name_, "there is no storage '" + key + "'");
      return found->second;
    };
    return Tensors(name_, pickle_bytes, stored, is_big_endian).of(content.root());
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw DataError(name_, problem, static_cast<std::int64_t>(place_));
  }

  Pickle next() {
    Pickle pickle = read_pickle(bytes_, name_, place_);
    place_ = pickle.end();
    return pickle;
  }

  [[nodiscard]] bool is_little_endian(const Pickle& facts) const {
    if (const auto* dict = facts.root().get_if<PickleDict>()) {
      for (const auto& [key, value] : dict->entries) {
        const auto* text = key->get_if<std::string>();
        const auto* truth = value->get_if<bool>();
        if (text && truth && *text == "little_endian") return *truth;
      }
    }
    fail("the order of bytes is not there");
  }

  void read_storages(const Pickle& content, const Pickle& keys, bool is_big_endian) {
    std::map<std::string, const PickleStorage*> declared;
    for (const PickleStorage* storage : content.storages()) {
      const PickleStorage* first = declared.emplace(storage->key, storage).first->second;
      if (first->dtype != storage->dtype || first->elements != storage->elements) {
        fail("storage '" + storage->key + "' is described in two ways");
      }
    }
    const auto* list = keys.root().get_if<PickleList>();
    if (!list) fail("the list of storages is not there");
    for (const PickleValue* value : list->elements) {
      const auto* text = value->get_if<std::string>();
      const auto* number = value->get_if<std::int64_t>();
      const auto found = declared.find(text ? *text : number ? std::to_string(*number) : std::string());
      if (found == declared.end()) fail("there is a storage that no tensor names");
      const PickleStorage& storage = *found->second;
      const std::string_view rest = std::string_view(bytes_).substr(place_);
      std::uint64_t elements = 0;
      if (rest.size() < sizeof elements) fail("is cut short");
      std::memcpy(&elements, rest.data(), sizeof elements);
      if (is_big_endian) elements = __builtin_bswap64(elements);
      if (elements != static_cast<std::uint64_t>(storage.elements)) {
        fail("storage '" + storage.key + "' has " + std::to_string(elements) + " elements, expected " +
             std::to_string(storage.elements));
      }
      const std::uint64_t size = elements * static_cast<std::uint64_t>(size_of(storage.dtype));
      if (rest.size() - sizeof elements < size) {
        fail("is cut short: storage '" + storage.key + "' should have " + std::to_string(size) + " bytes, found " +
             std::to_string(rest.size() - sizeof elements));
      }
      storages_.insert_or_assign(storage.key, rest.substr(sizeof elements, size));
      place_ += sizeof elements + size;
    }
    if (place_ != bytes_.size())
      fail(std::to_string(bytes_.size() - place_) + " bytes follow that belong to no tensor");
  }

  std::string name_;
  std::string bytes_;
  std::size_t place_ = 0;
  std::map<std::string, std::string_view> storages_;
};

}  // namespace

bool looks_like_torch_file(const std::filesystem::path& path) {
  return detail::is_torch_content(detail::beginning_of(path));
}

TensorFile read_torch_file(const std::filesystem::path& path) {
  const std::string beginning = detail::beginning_of(path);
  if (beginning.starts_with("PK")) return read_zip(path);
  if (detail::is_torch_content(beginning)) return LegacyReader(path).read();
  const std::string problem =
      detail::content_problem(read_file(path), std::string(wanted), "is no checkpoint of PyTorch, or is cut short");
  throw DataError(path.string(), problem);
}

}  // namespace glifr
