#include "glifr/io/pickle.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <span>
#include <unordered_map>

#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/number.hpp"

namespace glifr {
namespace {

constexpr std::size_t most_values = 4'000'000;
constexpr Index most_elements = Index{1} << 48;  // of a storage; their bytes can be counted in an Index
constexpr std::size_t most_copies = 16;          // bytes copied out of values, for each byte that is read
constexpr std::size_t longest_quote = 80;        // of a name, in messages
constexpr std::size_t longest_name = 256;        // of a module, a class or a function

/// The operations of pickles, protocols 0 to 5, by the names of Python's pickletools.
enum class Op : unsigned char {
  mark = '(',
  stop = '.',
  pop = '0',
  pop_mark = '1',
  dup = '2',
  float_text = 'F',
  int_text = 'I',
  binint = 'J',
  binint1 = 'K',
  long_text = 'L',
  binint2 = 'M',
  none = 'N',
  persid = 'P',
  binpersid = 'Q',
  reduce = 'R',
  string_text = 'S',
  binstring = 'T',
  short_binstring = 'U',
  unicode_text = 'V',
  binunicode = 'X',
  append = 'a',
  build = 'b',
  global = 'c',
  dict = 'd',
  appends = 'e',
  get = 'g',
  binget = 'h',
  inst = 'i',
  long_binget = 'j',
  list = 'l',
  obj = 'o',
  put = 'p',
  binput = 'q',
  long_binput = 'r',
  setitem = 's',
  tuple = 't',
  setitems = 'u',
  binbytes = 'B',
  short_binbytes = 'C',
  binfloat = 'G',
  empty_tuple = ')',
  empty_list = ']',
  empty_dict = '}',
  proto = 0x80,
  newobj = 0x81,
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  newtrue = 0x88,
  newfalse = 0x89,
  long1 = 0x8a,
  long4 = 0x8b,
  short_binunicode = 0x8c,
  binunicode8 = 0x8d,
  binbytes8 = 0x8e,
  empty_set = 0x8f,
  additems = 0x90,
  frozenset = 0x91,
  newobj_ex = 0x92,
  stack_global = 0x93,
  memoize = 0x94,
  frame = 0x95,
  bytearray8 = 0x96,
};

struct StorageType {
  std::string_view name;  // in the module torch
  Dtype dtype;
};

constexpr std::array storage_types = std::to_array<StorageType>({{"DoubleStorage", Dtype::f64},
                                                                 {"FloatStorage", Dtype::f32},
                                                                 {"HalfStorage", Dtype::f16},
                                                                 {"BFloat16Storage", Dtype::bf16},
                                                                 {"LongStorage", Dtype::i64},
                                                                 {"IntStorage", Dtype::i32},
                                                                 {"ShortStorage", Dtype::i16},
                                                                 {"CharStorage", Dtype::i8},
                                                                 {"ByteStorage", Dtype::u8},
                                                                 {"BoolStorage", Dtype::boolean},
                                                                 {"ComplexFloatStorage", Dtype::c64}});

/// What a call that is known gives.
enum class Call {
  dict,             // a dictionary, of pairs if any are given
  empty_dict,       // a dictionary that is filled later
  sequence,         // the elements of its argument
  tensor,           // (storage, offset, sizes, strides, …)
  first_argument,   // a parameter is its tensor
  call_in_call,     // (function, class, arguments, state)
  object_of_class,  // (class, base class, state of that)
  unneeded,         // plain data of another library
};

struct KnownCall {
  std::string_view module, name;
  Call gives;
};

constexpr std::array known_calls = std::to_array<KnownCall>({
    {"collections", "OrderedDict", Call::dict},
    {"collections", "defaultdict", Call::empty_dict},
    {"__builtin__", "set", Call::sequence},
    {"builtins", "set", Call::sequence},
    {"__builtin__", "frozenset", Call::sequence},
    {"builtins", "frozenset", Call::sequence},
    {"torch", "Size", Call::sequence},
    {"torch._utils", "_rebuild_tensor", Call::tensor},
    {"torch._utils", "_rebuild_tensor_v2", Call::tensor},
    {"torch._utils", "_rebuild_parameter", Call::first_argument},
    {"torch._utils", "_rebuild_parameter_with_state", Call::first_argument},
    {"torch._tensor", "_rebuild_from_type_v2", Call::call_in_call},
    {"copy_reg", "_reconstructor", Call::object_of_class},
    {"copyreg", "_reconstructor", Call::object_of_class},
    {"torch", "device", Call::unneeded},
    {"_codecs", "encode", Call::unneeded},  // bytes, in protocol 2
    {"datetime", "date", Call::unneeded},
    {"datetime", "datetime", Call::unneeded},
    {"datetime", "timedelta", Call::unneeded},
    {"numpy", "dtype", Call::unneeded},
    {"numpy.core.multiarray", "_reconstruct", Call::unneeded},
    {"numpy._core.multiarray", "_reconstruct", Call::unneeded},
    {"numpy.core.multiarray", "scalar", Call::unneeded},
    {"numpy._core.multiarray", "scalar", Call::unneeded},
    {"pathlib", "PosixPath", Call::unneeded},
    {"pathlib", "PurePosixPath", Call::unneeded},
    {"pathlib", "PureWindowsPath", Call::unneeded},
    {"pathlib", "WindowsPath", Call::unneeded},
});

void append_utf8(std::string& text, std::uint32_t point) {
  if (point < 0x80) {
    text += static_cast<char>(point);
    return;
  }
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  constexpr std::array<unsigned, 4> lead{0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(lead[static_cast<std::size_t>(more)] | point >> 6 * more);
  for (int k = more - 1; k >= 0; --k) text += static_cast<char>(0x80 | (point >> 6 * k & 0x3f));
}

/// The number of `digits` hexadecimal digits at a place, or nothing.
std::optional<std::uint32_t> hexadecimal(std::string_view text, std::size_t place, std::size_t digits) {
  std::uint32_t value = 0;
  for (std::size_t i = place; i < place + digits; ++i) {
    if (i >= text.size()) return std::nullopt;
    const std::size_t digit = std::string_view("0123456789abcdef").find(static_cast<char>(text[i] | 0x20));
    if (digit == std::string_view::npos || (digit < 10 && text[i] != "0123456789"[digit])) return std::nullopt;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return value;
}

/// Python's codec raw-unicode-escape: Latin-1 with \uXXXX and \UXXXXXXXX.
std::optional<std::string> decode_raw_unicode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'u' || text[i + 1] == 'U');
    if (!is_escape) {
      append_utf8(decoded, static_cast<unsigned char>(text[i]));
      continue;
    }
    const std::size_t digits = text[i + 1] == 'u' ? 4 : 8;
    const auto point = hexadecimal(text, i + 2, digits);
    if (!point || *point > 0x10ffff) return std::nullopt;
    append_utf8(decoded, *point);
    i += digits + 1;
  }
  return decoded;
}

/// A text in quotes with the escapes that Python's repr writes.
std::optional<std::string> decode_repr(std::string_view text) {
  if (text.size() < 2 || (text.front() != '\'' && text.front() != '"') || text.back() != text.front()) {
    return std::nullopt;
  }
  text = text.substr(1, text.size() - 2);
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      decoded += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    constexpr std::string_view letters = "\\'\"ntr", meanings = "\\'\"\n\t\r";
    const std::size_t letter = letters.find(text[i]);
    if (letter != std::string_view::npos) {
      decoded += meanings[letter];
    } else {
      const auto code = text[i] == 'x' ? hexadecimal(text, i + 1, 2) : std::nullopt;
      if (!code) return std::nullopt;
      decoded += static_cast<char>(*code);
      i += 2;
    }
  }
  return decoded;
}

