#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/io/zip.hpp"

/// Checkpoints as PyTorch writes them, without PyTorch.
namespace glifr::test {

/// A pickle, put together operation by operation.
class PickleWriter {
 public:
  PickleWriter& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  PickleWriter& text(std::string_view text) { return raw("X").little_endian(text.size(), 4).raw(text); }
  PickleWriter& number(std::int32_t number) { return raw("J").little_endian(static_cast<std::uint32_t>(number), 4); }
  PickleWriter& name(std::string_view module, std::string_view name) {
    return raw("c").raw(module).raw("\n").raw(name).raw("\n");
  }
  PickleWriter& numbers(const std::vector<std::int32_t>& list) {
    raw("(");
    for (const std::int32_t element : list) number(element);
    return raw("t");
  }
  PickleWriter& storage(std::string_view type, std::string_view key, std::int32_t elements) {
    return raw("(").text("storage").name("torch", type).text(key).text("cpu").number(elements).raw("tQ");
  }
  PickleWriter& tensor(std::string_view type, std::string_view key, std::int32_t elements, std::int32_t offset,
                       const std::vector<std::int32_t>& shape, const std::vector<std::int32_t>& strides) {
    return name("torch._utils", "_rebuild_tensor_v2")
        .raw("(")
        .storage(type, key, elements)
        .number(offset)
        .numbers(shape)
        .numbers(strides)
        .raw("\x89")
        .name("collections", "OrderedDict")
        .raw(")RtR");
  }
  /// The whole pickle, protocol 2.
  [[nodiscard]] std::string bytes() const { return "\x80\x02" + bytes_ + "."; }

  PickleWriter& little_endian(std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes_ += static_cast<char>(value >> 8 * i & 0xff);
    return *this;
  }

