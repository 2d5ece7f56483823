#include "pickle_names.hpp"

#include <algorithm>
#include <array>

#include "glifr/io/text.hpp"

namespace glifr::detail {
namespace {

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

struct KnownCall {
  std::string_view module, name;
  PickleCall gives;
};

constexpr std::array known_calls = std::to_array<KnownCall>({
    {"collections", "OrderedDict", PickleCall::dict},
    {"collections", "defaultdict", PickleCall::empty_dict},
    {"__builtin__", "set", PickleCall::sequence},
    {"builtins", "set", PickleCall::sequence},
    {"__builtin__", "frozenset", PickleCall::sequence},
    {"builtins", "frozenset", PickleCall::sequence},
    {"torch", "Size", PickleCall::sequence},
    {"torch._utils", "_rebuild_tensor", PickleCall::tensor},
    {"torch._utils", "_rebuild_tensor_v2", PickleCall::tensor},
    {"torch._utils", "_rebuild_parameter", PickleCall::first_argument},
    {"torch._utils", "_rebuild_parameter_with_state", PickleCall::first_argument},
    {"torch._tensor", "_rebuild_from_type_v2", PickleCall::call_in_call},
    {"copy_reg", "_reconstructor", PickleCall::object_of_class},
    {"copyreg", "_reconstructor", PickleCall::object_of_class},
    {"torch", "device", PickleCall::unneeded},
    {"_codecs", "encode", PickleCall::unneeded},  // bytes, in protocol 2
    {"datetime", "date", PickleCall::unneeded},
    {"datetime", "datetime", PickleCall::unneeded},
    {"datetime", "timedelta", PickleCall::unneeded},
    {"numpy", "dtype", PickleCall::unneeded},
    {"numpy.core.multiarray", "_reconstruct", PickleCall::unneeded},
    {"numpy._core.multiarray", "_reconstruct", PickleCall::unneeded},
    {"numpy.core.multiarray", "scalar", PickleCall::unneeded},
    {"numpy._core.multiarray", "scalar", PickleCall::unneeded},
    {"pathlib", "PosixPath", PickleCall::unneeded},
    {"pathlib", "PurePosixPath", PickleCall::unneeded},
    {"pathlib", "PureWindowsPath", PickleCall::unneeded},
    {"pathlib", "WindowsPath", PickleCall::unneeded},
});

}  // namespace

std::optional<PickleCall> known_call(const PickleName& called) {
  const auto* known = std::ranges::find_if(known_calls, [&](const KnownCall& candidate) {
    return candidate.module == called.module && candidate.name == called.name;
  });
  return known == known_calls.end() ? std::nullopt : std::optional(known->gives);
}

std::optional<Dtype> storage_elements(const PickleName& type) {
  const auto* known = std::ranges::find(storage_types, type.name, &StorageType::name);
  if (type.module != "torch" || known == storage_types.end()) return std::nullopt;
  return known->dtype;
}

std::string known_storages() {
  return joined(storage_types, ", ", &StorageType::name);
}

}  // namespace glifr::detail
