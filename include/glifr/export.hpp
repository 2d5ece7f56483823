#pragma once

/// Marks what the library offers to those who link it: of a shared library, nothing else is seen. It also makes one
/// type of an exception thrown by the library and the same one caught outside it, and stands on types that are
/// arguments of what the library instantiates.
#define GLIFR_API __attribute__((visibility("default")))
