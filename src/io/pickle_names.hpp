#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "glifr/io/pickle.hpp"

/// The names of Python that are known in pickles.
namespace glifr::detail {

/// What a call of a function or a class gives.
enum class PickleCall {
  dict,             // a dictionary, of pairs if any are given
  empty_dict,       // a dictionary that is filled later
  sequence,         // the elements of its argument
  tensor,           // (storage, offset, sizes, strides, …)
  first_argument,   // a parameter is its tensor
  call_in_call,     // (function, class, arguments, state)
  object_of_class,  // (class, base class, state of that)
  unneeded,         // plain data of another library
};

/// What a call of that name gives, where it is known.
[[nodiscard]] std::optional<PickleCall> known_call(const PickleName& called);

/// The elements of a storage of that type, where it is known.
[[nodiscard]] std::optional<Dtype> storage_elements(const PickleName& type);

/// The types of storages that are known, for messages.
[[nodiscard]] std::string known_storages();

}  // namespace glifr::detail