 private:
  std::string bytes_;
};

/// The bytes of a storage, and its elements.
struct TorchStorage {
  std::string key;
  std::uint64_t elements = 0;
  std::string bytes{};
};

template <class T>
TorchStorage torch_storage(std::string key, const std::vector<T>& values) {
  TorchStorage storage{std::move(key), values.size(), std::string(values.size() * sizeof(T), '\0')};
  if (!values.empty()) std::memcpy(storage.bytes.data(), values.data(), storage.bytes.size());
  return storage;
}

/// A checkpoint in the form that PyTorch wrote before version 1.6.
inline std::string legacy_torch_file(const std::string& pickle, const std::vector<TorchStorage>& storages) {
  using namespace std::string_view_literals;
  std::string bytes("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03."sv);
  bytes += PickleWriter().raw("}(").text("protocol_version").number(1001).text("little_endian").raw("\x88u").bytes();
  bytes += pickle;
  PickleWriter keys;
  keys.raw("](");
  for (const TorchStorage& storage : storages) keys.text(storage.key);
  bytes += keys.raw("e").bytes();
  for (const TorchStorage& storage : storages) {
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(storage.elements >> 8 * i & 0xff);
    bytes += storage.bytes;
  }
  return bytes;
}

/// A checkpoint in the form of a ZIP archive.
inline void write_torch_zip(const std::filesystem::path& path, const std::string& pickle,
                            const std::vector<TorchStorage>& storages, const std::string& byteorder = "little") {
  std::vector<ZipEntry> entries{{"archive/data.pkl", pickle}};
  if (!byteorder.empty()) entries.push_back({"archive/byteorder", byteorder});
  for (const TorchStorage& storage : storages) entries.push_back({"archive/data/" + storage.key, storage.bytes});
  entries.push_back({"archive/version", "3\n"});
  write_zip(path, entries);
}

/// Python that defines what `torch.save` needs: classes whose pickles are those of PyTorch's own, and both of its
/// forms.
///
///     save(value, 'FILE'); save_legacy(value, 'FILE')
///     tensor([1.0, 2.0], shape, kind='Float')     a tensor of its own storage; Tensor(storage, offset, shape, strides)
inline constexpr std::string_view python_torch = R"(
import array, io, pickle, struct, sys, types, zipfile
from argparse import Namespace
from collections import OrderedDict

def module(name, code):
    made = types.ModuleType(name)
    exec(code, made.__dict__)
    sys.modules[name] = made
    return made

torch = module('torch', '''
class Size(tuple):
    def __reduce__(self): return (Size, (tuple(self),))
class device:
    def __init__(self, kind): self.kind = kind
    def __reduce__(self): return (device, (self.kind,))
''')
torch._utils = module('torch._utils', '''
def _rebuild_tensor_v2(*arguments): pass
def _rebuild_parameter(*arguments): pass
''')
codes = {'Double': 'd', 'Float': 'f', 'Half': 'e', 'BFloat16': 'H', 'Long': 'q', 'Int': 'i', 'Short': 'h', 'Char': 'b',
         'Byte': 'B', 'Bool': '?'}
for kind in codes:
    setattr(torch, kind + 'Storage', type(kind + 'Storage', (), {'__module__': 'torch'}))

class Storage:
    def __init__(self, kind, values):
        self.kind, self.values = kind, values
    def bytes(self, order='<'):
        return struct.pack(f'{order}{len(self.values)}{codes[self.kind]}', *self.values)

class Tensor:
    def __init__(self, storage, offset, shape, strides):
        self.parts = (storage, offset, tuple(shape), tuple(strides), False, OrderedDict())
    def __reduce_ex__(self, protocol):
        return (torch._utils._rebuild_tensor_v2, self.parts)

class Parameter(Tensor):
    def __reduce_ex__(self, protocol):
        data = Tensor.__new__(Tensor)
        data.parts = self.parts
        return (torch._utils._rebuild_parameter, (data, True, OrderedDict()))

def strides_of(shape):
    strides, step = [], 1
    for size in reversed(shape):
        strides.insert(0, step)
        step *= size
    return strides

def tensor(values, shape, kind='Float', type=Tensor):
    return type(Storage(kind, values), 0, shape, strides_of(shape))

def pickled(value, is_legacy):
    storages = {}
    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            if not isinstance(thing, Storage):
                return None
            key = str(94000 + len(storages)) if is_legacy else str(len(storages))
            for known, storage in storages.items():
                if storage is thing:
                    key = known
            storages[key] = thing
            parts = ('storage', getattr(torch, thing.kind + 'Storage'), key, 'cuda:0', len(thing.values))
            return parts + (None,) if is_legacy else parts
    stream = io.BytesIO()
    Pickler(stream, protocol=2).dump(value)
    return stream.getvalue(), storages

def save(value, path, order=None):
    data, storages = pickled(value, False)
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_STORED) as archive:
        archive.writestr('last/data.pkl', data)
        if order:
            archive.writestr('last/byteorder', order)
        for key, storage in storages.items():
            archive.writestr('last/data/' + key, storage.bytes('>' if order == 'big' else '<'))
        archive.writestr('last/version', '3\n')

def save_legacy(value, path, order='little'):
    data, storages = pickled(value, True)
    with open(path, 'wb') as file:
        pickle.dump(0x1950a86a20f9469cfc6c, file, protocol=2)
        pickle.dump(1001, file, protocol=2)
        pickle.dump(dict(protocol_version=1001, little_endian=order == 'little',
                         type_sizes=dict(short=2, int=4, long=4)), file, protocol=2)
        file.write(data)
        pickle.dump(sorted(storages), file, protocol=2)
        sign = '<' if order == 'little' else '>'
        for key in sorted(storages):
            file.write(struct.pack(sign + 'q', len(storages[key].values)))
            file.write(storages[key].bytes(sign))

def state_dict(tensors):
    state = OrderedDict(tensors)
    state._metadata = OrderedDict({'': {'version': 1}, 'neuron_layer': {'version': 1}})
    return state
)";

}  // namespace glifr::test
