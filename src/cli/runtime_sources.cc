#include "cli/runtime_sources.h"

#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::cli {

using catalog::RuntimeFamily;
using catalog::RuntimeIdentifier;

std::string_view NameOf(RuntimeSource source) {
  static constexpr std::array<std::string_view, 4> kNames = {"host", "npm", "debian", "image"};
  return kNames[static_cast<size_t>(source)];
}

std::span<const RuntimeSource> SourcesOf(RuntimeFamily family) {
  using S = RuntimeSource;
  static constexpr std::array kNode = {S::Host, S::Npm, S::Debian, S::Image};
  static constexpr std::array kOthers = {S::Host, S::Debian, S::Image};
  switch (family) {
    case RuntimeFamily::Node: return kNode;
    case RuntimeFamily::Python:
    case RuntimeFamily::Java:
    case RuntimeFamily::Ruby:
    case RuntimeFamily::Dotnet: return kOthers;
    default: return {};
  }
}

std::string DebianPackageOf(const RuntimeIdentifier& identifier) {
  const int major = identifier.version / 100, minor = identifier.version % 100;
  switch (identifier.family) {
    case RuntimeFamily::Python: return fmt::format("python{}.{}", major, minor);
    case RuntimeFamily::Node: return "nodejs";
    case RuntimeFamily::Java: return fmt::format("openjdk-{}-jre-headless", identifier.version);
    case RuntimeFamily::Ruby: return fmt::format("ruby{}.{}", major, minor);
    case RuntimeFamily::Dotnet: return fmt::format("dotnet-runtime-{}.{}", major, minor / 10);
    default: return "";
  }
}

std::string BaseImageOf(const RuntimeIdentifier& identifier) {
  const std::string name(identifier.name);
  const std::string family(catalog::FamilyName(identifier.family));
  std::string tag = name.substr(family.size());
  if (tag.ends_with(".x")) tag.resize(tag.size() - 2);
  if (tag.ends_with(".al2023")) tag.resize(tag.size() - 7);
  return fmt::format("public.ecr.aws/lambda/{}:{}", family, tag);
}

std::string ProgramOf(const RuntimeIdentifier& identifier) {
  switch (identifier.family) {
    case RuntimeFamily::Python: return fmt::format("python{}.{}", identifier.version / 100, identifier.version % 100);
    case RuntimeFamily::Node: return "node";
    case RuntimeFamily::Java: return "java";
    case RuntimeFamily::Ruby: return "ruby";
    case RuntimeFamily::Dotnet: return "dotnet";
    default: return "";
  }
}

std::string TitleOf(const RuntimeIdentifier& identifier) {
  const int major = identifier.version / 100, minor = identifier.version % 100;
  switch (identifier.family) {
    case RuntimeFamily::Python: return fmt::format("Python {}.{}", major, minor);
    case RuntimeFamily::Node: return fmt::format("Node.js {}", major);
    case RuntimeFamily::Java: return fmt::format("Java {}", identifier.version);
    case RuntimeFamily::Ruby: return fmt::format("Ruby {}.{}", major, minor);
    case RuntimeFamily::Dotnet: return fmt::format(".NET {}", major);
    default: return std::string(identifier.name);
  }
}

std::string CandidateOf(std::string_view apt_policy) {
  constexpr std::string_view kLabel = "Candidate:";
  for (const std::string_view line : Split(apt_policy, '\n')) {
    const std::string_view text = Trim(line);
    if (!text.starts_with(kLabel)) continue;
    const std::string_view version = Trim(text.substr(kLabel.size()));
    return version == "(none)" ? "" : std::string(version);
  }
  return {};
}

}  // namespace mayfly::cli
