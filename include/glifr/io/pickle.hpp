#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "glifr/backend/view.hpp"
#include "glifr/export.hpp"
#include "glifr/io/safetensors.hpp"

/// Python's pickles, as PyTorch writes them, read as data.
namespace glifr {

struct PickleValue;

/// Where the elements of tensors lie: a part of the file beside the pickle.
struct PickleStorage {
  std::string key;           ///< its name in the file
  Dtype dtype = Dtype::f32;  ///< of its elements
  Index elements = 0;        ///< how many it should hold
};

/// A tensor: elements of a storage, as `torch.as_strided` picks them. Sizes, strides and offset are not negative, as
/// many strides as sizes, and all elements lie within what the storage should hold.
struct PickleTensor {
  const PickleValue* storage = nullptr;  ///< holds a PickleStorage
  Index offset = 0;                      ///< of the first element in the storage, in elements
  std::vector<Index> shape{};            ///< outermost size first
  std::vector<Index> strides{};          ///< in elements
};

/// A name in a module of Python, such as a class. It stays a name.
struct PickleName {
  std::string module, name;
};

/// A dictionary, in the order of its entries.
struct PickleDict {
  std::vector<std::pair<const PickleValue*, const PickleValue*>> entries;
};

/// A list, a tuple or a set.
struct PickleList {
  std::vector<const PickleValue*> elements;
};

/// An object of a class of which glifr knows nothing. What it is made from is kept as data: its state (null: none), and
/// what was added to it as to a dictionary or a list.
struct PickleObject {
  const PickleValue* type = nullptr;  ///< holds a PickleName
  const PickleValue* state = nullptr;
  PickleDict items{};
  PickleList elements{};
};

/// A number beyond 64 bits, little-endian, in two's complement.
struct PickleLong {
  std::string bytes;
};

/// Bytes, or a text that is not UTF-8.
struct PickleBytes {
  std::string bytes;
};

/// A value of a pickle. Values may refer to each other more than once and in circles.
struct PickleValue {
  /// None, a truth value, a number, a text (UTF-8) or one of the above.
  std::variant<std::monostate, bool, std::int64_t, double, std::string, PickleBytes, PickleLong, PickleList, PickleDict,
               PickleName, PickleObject, PickleStorage, PickleTensor>
      content;

  /// The content where it is a T, or null.
  template <class T>
  [[nodiscard]] const T* get_if() const {
    return std::get_if<T>(&content);
  }
};

/// A pickle that was read. Its values refer to each other by their places, so it can be moved, not copied; of one that
/// was moved from, nothing may be asked.
class GLIFR_API Pickle {
 public:
  Pickle(Pickle&&) = default;
  Pickle& operator=(Pickle&&) = default;
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;
  ~Pickle() = default;

  /// What was pickled. Valid as long as the pickle.
  [[nodiscard]] const PickleValue& root() const { return *root_; }
  /// All storages that it names, one or more times each.
  [[nodiscard]] const std::vector<const PickleStorage*>& storages() const { return storages_; }
  /// The bytes behind it begin here.
  [[nodiscard]] std::size_t end() const { return end_; }

 private:
  friend class PickleReader;
  Pickle() = default;

  std::deque<PickleValue> values_;  // whose places do not change
  std::vector<const PickleStorage*> storages_;
  const PickleValue* root_ = nullptr;
  std::size_t end_ = 0;
};

/// Reads the pickle that begins at a byte of `bytes`; `name` stands for the file in messages. Protocols 0 to 5.
///
/// Nothing is ever run or looked up: the reader builds numbers, texts, lists, dictionaries and the descriptions of
/// tensors. A pickle may name functions to be called; those by which PyTorch, NumPy and the standard library make plain
/// data are known and yield that data, or an object whose content is not needed. Any other call is refused, whatever it
/// would do, because what it would give cannot be known. Classes are another matter: an object that Python would make
/// without its constructor is data too, so that the settings of a program, which Lightning puts into its checkpoints,
/// do not keep the tensors from being read.
///
/// Throws DataError with the byte where the pickle is cut short or damaged, calls something else, holds more than four
/// million values, or describes a tensor that does not lie within its storage. Takes memory in proportion to the bytes.
[[nodiscard]] GLIFR_API Pickle read_pickle(std::string_view bytes, const std::string& name, std::size_t begin = 0);

}  // namespace glifr
