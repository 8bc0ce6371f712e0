// mayfly runtime install: exact interpreters, from whatever source of theirs can be reached.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "catalog/added_runtimes.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/fetch_image.h"
#include "cli/node_package.h"
#include "cli/program.h"
#include "cli/runtime_sources.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "mayflyd/command_line.h"
#include "mayflyd/interpreters.h"
#include "mayflyd/program_output.h"

namespace mayfly::cli {
namespace {

using catalog::RuntimeIdentifier;

constexpr const char* kInstallAbout = R"(Have runtime identifiers served by exactly their version.

  mayfly runtime install nodejs24.x nodejs22.x
  mayfly runtime install python3.14 --from image

Sources are tried in this order; what was taken is told, and why others were not:
  host    an interpreter that is here already (also on PATH, of pyenv, nvm, rbenv)
  npm     Node.js: the registry that npm is configured for; its checksum is verified
  debian  a package that apt knows (apt-get install)
  image   AWS's base image of the runtime; its digest is verified

They serve from the daemon's next start on. 'mayfly runtime remove' takes one away.)";

constexpr Duration kAptPatience = std::chrono::minutes(15);

struct InstallOptions {
  std::vector<std::string> identifiers;
  std::vector<std::string> from;
  NodePackageSource node;
  bool dry_run = false;
};

// What came of one source.
struct Attempt {
  enum class Outcome : unsigned char { Taken, NotTaken } outcome = Outcome::NotTaken;
  std::string text;
  std::string hint;

  static Attempt Taken(std::string text) { return {Outcome::Taken, std::move(text), {}}; }
  static Attempt NotTaken(std::string text, std::string hint = {}) { return {Outcome::NotTaken, std::move(text), std::move(hint)}; }
  static Attempt Of(const Error& error) { return NotTaken(error.message, error.hint); }
};

// One identifier's way through its sources.
class Installation {
 public:
  Installation(const daemon::Options& daemon, const InstallOptions& options, const RuntimeIdentifier& identifier)
      : daemon_(&daemon), options_(&options), identifier_(&identifier) {}

  Attempt Try(RuntimeSource source) const {
    switch (source) {
      case RuntimeSource::Host: return FromHost();
      case RuntimeSource::Npm: return FromNpm();
      case RuntimeSource::Debian: return FromDebian();
      case RuntimeSource::Image: return FromImage();
    }
    return {};
  }

 private:
  Attempt Pin(const catalog::Interpreter& found) const;
  Attempt FromHost() const;
  Attempt FromNpm() const;
  Attempt FromDebian() const;
  Attempt FromImage() const;
  std::optional<catalog::Interpreter> FindOnHost() const;

