#include "glifr/datasets/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <new>

#include "glifr/error.hpp"

namespace glifr {
namespace {

/// zlib's state for one member, released on every way out.
class Inflater {
 public:
  Inflater() {
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream* operator->() { return &stream_; }
  int run() { return inflate(&stream_, Z_NO_FLUSH); }

 private:
  z_stream stream_{};
};

/// Appends one member's content to `content` and returns how many bytes of `packed` it took.
std::size_t unpack_member(std::string_view packed, std::size_t first, const std::string& file, std::string& content) {
  std::array<char, 1 << 16> buffer;
  Inflater inflater;
  std::size_t taken = 0;
  for (int status = Z_OK; status != Z_STREAM_END;) {
    const std::string_view rest = packed.substr(first + taken);
    const auto offered = static_cast<uInt>(std::min<std::size_t>(rest.size(), std::numeric_limits<uInt>::max()));
    inflater->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));  // zlib reads it only
    inflater->avail_in = offered;
    inflater->next_out = reinterpret_cast<Bytef*>(buffer.data());
    inflater->avail_out = buffer.size();
    status = inflater.run();
    taken += offered - inflater->avail_in;
    content.append(buffer.data(), buffer.size() - inflater->avail_out);
    const auto offset = static_cast<std::int64_t>(first + taken);
    const bool wants_more = status == Z_OK && inflater->avail_out > 0 && first + taken == packed.size();
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_BUF_ERROR || wants_more) {
      throw DataError(file, "the file ends inside its compressed data; fetch it again", offset);
    }
    if (status != Z_OK && status != Z_STREAM_END) {
      const std::string found = inflater->msg ? inflater->msg : "zlib status " + std::to_string(status);
      throw DataError(file, "found damaged gzip data (" + found + "); fetch it again", offset);
    }
  }
  return taken;
}

}  // namespace

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b");
}

std::string unpack_gzip(std::string_view packed, const std::string& file) {
  std::string content;
  std::size_t first = 0;
  do {
    first += unpack_member(packed, first, file, content);
    if (packed.find_first_not_of('\0', first) == std::string_view::npos) break;
    if (!is_gzip(packed.substr(first))) {
      throw DataError(file, "found " + std::to_string(packed.size() - first) + " bytes after the end of the gzip data",
                      static_cast<std::int64_t>(first));
    }
  } while (first < packed.size());
  return content;
}

}  // namespace glifr
