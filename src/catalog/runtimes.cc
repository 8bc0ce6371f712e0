#include "catalog/runtimes.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/hash.h"

namespace mayfly::catalog {
namespace {

constexpr size_t kShortDigestBytes = sizeof "sha256:0123456789ab" - 1;

Error InvalidParameter(std::string message) { return Error::Service("InvalidParameterValueException", std::move(message)); }

// A newer JVM runs older classes, a newer .NET older assemblies; an older one refuses newer ones, so it comes last.
int Distance(const Interpreter& interpreter, const RuntimeIdentifier& identifier) {
  const int difference = interpreter.version - identifier.version;
  const bool newer_first = identifier.family == RuntimeFamily::Java || identifier.family == RuntimeFamily::Dotnet;
  return difference < 0 && newer_first ? 10'000 - difference : std::abs(difference);
}

// 20270201 on February 1, 2027 (UTC).
int DateOf(WallTime time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return static_cast<int>(date.year()) * 10'000 + static_cast<int>(static_cast<unsigned>(date.month())) * 100 +
         static_cast<int>(static_cast<unsigned>(date.day()));
}

}  // namespace

std::string_view FamilyName(RuntimeFamily family) {
  static constexpr std::string_view kNames[] = {"python", "nodejs", "provided", "java", "ruby", "dotnet", "go"};
  return kNames[static_cast<int>(family)];
}

// Dates: AWS developer guide, "Lambda runtimes", 2026. Where AWS has moved the dates of a whole group (to February and March
// 2027), the later ones stand here.
const std::vector<RuntimeIdentifier>& RuntimeIdentifiers() {
  using F = RuntimeFamily;
  static const std::vector<RuntimeIdentifier> kIdentifiers = {
      {"nodejs26.x", F::Node, 2600, {}},
      {"nodejs24.x", F::Node, 2400, {20280430, 20280601, 20280701}},
      {"nodejs22.x", F::Node, 2200, {20270430, 20270601, 20270701}},
      {"nodejs20.x", F::Node, 2000, {20260430, 20270201, 20270303}},
      {"nodejs18.x", F::Node, 1800, {20250901, 20270201, 20270303}},
      {"nodejs16.x", F::Node, 1600, {20240612, 20270201, 20270303}},
      {"nodejs14.x", F::Node, 1400, {20231204, 20240109, 20270303}},
      {"nodejs12.x", F::Node, 1200, {20230331, 20230331, 20230430}},
      {"nodejs10.x", F::Node, 1000, {20210730, 20210730, 20220214}},
      {"nodejs8.10", F::Node, 810, {20200306, 20200204, 20200306}},
      {"nodejs6.10", F::Node, 610, {20190812, 20190712, 20190812}},
      {"nodejs4.3", F::Node, 430, {20200305, 20200203, 20200305}},
      {"nodejs4.3-edge", F::Node, 430, {20200305, 20190331, 20190430}},
      {"nodejs", F::Node, 10, {20160830, 20160930, 20161031}},
      {"python3.15", F::Python, 315, {}},
      {"python3.14", F::Python, 314, {20290630, 20290731, 20290831}},
      {"python3.13", F::Python, 313, {20290630, 20290731, 20290831}},
      {"python3.12", F::Python, 312, {20281031, 20281130, 20290110}},
      {"python3.11", F::Python, 311, {20270630, 20270731, 20270831}},
      {"python3.10", F::Python, 310, {20261031, 20270201, 20270303}},
      {"python3.9", F::Python, 309, {20251215, 20270201, 20270303}},
      {"python3.8", F::Python, 308, {20241014, 20270201, 20270303}},
      {"python3.7", F::Python, 307, {20231204, 20240109, 20270303}},
      {"python3.6", F::Python, 306, {20220718, 20220718, 20220829}},
      {"python2.7", F::Python, 207, {20210715, 20210715, 20220530}},
      {"java25", F::Java, 25, {20290630, 20290731, 20290831}},
      {"java21", F::Java, 21, {20290630, 20290731, 20290831}},
      {"java17", F::Java, 17, {20270630, 20270731, 20270831}},
      {"java17.al2023", F::Java, 17, {}},
      {"java11", F::Java, 11, {20270630, 20270731, 20270831}},
      {"java11.al2023", F::Java, 11, {}},
      {"java8.al2", F::Java, 8, {20270630, 20270731, 20270831}},
      {"java8.al2023", F::Java, 8, {}},
      {"java8", F::Java, 8, {20240108, 20240208, 20270303}},
      {"dotnet10", F::Dotnet, 1000, {20281114, 20281214, 20290115}},
      {"dotnet8", F::Dotnet, 800, {20261110, 20270201, 20270303}},
      {"dotnet6", F::Dotnet, 600, {20241220, 20270201, 20270303}},
      {"dotnetcore3.1", F::Dotnet, 310, {20230403, 20230403, 20230503}},
      {"dotnetcore2.1", F::Dotnet, 210, {20220105, 20220105, 20220413}},
      {"dotnetcore2.0", F::Dotnet, 200, {20190530, 20190430, 20190530}},
      {"dotnetcore1.0", F::Dotnet, 100, {20190627, 20190630, 20190730}},
      {"ruby4.0", F::Ruby, 400, {}},
      {"ruby3.4", F::Ruby, 304, {20280331, 20280430, 20280531}},
      {"ruby3.3", F::Ruby, 303, {20270331, 20270430, 20270531}},
      {"ruby3.2", F::Ruby, 302, {20260331, 20270201, 20270303}},
      {"ruby2.7", F::Ruby, 207, {20231207, 20240109, 20270303}},
      {"ruby2.5", F::Ruby, 205, {20210730, 20210730, 20220331}},
      {"go1.x", F::Go, 100, {20240108, 20240208, 20270303}},
      {"provided.al2023", F::Provided, 2023, {20290630, 20290731, 20290831}},
      {"provided.al2", F::Provided, 2, {20260731, 20270201, 20270303}},
      {"provided", F::Provided, 1, {20240108, 20240208, 20270303}},
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

Result<> RuntimeTable::CheckUse(std::string_view name, RuntimeUse use, WallTime now) const {
  const RuntimeIdentifier* identifier = FindRuntime(name);
  if (!identifier) {
    return Fail(InvalidParameter(fmt::format("Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be a valid ARN",
                                             name, AcceptedNames(now))));
  }
  if (!IsBlocked(*identifier, use, now)) return {};
  return Fail(InvalidParameter(fmt::format("The runtime parameter of {} is no longer supported for creating or updating AWS Lambda functions. "
                                           "We recommend you use a supported runtime while creating or updating functions.", name)));
}

std::string RuntimeTable::AcceptedNames(WallTime now) const {
  std::string accepted;
  for (const RuntimeIdentifier& identifier : RuntimeIdentifiers()) {
    if (!IsBlocked(identifier, RuntimeUse::Create, now)) accepted += fmt::format("{}{}", accepted.empty() ? "" : ", ", identifier.name);
  }
  return accepted;
}

bool RuntimeTable::IsBlocked(const RuntimeIdentifier& identifier, RuntimeUse use, WallTime now) const {
  if (deprecation_ == Deprecation::Ignore) return false;
  const int from = use == RuntimeUse::Create ? identifier.dates.block_create : identifier.dates.block_update;
  return from != 0 && DateOf(now) >= from;
}

Result<RuntimeChoice> RuntimeTable::Resolve(std::string_view name) const {
  RuntimeChoice choice;
  choice.identifier = FindRuntime(name);
  if (!choice.identifier) return Fail(InvalidParameter(fmt::format("The runtime {} is unknown.", name)));
  for (const RuntimeImage& image : images_) {
    if (image.identifier != choice.identifier) continue;
    choice.image = &image;
    choice.exact = true;
    choice.description = fmt::format("{}:{}", name, image.reference.substr(image.reference.rfind('@') + 1, kShortDigestBytes));
    return choice;
  }
  if (choice.identifier->family == RuntimeFamily::Provided || choice.identifier->family == RuntimeFamily::Go) {
    choice.exact = true;
    return choice;
  }
  int best_distance = 0;
  for (const Interpreter& interpreter : interpreters_) {
    if (interpreter.family != choice.identifier->family) continue;
    const int distance = Distance(interpreter, *choice.identifier);
    if (choice.interpreter && distance >= best_distance) continue;
    choice.interpreter = &interpreter;
    best_distance = distance;
  }
  choice.exact = choice.interpreter && best_distance == 0;
  if (!choice.interpreter && choice.identifier->family == RuntimeFamily::Dotnet) {
    return Fail(Error::Service("NotImplementedException", fmt::format("This machine has no .NET for {0}: install it (mayfly runtime install {0}), let an image serve it "
                                                                      "(mayfly runtime add {0} --image …), or publish the function as an executable named "
                                                                      "bootstrap (self-contained, with Amazon.Lambda.RuntimeSupport) and use provided.al2023.",
                                                                      name)));
  }
  if (!choice.interpreter || (mode_ == Mode::Strict && !choice.exact)) {
    return Fail(InvalidParameter(fmt::format("The runtime {} cannot be served by this host: no {}{} interpreter was found. Install one, or see 'mayfly doctor'.",
                                             name, mode_ == Mode::Strict ? "exactly matching " : "", FamilyName(choice.identifier->family))));
  }
  choice.description = fmt::format("{}:{}", FamilyName(choice.identifier->family), choice.interpreter->full_version);
  if (!choice.exact) choice.description += fmt::format(" (serves {})", name);
  return choice;
}

}  // namespace mayfly::catalog
