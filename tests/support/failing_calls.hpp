#pragma once

namespace glifr::test {

/// Lets calls of the system fail as they do on some file systems, while the object lives. Programs that are linked with
/// failing_calls.cpp call these instead of the C library's.
class FailingCalls {
 public:
  /// The errno of each call; 0: it works.
  struct Codes {
    int flock = 0;         ///< taking a lock
    int fsync_file = 0;    ///< forcing a file to the disk
    int fsync_folder = 0;  ///< forcing a folder to the disk
  };
  explicit FailingCalls(Codes codes);
  ~FailingCalls();
  FailingCalls(const FailingCalls&) = delete;
  FailingCalls& operator=(const FailingCalls&) = delete;
};

}  // namespace glifr::test