std::string quote(std::string_view text) {
  return "'" + std::string(text.substr(0, longest_quote)) + (text.size() > longest_quote ? "…'" : "'");
}

/// The last element that a tensor reaches in its storage, or nothing where that is beyond counting.
std::optional<Index> last_element(const PickleTensor& tensor) {
  Index last = tensor.offset;
  for (std::size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    Index reach = 0;
    if (__builtin_mul_overflow(tensor.shape[axis] - 1, tensor.strides[axis], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      return std::nullopt;
    }
  }
  return last;
}

}  // namespace

/// Runs the operations of a pickle on a stack of values.
class PickleReader {
 public:
  PickleReader(std::string_view bytes, const std::string& name, std::size_t begin)
      : bytes_(bytes), name_(name), place_(begin) {}

  Pickle read() {
    for (;;) {
      op_place_ = place_;
      const auto op = static_cast<Op>(take(1)[0]);
      if (op == Op::stop) break;
      run(op);
    }
    pickle_.root_ = pop();
    pickle_.end_ = place_;
    return std::move(pickle_);
  }

 private:
  using Value = PickleValue;

  [[noreturn]] void fail(const std::string& problem) const {
    throw DataError(name_, problem, static_cast<std::int64_t>(op_place_));
  }
  [[noreturn]] void fail_damaged() const { fail("the pickle is damaged"); }
  [[noreturn]] void refuse_call(const PickleName& called) const {
    fail("the pickle calls " + quote(called.module + "." + called.name) +
         ", which was not run; accepted are calls that make tensors and plain data");
  }

