#include "services/ec2/places.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mayfly::ec2 {
namespace {

constexpr std::string_view kRegions[] = {
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1",   "eu-central-1",   "eu-north-1",     "eu-west-1",  "eu-west-2",      "eu-west-3",
    "sa-east-1",      "us-east-1",      "us-east-2",      "us-west-1",  "us-west-2",
};
constexpr std::string_view kZoneLetters = "abc";

// "ne" of "northeast".
std::string ShortDirection(std::string_view word) {
  std::string letters;
  for (const std::string_view part : {"north", "south", "east", "west", "central"}) {
    if (word.find(part) != std::string_view::npos) letters += part.front();
  }
  return letters.empty() ? std::string(word.substr(0, 1)) : letters;
}

}  // namespace

std::span<const std::string_view> Regions() { return kRegions; }

std::vector<std::string> ZonesOf(std::string_view region) {
  std::vector<std::string> zones;
  for (const char letter : kZoneLetters) zones.push_back(std::string(region) + letter);
  return zones;
}

std::string ZoneIdOf(std::string_view zone) {
  const auto words = Split(zone.substr(0, zone.size() - 1), '-');
  std::string id(words.front());
  for (size_t i = 1; i + 1 < words.size(); ++i) id += ShortDirection(words[i]);
  return fmt::format("{}{}-az{}", id, words.back(), kZoneLetters.find(zone.back()) + 1);
}

std::string FindZone(std::string_view region, std::string_view name_or_id) {
  for (std::string& zone : ZonesOf(region)) {
    if (zone == name_or_id || ZoneIdOf(zone) == name_or_id) return std::move(zone);
  }
  return {};
}

std::string InternalDomain(std::string_view region) {
  return region == "us-east-1" ? "ec2.internal" : fmt::format("{}.compute.internal", region);
}

std::string HostNameOf(std::string ip, std::string_view region) {
  std::ranges::replace(ip, '.', '-');
  return fmt::format("ip-{}.{}", ip, InternalDomain(region));
}

}  // namespace mayfly::ec2
