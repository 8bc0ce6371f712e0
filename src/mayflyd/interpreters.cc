#include "mayflyd/interpreters.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/added_runtimes.h"
#include "mayflyd/program_output.h"

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
    {RuntimeFamily::Dotnet, "/usr/bin/dotnet"},               {RuntimeFamily::Dotnet, "/usr/lib/dotnet/dotnet"},
    {RuntimeFamily::Dotnet, "/usr/share/dotnet/dotnet"},      {RuntimeFamily::Dotnet, "/usr/local/share/dotnet/dotnet"},
    {RuntimeFamily::Dotnet, "/opt/dotnet*/dotnet"},           {RuntimeFamily::Dotnet, "~/.dotnet/dotnet"},
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

// Those that AWS still runs functions on; a host is asked for each.
constexpr std::array kDotnetVersions = {1000, 800, 600};

// What root would run must be root's own.
bool IsTrusted(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0) return false;
  if (::geteuid() != 0) return true;
  return status.st_uid == 0 && (status.st_mode & 022) == 0;
}

std::string RunForOutput(std::vector<std::string> arguments) {
  return ReadProgramOutput({.arguments = std::move(arguments)}).value_or("");
}

// The second word of "openjdk 17.0.15 2025-04-15 …": digits and dots; "21-ea" is 21.
std::string JavaVersion(const std::string& output) {
  const size_t start = output.find(' ');
  if (start == std::string::npos) return {};
  const std::string rest = output.substr(start + 1);
  return rest.substr(0, rest.find_first_not_of("0123456789."));
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

// Lines "Microsoft.NETCore.App 8.0.11 [/usr/share/dotnet/shared/Microsoft.NETCore.App]", in ascending order.
std::string DotnetVersion(const std::string& output, int wanted) {
  constexpr std::string_view kFramework = "Microsoft.NETCore.App ";
  std::string newest;
  for (const std::string_view line : Split(output, '\n')) {
    if (!line.starts_with(kFramework)) continue;
    const std::string_view rest = line.substr(kFramework.size());
    const std::string version(rest.substr(0, rest.find_first_not_of("0123456789.")));
    if (wanted == 0 || CompactVersion(RuntimeFamily::Dotnet, version) == wanted) newest = version;
  }
  return newest;
}

// "3.11.2", "20.20.2", "17.0.15"; empty when the program is not what its name says, or not the version that is wanted.
std::string AskVersion(RuntimeFamily family, const std::string& path, int wanted) {
  std::string version;
  switch (family) {
    case RuntimeFamily::Python: version = RunForOutput({path, "-I", "-S", "-c", "import sys;print('%d.%d.%d'%sys.version_info[:3])"}); break;
    case RuntimeFamily::Node: version = RunForOutput({path, "-p", "process.versions.node"}); break;
    case RuntimeFamily::Ruby: version = RunForOutput({path, "--disable=gems", "-e", "print RUBY_VERSION"}); break;
    case RuntimeFamily::Java: version = JavaVersion(RunForOutput({path, "-Xshare:auto", "--version"})); break;
    case RuntimeFamily::Dotnet: version = DotnetVersion(RunForOutput({path, "--list-runtimes"}), wanted); break;
    default: return {};
  }
  while (!version.empty() && (version.back() == '\n' || version.back() == '\r')) version.pop_back();
  return version.find_first_not_of("0123456789.") == std::string::npos ? version : std::string();
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

// Where in `real` the part begins that cages see below /var/lang; npos: there is none.
static size_t BelowRoot(RuntimeFamily family, const std::string& real, const std::string& root) {
  if (!root.empty()) return root.size();
  return family == RuntimeFamily::Dotnet ? real.rfind('/') : real.rfind("/bin/");
}

Result<Interpreter> ExamineInterpreter(RuntimeFamily family, const std::string& path, const std::string& root, int version) {
  char resolved[PATH_MAX];
  if (!::realpath(path.c_str(), resolved)) return Fail(Error::FromErrno(path, errno));
  const std::string real = resolved;
  if (!IsTrusted(real)) return Fail(Error::Fault(path + " is not an executable that only root can change"));
  Interpreter found;
  found.family = family;
  found.host_path = real;
  found.full_version = AskVersion(family, real, version);
  found.version = CompactVersion(family, found.full_version);
  if (found.version == 0) return Fail(Error::Fault(path + " does not tell its version"));
  for (const Oldest& oldest : kOldest) {
    if (family == oldest.family && found.version < oldest.version) return Fail(Error::Fault(fmt::format("{} is older than {}", path, oldest.name)));
  }
  if (real.starts_with("/usr/")) {
    found.cage_path = real;
  } else {
    const size_t below = BelowRoot(family, real, root);
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

// A .NET host can be several; the others are what they are.
int VersionToAskFor(const catalog::RuntimeIdentifier& identifier) { return identifier.family == RuntimeFamily::Dotnet ? identifier.version : 0; }

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
    auto found = ExamineInterpreter(identifier->family, runtime.interpreter, runtime.root, VersionToAskFor(*identifier));
    if (found) {
      AddUnlessThere(all, std::move(*found));
    } else {
      log::Warning("added runtime {}: {}", runtime.identifier, found.error().message);
    }
  }
}

void AddWhatItIs(RuntimeFamily family, const std::string& path, std::vector<Interpreter>& all) {
  std::vector<int> versions = {0};
  if (family == RuntimeFamily::Dotnet) versions = {kDotnetVersions.begin(), kDotnetVersions.end()};
  for (const int version : versions) {
    auto found = ExamineInterpreter(family, path, "", version);
    if (found) AddUnlessThere(all, std::move(*found));
    else log::Debug("passed over an interpreter: {}", found.error().message);
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
    MF_TRY(Interpreter found, ExamineInterpreter(identifier->family, entry.substr(equals + 1), "", VersionToAskFor(*identifier)));
    AddUnlessThere(all, std::move(found));
  }
  AddAdded(data_dir, all);
  const bool has_java_client = ::access((RuntimeDirectory() + "/java/lib").c_str(), F_OK) == 0;
  for (const Search& search : kSearches) {
    if (search.family == RuntimeFamily::Java && !has_java_client) continue;
    for (const std::string& path : Expand(search.pattern)) {
      if (path.ends_with("-config") || path.ends_with("-gdb.py")) continue;
      AddWhatItIs(search.family, path, all);
    }
  }
  AssignIndices(all);
  return all;
}

}  // namespace mayfly::daemon
