#include "cli/runtime.h"

#include <limits.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "catalog/added_runtimes.h"
#include "catalog/runtimes.h"
#include "images/runtime_images.h"
#include "mayflyd/fetch_runtime.h"
#include "mayflyd/interpreters.h"

namespace mayfly::cli {
namespace {

using catalog::RuntimeFamily;
using catalog::RuntimeIdentifier;

int Complain(const Error& error) {
  fmt::print(stderr, "mayfly: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "        {}\n", error.hint);
  return 1;
}

// What an identifier needs, whatever this machine has.
std::string_view NeedOf(RuntimeFamily family) {
  switch (family) {
    case RuntimeFamily::Python: return "CPython 3.8 or newer";
    case RuntimeFamily::Node: return "Node.js 18 or newer";
    case RuntimeFamily::Ruby: return "Ruby 2.7 or newer";
    case RuntimeFamily::Java: return "JDK or JRE 17 or newer, and `tools/sdk` once";
    case RuntimeFamily::Provided: return "nothing: the package's or a layer's own `bootstrap`";
    default: return "an image (`mayfly runtime add`); or provided.al2023 and an executable named `bootstrap`";
  }
}

// AWS refused them for new functions before Mayfly was begun.
bool IsGone(const RuntimeIdentifier& identifier) { return identifier.dates.block_create != 0 && identifier.dates.block_create < 20'260'000; }

// "until 2027-02-01"
std::string TakenUntil(const RuntimeIdentifier& identifier) {
  const int date = identifier.dates.block_create;
  return date == 0 ? "yes" : fmt::format("until {:04}-{:02}-{:02}", date / 10'000, date / 100 % 100, date % 100);
}

int PrintMarkdown() {
  fmt::print("| identifier | AWS takes it for new functions | here it needs |\n|---|---|---|\n");
  for (const RuntimeIdentifier& identifier : catalog::RuntimeIdentifiers()) {
    fmt::print("| `{}` | {} | {} |\n", identifier.name, TakenUntil(identifier), NeedOf(identifier.family));
  }
  return 0;
}

std::string RealPath(const std::string& path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) ? resolved : "";
}

// bin/python3.12, bin/node …
std::string UsualProgram(const RuntimeIdentifier& identifier) {
  switch (identifier.family) {
    case RuntimeFamily::Python: return fmt::format("bin/python{}.{}", identifier.version / 100, identifier.version % 100);
    case RuntimeFamily::Node: return "bin/node";
    case RuntimeFamily::Ruby: return "bin/ruby";
    case RuntimeFamily::Java: return "bin/java";
    default: return "";
  }
}

Result<catalog::AddedRuntime> Describe(const RuntimeOptions& runtime, const RuntimeIdentifier* identifier) {
  if (!identifier || UsualProgram(*identifier).empty()) {
    return Fail(Error::Fault(fmt::format("'{}' is no identifier that an interpreter could serve", runtime.identifier), "see 'mayfly runtime list'"));
  }
  if (runtime.root.empty()) return Fail(Error::Fault("neither --root nor --image says what shall serve it"));
  catalog::AddedRuntime added{.identifier = runtime.identifier, .root = RealPath(runtime.root)};
  if (added.root.empty()) return Fail(Error::Fault(fmt::format("there is no directory {}", runtime.root)));
  const std::string program = runtime.interpreter.empty() ? UsualProgram(*identifier) : runtime.interpreter;
  added.interpreter = program.starts_with('/') ? program : added.root + '/' + program;
  MF_TRY(const catalog::Interpreter found, daemon::ExamineInterpreter(identifier->family, added.interpreter, added.root));
  if (found.version != identifier->version) {
    return Fail(Error::Fault(fmt::format("{} is {} {}, which is not {}", added.interpreter, catalog::FamilyName(found.family), found.full_version,
                                         runtime.identifier)));
  }
  return added;
}

}  // namespace

int ListRuntimes(const daemon::Options& options, const RuntimeOptions& runtime) {
  if (runtime.markdown) return PrintMarkdown();
  auto found = daemon::FindInterpreters(options.lambda.settings.catalog, options.data_dir);
  if (!found) return Complain(found.error());
  const catalog::RuntimeTable table = daemon::MakeRuntimeTable(options.lambda.settings.catalog, *found, images::FindRuntimeImages(options.data_dir, 1));
  for (const RuntimeIdentifier& identifier : catalog::RuntimeIdentifiers()) {
    const auto choice = table.Resolve(identifier.name);
    if (IsGone(identifier) && !(choice && choice->image)) continue;
    if (!choice) {
      fmt::print("{:<16} -  needs {}\n", identifier.name, NeedOf(identifier.family));
    } else if (choice->image) {
      fmt::print("{:<16} =  {}\n", identifier.name, choice->image->reference);
    } else if (!choice->interpreter) {
      fmt::print("{:<16} =  the package's or a layer's own bootstrap\n", identifier.name);
    } else {
      fmt::print("{:<16} {}  {} at {}\n", identifier.name, choice->exact ? '=' : '~', choice->interpreter->full_version, choice->interpreter->host_path);
    }
  }
  fmt::print("\n=  served exactly   ~  by the nearest here   -  not here: mayfly runtime add IDENTIFIER --root DIR | --image IMAGE\n");
  return 0;
}

int AddRuntime(const daemon::Options& options, const RuntimeOptions& runtime) {
  const RuntimeIdentifier* identifier = catalog::FindRuntime(runtime.identifier);
  std::optional<daemon::FetchedRuntime> fetched;  // locked until it is written down
  if (identifier && !runtime.image.empty()) {
    auto image = daemon::FetchRuntimeImage(options, *identifier, runtime.image);
    if (!image) return Complain(std::move(image).error().Wrap(runtime.image));
    fetched = std::move(*image);
  }
  auto added = fetched ? Result<catalog::AddedRuntime>(fetched->runtime) : Describe(runtime, identifier);
  if (!added) return Complain(added.error());
  auto all = catalog::LoadAddedRuntimes(options.data_dir);
  if (!all) return Complain(all.error());
  std::erase_if(*all, [&](const catalog::AddedRuntime& old) { return old.identifier == runtime.identifier; });
  all->push_back(*added);
  if (auto saved = catalog::SaveAddedRuntimes(options.data_dir, *all); !saved) return Complain(saved.error());
  fmt::print("{} is served by {} from the daemon's next start on\n", added->identifier, added->image.empty() ? added->interpreter : added->image);
  return 0;
}

int RemoveRuntime(const daemon::Options& options, const RuntimeOptions& runtime) {
  auto all = catalog::LoadAddedRuntimes(options.data_dir);
  if (!all) return Complain(all.error());
  if (std::erase_if(*all, [&](const catalog::AddedRuntime& old) { return old.identifier == runtime.identifier; }) == 0) {
    return Complain(Error::Fault(fmt::format("{} was not added", runtime.identifier)));
  }
  if (auto saved = catalog::SaveAddedRuntimes(options.data_dir, *all); !saved) return Complain(saved.error());
  return 0;
}

}  // namespace mayfly::cli