  const daemon::Options* daemon_;
  const InstallOptions* options_;
  const RuntimeIdentifier* identifier_;
};

// The search at every start looks in the home of whoever starts the daemon, which may be another: what was found there is written down.
Attempt Installation::Pin(const catalog::Interpreter& found) const {
  std::string text = fmt::format("{} at {}", found.full_version, found.host_path);
  const bool is_searched = found.host_root.empty() || found.host_root.starts_with("/opt/") || found.host_root.starts_with("/usr/");
  if (is_searched || options_->dry_run) return Attempt::Taken(std::move(text));
  const catalog::AddedRuntime added{.identifier = std::string(identifier_->name), .root = found.host_root, .interpreter = found.host_path, .image = {}, .tree = {},
                                    .entry_point = {}, .environment = {}};
  if (auto saved = catalog::SaveAddedRuntime(daemon_->data_dir, added); !saved) return Attempt::Of(saved.error());
  return Attempt::Taken(std::move(text));
}

std::optional<catalog::Interpreter> Installation::FindOnHost() const {
  const auto fits = [&](const catalog::Interpreter& found) { return found.family == identifier_->family && found.version == identifier_->version; };
  if (auto all = daemon::FindInterpreters(daemon_->lambda.settings.catalog, daemon_->data_dir)) {
    const auto found = std::find_if(all->begin(), all->end(), fits);
    if (found != all->end()) return *found;
  }
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : Split(path ? path : "", ':')) {
    if (!folder.starts_with('/')) continue;
    auto found = daemon::ExamineInterpreter(identifier_->family, fmt::format("{}/{}", folder, ProgramOf(*identifier_)), "",
                                            identifier_->family == catalog::RuntimeFamily::Dotnet ? identifier_->version : 0);
    if (found && fits(*found)) return *found;
  }
  return std::nullopt;
}

Attempt Installation::FromHost() const {
  const auto found = FindOnHost();
  return found ? Pin(*found) : Attempt::NotTaken(fmt::format("no {} on this machine that only root can change", TitleOf(*identifier_)));
}

Attempt Installation::FromNpm() const {
  if (options_->dry_run) {
    auto told = DescribeNodeInstallation(*daemon_, *identifier_, options_->node);
    return told ? Attempt::Taken(std::move(*told)) : Attempt::Of(told.error());
  }
  auto installed = InstallNode(*daemon_, *identifier_, options_->node);
  return installed ? Attempt::Taken(std::move(*installed)) : Attempt::Of(installed.error());
}

Attempt Installation::FromDebian() const {
  const std::string package = DebianPackageOf(*identifier_);
  const auto policy = daemon::ReadProgramOutput({.arguments = {"apt-cache", "policy", package}, .environment = daemon::OwnEnvironment(), .bytes_max = 64 * 1024});
  if (!policy) return Attempt::NotTaken("there is no apt here");
  const std::string candidate = CandidateOf(*policy);
  if (candidate.empty()) return Attempt::NotTaken(fmt::format("the sources that apt knows have no {}", package));
  const bool wrong_node = identifier_->family == catalog::RuntimeFamily::Node && !candidate.starts_with(fmt::format("{}.", identifier_->version / 100));
  if (wrong_node) return Attempt::NotTaken(fmt::format("the sources that apt knows have {} {}", package, candidate));
  if (options_->dry_run) return Attempt::Taken(fmt::format("apt-get install {} ({})", package, candidate));
  if (::geteuid() != 0) return Attempt::NotTaken(fmt::format("{} {} could be installed, but not as this user", package, candidate), "run it as root");
  fmt::print(stderr, "mayfly: apt-get install {}\n", package);
  std::vector<std::string> environment = daemon::OwnEnvironment();
  environment.emplace_back("DEBIAN_FRONTEND=noninteractive");  // nobody could answer
  const auto done = daemon::ReadProgramOutput({.arguments = {"apt-get", "install", "-y", "-q", "--no-install-recommends", package}, .environment = std::move(environment),
                                               .patience = kAptPatience});
  if (!done) return Attempt::NotTaken(fmt::format("apt-get install {} failed", package), "run it by itself: it says why");
  const auto found = FindOnHost();
  return found ? Pin(*found) : Attempt::NotTaken(fmt::format("{} was installed, and brought no {}", package, TitleOf(*identifier_)));
}

Attempt Installation::FromImage() const {
  const std::string image = BaseImageOf(*identifier_);
  if (options_->dry_run) return Attempt::Taken(fmt::format("{} would be fetched into {}/runtimes", image, daemon_->data_dir));
  auto fetched = FetchImage(*daemon_, *identifier_, image);
  if (!fetched) {
    Attempt attempt = Attempt::Of(fetched.error());
    if (attempt.hint.empty()) {
      attempt.hint = fmt::format("by hand: where it can be reached, skopeo copy docker://{} oci-archive:FILE; here, mayfly runtime add {} --image oci-archive:FILE", image, identifier_->name);
    }
    return attempt;
  }
  if (auto saved = catalog::SaveAddedRuntime(daemon_->data_dir, fetched->runtime); !saved) return Attempt::Of(saved.error());
  return Attempt::Taken(fmt::format("{}, each layer verified", fetched->runtime.image));
}

bool IsWanted(const InstallOptions& options, RuntimeSource source) {
  if (!options.node.file.empty()) return source == RuntimeSource::Npm;
  return options.from.empty() || std::find(options.from.begin(), options.from.end(), NameOf(source)) != options.from.end();
}

// Prints what was taken, or why nothing was.
bool Install(const daemon::Options& daemon, const InstallOptions& options, const RuntimeIdentifier& identifier) {
  const Terminal terminal = TerminalOf(STDOUT_FILENO);
  const Installation installation(daemon, options, identifier);
  if (SourcesOf(identifier.family).empty()) {
    fmt::print("{}: needs nothing, the package's own program runs\n", identifier.name);
    return true;
  }
  std::string passed_over;
  for (const RuntimeSource source : SourcesOf(identifier.family)) {
    if (!IsWanted(options, source)) continue;
    const Attempt attempt = installation.Try(source);
    if (attempt.outcome == Attempt::Outcome::Taken) {
      fmt::print("{}: {} {}\n{}", Styled(terminal, Style::Heading, identifier.name), Styled(terminal, Style::Good, fmt::format("{}:", NameOf(source))), attempt.text, passed_over);
      std::fflush(stdout);
      return true;
    }
    passed_over += fmt::format("    not {}: {}\n", NameOf(source), attempt.text);
    if (!attempt.hint.empty()) passed_over += fmt::format("        {}\n", attempt.hint);
  }
  std::fflush(stdout);
  fmt::print(stderr, "mayfly: {}: nothing was installed\n{}", identifier.name, passed_over.empty() ? fmt::format("    {} does not come from there\n", TitleOf(identifier)) : passed_over);
  return false;
}

int RunInstall(const daemon::Options& daemon, const InstallOptions& options) {
  std::vector<const RuntimeIdentifier*> identifiers;
  for (const std::string& name : options.identifiers) {
    const RuntimeIdentifier* identifier = catalog::FindRuntime(name);
    if (!identifier) {
      std::vector<std::string> known;
      for (const RuntimeIdentifier& other : catalog::RuntimeIdentifiers()) known.emplace_back(other.name);
      const std::string meant = NearestWord(name, known);
      fmt::print(stderr, "mayfly: '{}' is no runtime identifier\nhint: {}\n", Printable(name), meant.empty() ? "see 'mayfly runtime list'" : fmt::format("did you mean '{}'?", meant));
      return kUsage;
    }
    identifiers.push_back(identifier);
  }
  const bool strange_file = !options.node.file.empty() && (identifiers.size() != 1 || identifiers.front()->family != catalog::RuntimeFamily::Node);
  if (strange_file) {
    fmt::print(stderr, "mayfly: --package is a package of Node.js, for one nodejs identifier\n");
    return kUsage;
  }
  bool all = true;
  for (const RuntimeIdentifier* identifier : identifiers) all = Install(daemon, options, *identifier) && all;
  if (all && !options.dry_run) fmt::print("they serve from the daemon's next start on\n");
  return all ? kDone : kFailed;
}

}  // namespace

void AddRuntimeInstallCommand(Program& program, CLI::App& runtime) {
  auto options = std::make_shared<InstallOptions>();
  daemon::Options& settings = program.daemon_options();
  CLI::App* command = runtime.add_subcommand("install", kInstallAbout);
  command->add_option("identifiers", options->identifiers, "e.g. nodejs24.x python3.14")->required();
  CLI::Option* from = command->add_option("--from", options->from, "only these sources: host, npm, debian, image")->delimiter(',')->check(CLI::IsMember({"host", "npm", "debian", "image"}));
  command->add_option("--npm-registry", options->node.registry, "the npm registry (default: what npm is configured for)");
  CLI::Option* file = command->add_option("--package", options->node.file, "a package that npm pack has made, instead of a registry")->check(CLI::ExistingFile)->excludes(from);
  command->add_option("--integrity", options->node.integrity, "of that package: sha512-BASE64, as npm view tells it")->needs(file);
  command->add_flag("--dry-run", options->dry_run, "only say what would be taken");
  for (const char* name : {"data-dir", "user", "registry-mirror", "registry-credentials"}) daemon::AddOption(*command, settings, name);
  program.OnCommand(command, [options, &settings] { return RunInstall(settings, *options); });
}

}  // namespace mayfly::cli
