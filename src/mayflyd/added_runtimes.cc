#include "mayflyd/added_runtimes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "base/files.h"

namespace mayfly::daemon {
namespace {

constexpr size_t kFileBytesMax = 256 * 1024;
constexpr size_t kRuntimesMax = 32;

std::string PathIn(const std::string& data_dir) { return data_dir + "/runtimes.json"; }

Error BadFile(const std::string& path, std::string_view what) {
  return Error::Fault(path + ' ' + std::string(what), "remove it and use 'mayfly runtime add' again");
}

std::vector<std::string> StringsOf(const json::Value* list) {
  std::vector<std::string> strings;
  if (!list || !list->is_array()) return strings;
  for (const json::Value& element : list->array()) {
    if (element.is_string()) strings.push_back(element.string());
  }
  return strings;
}

}  // namespace

json::Value DescribeAddedRuntime(const AddedRuntime& runtime) {
  if (runtime.image.empty()) {
    return json::Object{{"identifier", runtime.identifier}, {"root", runtime.root}, {"interpreter", runtime.interpreter}};
  }
  return json::Object{{"identifier", runtime.identifier}, {"image", runtime.image}, {"tree", runtime.tree},
                      {"entry_point", json::Array(runtime.entry_point.begin(), runtime.entry_point.end())},
                      {"environment", json::Array(runtime.environment.begin(), runtime.environment.end())}};
}

AddedRuntime ReadAddedRuntime(const json::Value& value) {
  const auto text = [&value](std::string_view name) { return std::string(value.StringOr(name, "")); };
  return {.identifier = text("identifier"), .root = text("root"), .interpreter = text("interpreter"), .image = text("image"), .tree = text("tree"),
          .entry_point = StringsOf(value.Find("entry_point")), .environment = StringsOf(value.Find("environment"))};
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

}  // namespace mayfly::daemon