  // Bytes

  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size() - place_) fail("the pickle is cut short");
    const std::string_view taken = bytes_.substr(place_, size);
    place_ += size;
    return taken;
  }
  template <class Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', place_);
    if (end == std::string_view::npos) fail("the pickle is cut short");
    const std::string_view text = take(end - place_);
    ++place_;
    return text;
  }

  // The stack

  /// Values that are made, or copied from one list to another.
  void count(std::size_t values) {
    if (values > most_values - values_) fail("the pickle holds more than " + std::to_string(most_values) + " values");
    values_ += values;
  }
  /// Bytes that a value copies out of others, which may be named again and again by a few bytes each.
  void charge(std::size_t bytes) {
    copied_ += bytes;
    if (copied_ > most_copies * bytes_.size()) fail_damaged();
  }
  template <class Content>
  Value* make(Content content) {
    count(1);
    return &pickle_.values_.emplace_back(Value{std::move(content)});
  }
  template <class Content>
  void push(Content content) {
    stack_.push_back(make(std::move(content)));
  }
  [[nodiscard]] std::size_t base() const { return marks_.empty() ? 0 : marks_.back(); }
  [[nodiscard]] Value* top() const {
    if (stack_.size() == base()) fail_damaged();
    return stack_.back();
  }
  Value* pop() {
    Value* value = top();
    stack_.pop_back();
    return value;
  }
  std::vector<const Value*> pop(std::size_t count) {
    if (stack_.size() - base() < count) fail_damaged();
    std::vector<const Value*> values(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return values;
  }
  std::vector<const Value*> pop_to_mark() {
    if (marks_.empty()) fail_damaged();
    std::vector<const Value*> values = pop(stack_.size() - marks_.back());
    marks_.pop_back();
    return values;
  }

  template <class T>
  const T& as(const Value* value) const {
    const T* found = value->get_if<T>();
    if (!found) fail_damaged();
    return *found;
  }
  template <class T>
  T& as(Value* value) const {
    T* found = std::get_if<T>(&value->content);
    if (!found) fail_damaged();
    return *found;
  }

  // Values

  /// Bytes that should be UTF-8. Others are kept as what they are: a path may hold any.
  void push_text(std::string_view text) {
    if (detail::is_utf8(text)) {
      push(std::string(text));
    } else {
      push(PickleBytes{std::string(text)});
    }
  }
  void push_decoded(const std::optional<std::string>& text) {
    if (!text) fail_damaged();
    push_text(*text);
  }
  void push_bytes(std::uint64_t size) { push(PickleBytes{std::string(take(size))}); }

  void push_long(std::uint64_t size) {
    const std::string_view bytes = take(size);
    if (bytes.size() > sizeof(std::int64_t)) return push(PickleLong{std::string(bytes)});
    std::uint64_t value = !bytes.empty() && static_cast<signed char>(bytes.back()) < 0 ? ~std::uint64_t{0} : 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    push(std::bit_cast<std::int64_t>(value));
  }
  void push_decimal(std::string_view text) {
    const std::optional<Index> value = parse_integer(text);
    if (!value) fail("found " + quote(text) + "; a whole number of up to 64 bits is needed");
    push(std::int64_t{*value});
  }
  void push_int_line() {
    const std::string_view text = line();
    if (text == "00" || text == "01") return push(text == "01");
    push_decimal(text);
  }
  void push_long_line() {
    std::string_view text = line();
    if (text.ends_with('L')) text.remove_suffix(1);
    push_decimal(text);
  }
  void push_float_line() {
    const std::string_view text = line();
    const std::optional<double> value = parse_number(text);
    if (!value) fail("found " + quote(text) + "; a number is needed");
    push(*value);
  }
  void push_binary_float() {
    auto bits = number<std::uint64_t>();
    bits = __builtin_bswap64(bits);
    push(std::bit_cast<double>(bits));
  }

  void push_name(std::string_view module, std::string_view name) {
    if (module.size() > longest_name || name.size() > longest_name) fail_damaged();
    if (!detail::is_utf8(module) || !detail::is_utf8(name)) fail_damaged();
    charge(module.size() + name.size());
    push(PickleName{std::string(module), std::string(name)});
  }

  // The memo

  void put(std::uint64_t key) { memo_[key] = top(); }
  void get(std::uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) fail_damaged();
    stack_.push_back(found->second);
  }
  std::uint64_t key_line() {
    const std::optional<std::uint64_t> key = parse_unsigned(line());
    if (!key) fail_damaged();
    return *key;
  }

  // Containers

  void append(Value* container, const std::vector<const Value*>& values) {
    auto* object = std::get_if<PickleObject>(&container->content);
    PickleList& list = object ? object->elements : as<PickleList>(container);
    list.elements.insert(list.elements.end(), values.begin(), values.end());
  }
  void set_items(Value* container, const std::vector<const Value*>& values) {
    auto* object = std::get_if<PickleObject>(&container->content);
    add_entries(object ? object->items : as<PickleDict>(container), values);
  }
  void add_entries(PickleDict& dict, const std::vector<const Value*>& values) const {
    if (values.size() % 2 != 0) fail_damaged();
    for (std::size_t i = 0; i < values.size(); i += 2) dict.entries.emplace_back(values[i], values[i + 1]);
  }

  /// Attributes are given to a value. Those of a dictionary (PyTorch's `_metadata`) say nothing about its entries.
  /// Nothing else that is known has any, and attributes of a name would change a class or a function.
  void build() {
    const Value* state = pop();
    Value* value = top();
    if (auto* object = std::get_if<PickleObject>(&value->content)) {
      object->state = state;
    } else if (const auto* name = value->get_if<PickleName>()) {
      fail("the pickle changes " + quote(name->module + "." + name->name) + ", which was not done");
    } else if (!value->get_if<PickleDict>()) {
      fail_damaged();
    }
  }

  /// An object as Python makes it without a constructor; `arguments` are those of a tuple's or a number's class.
  void push_object(const Value* type, const std::vector<const Value*>& arguments) {
    const auto& name = as<PickleName>(type);
    if (name.module == "collections" && name.name == "OrderedDict") return push(PickleDict{});
    charge(arguments.size() * sizeof(const Value*));
    push(PickleObject{type, nullptr, {}, {arguments}});
  }

  // Calls

  void reduce() {
    const std::vector<const Value*> operands = pop(2);
    stack_.push_back(call(as<PickleName>(operands[0]), operands[0], as<PickleList>(operands[1]).elements));
  }

  Value* call(const PickleName& called, const Value* called_value, const std::vector<const Value*>& arguments,
              bool is_within = false) {
    const auto* known = std::ranges::find_if(known_calls, [&](const KnownCall& candidate) {
      return candidate.module == called.module && candidate.name == called.name;
    });
    if (known == known_calls.end()) refuse_call(called);
    const auto argument = [&](std::size_t i) {
      if (i >= arguments.size()) fail_damaged();
      return arguments[i];
    };
    switch (known->gives) {
      case Call::dict: {
        PickleDict dict;
        if (!arguments.empty()) {
          count(as<PickleList>(arguments[0]).elements.size());
          for (const Value* pair : as<PickleList>(arguments[0]).elements) {
            if (as<PickleList>(pair).elements.size() != 2) fail_damaged();
            add_entries(dict, as<PickleList>(pair).elements);
          }
        }
        return make(std::move(dict));
      }
      case Call::empty_dict:
        return make(PickleDict{});
      case Call::sequence:
        if (!arguments.empty()) count(as<PickleList>(arguments[0]).elements.size());
        return make(PickleList{arguments.empty() ? PickleList{} : as<PickleList>(arguments[0])});
      case Call::tensor:
        return make(tensor(argument(0), argument(1), argument(2), argument(3)));
      case Call::first_argument:
        return const_cast<Value*>(argument(0));  // one of this pickle's own
      case Call::call_in_call:
        if (is_within) fail_damaged();
        return call(as<PickleName>(argument(0)), argument(0), as<PickleList>(argument(2)).elements, true);
      case Call::object_of_class:
        static_cast<void>(as<PickleName>(argument(0)));
        return make(PickleObject{argument(0), argument(2)});
      case Call::unneeded:
        return make(PickleObject{called_value});
    }
    fail_damaged();
  }

  [[nodiscard]] std::vector<Index> counts(const Value* value) {
    const std::vector<const Value*>& elements = as<PickleList>(value).elements;
    charge(elements.size() * sizeof(Index));
    std::vector<Index> list;
    for (const Value* element : elements) list.push_back(as<std::int64_t>(element));
    return list;
  }

  [[nodiscard]] PickleTensor tensor(const Value* storage, const Value* offset, const Value* shape,
                                    const Value* strides) {
    PickleTensor made{storage, as<std::int64_t>(offset), counts(shape), counts(strides)};
    const auto& facts = as<PickleStorage>(storage);
    const auto is_negative = [](Index number) { return number < 0; };
    if (made.offset < 0 || made.shape.size() != made.strides.size() || std::ranges::any_of(made.shape, is_negative) ||
        std::ranges::any_of(made.strides, is_negative)) {
      fail("a tensor has negative sizes, or not as many strides as sizes");
    }
    if (std::ranges::count(made.shape, 0) != 0) return made;
    const std::optional<Index> last = last_element(made);
    if (!last || *last >= facts.elements) {
      fail("a tensor reaches beyond the " + std::to_string(facts.elements) + " elements of its storage " +
           quote(facts.key));
    }
    return made;
  }

  /// What lies in the file beside the pickle: ('storage', type, key, device, elements), of older versions followed by
  /// None; or a module with its source, of which the source is not needed.
  void push_persistent() {
    const std::vector<const Value*>& parts = as<PickleList>(pop()).elements;
    if (parts.empty()) fail_damaged();
    const auto& kind = as<std::string>(parts[0]);
    if (kind == "module" && parts.size() > 1) {
      stack_.push_back(const_cast<Value*>(parts[1]));
      return;
    }
    if (kind != "storage" || parts.size() < 5) fail_damaged();
    const auto& type = as<PickleName>(parts[1]);
    const auto* known = std::ranges::find(storage_types, type.name, &StorageType::name);
    if (type.module != "torch" || known == storage_types.end()) {
      std::string names;
      for (const StorageType& accepted : storage_types) {
        names.append(names.empty() ? "" : ", ").append(accepted.name);
      }
      fail("found elements of the type " + quote(type.module + "." + type.name) + "; accepted are " + names);
    }
    if (parts.size() > 5 && !parts[5]->get_if<std::monostate>()) {
      fail("a storage is a part of another one, as PyTorch wrote before version 0.4; write the file again");
    }
    const Index elements = as<std::int64_t>(parts[4]);
    if (elements < 0 || elements > most_elements) {
      fail("a storage should hold " + std::to_string(elements) + " elements");
    }
    const auto* number = parts[2]->get_if<std::int64_t>();
    std::string key = number ? std::to_string(*number) : as<std::string>(parts[2]);
    charge(key.size());
    push(PickleStorage{std::move(key), known->dtype, elements});
    pickle_.storages_.push_back(stack_.back()->get_if<PickleStorage>());
  }

  void run(Op op);

  std::string_view bytes_;
  const std::string& name_;
  std::size_t place_;         // of the next byte
  std::size_t op_place_ = 0;  // of the operation that runs
  Pickle pickle_;
  std::vector<Value*> stack_;
  std::size_t values_ = 0;          // that were made or copied
  std::size_t copied_ = 0;          // bytes of other values
  std::vector<std::size_t> marks_;  // sizes of the stack
  std::unordered_map<std::uint64_t, Value*> memo_;
};

