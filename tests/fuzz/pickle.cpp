#include "glifr/io/pickle.hpp"

#include "support/torch_files.hpp"
#include "targets.hpp"

namespace glifr::test {

bool fuzz_pickle(std::string_view bytes) {
  return accepts([&] {
    const Pickle pickle = read_pickle(bytes, "pickle");
    require(pickle.end() <= bytes.size(), "a pickle ends within its bytes");
    for (const PickleStorage* storage : pickle.storages()) {
      require(storage->elements >= 0, "a storage has elements or none");
    }
  });
}

std::vector<std::string> pickle_seeds() {
  using namespace std::string_literals;
  return {PickleWriter().raw("}(").text("a").tensor("FloatStorage", "0", 6, 0, {2, 3}, {3, 1}).raw("u").bytes(),
          PickleWriter().name("mine", "A").raw(")\x81}").text("k").raw("\x88sb").bytes(),
          "(dp0\nVa\np1\nI1\nsS'b'\np2\nF1.5\nsL3L\n(lp3\ng1\nas."s,
          "\x80\x04\x95\x0b\0\0\0\0\0\0\0}\x94\x8c\x01x\x94\x8f(K\x01M\1\1\x90s."s,
          "\x80\x04\x8c\x0b"
          "collections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94."s,
          "\x80\x02(U\x01s\x8a\x01\xffJ\1\0\0\0N]q\0h\0\x86\x85\x87"
          "0t."s};
}

}  // namespace glifr::test
