// The file systems that functions may mount: what an access point's ARN stands for on this machine.
//
// Read once at start, before the daemon gives up root; then never changed. The directory itself is only ever touched by the jail, which
// mounts it, and by functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly::catalog {

struct FileSystem {
  std::string access_point_arn;
  std::string directory;
  unsigned user_id = 1000;  // whom functions are in it
  unsigned group_id = 1000;
  bool read_only = false;
  int index = 0;        // as the jail knows it; 0: it cannot be mounted, and …
  int error_number = 0; // … this is why
};

// "ARN=/directory[,uid=N][,gid=N][,ro]". Error: Fault, with what was expected.
Result<FileSystem> ParseFileSystem(std::string_view text);

class FileSystemTable {
 public:
  explicit FileSystemTable(std::vector<FileSystem> file_systems) : file_systems_(std::move(file_systems)) {}
  // nullptr when none is configured.
  const FileSystem* Find(std::string_view access_point_arn) const;
  // For an invocation. Errors, as AWS has them: EFSMountFailureException (none is configured any more, or the directory is not there),
  // EFSMountTimeoutException, EFSMountConnectivityException, EFSIOException (what looking at the directory said at start).
  Result<const FileSystem*> FindForMount(std::string_view access_point_arn) const;

 private:
  std::vector<FileSystem> file_systems_;
};

}  // namespace mayfly::catalog
