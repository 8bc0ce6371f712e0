#include "catalog/runtimes.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/hash.h"

namespace mayfly::catalog {
namespace {

std::string_view FamilyName(RuntimeFamily family) {
  static constexpr std::string_view kNames[] = {"python", "nodejs", "provided", "java", "ruby", "dotnet", "go"};
  return kNames[static_cast<int>(family)];
}

Error InvalidParameter(std::string message) { return Error::Service("InvalidParameterValueException", std::move(message)); }

}  // namespace

const std::vector<RuntimeIdentifier>& RuntimeIdentifiers() {
  using F = RuntimeFamily;
  static const std::vector<RuntimeIdentifier> kIdentifiers = {
      {"nodejs26.x", F::Node, 2600, false},      {"nodejs24.x", F::Node, 2400, false},
      {"nodejs22.x", F::Node, 2200, false},      {"nodejs20.x", F::Node, 2000, false},
      {"nodejs18.x", F::Node, 1800, false},      {"nodejs16.x", F::Node, 1600, false},
      {"nodejs14.x", F::Node, 1400, true},       {"nodejs12.x", F::Node, 1200, true},
      {"nodejs10.x", F::Node, 1000, true},       {"nodejs8.10", F::Node, 810, true},
      {"nodejs6.10", F::Node, 610, true},        {"nodejs4.3", F::Node, 430, true},
      {"nodejs4.3-edge", F::Node, 430, true},    {"nodejs", F::Node, 10, true},
      {"python3.15", F::Python, 315, false},     {"python3.14", F::Python, 314, false},
      {"python3.13", F::Python, 313, false},     {"python3.12", F::Python, 312, false},
      {"python3.11", F::Python, 311, false},     {"python3.10", F::Python, 310, false},
      {"python3.9", F::Python, 309, false},      {"python3.8", F::Python, 308, false},
      {"python3.7", F::Python, 307, true},       {"python3.6", F::Python, 306, true},
      {"python2.7", F::Python, 207, true},       {"java25", F::Java, 25, false},
      {"java21", F::Java, 21, false},            {"java17", F::Java, 17, false},
      {"java17.al2023", F::Java, 17, false},     {"java11", F::Java, 11, false},
      {"java11.al2023", F::Java, 11, false},     {"java8.al2", F::Java, 8, false},
      {"java8.al2023", F::Java, 8, false},       {"java8", F::Java, 8, true},
      {"dotnet10", F::Dotnet, 1000, false},      {"dotnet8", F::Dotnet, 800, false},
      {"dotnet6", F::Dotnet, 600, false},        {"dotnetcore3.1", F::Dotnet, 310, true},
      {"dotnetcore2.1", F::Dotnet, 210, true},   {"dotnetcore2.0", F::Dotnet, 200, true},
      {"dotnetcore1.0", F::Dotnet, 100, true},   {"ruby4.0", F::Ruby, 400, false},
      {"ruby3.4", F::Ruby, 304, false},          {"ruby3.3", F::Ruby, 303, false},
      {"ruby3.2", F::Ruby, 302, false},          {"ruby2.7", F::Ruby, 207, true},
      {"ruby2.5", F::Ruby, 205, true},           {"go1.x", F::Go, 100, true},
      {"provided.al2023", F::Provided, 2023, false}, {"provided.al2", F::Provided, 2, false},
      {"provided", F::Provided, 1, true},
  };
  return kIdentifiers;
}

const RuntimeIdentifier* FindRuntime(std::string_view name) {
  for (const RuntimeIdentifier& identifier : RuntimeIdentifiers()) {
    if (identifier.name == name) return &identifier;
  }
  return nullptr;
}

std::string RuntimeVersionArn(std::string_view region, const RuntimeChoice& choice) {
  const std::string what = choice.description.empty() ? std::string(choice.identifier->name) : choice.description;
  return fmt::format("arn:aws:lambda:{}::runtime:{}", region, Sha256Hex(what));
}

Result<RuntimeChoice> RuntimeTable::Resolve(std::string_view name) const {
  RuntimeChoice choice;
  choice.identifier = FindRuntime(name);
  if (!choice.identifier) {
    std::string accepted;
    for (const RuntimeIdentifier& identifier : RuntimeIdentifiers()) {
      if (!identifier.refused) accepted += fmt::format("{}{}", accepted.empty() ? "" : ", ", identifier.name);
    }
    return Fail(InvalidParameter(fmt::format(
        "Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be a valid ARN", name, accepted)));
  }
  if (choice.identifier->refused) {
    return Fail(InvalidParameter(fmt::format("The runtime parameter of {} is no longer supported for creating or updating AWS Lambda functions. "
                                             "We recommend you use a supported runtime while creating or updating functions.", name)));
  }
  if (choice.identifier->family == RuntimeFamily::Provided) {
    choice.exact = true;
    return choice;
  }
  int best_distance = 0;
  for (const Interpreter& interpreter : interpreters_) {
    if (interpreter.family != choice.identifier->family) continue;
    const int distance = std::abs(interpreter.version - choice.identifier->version);
    if (choice.interpreter && distance >= best_distance) continue;
    choice.interpreter = &interpreter;
    best_distance = distance;
  }
  choice.exact = choice.interpreter && best_distance == 0;
  if (!choice.interpreter || (mode_ == Mode::Strict && !choice.exact)) {
    return Fail(InvalidParameter(fmt::format("The runtime {} cannot be served by this host: no {}{} interpreter was found. Install one, or see 'mayfly doctor'.",
                                             name, mode_ == Mode::Strict ? "exactly matching " : "", FamilyName(choice.identifier->family))));
  }
  choice.description = fmt::format("{}:{}", FamilyName(choice.identifier->family), choice.interpreter->full_version);
  if (!choice.exact) choice.description += fmt::format(" (serves {})", name);
  return choice;
}

}  // namespace mayfly::catalog
