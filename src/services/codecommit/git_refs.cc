#include "services/codecommit/git_refs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/fd.h"
#include "base/text.h"

namespace mayfly::codecommit {
namespace {

constexpr std::string_view kHeads = "refs/heads/";
constexpr std::string_view kSymbolic = "ref: ";
constexpr size_t kRefNameMax = 512;

std::string_view FirstLine(std::string_view text) { return Trim(text.substr(0, text.find('\n')), " \t\r"); }

// A regular file, without following links; nullopt: it is none, or too large.
std::optional<std::string> ReadSmallFile(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status;
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) || static_cast<size_t>(status.st_size) > kRefFileBytesMax) return std::nullopt;
  std::string text(static_cast<size_t>(status.st_size), '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t bytes = ::read(fd.get(), text.data() + size, text.size() - size);
    if (bytes <= 0) break;
    size += static_cast<size_t>(bytes);
  }
  text.resize(size);
  return text;
}

void ReadLooseRefs(const std::string& root, Refs& refs) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::recursive_directory_iterator entry(root + "/refs", fs::directory_options::skip_permission_denied, error);
  for (; !error && entry != fs::recursive_directory_iterator() && refs.size() < kRefsMax; entry.increment(error)) {
    if (entry.depth() >= kRefDepthMax) entry.disable_recursion_pending();
    std::error_code ignored;
    if (!entry->is_regular_file(ignored) || entry->is_symlink(ignored)) continue;
    const std::string name = entry->path().string().substr(root.size() + 1);
    const auto text = IsRefName(name) ? ReadSmallFile(entry->path().string()) : std::nullopt;
    const auto commit = text ? ReadLooseRef(*text) : std::nullopt;
    if (commit) refs[name] = *commit;
  }
}

}  // namespace

bool IsCommitId(std::string_view text) { return (text.size() == 40 || text.size() == 64) && std::ranges::all_of(text, [](char c) { return HexValue(c) >= 0; }); }

bool IsRefName(std::string_view name) {
  if (!name.starts_with("refs/") || name.size() > kRefNameMax || name.ends_with(".lock") || name.contains("..")) return false;
  if (!std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 127 && !std::string_view("~^:?*[\\").contains(c); })) return false;
  return std::ranges::all_of(Split(name, '/'), [](std::string_view part) { return !part.empty() && part.front() != '.'; });
}

void ReadPackedRefs(std::string_view text, Refs& refs) {
  while (!text.empty() && refs.size() < kRefsMax) {
    const size_t end = text.find('\n');
    const std::string_view line = FirstLine(text);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const std::string_view commit = line.substr(0, space), name = line.substr(space + 1);
    if (IsCommitId(commit) && IsRefName(name)) refs[std::string(name)] = commit;
  }
}

std::optional<std::string> ReadLooseRef(std::string_view text) {
  const std::string_view line = FirstLine(text);
  return IsCommitId(line) ? std::optional(std::string(line)) : std::nullopt;
}

std::string ReadHead(std::string_view text) {
  const std::string_view line = FirstLine(text);
  if (!line.starts_with(kSymbolic)) return {};
  const std::string_view name = Trim(line.substr(kSymbolic.size()));
  return IsRefName(name) ? std::string(name) : std::string();
}

std::string_view BranchOf(std::string_view ref) { return ref.starts_with(kHeads) ? ref.substr(kHeads.size()) : std::string_view(); }

std::optional<GitRefs> ReadGitRefs(const std::string& path) {
  const auto head = ReadSmallFile(path + "/HEAD");
  if (!head) return std::nullopt;
  GitRefs found{.refs = {}, .head = ReadHead(*head)};
  // In this order, as git does: what is being packed is in its own file, in the packed ones, or in both.
  ReadLooseRefs(path, found.refs);
  Refs packed;
  if (const auto text = ReadSmallFile(path + "/packed-refs")) ReadPackedRefs(*text, packed);
  found.refs.merge(packed);  // files of their own count more
  return found;
}

}  // namespace mayfly::codecommit
