#include "glifr/io/zip.hpp"

#include <zip.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>

#include "glifr/error.hpp"
#include "glifr/io/content.hpp"
#include "glifr/io/files.hpp"

namespace glifr {
namespace {

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using ZipPointer = std::unique_ptr<zip_t, Discard>;
using EntryPointer = std::unique_ptr<zip_file_t, CloseEntry>;
using SourcePointer = std::unique_ptr<zip_source_t, FreeSource>;

std::string text_of(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

[[noreturn]] void fail_to_open(const std::filesystem::path& path, int code) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) throw DataError(path.string(), "is a folder; a file is needed");
  if (code == ZIP_ER_NOENT || code == ZIP_ER_OPEN) {
    static_cast<void>(read_file(path));  // says why, in the system's words
  }
  const std::string beginning = detail::beginning_of(path);
  if (beginning.starts_with("PK")) {
    throw DataError(path.string(), "the ZIP archive is damaged or cut short (" + text_of(code) + "); fetch it again");
  }
  throw DataError(path.string(),
                  detail::content_problem(beginning, "a ZIP archive", "found no ZIP archive (" + text_of(code) + ")"));
}

}  // namespace

struct ZipFile::Archive {
  std::string file;
  std::uint64_t file_size = 0;
  ZipPointer zip;
  std::vector<std::string> names;
  std::map<std::string, zip_stat_t, std::less<>> entries;
  std::mutex mutex;  // libzip's archives belong to one thread at a time

  [[noreturn]] void fail(std::string_view entry, const std::string& problem) const {
    throw DataError(file, "entry '" + std::string(entry) + "' " + problem);
  }

  /// The facts of an entry that can be read, and whose size is not larger than its packed bytes can be.
  const zip_stat_t& checked(std::string_view name) const {
    const auto found = entries.find(name);
    if (found == entries.end()) throw DataError(file, "has no entry '" + std::string(name) + "'");
    const zip_stat_t& entry = found->second;
    constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if ((entry.valid & needed) != needed) fail(name, "has no size in the archive's directory");
    if ((entry.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && entry.encryption_method != ZIP_EM_NONE) {
      fail(name, "is encrypted; glifr reads none of these");
    }
    if (entry.comp_method != ZIP_CM_STORE && entry.comp_method != ZIP_CM_DEFLATE) {
      fail(name, "is packed by method " + std::to_string(entry.comp_method) + "; accepted are stored and deflate");
    }
    const std::uint64_t expansion = entry.comp_method == ZIP_CM_STORE ? 1 : detail::most_deflate_expansion;
    const std::uint64_t packed = std::min<std::uint64_t>(entry.comp_size, file_size);
    if (entry.comp_size > file_size || entry.size / expansion > packed) {
      fail(name, "declares " + std::to_string(entry.size) + " bytes; the " + std::to_string(packed) +
                     " that are there for it cannot hold them");
    }
    return entry;
  }
};

ZipFile::ZipFile(const std::filesystem::path& path) : archive_(std::make_unique<Archive>()) {
  archive_->file = path.string();
  int code = 0;
  archive_->zip.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!archive_->zip) fail_to_open(path, code);
  std::error_code unknown;
  archive_->file_size = std::filesystem::file_size(path, unknown);
  if (unknown) throw DataError(archive_->file, unknown.message());
  const zip_int64_t count = zip_get_num_entries(archive_->zip.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t entry;
    if (zip_stat_index(archive_->zip.get(), static_cast<zip_uint64_t>(i), 0, &entry) != 0 ||
        (entry.valid & ZIP_STAT_NAME) == 0) {
      throw DataError(archive_->file, "entry " + std::to_string(i + 1) + " has no name; the archive is damaged");
    }
    archive_->names.emplace_back(entry.name);
    entry.index = static_cast<zip_uint64_t>(i);
    if (!archive_->entries.emplace(entry.name, entry).second) archive_->fail(entry.name, "is there twice");
  }
}

ZipFile::~ZipFile() = default;
ZipFile::ZipFile(ZipFile&&) noexcept = default;
ZipFile& ZipFile::operator=(ZipFile&&) noexcept = default;

