#include "mayflyd/interpreters.h"

#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/log.h"
#include "catalog/added_runtimes.h"

namespace mayfly::daemon {
namespace {

using catalog::Interpreter;
using catalog::RuntimeFamily;

struct Search {
  RuntimeFamily family;
  const char* pattern;
};

constexpr Search kSearches[] = {
    {RuntimeFamily::Python, "/usr/bin/python3.[0-9]*"},       {RuntimeFamily::Python, "/usr/local/bin/python3.[0-9]*"},
    {RuntimeFamily::Python, "/opt/python*/bin/python3.[0-9]*"}, {RuntimeFamily::Python, "~/.pyenv/versions/3.*/bin/python3.[0-9]*"},
    {RuntimeFamily::Node, "/usr/bin/node"},                   {RuntimeFamily::Node, "/usr/bin/nodejs"},
    {RuntimeFamily::Node, "/usr/local/bin/node"},             {RuntimeFamily::Node, "/opt/node*/bin/node"},
    {RuntimeFamily::Node, "~/.nvm/versions/node/*/bin/node"}, {RuntimeFamily::Ruby, "/usr/bin/ruby[0-9].[0-9]*"},
    {RuntimeFamily::Ruby, "/usr/local/bin/ruby"},             {RuntimeFamily::Ruby, "/opt/ruby*/bin/ruby"},
    {RuntimeFamily::Ruby, "~/.rbenv/versions/*/bin/ruby"},    {RuntimeFamily::Java, "/usr/lib/jvm/*/bin/java"},
    {RuntimeFamily::Java, "/opt/j[dr][ke]*/bin/java"},        {RuntimeFamily::Java, "/opt/java*/bin/java"},
};

std::vector<std::string> Expand(std::string pattern) {
  if (pattern.starts_with('~')) {
    const char* home = std::getenv("HOME");
    if (!home) return {};
    pattern.replace(0, 1, home);
  }
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return paths;
}

// What root would run must be root's own.
bool IsTrusted(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0) return false;
  if (::geteuid() != 0) return true;
  return status.st_uid == 0 && (status.st_mode & 022) == 0;
}

std::string RunForOutput(const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  UniqueFd read_end(ends[0]), write_end(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  char path_variable[] = "PATH=/usr/bin:/bin";
  char* environment[] = {path_variable, nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  write_end.Reset();
  if (error != 0) return {};
  std::string output;
  char buffer[256];
  ssize_t count = 0;
  while ((count = ::read(read_end.get(), buffer, sizeof buffer)) > 0 && output.size() < 4096) output.append(buffer, static_cast<size_t>(count));
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status == 0 ? output : std::string();
}

// The second word of "openjdk 17.0.15 2025-04-15 …": digits and dots; "21-ea" is 21.
std::string JavaVersion(const std::string& output) {
  const size_t start = output.find(' ');
  if (start == std::string::npos) return {};
  const std::string rest = output.substr(start + 1);
  return rest.substr(0, rest.find_first_not_of("0123456789."));
}

// "3.11.2", "20.20.2", "17.0.15"; empty when the program is not what its name says.
std::string AskVersion(RuntimeFamily family, const std::string& path) {
  std::string version;
  switch (family) {
    case RuntimeFamily::Python: version = RunForOutput({path, "-I", "-S", "-c", "import sys;print('%d.%d.%d'%sys.version_info[:3])"}); break;
    case RuntimeFamily::Node: version = RunForOutput({path, "-p", "process.versions.node"}); break;
    case RuntimeFamily::Ruby: version = RunForOutput({path, "--disable=gems", "-e", "print RUBY_VERSION"}); break;
    case RuntimeFamily::Java: version = JavaVersion(RunForOutput({path, "-Xshare:auto", "--version"})); break;
    default: return {};
  }
  while (!version.empty() && (version.back() == '\n' || version.back() == '\r')) version.pop_back();
  return version.find_first_not_of("0123456789.") == std::string::npos ? version : std::string();
}

int CompactVersion(RuntimeFamily family, const std::string& version) {
  int major = 0, minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) < 1) return 0;
  switch (family) {
    case RuntimeFamily::Java: return major;
    case RuntimeFamily::Node: return major * 100;
    default: return major * 100 + minor;
  }
}

struct Oldest {
  RuntimeFamily family;
  int version;
  const char* name;
};
// What our clients need.
constexpr Oldest kOldest[] = {
    {RuntimeFamily::Python, 308, "Python 3.8"}, {RuntimeFamily::Node, 1800, "Node.js 18"}, {RuntimeFamily::Ruby, 207, "Ruby 2.7"}, {RuntimeFamily::Java, 17, "Java 17"},
};

}  // namespace

