#include "glifr/io/elements.hpp"

#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "half.hpp"

namespace glifr {
namespace {

/// A byte that is 0 or not.
struct Boolean {
  std::uint8_t byte = 0;

  template <Scalar T>
  explicit operator T() const {
    return byte != 0 ? T{1} : T{0};
  }
};

template <class From, Scalar T>
void convert(const std::byte* elements, Index count, T* values) {
  for (Index i = 0; i < count; ++i, elements += sizeof(From)) {
    From element;
    std::memcpy(&element, elements, sizeof element);
    values[i] = static_cast<T>(element);
  }
}

}  // namespace

bool is_real(Dtype dtype) {
  return dtype != Dtype::c64 && dtype != Dtype::f8_e4m3 && dtype != Dtype::f8_e5m2 && dtype != Dtype::f8_e8m0;
}

template <Scalar T>
void convert_elements(Dtype dtype, const std::byte* elements, Index count, T* values) {
  switch (dtype) {
    case Dtype::f64:
      return convert<double>(elements, count, values);
    case Dtype::f32:
      return convert<float>(elements, count, values);
    case Dtype::f16:
      return convert<detail::Half>(elements, count, values);
    case Dtype::bf16:
      return convert<detail::BrainFloat>(elements, count, values);
    case Dtype::i64:
      return convert<std::int64_t>(elements, count, values);
    case Dtype::u64:
      return convert<std::uint64_t>(elements, count, values);
    case Dtype::i32:
      return convert<std::int32_t>(elements, count, values);
    case Dtype::u32:
      return convert<std::uint32_t>(elements, count, values);
    case Dtype::i16:
      return convert<std::int16_t>(elements, count, values);
    case Dtype::u16:
      return convert<std::uint16_t>(elements, count, values);
    case Dtype::i8:
      return convert<std::int8_t>(elements, count, values);
    case Dtype::u8:
      return convert<std::uint8_t>(elements, count, values);
    case Dtype::boolean:
      return convert<Boolean>(elements, count, values);
    default:
      throw std::logic_error("convert_elements: elements of " + std::string(to_string(dtype)));
  }
}

template void convert_elements(Dtype, const std::byte*, Index, float*);
template void convert_elements(Dtype, const std::byte*, Index, double*);

}  // namespace glifr
