#include "glifr/io/pickle.hpp"

#include <cmath>
#include <type_traits>

#include "glifr/error.hpp"
#include "glifr/io/files.hpp"
#include "glifr/io/number.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/python.hpp"
#include "support/torch_files.hpp"

namespace glifr {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using Catch::Matchers::Contains;
using test::PickleWriter;

/// A value as Python's repr has it; names and objects in angle brackets.
std::string text_of(const PickleValue& value, int depth = 0) {
  if (depth > 20) return "…";
  const auto list = [&](const std::vector<const PickleValue*>& elements) {
    std::string text;
    for (const PickleValue* element : elements) text += (text.empty() ? "" : ", ") + text_of(*element, depth + 1);
    return "[" + text + "]";
  };
  const auto dict = [&](const PickleDict& content) {
    std::string text;
    for (const auto& [key, entry] : content.entries) {
      text += (text.empty() ? "" : ", ") + text_of(*key, depth + 1) + ": " + text_of(*entry, depth + 1);
    }
    return "{" + text + "}";
  };
  if (const auto* truth = value.get_if<bool>()) return *truth ? "True" : "False";
  if (const auto* number = value.get_if<std::int64_t>()) return std::to_string(*number);
  if (const auto* number = value.get_if<double>()) return format_number(*number);
  if (const auto* text = value.get_if<std::string>()) return "'" + *text + "'";
  if (const auto* bytes = value.get_if<PickleBytes>()) return "b'" + bytes->bytes + "'";
  if (const auto* number = value.get_if<PickleLong>()) return "long of " + std::to_string(number->bytes.size());
  if (const auto* elements = value.get_if<PickleList>()) return list(elements->elements);
  if (const auto* content = value.get_if<PickleDict>()) return dict(*content);
  if (const auto* name = value.get_if<PickleName>()) return "<" + name->module + "." + name->name + ">";
  if (const auto* object = value.get_if<PickleObject>()) {
    return "<object " + text_of(*object->type, depth + 1) + " " + list(object->elements.elements) + " " +
           dict(object->items) + " " + (object->state ? text_of(*object->state, depth + 1) : "") + ">";
  }
  return "None";
}

std::string read(std::string_view bytes) {
  return text_of(read_pickle(bytes, "file").root());
}

static_assert(!std::is_copy_constructible_v<Pickle> && !std::is_copy_assignable_v<Pickle> &&
              !std::is_default_constructible_v<Pickle> && std::is_move_constructible_v<Pickle> &&
              std::is_move_assignable_v<Pickle>);

TEST_CASE("values that Python pickled read back, in every protocol") {
  const auto python = test::python_with("pickle");
  if (!python) GLIFR_SKIP("there is no Python");
  const test::TemporaryFolder folder;
  test::run_python(*python, folder.path(), R"(
import pickle
from collections import OrderedDict
value = {'a': [1, -2, 300, 70000, 2**31, -2**63, 1.5, float('inf'), True, False, None], 'b': (), 'c': (1,),
         'd': (1, 2), 'e': (1, 2, 3), 'f': (1, 2, 3, 4), 7: {}, 'g': [], 'h': 'höß\n\\ \'"\u20ac\U0001f600',
         'i': OrderedDict([('x', 1), ('y', 2)]), 'j': [['z'] * 3] * 2}
for protocol in range(6):
    with open(f'{protocol}.pkl', 'wb') as file:
        pickle.dump(value, file, protocol=protocol)
with open('sets.pkl', 'wb') as file:
    pickle.dump([{1}, frozenset([2]), bytearray(b'a'), b'b'], file, protocol=5)
with open('long.pkl', 'wb') as file:
    pickle.dump([2**200, -2**70, 255, -256], file, protocol=2)
)");
  for (int protocol = 0; protocol < 6; ++protocol) {
    INFO(protocol);
    CHECK(read(read_file(folder.path() / (std::to_string(protocol) + ".pkl"))) ==
          "{'a': [1, -2, 300, 70000, 2147483648, -9223372036854775808, 1.5, inf, True, False, None], 'b': [], "
          "'c': [1], 'd': [1, 2], 'e': [1, 2, 3], 'f': [1, 2, 3, 4], 7: {}, 'g': [], 'h': 'höß\n\\ '\"€😀', "
          "'i': {'x': 1, 'y': 2}, 'j': [['z', 'z', 'z'], ['z', 'z', 'z']]}");
  }
  CHECK(read(read_file(folder.path() / "sets.pkl")).starts_with("[[1], [2], "));
  CHECK(read(read_file(folder.path() / "long.pkl")) == "[long of 26, long of 9, 255, -256]");
}

TEST_CASE("the end of a pickle is where the next one begins") {
  const std::string two = PickleWriter().text("first").bytes() + PickleWriter().number(2).bytes();
  const Pickle first = read_pickle(two, "file");
  CHECK(text_of(first.root()) == "'first'");
  CHECK(text_of(read_pickle(two, "file", first.end()).root()) == "2");
  CHECK(read_pickle(two, "file", first.end()).end() == two.size());
}

TEST_CASE("tensors are described, not made") {
  const Pickle pickle = read_pickle(PickleWriter().tensor("HalfStorage", "17", 20, 1, {3, 2}, {1, 6}).bytes(), "file");
  const auto* tensor = pickle.root().get_if<PickleTensor>();
  REQUIRE(tensor);
  CHECK(tensor->offset == 1);
  CHECK(tensor->shape == std::vector<Index>{3, 2});
  CHECK(tensor->strides == std::vector<Index>{1, 6});
  REQUIRE(pickle.storages().size() == 1);
  CHECK(pickle.storages()[0]->key == "17");
  CHECK(pickle.storages()[0]->dtype == Dtype::f16);
  CHECK(pickle.storages()[0]->elements == 20);
  CHECK(tensor->storage->get_if<PickleStorage>() == pickle.storages()[0]);
}

TEST_CASE("objects of unknown classes are data") {
  // What Python makes without a constructor: type, arguments, then state and what is added.
  CHECK(read(PickleWriter().name("mine", "Settings").raw(")\x81}").text("dt").number(5).raw("sb").bytes()) ==
        "<object <mine.Settings> [] {} {'dt': 5}>");
  CHECK(read(PickleWriter().name("mine", "Map").raw(")\x81").text("k").number(1).raw("s(NNe").bytes()) ==
        "<object <mine.Map> [None, None] {'k': 1} >");
  CHECK(read(PickleWriter().name("os", "system").bytes()) == "<os.system>");  // a name is no call
  CHECK(read(PickleWriter()
                 .name("copy_reg", "_reconstructor")
                 .raw("(")
                 .name("mine", "A")
                 .name("builtins", "object")
                 .raw("NtR")
                 .bytes()) == "<object <mine.A> [] {} None>");
  CHECK(read(PickleWriter().name("torch", "device").raw("(").text("cpu").raw("tR").bytes()) ==
        "<object <torch.device> [] {} >");
  CHECK(read(PickleWriter().name("torch", "Size").raw("(").numbers({2, 3}).raw("tR").bytes()) == "[2, 3]");
}

TEST_CASE("calls are refused and nothing runs") {
  const auto refused = [](const PickleWriter& pickle, const char* reason) {
    CHECK_THROWS_WITH(read_pickle(pickle.bytes(), "evil.ckpt"), Contains("evil.ckpt at byte") && Contains(reason));
  };
  refused(PickleWriter().name("posix", "system").raw("(").text("touch x").raw("tR"), "calls 'posix.system'");
  refused(PickleWriter().name("builtins", "eval").raw("(").text("1").raw("tR"), "calls 'builtins.eval'");
  refused(PickleWriter().name("__builtin__", "getattr").raw("(N").text("x").raw("tR"), "calls '__builtin__.getattr'");
  refused(PickleWriter().name("torch.storage", "_load_from_bytes").raw(")R"), "calls 'torch.storage._load_from_bytes'");
  refused(PickleWriter().text("posix").text("system").raw("\x93)R"), "calls 'posix.system'");
  refused(PickleWriter().raw("(").text("ls").raw("iposix\nsystem\n"), "calls 'posix.system'");
  refused(PickleWriter().raw("(").name("posix", "system").text("ls").raw("o"), "calls 'posix.system'");
  // A known call within a known call may be, an unknown one may not.
  refused(PickleWriter().name("torch._tensor", "_rebuild_from_type_v2").raw("(").name("posix", "system").raw("N)NtR"),
          "calls 'posix.system'");
  // Attributes of a class or a function; a call by way of a value that is no name.
  refused(PickleWriter().name("torch._utils", "_rebuild_tensor_v2").raw("}").text("__code__").raw("Nsb"),
          "changes 'torch._utils._rebuild_tensor_v2'");
  refused(PickleWriter().raw("]}b"), "is damaged");
  refused(PickleWriter().text("system").raw(")R"), "is damaged");
  refused(PickleWriter().raw("\x82\x01"), "an operation that checkpoints do not need");
  refused(PickleWriter().raw("Pstorage\n"), "an operation that checkpoints do not need");
  refused(PickleWriter().raw("\x97"), "an operation that checkpoints do not need");
}

TEST_CASE("Python's own pickles of calls are refused, with the place") {
  const auto python = test::python_with("pickle");
  if (!python) GLIFR_SKIP("there is no Python");
  const test::TemporaryFolder folder;
  test::run_python(*python, folder.path(), R"(
import os, pickle
class Evil:
    def __init__(self, *call): self.call = call
    def __reduce__(self): return self.call
for protocol in range(6):
    for name, call in {'system': (os.system, ('touch ran',)), 'eval': (eval, ('open("ran", "w")',))}.items():
        with open(f'{name}{protocol}.pkl', 'wb') as file:
            pickle.dump({'state_dict': {}, 'extra': [Evil(*call)]}, file, protocol=protocol)
)");
  for (int protocol = 0; protocol < 6; ++protocol) {
    for (const char* name : {"system", "eval"}) {
      INFO(name << " in protocol " << protocol);
      const std::string bytes = read_file(folder.path() / (name + std::to_string(protocol) + ".pkl"));
      CHECK_THROWS_WITH(read_pickle(bytes, "file"), Contains("calls '") && Contains(std::string(name) + "', which"));
    }
  }
  CHECK_FALSE(std::filesystem::exists(folder.path() / "ran"));
}

TEST_CASE("a tensor lies within its storage") {
  const auto refused = [](std::int32_t elements, std::int32_t offset, const std::vector<std::int32_t>& shape,
                          const std::vector<std::int32_t>& strides, const char* reason) {
    const std::string bytes = PickleWriter().tensor("FloatStorage", "0", elements, offset, shape, strides).bytes();
    CHECK_THROWS_WITH(read_pickle(bytes, "file"), Contains(reason));
  };
  const auto accepted = [](std::int32_t elements, std::int32_t offset, const std::vector<std::int32_t>& shape,
                           const std::vector<std::int32_t>& strides) {
    const std::string bytes = PickleWriter().tensor("FloatStorage", "0", elements, offset, shape, strides).bytes();
    CHECK_NOTHROW(read_pickle(bytes, "file"));
  };
  accepted(6, 0, {2, 3}, {3, 1});
  accepted(6, 5, {}, {});
  accepted(6, 5, {1}, {1000});
  accepted(0, 0, {0, 3}, {3, 1});
  accepted(1, 0, {1000}, {0});
  refused(6, 1, {2, 3}, {3, 1}, "reaches beyond the 6 elements of its storage '0'");
  refused(6, 6, {}, {}, "reaches beyond");
  refused(6, 0, {2, 2147483647, 2147483647, 2147483647}, {2147483647, 2147483647, 2147483647, 2147483647},
          "reaches beyond");
  refused(6, 0, {3}, {3}, "reaches beyond");
  refused(6, -1, {2}, {1}, "negative sizes");
  refused(6, 0, {-2}, {1}, "negative sizes");
  refused(6, 3, {2}, {-1}, "negative sizes");
  refused(6, 0, {2, 3}, {1}, "as many strides as sizes");
  refused(-1, 0, {0}, {1}, "should hold -1 elements");

  const auto storage = [](const PickleWriter& pickle) { (void)read_pickle(pickle.bytes(), "file"); };
  CHECK_THROWS_WITH(storage(PickleWriter().storage("QInt8Storage", "0", 1)),
                    Contains("found elements of the type 'torch.QInt8Storage'; accepted are DoubleStorage, "));
  CHECK_THROWS_WITH(storage(PickleWriter().raw("(").text("storage").text("x").raw("tQ")), Contains("damaged"));
  CHECK_THROWS_WITH(storage(PickleWriter()
                                .raw("(")
                                .text("storage")
                                .name("torch", "FloatStorage")
                                .text("0")
                                .text("cpu")
                                .number(4)
                                .numbers({1, 2})
                                .raw("tQ")),
                    Contains("a part of another one"));
}

TEST_CASE("a damaged pickle is refused") {
  const auto refused = [](std::string_view bytes, const char* reason) {
    CHECK_THROWS_WITH(read_pickle(bytes, "file"), Contains("file at byte") && Contains(reason));
  };
  refused("", "cut short");
  refused("\x80\x06.", "found protocol 6; accepted are 0 to 5");
  refused("\x80\x02.", "damaged");
  refused("\x80\x02t.", "damaged");
  refused("\x80\x02h\x01.", "damaged");
  refused("\x80\x02X\xff\xff\xff\xff.", "cut short");
  refused("\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", "cut short");
  refused("\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff.", "cut short");
  refused("(Na.", "damaged");
  refused("}(Nu.", "damaged");
  refused("Nq", "cut short");
  refused("I12x\n.", "found '12x'; a whole number");
  refused("F1,5\n.", "found '1,5'; a number");
  refused("S'a\n.", "damaged");
  refused("Va\\u00zz\n.", "damaged");
  CHECK(read("S'a\\n\\x41\"'\n.") == "'a\nA\"'");
  CHECK(read("I01\n.") == "True");
  CHECK(read("L-12L\n.") == "-12");
  CHECK(read("X\x02\0\0\0\xff\xfe."sv) == "b'\xff\xfe'");  // no UTF-8
}

TEST_CASE("a pickle takes memory in proportion to its bytes") {
  SECTION("lists of lists of lists") {
    std::string bytes = "]q\0"s;
    for (int level = 0; level < 200; ++level) bytes += "](h\0h\0h\0h\0eq\0"s;
    CHECK_NOTHROW(read_pickle(bytes + ".", "file"));
  }
  SECTION("deep nesting") {
    CHECK_NOTHROW(read_pickle(std::string(100'000, ']') + std::string(99'999, 'a') + ".", "file"));
    CHECK_NOTHROW(read_pickle(std::string(100'000, '(') + std::string(100'000, 't') + ".", "file"));
  }
  SECTION("a list that is copied again and again") {
    std::string bytes = "]q\0("s + std::string(1000, 'N') + "ectorch\nSize\nq\1"s;
    const auto copies = [](int count) {
      std::string calls;
      for (int i = 0; i < count; ++i) calls += "h\1h\0\x85R"s;
      return calls;
    };
    CHECK_NOTHROW(read_pickle(bytes + copies(1000) + ".", "file"));
    CHECK_THROWS_WITH(read_pickle(bytes + copies(4000) + ".", "file"), Contains("more than 4000000 values"));
  }
  SECTION("long contents that are copied again and again") {
    const auto repeated = [](const std::string& head, std::string_view piece, int count) {
      std::string bytes = "\x80\x02("s + head;
      for (int i = 0; i < count; ++i) bytes += piece;
      return bytes + "t.";
    };
    const auto bounded = [&](const PickleWriter& head, std::string_view piece) {
      const std::string start = head.bytes().substr(2, head.bytes().size() - 3);
      CHECK_NOTHROW(read_pickle(repeated(start, piece, 1), "file"));
      CHECK_THROWS_WITH(read_pickle(repeated(start, piece, 1000), "file"), Contains("the pickle is damaged"));
    };
    const std::vector<std::int32_t> zeros(10'000);
    bounded(PickleWriter().text(std::string(256, 'a')).raw("q\0"sv), "h\0h\0\x93"sv);
    bounded(PickleWriter().name("a", "B").raw("q\0"sv).numbers(zeros).raw("q\1"), "h\0h\1\x81"sv);
    bounded(PickleWriter()
                .raw("(")
                .text("storage")
                .name("torch", "FloatStorage")
                .text(std::string(10'000, 'k'))
                .text("cpu")
                .number(1)
                .raw("tq\0"sv),
            "h\0Q"sv);
    bounded(PickleWriter()
                .name("torch._utils", "_rebuild_tensor")
                .raw("q\0("sv)
                .storage("FloatStorage", "0", 1)
                .number(0)
                .numbers(zeros)
                .raw("q\2")
                .raw("h\2tq\1"),
            "h\0h\1R"sv);
  }
  SECTION("names that are too long") {
    const std::string fits(256, 'a'), long_name(257, 'a');
    CHECK_NOTHROW(read_pickle(PickleWriter().name(fits, fits).bytes(), "file"));
    CHECK_THROWS_WITH(read_pickle(PickleWriter().name(long_name, "a").bytes(), "file"), Contains("damaged"));
    CHECK_THROWS_WITH(read_pickle(PickleWriter().name("a", long_name).bytes(), "file"), Contains("damaged"));
  }
  SECTION("too many values") {
    CHECK_THROWS_WITH(read_pickle(std::string(4'000'001, 'N') + ".", "file"), Contains("more than 4000000 values"));
  }
}

}  // namespace
}  // namespace glifr
