#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "glifr/error.hpp"

namespace glifr::test {

/// A reader, run on bytes that may be anything. It accepts them (true) or refuses them by a `glifr::Error` of one line
/// (false); any other exception is a finding, and so is what a sanitizer sees.
struct FuzzTarget {
  std::string_view name;
  bool (*run)(std::string_view bytes);
  std::vector<std::string> (*seeds)();  ///< small inputs that are accepted, from which others are made
};

bool fuzz_config(std::string_view bytes);
bool fuzz_csv(std::string_view bytes);
bool fuzz_event_file(std::string_view bytes);
bool fuzz_events(std::string_view bytes);
bool fuzz_hdf5(std::string_view bytes);
bool fuzz_idx(std::string_view bytes);
bool fuzz_pickle(std::string_view bytes);
bool fuzz_npy(std::string_view bytes);
bool fuzz_npz(std::string_view bytes);
bool fuzz_safetensors(std::string_view bytes);
bool fuzz_torch_file(std::string_view bytes);

std::vector<std::string> config_seeds();
std::vector<std::string> csv_seeds();
std::vector<std::string> event_file_seeds();
std::vector<std::string> events_seeds();
std::vector<std::string> hdf5_seeds();
std::vector<std::string> idx_seeds();
std::vector<std::string> pickle_seeds();
std::vector<std::string> npy_seeds();
std::vector<std::string> npz_seeds();
std::vector<std::string> safetensors_seeds();
std::vector<std::string> torch_file_seeds();

inline constexpr std::array fuzz_targets{FuzzTarget{"config", fuzz_config, config_seeds},
                                         FuzzTarget{"csv", fuzz_csv, csv_seeds},
                                         FuzzTarget{"event_file", fuzz_event_file, event_file_seeds},
                                         FuzzTarget{"events", fuzz_events, events_seeds},
                                         FuzzTarget{"hdf5", fuzz_hdf5, hdf5_seeds},
                                         FuzzTarget{"idx", fuzz_idx, idx_seeds},
                                         FuzzTarget{"npy", fuzz_npy, npy_seeds},
                                         FuzzTarget{"npz", fuzz_npz, npz_seeds},
                                         FuzzTarget{"pickle", fuzz_pickle, pickle_seeds},
                                         FuzzTarget{"safetensors", fuzz_safetensors, safetensors_seeds},
                                         FuzzTarget{"torch_file", fuzz_torch_file, torch_file_seeds}};

/// Something that has to hold for whatever a reader accepts.
inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

/// Runs a reader; false where it refused its input, in one line.
template <class Read>
bool accepts(Read read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    const std::string_view message = error.what();
    require(!message.empty() && message.find('\n') == std::string_view::npos, "an error is one line");
    return false;
  }
}

}  // namespace glifr::test
