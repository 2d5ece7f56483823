#include "glifr/io/pickle.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "glifr/io/content.hpp"
#include "glifr/io/number.hpp"
#include "pickle_input.hpp"
#include "pickle_names.hpp"
#include "pickle_op.hpp"
#include "pickle_stack.hpp"
#include "pickle_text.hpp"

namespace glifr {
namespace {

constexpr Index most_elements = Index{1} << 48;  // of a storage; their bytes can be counted in an Index
constexpr std::size_t longest_quote = 80;        // of a name, in messages
constexpr std::size_t longest_name = 256;        // of a module, a class or a function

std::string quote(std::string_view text) {
  return "'" + std::string(text.substr(0, longest_quote)) + (text.size() > longest_quote ? "…'" : "'");
}

std::string quote(const PickleName& name) {
  return quote(name.module + "." + name.name);
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
  PickleReader(std::string_view bytes, const std::string& name, std::size_t begin) : input_(bytes, name, begin) {}

  Pickle read() {
    for (;;) {
      input_.begin_operation();
      const auto op = static_cast<Op>(input_.take(1)[0]);
      if (op == Op::stop) break;
      run(op);
    }
    Pickle pickle;
    pickle.root_ = stack_.pop();
    pickle.end_ = input_.place();
    pickle.values_ = stack_.take_values();
    pickle.storages_ = std::move(storages_);
    return pickle;
  }

 private:
  using Op = detail::PickleOp;
  using Value = PickleValue;
  using Values = std::vector<const PickleValue*>;

  void run(Op op);

  // Operands

  void check_protocol() {
    const auto version = input_.number<std::uint8_t>();
    if (version > 5) input_.fail("found protocol " + std::to_string(version) + "; accepted are 0 to 5");
  }
  void check_frame() {
    if (input_.number<std::uint64_t>() > input_.left()) input_.fail_short();
  }

  std::uint64_t key_line() {
    const std::optional<std::uint64_t> key = parse_unsigned(input_.line());
    if (!key) input_.fail_damaged();
    return *key;
  }

  // Numbers and texts

  void push_long(std::uint64_t size) {
    const std::string_view bytes = input_.take(size);
    if (bytes.size() > sizeof(std::int64_t)) return stack_.push_new(PickleLong{std::string(bytes)});
    std::uint64_t value = !bytes.empty() && static_cast<signed char>(bytes.back()) < 0 ? ~std::uint64_t{0} : 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    stack_.push_new(std::bit_cast<std::int64_t>(value));
  }
  void push_decimal(std::string_view text) {
    const std::optional<Index> value = parse_integer(text);
    if (!value) input_.fail("found " + quote(text) + "; a whole number of up to 64 bits is needed");
    stack_.push_new(std::int64_t{*value});
  }
  void push_int_line() {
    const std::string_view text = input_.line();
    if (text == "00" || text == "01") return stack_.push_new(text == "01");
    push_decimal(text);
  }
  void push_long_line() {
    std::string_view text = input_.line();
    if (text.ends_with('L')) text.remove_suffix(1);
    push_decimal(text);
  }
  void push_float_line() {
    const std::string_view text = input_.line();
    const std::optional<double> value = parse_number(text);
    if (!value) input_.fail("found " + quote(text) + "; a number is needed");
    stack_.push_new(*value);
  }

  /// Bytes that should be UTF-8. Others are kept as what they are: a path may hold any.
  void push_text(std::string_view text) {
    if (detail::is_utf8(text)) {
      stack_.push_new(std::string(text));
    } else {
      stack_.push_new(PickleBytes{std::string(text)});
    }
  }
  void push_decoded(const std::optional<std::string>& text) {
    if (!text) input_.fail_damaged();
    push_text(*text);
  }
  void push_bytes(std::uint64_t size) { stack_.push_new(PickleBytes{std::string(input_.take(size))}); }

  // Containers

  void append(const Values& values) {
    Value* container = stack_.top();
    auto* object = std::get_if<PickleObject>(&container->content);
    PickleList& list = object ? object->elements : stack_.as<PickleList>(container);
    list.elements.insert(list.elements.end(), values.begin(), values.end());
  }
  void set_items(const Values& values) {
    Value* container = stack_.top();
    auto* object = std::get_if<PickleObject>(&container->content);
    add_entries(object ? object->items : stack_.as<PickleDict>(container), values);
  }
  void push_dict(const Values& values) {
    PickleDict dict;
    add_entries(dict, values);
    stack_.push_new(std::move(dict));
  }
  void add_entries(PickleDict& dict, const Values& values) const {
    if (values.size() % 2 != 0) input_.fail_damaged();
    for (std::size_t i = 0; i < values.size(); i += 2) dict.entries.emplace_back(values[i], values[i + 1]);
  }

  // Objects

  PickleName name_lines() {
    const std::string_view module = input_.line();
    return {std::string(module), std::string(input_.line())};
  }
  void push_name(const Values& texts) {
    push_name(PickleName{stack_.as<std::string>(texts[0]), stack_.as<std::string>(texts[1])});
  }
  void push_name(PickleName name) {
    const auto& [module, own] = name;
    if (module.size() > longest_name || own.size() > longest_name) input_.fail_damaged();
    if (!detail::is_utf8(module) || !detail::is_utf8(own)) input_.fail_damaged();
    stack_.charge(module.size() + own.size());
    stack_.push_new(std::move(name));
  }

  /// Attributes are given to a value. Those of a dictionary (PyTorch's `_metadata`) say nothing about its entries.
  /// Nothing else that is known has any, and attributes of a name would change a class or a function.
  void build() {
    const Value* state = stack_.pop();
    Value* value = stack_.top();
    if (auto* object = std::get_if<PickleObject>(&value->content)) {
      object->state = state;
    } else if (const auto* name = value->get_if<PickleName>()) {
      input_.fail("the pickle changes " + quote(*name) + ", which was not done");
    } else if (!value->get_if<PickleDict>()) {
      input_.fail_damaged();
    }
  }

  /// An object as Python makes it without a constructor, of a class and arguments, those of a tuple's or a number's.
  void push_object(const Values& operands) {
    const auto& type = stack_.as<PickleName>(operands[0]);
    const Values& arguments = stack_.as<PickleList>(operands[1]).elements;
    if (type.module == "collections" && type.name == "OrderedDict") return stack_.push_new(PickleDict{});
    stack_.charge(arguments.size() * sizeof(const Value*));
    stack_.push_new(PickleObject{operands[0], nullptr, {}, {arguments}});
  }

  // Calls

  [[noreturn]] void refuse_call(const PickleName& called) const {
    input_.fail("the pickle calls " + quote(called) +
                ", which was not run; accepted are calls that make tensors and plain data");
  }

  void refuse_object(const Values& operands) const {
    if (operands.empty()) input_.fail_damaged();
    refuse_call(stack_.as<PickleName>(operands[0]));
  }

  void reduce() {
    const Values operands = stack_.pop(2);
    stack_.push(call(operands[0], operands[1]));
  }

  Value* call(const Value* called, const Value* argument_list, bool is_within = false) {
    using Call = detail::PickleCall;
    const auto& name = stack_.as<PickleName>(called);
    const Values& arguments = stack_.as<PickleList>(argument_list).elements;
    const std::optional<Call> known = detail::known_call(name);
    if (!known) refuse_call(name);
    const auto argument = [&](std::size_t i) {
      if (i >= arguments.size()) input_.fail_damaged();
      return arguments[i];
    };
    switch (*known) {
      case Call::dict:
        return arguments.empty() ? stack_.make(PickleDict{}) : dict_of_pairs(argument(0));
      case Call::empty_dict:
        return stack_.make(PickleDict{});
      case Call::sequence:
        return arguments.empty() ? stack_.make(PickleList{}) : copy(argument(0));
      case Call::tensor:
        return stack_.make(tensor(argument(0), argument(1), argument(2), argument(3)));
      case Call::first_argument:
        return const_cast<Value*>(argument(0));  // one of this pickle's own
      case Call::call_in_call:
        if (is_within) input_.fail_damaged();
        return call(argument(0), argument(2), true);
      case Call::object_of_class:
        static_cast<void>(stack_.as<PickleName>(argument(0)));
        return stack_.make(PickleObject{argument(0), argument(2)});
      case Call::unneeded:
        return stack_.make(PickleObject{called});
    }
    input_.fail_damaged();
  }

  Value* dict_of_pairs(const Value* pairs) {
    const Values& elements = stack_.as<PickleList>(pairs).elements;
    stack_.count(elements.size());
    PickleDict dict;
    for (const Value* element : elements) {
      const Values& pair = stack_.as<PickleList>(element).elements;
      if (pair.size() != 2) input_.fail_damaged();
      add_entries(dict, pair);
    }
    return stack_.make(std::move(dict));
  }

  Value* copy(const Value* sequence) {
    const auto& list = stack_.as<PickleList>(sequence);
    stack_.count(list.elements.size());
    return stack_.make(list);
  }

  // Tensors

  [[nodiscard]] std::vector<Index> counts(const Value* value) {
    const Values& elements = stack_.as<PickleList>(value).elements;
    stack_.charge(elements.size() * sizeof(Index));
    std::vector<Index> list;
    for (const Value* element : elements) list.push_back(stack_.as<std::int64_t>(element));
    return list;
  }

  [[nodiscard]] PickleTensor tensor(const Value* storage, const Value* offset, const Value* shape,
                                    const Value* strides) {
    PickleTensor made{storage, stack_.as<std::int64_t>(offset), counts(shape), counts(strides)};
    const auto& facts = stack_.as<PickleStorage>(storage);
    const auto is_negative = [](Index number) { return number < 0; };
    if (made.offset < 0 || made.shape.size() != made.strides.size() || std::ranges::any_of(made.shape, is_negative) ||
        std::ranges::any_of(made.strides, is_negative)) {
      input_.fail("a tensor has negative sizes, or not as many strides as sizes");
    }
    if (std::ranges::count(made.shape, 0) != 0) return made;
    const std::optional<Index> last = last_element(made);
    if (!last || *last >= facts.elements) {
      input_.fail("a tensor reaches beyond the " + std::to_string(facts.elements) + " elements of its storage " +
                  quote(facts.key));
    }
    return made;
  }

  /// What lies in the file beside the pickle: a storage; or a module with its source, of which the source is not
  /// needed.
  void push_persistent() {
    const Values& parts = stack_.as<PickleList>(stack_.pop()).elements;
    if (parts.empty()) input_.fail_damaged();
    const auto& kind = stack_.as<std::string>(parts[0]);
    if (kind == "module" && parts.size() > 1) return stack_.push(const_cast<Value*>(parts[1]));
    if (kind != "storage" || parts.size() < 5) input_.fail_damaged();
    push_storage(parts);
  }

  /// ('storage', type, key, device, elements), of older versions followed by None.
  void push_storage(const Values& parts) {
    const auto& type = stack_.as<PickleName>(parts[1]);
    const std::optional<Dtype> dtype = detail::storage_elements(type);
    if (!dtype) input_.fail("found elements of the type " + quote(type) + "; accepted are " + detail::known_storages());
    if (parts.size() > 5 && !parts[5]->get_if<std::monostate>())
      input_.fail("a storage is a part of another one, as PyTorch wrote before version 0.4; write the file again");
    const Index elements = stack_.as<std::int64_t>(parts[4]);
    if (elements < 0 || elements > most_elements)
      input_.fail("a storage should hold " + std::to_string(elements) + " elements");
    const auto* number = parts[2]->get_if<std::int64_t>();
    std::string key = number ? std::to_string(*number) : stack_.as<std::string>(parts[2]);
    stack_.charge(key.size());
    stack_.push_new(PickleStorage{std::move(key), *dtype, elements});
    storages_.push_back(stack_.top()->get_if<PickleStorage>());
  }

  detail::PickleInput input_;
  detail::PickleStack stack_{input_};
  std::vector<const PickleStorage*> storages_;
};

void PickleReader::run(Op op) {
  switch (op) {
    case Op::proto:
      return check_protocol();
    case Op::frame:
      return check_frame();

    case Op::mark:
      return stack_.mark();
    case Op::pop:
      return stack_.discard();
    case Op::pop_mark:
      return static_cast<void>(stack_.pop_to_mark());
    case Op::dup:
      return stack_.push(stack_.top());
    case Op::put:
      return stack_.put(key_line());
    case Op::binput:
      return stack_.put(input_.number<std::uint8_t>());
    case Op::long_binput:
      return stack_.put(input_.number<std::uint32_t>());
    case Op::memoize:
      return stack_.put_next();
    case Op::get:
      return stack_.get(key_line());
    case Op::binget:
      return stack_.get(input_.number<std::uint8_t>());
    case Op::long_binget:
      return stack_.get(input_.number<std::uint32_t>());

    case Op::none:
      return stack_.push_new(std::monostate{});
    case Op::newtrue:
      return stack_.push_new(true);
    case Op::newfalse:
      return stack_.push_new(false);
    case Op::int_text:
      return push_int_line();
    case Op::binint:
      return stack_.push_new(std::int64_t{input_.number<std::int32_t>()});
    case Op::binint1:
      return stack_.push_new(std::int64_t{input_.number<std::uint8_t>()});
    case Op::binint2:
      return stack_.push_new(std::int64_t{input_.number<std::uint16_t>()});
    case Op::long_text:
      return push_long_line();
    case Op::long1:
      return push_long(input_.number<std::uint8_t>());
    case Op::long4:
      return push_long(input_.number<std::uint32_t>());
    case Op::float_text:
      return push_float_line();
    case Op::binfloat:
      return stack_.push_new(std::bit_cast<double>(__builtin_bswap64(input_.number<std::uint64_t>())));

    case Op::string_text:
      return push_decoded(detail::decode_repr(input_.line()));
    case Op::unicode_text:
      return push_decoded(detail::decode_raw_unicode(input_.line()));
    case Op::short_binstring:
    case Op::short_binunicode:
      return push_text(input_.take(input_.number<std::uint8_t>()));
    case Op::binstring:
    case Op::binunicode:
      return push_text(input_.take(input_.number<std::uint32_t>()));
    case Op::binunicode8:
      return push_text(input_.take(input_.number<std::uint64_t>()));
    case Op::short_binbytes:
      return push_bytes(input_.number<std::uint8_t>());
    case Op::binbytes:
      return push_bytes(input_.number<std::uint32_t>());
    case Op::binbytes8:
    case Op::bytearray8:
      return push_bytes(input_.number<std::uint64_t>());

    case Op::empty_tuple:
    case Op::empty_list:
    case Op::empty_set:
      return stack_.push_new(PickleList{});
    case Op::tuple1:
      return stack_.push_new(PickleList{stack_.pop(1)});
    case Op::tuple2:
      return stack_.push_new(PickleList{stack_.pop(2)});
    case Op::tuple3:
      return stack_.push_new(PickleList{stack_.pop(3)});
    case Op::tuple:
    case Op::list:
    case Op::frozenset:
      return stack_.push_new(PickleList{stack_.pop_to_mark()});
    case Op::empty_dict:
      return stack_.push_new(PickleDict{});
    case Op::dict:
      return push_dict(stack_.pop_to_mark());
    case Op::append:
      return append(stack_.pop(1));
    case Op::appends:
    case Op::additems:
      return append(stack_.pop_to_mark());
    case Op::setitem:
      return set_items(stack_.pop(2));
    case Op::setitems:
      return set_items(stack_.pop_to_mark());

    case Op::global:
      return push_name(name_lines());
    case Op::stack_global:
      return push_name(stack_.pop(2));
    case Op::newobj:
      return push_object(stack_.pop(2));
    case Op::newobj_ex:
      return push_object(stack_.pop(3));
    case Op::build:
      return build();
    case Op::reduce:
      return reduce();
    case Op::inst:
      return refuse_call(name_lines());
    case Op::obj:
      return refuse_object(stack_.pop_to_mark());
    case Op::binpersid:
      return push_persistent();

    case Op::persid:
    case Op::stop:
      break;
  }
  input_.fail("the pickle has an operation that checkpoints do not need (byte " +
              std::to_string(static_cast<unsigned char>(op)) + "), or is damaged");
}

Pickle read_pickle(std::string_view bytes, const std::string& name, std::size_t begin) {
  return PickleReader(bytes, name, begin).read();
}

}  // namespace glifr
