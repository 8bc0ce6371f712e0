// mayfly runtime: which identifiers this machine serves, and with what; interpreters that lie somewhere else, images, installing exact ones.
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "catalog/added_runtimes.h"
#include "catalog/runtimes.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/fetch_image.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/text_table.h"
#include "images/runtime_images.h"
#include "mayflyd/command_line.h"
#include "mayflyd/fetch_runtime.h"
#include "mayflyd/interpreters.h"

namespace mayfly::cli {
namespace {

using catalog::RuntimeFamily;
using catalog::RuntimeIdentifier;

struct RuntimeOptions {
  std::string identifier;
  std::string root;         // an unpacked directory: bound at /var/lang
  std::string interpreter;  // below root; "" for the family's usual place
  std::string image;        // instead of root: a container image
  bool markdown = false;    // the table of docs/runtimes.md, which says nothing of this machine
  bool json = false;
};

// What an identifier needs, whatever this machine has.
std::string_view NeedOf(RuntimeFamily family) {
  switch (family) {
    case RuntimeFamily::Python: return "CPython 3.8 or newer";
    case RuntimeFamily::Node: return "Node.js 18 or newer";
    case RuntimeFamily::Ruby: return "Ruby 2.7 or newer";
    case RuntimeFamily::Java: return "JDK or JRE 17 or newer, and `tools/sdk` once";
    case RuntimeFamily::Provided: return "nothing: the package's or a layer's own `bootstrap`";
    case RuntimeFamily::Go: return "nothing: the package's own program, called as the handler";
    default: return ".NET (`dotnet`) for assemblies with a Main of their own; an image (`mayfly runtime add`) for class libraries";
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

// Whose program runs where no interpreter does.
std::string_view OwnProgram(const RuntimeIdentifier& identifier) {
  return identifier.family == RuntimeFamily::Go ? "the package's own program, called as the handler" : "the package's or a layer's own bootstrap";
}

// bin/python3.12, bin/node …
std::string UsualProgram(const RuntimeIdentifier& identifier) {
  switch (identifier.family) {
    case RuntimeFamily::Python: return fmt::format("bin/python{}.{}", identifier.version / 100, identifier.version % 100);
    case RuntimeFamily::Node: return "bin/node";
    case RuntimeFamily::Ruby: return "bin/ruby";
    case RuntimeFamily::Java: return "bin/java";
    case RuntimeFamily::Dotnet: return "dotnet";
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
  MF_TRY(const catalog::Interpreter found, daemon::ExamineInterpreter(identifier->family, added.interpreter, added.root, identifier->family == RuntimeFamily::Dotnet ? identifier->version : 0));
  if (found.version != identifier->version) {
    return Fail(Error::Fault(fmt::format("{} is {} {}, which is not {}", added.interpreter, catalog::FamilyName(found.family), found.full_version,
                                         runtime.identifier)));
  }
  return added;
}

// What serves an identifier here.
struct Service {
  enum class Fit : char { Exact = '=', Nearest = '~', None = '-' };
  Fit fit = Fit::None;
  std::string version;
  std::string where;
};

Service ServiceOf(const RuntimeIdentifier& identifier, const Result<catalog::RuntimeChoice>& choice) {
  if (!choice) return {Service::Fit::None, "", fmt::format("needs {}", NeedOf(identifier.family))};
  if (choice->image) return {Service::Fit::Exact, "", choice->image->reference};
  if (!choice->interpreter) return {Service::Fit::Exact, "", std::string(OwnProgram(identifier))};
  return {choice->exact ? Service::Fit::Exact : Service::Fit::Nearest, choice->interpreter->full_version, choice->interpreter->host_path};
}

struct ServedIdentifier {
  const RuntimeIdentifier* identifier;
  Service service;
};

// Those that AWS has given up are left out, unless an image serves them.
Result<std::vector<ServedIdentifier>> FindServices(const daemon::Options& options) {
  MF_TRY(std::vector<catalog::Interpreter> found, daemon::FindInterpreters(options.lambda.settings.catalog, options.data_dir));
  const catalog::RuntimeTable table =
      daemon::MakeRuntimeTable(options.lambda.settings.catalog, std::move(found), images::FindRuntimeImages(options.data_dir, 1));
  std::vector<ServedIdentifier> all;
  for (const RuntimeIdentifier& identifier : catalog::RuntimeIdentifiers()) {
    const auto choice = table.Resolve(identifier.name);
    if (IsGone(identifier) && !(choice && choice->image)) continue;
    all.push_back({&identifier, ServiceOf(identifier, choice)});
  }
  return all;
}

void PrintTable(const std::vector<ServedIdentifier>& all) {
  const Terminal terminal = TerminalOf(STDOUT_FILENO);
  Table table({{"RUNTIME"}, {""}, {"VERSION"}, {"SERVED BY"}});
  for (const auto& [identifier, service] : all) {
    const Style style = service.fit == Service::Fit::Exact ? Style::Good : service.fit == Service::Fit::Nearest ? Style::Warning : Style::Faint;
    table.Add({std::string(identifier->name), {std::string(1, static_cast<char>(service.fit)), style}, service.version, service.where});
  }
  fmt::print("{}\n=  served exactly   ~  by the nearest here   -  not here\n"
             "exact ones: mayfly runtime install IDENTIFIER…; of your own: mayfly runtime add IDENTIFIER --root DIR | --image IMAGE\n",
             table.Write(terminal));
}

void PrintJson(const std::vector<ServedIdentifier>& all) {
  json::Array list;
  for (const auto& [identifier, service] : all) {
    json::Value entry;
    entry.Set("runtime", identifier->name);
    entry.Set("served", service.fit == Service::Fit::Exact ? "exactly" : service.fit == Service::Fit::Nearest ? "nearest" : "no");
    entry.Set("version", service.version);
    entry.Set(service.fit == Service::Fit::None ? "needs" : "by", service.where);
    list.push_back(std::move(entry));
  }
  fmt::print("{}\n", json::Write(std::move(list)));
}

int ListRuntimes(const daemon::Options& options, const RuntimeOptions& runtime) {
  if (runtime.markdown) return PrintMarkdown();
  const auto all = FindServices(options);
  if (!all) return Explain(all.error());
  if (runtime.json) PrintJson(*all);
  else PrintTable(*all);
  return kDone;
}

int AddRuntime(const daemon::Options& options, const RuntimeOptions& runtime) {
  const RuntimeIdentifier* identifier = catalog::FindRuntime(runtime.identifier);
  std::optional<daemon::FetchedRuntime> fetched;  // locked until it is written down
  if (identifier && !runtime.image.empty()) {
    auto image = FetchImage(options, *identifier, runtime.image);
    if (!image) return Explain(image.error());
    fetched = std::move(*image);
  }
  auto added = fetched ? Result<catalog::AddedRuntime>(fetched->runtime) : Describe(runtime, identifier);
  if (!added) return Explain(added.error());
  if (auto saved = catalog::SaveAddedRuntime(options.data_dir, *added); !saved) return Explain(saved.error());
  fmt::print("{} is served by {} from the daemon's next start on\n", added->identifier, added->image.empty() ? added->interpreter : added->image);
  return kDone;
}

int RemoveRuntime(const daemon::Options& options, const RuntimeOptions& runtime) {
  auto all = catalog::LoadAddedRuntimes(options.data_dir);
  if (!all) return Explain(all.error());
  if (std::erase_if(*all, [&](const catalog::AddedRuntime& old) { return old.identifier == runtime.identifier; }) == 0) {
    Explain(Error::Fault(fmt::format("{} was not added", runtime.identifier), "'mayfly runtime list' shows what serves it"));
    return kNotFound;
  }
  if (auto saved = catalog::SaveAddedRuntimes(options.data_dir, *all); !saved) return Explain(saved.error());
  return kDone;
}

}  // namespace

Result<daemon::FetchedRuntime> FetchImage(const daemon::Options& options, const RuntimeIdentifier& identifier, const std::string& image) {
  Progress progress(image);
  bool told = false;
  auto fetched = daemon::FetchRuntimeImage(options, identifier, image, [&](const images::Progress& now) {
    progress.Update(now.bytes_received, now.bytes, fmt::format("{} of {} layers are there", now.layers_done, now.layers));
    if (now.layers_done < now.layers || std::exchange(told, true)) return;
    progress.End();
    fmt::print(stderr, "mayfly: {} of {} layers are there\n", now.layers_done, now.layers);
  });
  progress.Clear();  // the child that drew it may have died
  if (!fetched) return Fail(std::move(fetched).error().Wrap(image));
  return fetched;
}

void AddRuntimeCommand(Program& program) {
  auto options = std::make_shared<RuntimeOptions>();
  daemon::Options& settings = program.daemon_options();
  CLI::App* runtimes = program.app().add_subcommand("runtime", "which runtime identifiers this machine serves; exact interpreters, or some of your own");
  runtimes->require_subcommand(1);
  CLI::App* list = runtimes->add_subcommand("list", "every identifier and what serves it here");
  CLI::Option* markdown = list->add_flag("--markdown", options->markdown, "the table of docs/runtimes.md");
  list->add_flag("--json", options->json, "as one JSON document")->excludes(markdown);
  program.OnCommand(list, [options, &settings] { return ListRuntimes(settings, *options); });
  AddRuntimeInstallCommand(program, *runtimes);

  CLI::App* add = runtimes->add_subcommand("add", "serve an identifier with an interpreter from a directory of its own, or with a container image");
  add->add_option("identifier", options->identifier, "e.g. python3.14")->required();
  CLI::Option* root = add->add_option("--root", options->root, "an unpacked directory, seen by functions as /var/lang");
  add->add_option("--interpreter", options->interpreter, "the program in it, when it is not bin/python3.14 (bin/node, bin/ruby, bin/java)")->needs(root);
  add->add_option("--image", options->image, "a container image that is functions' root, e.g. public.ecr.aws/lambda/python:3.14 or oci:PATH")->excludes(root);
  for (const char* name : {"user", "registry-mirror", "registry-credentials"}) daemon::AddOption(*add, settings, name);
  program.OnCommand(add, [options, &settings] { return AddRuntime(settings, *options); });
  CLI::App* remove = runtimes->add_subcommand("remove", "forget an interpreter or image that was added or installed");
  remove->add_option("identifier", options->identifier, "as it was added")->required();
  program.OnCommand(remove, [options, &settings] { return RemoveRuntime(settings, *options); });
  for (CLI::App* command : {list, add, remove}) daemon::AddOption(*command, settings, "data-dir");
}

}  // namespace mayfly::cli