Result<Interpreter> ExamineInterpreter(RuntimeFamily family, const std::string& path, const std::string& root) {
  char resolved[PATH_MAX];
  if (!::realpath(path.c_str(), resolved)) return Fail(Error::FromErrno(path, errno));
  const std::string real = resolved;
  if (!IsTrusted(real)) return Fail(Error::Fault(path + " is not an executable that only root can change"));
  Interpreter found;
  found.family = family;
  found.host_path = real;
  found.full_version = AskVersion(family, real);
  found.version = CompactVersion(family, found.full_version);
  if (found.version == 0) return Fail(Error::Fault(path + " does not tell its version"));
  for (const Oldest& oldest : kOldest) {
    if (family == oldest.family && found.version < oldest.version) return Fail(Error::Fault(fmt::format("{} is older than {}", path, oldest.name)));
  }
  if (real.starts_with("/usr/")) {
    found.cage_path = real;
  } else {
    const size_t below = root.empty() ? real.rfind("/bin/") : root.size();
    if (below == std::string::npos) return Fail(Error::Fault(path + " lies in no bin folder"));
    if (!root.empty() && !real.starts_with(root + '/')) return Fail(Error::Fault(fmt::format("{} does not lie below {}", real, root)));
    found.host_root = real.substr(0, below);
    found.cage_path = "/var/lang" + real.substr(below);
  }
  if (family == RuntimeFamily::Java) {
    const std::string archive = fmt::format("/java/{}.jsa", found.full_version);
    if (::access((RuntimeDirectory() + archive).c_str(), R_OK) == 0) found.class_archive = "/var/runtime" + archive;
  }
  return found;
}

namespace {

void AddUnlessThere(std::vector<Interpreter>& all, Interpreter found) {
  for (const Interpreter& known : all) {
    if (known.family == found.family && known.version == found.version) return;
  }
  all.push_back(std::move(found));
}

void AddAdded(const std::string& data_dir, std::vector<Interpreter>& all) {
  auto added = catalog::LoadAddedRuntimes(data_dir);
  if (!added) return log::Warning("added runtimes are not used: {}", added.error().message);
  for (const catalog::AddedRuntime& runtime : *added) {
    const catalog::RuntimeIdentifier* identifier = catalog::FindRuntime(runtime.identifier);
    if (!identifier || !runtime.image.empty()) continue;
    auto found = ExamineInterpreter(identifier->family, runtime.interpreter, runtime.root);
    if (found) {
      AddUnlessThere(all, std::move(*found));
    } else {
      log::Warning("added runtime {}: {}", runtime.identifier, found.error().message);
    }
  }
}

// Numbers for the jail: directories that are bound at /var/lang, and interpreters that get a zygote.
void AssignIndices(std::vector<Interpreter>& all) {
  int roots = 0, zygotes = 0;
  for (Interpreter& interpreter : all) {
    if (!interpreter.host_root.empty()) interpreter.root_index = ++roots;
    if (interpreter.family == RuntimeFamily::Python) interpreter.zygote_index = ++zygotes;
  }
}

}  // namespace

const std::string& ProgramDirectory() {
  static const std::string directory = [] {
    char path[PATH_MAX];
    const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
    const std::string program(path, size > 0 ? static_cast<size_t>(size) : 0);
    return program.substr(0, program.rfind('/'));
  }();
  return directory;
}

std::string RuntimeDirectory() { return ProgramDirectory() + "/../share/mayfly/runtime"; }

catalog::RuntimeTable MakeRuntimeTable(const catalog::CatalogOptions& options, std::vector<Interpreter> interpreters, std::vector<catalog::RuntimeImage> images) {
  return {std::move(interpreters), options.runtime_match, options.runtime_deprecation, std::move(images)};
}

int FreeRootIndex(const std::vector<Interpreter>& interpreters) {
  int last = 0;
  for (const Interpreter& interpreter : interpreters) last = std::max(last, interpreter.root_index);
  return last + 1;
}

Result<std::vector<Interpreter>> FindInterpreters(const catalog::CatalogOptions& options, const std::string& data_dir) {
  std::vector<Interpreter> all;
  for (const std::string& entry : options.interpreters) {
    const size_t equals = entry.find('=');
    const catalog::RuntimeIdentifier* identifier = catalog::FindRuntime(std::string_view(entry).substr(0, equals));
    if (equals == std::string::npos || !identifier) {
      return Fail(Error::Fault(fmt::format("--interpreter {}: expected identifier=path, e.g. python3.13=/opt/python3.13/bin/python3.13", entry)));
    }
    MF_TRY(Interpreter found, ExamineInterpreter(identifier->family, entry.substr(equals + 1), ""));
    AddUnlessThere(all, std::move(found));
  }
  AddAdded(data_dir, all);
  const bool has_java_client = ::access((RuntimeDirectory() + "/java/lib").c_str(), F_OK) == 0;
  for (const Search& search : kSearches) {
    if (search.family == RuntimeFamily::Java && !has_java_client) continue;
    for (const std::string& path : Expand(search.pattern)) {
      if (path.ends_with("-config") || path.ends_with("-gdb.py")) continue;
      auto found = ExamineInterpreter(search.family, path, "");
      if (found) {
        AddUnlessThere(all, std::move(*found));
      } else {
        log::Debug("passed over an interpreter: {}", found.error().message);
      }
    }
  }
  AssignIndices(all);
  return all;
}

}  // namespace mayfly::daemon