const std::vector<std::string>& ZipFile::names() const {
  return archive_->names;
}

bool ZipFile::holds(std::string_view name) const {
  return archive_->entries.contains(name);
}

std::string ZipFile::read(std::string_view name) const {
  const zip_stat_t& facts = archive_->checked(name);
  const std::scoped_lock lock(archive_->mutex);
  const EntryPointer entry(zip_fopen_index(archive_->zip.get(), facts.index, 0));
  if (!entry) archive_->fail(name, "cannot be read (" + std::string(zip_strerror(archive_->zip.get())) + ")");
  std::string content(facts.size, '\0');
  std::uint64_t length = 0;
  // To the end that is met: the checksum is compared there. One byte more than declared shows what is too long.
  for (std::array<char, 1> extra{};;) {
    const bool is_full = length == content.size();
    const zip_int64_t count = is_full ? zip_fread(entry.get(), extra.data(), extra.size())
                                      : zip_fread(entry.get(), content.data() + length, content.size() - length);
    if (count < 0) archive_->fail(name, "is damaged (" + std::string(zip_file_strerror(entry.get())) + ")");
    if (count == 0) break;
    if (is_full) archive_->fail(name, "has more bytes than the " + std::to_string(facts.size) + " that it declares");
    length += static_cast<std::uint64_t>(count);
  }
  if (length != content.size()) {
    archive_->fail(name, "has " + std::to_string(length) + " bytes; it declares " + std::to_string(facts.size));
  }
  return content;
}

void write_zip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries) {
  const auto fail = [&](zip_error_t* error) {
    throw OutputError(path.string(), "cannot be written as a ZIP archive: " + std::string(zip_error_strerror(error)));
  };
  if (entries.empty()) {  // libzip has no archive of none: only the end of the directory, all of its counts 0
    return write_file_atomically(path, "PK\5\6" + std::string(18, '\0'));
  }
  zip_error_t error;
  zip_error_init(&error);
  const SourcePointer buffer(zip_source_buffer_create(nullptr, 0, 0, &error));
  if (!buffer) throw std::bad_alloc();
  ZipPointer zip(zip_open_from_source(buffer.get(), ZIP_TRUNCATE, &error));
  if (!zip) fail(&error);
  zip_source_keep(buffer.get());  // opened, the archive owns one reference; the other is read from below
  for (const ZipEntry& entry : entries) {
    if (zip_name_locate(zip.get(), entry.name.c_str(), 0) >= 0) {
      throw std::invalid_argument("write_zip: there are two entries '" + entry.name + "'");
    }
    SourcePointer content(zip_source_buffer(zip.get(), entry.content.data(), entry.content.size(), 0));
    if (!content) throw std::bad_alloc();
    const zip_int64_t index = zip_file_add(zip.get(), entry.name.c_str(), content.get(), ZIP_FL_ENC_UTF_8);
    if (index < 0) fail(zip_get_error(zip.get()));
    static_cast<void>(content.release());
    constexpr zip_uint16_t midnight = 0, first_day = 1 << 5 | 1;  // 1980-01-01, when the format's time begins
    const auto place = static_cast<zip_uint64_t>(index);
    if (zip_set_file_compression(zip.get(), place, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(zip.get(), place, midnight, first_day, 0) != 0) {
      fail(zip_get_error(zip.get()));
    }
  }
  if (zip_close(zip.get()) != 0) fail(zip_get_error(zip.get()));
  static_cast<void>(zip.release());

  zip_stat_t facts;
  zip_stat_init(&facts);
  if (zip_source_open(buffer.get()) != 0 || zip_source_stat(buffer.get(), &facts) != 0) {
    fail(zip_source_error(buffer.get()));
  }
  std::string bytes(facts.size, '\0');
  const zip_int64_t count = zip_source_read(buffer.get(), bytes.data(), bytes.size());
  zip_source_close(buffer.get());
  if (count != std::ssize(bytes)) fail(zip_source_error(buffer.get()));
  write_file_atomically(path, bytes);
}

bool detail::has_zip() {
  return true;
}

}  // namespace glifr
