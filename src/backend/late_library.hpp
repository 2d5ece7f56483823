#pragma once

#include <dlfcn.h>

#include <optional>
#include <string>

namespace glifr {

/// A shared library that is loaded when it is wanted, not when the program starts, and stays until the process ends.
class LateLibrary {
 public:
  /// `title`: what messages call it; `file`: what the loader looks for.
  LateLibrary(const char* title, const std::string& file) : title_(title) {
    library_ = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library_) note_problem();
  }

  /// Sets a pointer to the library's function of this name, where the library could be loaded.
  template <class Function>
  void find(const char* name, Function& function) {
    if (problem_) return;
    function = reinterpret_cast<Function>(::dlsym(library_, name));
    if (!function) note_problem();
  }

  /// Why it cannot be used: it could not be loaded or lacks a function. Or nothing.
  [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }

 private:
  void note_problem() {
    const char* reason = ::dlerror();
    problem_ = std::string(title_) + " cannot be loaded: " + (reason ? reason : "unknown reason");
  }

  const char* title_;
  void* library_;
  std::optional<std::string> problem_;
};

}  // namespace glifr