void PickleReader::run(Op op) {
  switch (op) {
    case Op::proto:
      if (const auto version = number<std::uint8_t>(); version > 5) {
        fail("found protocol " + std::to_string(version) + "; accepted are 0 to 5");
      }
      return;
    case Op::frame:
      if (number<std::uint64_t>() > bytes_.size() - place_) fail("the pickle is cut short");
      return;

    case Op::mark:
      marks_.push_back(stack_.size());
      return;
    case Op::pop:
      if (stack_.size() > base()) {
        stack_.pop_back();
      } else {
        static_cast<void>(pop_to_mark());
      }
      return;
    case Op::pop_mark:
      static_cast<void>(pop_to_mark());
      return;
    case Op::dup:
      stack_.push_back(top());
      return;
    case Op::put:
      return put(key_line());
    case Op::binput:
      return put(number<std::uint8_t>());
    case Op::long_binput:
      return put(number<std::uint32_t>());
    case Op::memoize:
      return put(memo_.size());
    case Op::get:
      return get(key_line());
    case Op::binget:
      return get(number<std::uint8_t>());
    case Op::long_binget:
      return get(number<std::uint32_t>());

    case Op::none:
      return push(std::monostate{});
    case Op::newtrue:
      return push(true);
    case Op::newfalse:
      return push(false);
    case Op::int_text:
      return push_int_line();
    case Op::binint:
      return push(std::int64_t{number<std::int32_t>()});
    case Op::binint1:
      return push(std::int64_t{number<std::uint8_t>()});
    case Op::binint2:
      return push(std::int64_t{number<std::uint16_t>()});
    case Op::long_text:
      return push_long_line();
    case Op::long1:
      return push_long(number<std::uint8_t>());
    case Op::long4:
      return push_long(number<std::uint32_t>());
    case Op::float_text:
      return push_float_line();
    case Op::binfloat:
      return push_binary_float();
    case Op::string_text:
      return push_decoded(decode_repr(line()));
    case Op::binstring:
      return push_text(take(number<std::uint32_t>()));
    case Op::short_binstring:
      return push_text(take(number<std::uint8_t>()));
    case Op::unicode_text:
      return push_decoded(decode_raw_unicode(line()));
    case Op::short_binunicode:
      return push_text(take(number<std::uint8_t>()));
    case Op::binunicode:
      return push_text(take(number<std::uint32_t>()));
    case Op::binunicode8:
      return push_text(take(number<std::uint64_t>()));
    case Op::short_binbytes:
      return push_bytes(number<std::uint8_t>());
    case Op::binbytes:
      return push_bytes(number<std::uint32_t>());
    case Op::binbytes8:
    case Op::bytearray8:
      return push_bytes(number<std::uint64_t>());

    case Op::empty_tuple:
    case Op::empty_list:
    case Op::empty_set:
      return push(PickleList{});
    case Op::tuple1:
      return push(PickleList{pop(1)});
    case Op::tuple2:
      return push(PickleList{pop(2)});
    case Op::tuple3:
      return push(PickleList{pop(3)});
    case Op::tuple:
    case Op::list:
    case Op::frozenset:
      return push(PickleList{pop_to_mark()});
    case Op::empty_dict:
      return push(PickleDict{});
    case Op::dict: {
      PickleDict dict;
      add_entries(dict, pop_to_mark());
      return push(std::move(dict));
    }
    case Op::append: {
      const std::vector<const Value*> value = pop(1);
      return append(top(), value);
    }
    case Op::appends:
    case Op::additems: {
      const std::vector<const Value*> values = pop_to_mark();
      return append(top(), values);
    }
    case Op::setitem: {
      const std::vector<const Value*> values = pop(2);
      return set_items(top(), values);
    }
    case Op::setitems: {
      const std::vector<const Value*> values = pop_to_mark();
      return set_items(top(), values);
    }

    case Op::global: {
      const std::string_view module = line();
      return push_name(module, line());
    }
    case Op::stack_global: {
      const std::vector<const Value*> names = pop(2);
      return push_name(as<std::string>(names[0]), as<std::string>(names[1]));
    }
    case Op::newobj: {
      const std::vector<const Value*> operands = pop(2);
      return push_object(operands[0], as<PickleList>(operands[1]).elements);
    }
    case Op::newobj_ex: {
      const std::vector<const Value*> operands = pop(3);
      return push_object(operands[0], as<PickleList>(operands[1]).elements);
    }
    case Op::build:
      return build();
    case Op::reduce:
      return reduce();
    case Op::inst: {
      const std::string_view module = line();
      refuse_call({std::string(module), std::string(line())});
    }
    case Op::obj: {
      const std::vector<const Value*> operands = pop_to_mark();
      if (operands.empty()) fail_damaged();
      refuse_call(as<PickleName>(operands[0]));
    }
    case Op::binpersid:
      return push_persistent();

    case Op::persid:
    case Op::stop:
      break;
  }
  fail("the pickle has an operation that checkpoints do not need (byte " +
       std::to_string(static_cast<unsigned char>(op)) + "), or is damaged");
}

Pickle read_pickle(std::string_view bytes, const std::string& name, std::size_t begin) {
  return PickleReader(bytes, name, begin).read();
}

}  // namespace glifr
