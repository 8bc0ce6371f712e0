#include "catalog/added_runtimes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "base/files.h"
#include "resources/json_members.h"

namespace mayfly::catalog {

static void VisitMembers(resources::Is<AddedRuntime> auto& runtime, auto&& visit) {
  visit("identifier", runtime.identifier);
  visit("root", runtime.root);
  visit("interpreter", runtime.interpreter);
  visit("image", runtime.image);
  visit("tree", runtime.tree);
  visit("entry_point", runtime.entry_point);
  visit("environment", runtime.environment);
}

namespace {

constexpr size_t kFileBytesMax = 256 * 1024;
constexpr size_t kRuntimesMax = 32;

std::string PathIn(const std::string& data_dir) { return data_dir + "/runtimes.json"; }

Error BadFile(const std::string& path, std::string_view what) {
  return Error::Fault(path + ' ' + std::string(what), "remove it and use 'mayfly runtime add' again");
}

}  // namespace

json::Value DescribeAddedRuntime(const AddedRuntime& runtime) { return resources::WriteMembers(runtime); }

AddedRuntime ReadAddedRuntime(const json::Value& value) {
  AddedRuntime runtime;
  resources::ReadMembers(value, runtime);
  return runtime;
}

Result<std::vector<AddedRuntime>> LoadAddedRuntimes(const std::string& data_dir) {
  const std::string path = PathIn(data_dir);
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file) {
    if (errno == ENOENT) return std::vector<AddedRuntime>();
    return Fail(Error::FromErrno("open " + path, errno));
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return Fail(Error::FromErrno("stat " + path, errno));
  if (!S_ISREG(status.st_mode) || (status.st_mode & 022) != 0 || status.st_uid != 0) return Fail(BadFile(path, "is not root's own"));
  std::string text(kFileBytesMax, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) return Fail(Error::FromErrno("read " + path, errno));
  text.resize(static_cast<size_t>(size));
  auto document = json::Parse(text);
  const json::Value* list = document ? document->Find("runtimes") : nullptr;
  if (!list || !list->is_array() || list->array().size() > kRuntimesMax) return Fail(BadFile(path, "is not a list of runtimes"));
  std::vector<AddedRuntime> runtimes;
  for (const json::Value& entry : list->array()) runtimes.push_back(ReadAddedRuntime(entry));
  return runtimes;
}

Result<> SaveAddedRuntimes(const std::string& data_dir, const std::vector<AddedRuntime>& runtimes) {
  if (runtimes.size() > kRuntimesMax) return Fail(Error::Fault("too many added runtimes", "remove one: mayfly runtime remove IDENTIFIER"));
  if (::mkdir(data_dir.c_str(), 0700) != 0 && errno != EEXIST) return Fail(Error::FromErrno("make " + data_dir, errno));
  json::Array list;
  for (const AddedRuntime& runtime : runtimes) list.push_back(DescribeAddedRuntime(runtime));
  const std::string path = PathIn(data_dir);
  const std::string text = json::Write(json::Object{{"version", 1}, {"runtimes", std::move(list)}}) + "\n";
  if (text.size() >= kFileBytesMax) return Fail(Error::Fault(path + " would be too long", "remove a runtime: mayfly runtime remove IDENTIFIER"));
  ::unlink((path + ".tmp").c_str());
  return WriteFileDurably(path, text, 0644);
}

Result<> SaveAddedRuntime(const std::string& data_dir, const AddedRuntime& runtime) {
  MF_TRY(std::vector<AddedRuntime> all, LoadAddedRuntimes(data_dir));
  std::erase_if(all, [&](const AddedRuntime& old) { return old.identifier == runtime.identifier; });
  all.push_back(runtime);
  return SaveAddedRuntimes(data_dir, all);
}

}  // namespace mayfly::catalog
