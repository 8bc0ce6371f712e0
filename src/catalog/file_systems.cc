#include "catalog/file_systems.h"

#include <cerrno>
#include <charconv>

#include <fmt/format.h>

namespace mayfly::catalog {
namespace {

constexpr unsigned kIdMax = 65535;

bool ParseId(std::string_view text, unsigned& id) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), id);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && id <= kIdMax;
}

bool TakeSetting(std::string_view setting, FileSystem& file_system) {
  if (setting == "ro") return file_system.read_only = true;
  if (setting.starts_with("uid=")) return ParseId(setting.substr(4), file_system.user_id);
  if (setting.starts_with("gid=")) return ParseId(setting.substr(4), file_system.group_id);
  return false;
}

Error MountError(int error_number, const std::string& arn) {
  switch (error_number) {
    case ETIMEDOUT: return Error::Service("EFSMountTimeoutException", "The function made a connection to the file system " + arn + ", but the mount operation timed out.");
    case ESTALE:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ECONNREFUSED:
    case ENOTCONN: return Error::Service("EFSMountConnectivityException", "The Lambda function couldn't make a network connection to the configured file system " + arn + ".");
    case EIO:
    case EREMOTEIO: return Error::Service("EFSIOException", "An error occurred when reading from or writing to the connected file system " + arn + ".");
    default:
      return Error::Service("EFSMountFailureException",
                            "The Lambda function couldn't mount the configured file system " + arn + " due to a permission or configuration issue.");
  }
}

}  // namespace

Result<FileSystem> ParseFileSystem(std::string_view text) {
  FileSystem file_system;
  const size_t equals = text.find("=/");
  bool good = equals != std::string_view::npos && text.starts_with("arn:") && text.substr(0, equals).find(":access-point/") != std::string_view::npos;
  // S3 Files: …:file-system/fs-…/access-point/fsap-…
  good = good || (equals != std::string_view::npos && text.starts_with("arn:") && text.substr(0, equals).find("/access-point/") != std::string_view::npos);
  if (good) {
    file_system.access_point_arn = text.substr(0, equals);
    std::string_view rest = text.substr(equals + 1);
    const size_t comma = rest.find(',');
    file_system.directory = rest.substr(0, comma);
    while (good && comma != std::string_view::npos && !rest.empty()) {
      rest = rest.substr(std::min(rest.find(','), rest.size() - 1) + 1);
      const size_t next = rest.find(',');
      good = TakeSetting(rest.substr(0, next), file_system);
      if (next == std::string_view::npos) break;
    }
  }
  if (good) return file_system;
  return Fail(Error::Fault(fmt::format("--file-system {}: expected ARN=/directory[,uid=N][,gid=N][,ro] with the ARN of an access point and ids up to {}",
                                       text, kIdMax)));
}

const FileSystem* FileSystemTable::Find(std::string_view access_point_arn) const {
  for (const FileSystem& file_system : file_systems_) {
    if (file_system.access_point_arn == access_point_arn) return &file_system;
  }
  return nullptr;
}

Result<const FileSystem*> FileSystemTable::FindForMount(std::string_view access_point_arn) const {
  const FileSystem* file_system = Find(access_point_arn);
  if (!file_system || file_system->index == 0) return Fail(MountError(file_system ? file_system->error_number : ENOENT, std::string(access_point_arn)));
  return file_system;
}

}  // namespace mayfly::catalog
