#include "router/vpc_rules.h"

#include <arpa/inet.h>
#include <string.h>

namespace mayfly::router {
namespace {

using sandbox::ProfileRule;
using sandbox::ProfileTranslation;
using sandbox::ProfileVerdict;
using sandbox::TranslationKind;

constexpr const char* kTable = "inet mayfly ";

bool IsProtocol(const ProfileRule& rule) {
  if (rule.protocol == 0 || rule.protocol == 6 || rule.protocol == 17) return true;
  return rule.protocol == (rule.is_v6 ? 58 : 1);
}

bool IsRule(const ProfileRule& rule) {
  return rule.is_v6 <= 1 && rule.bits <= (rule.is_v6 ? 128 : 32) && rule.port_low <= rule.port_high && IsProtocol(rule) &&
         rule.verdict <= ProfileVerdict::Resource;
}

bool IsTranslation(const ProfileTranslation& translation) {
  return translation.kind <= TranslationKind::NameServer && translation.real_port <= 65535;
}

std::string PrefixText(const ProfileRule& rule) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(rule.is_v6 ? AF_INET6 : AF_INET, rule.destination, text, sizeof text);
  return std::string(text) + "/" + std::to_string(rule.bits);
}

std::string VerdictText(ProfileVerdict verdict) {
  switch (verdict) {
    case ProfileVerdict::Internet: return kInternetChain;
    case ProfileVerdict::Resource: return kResourceChain;
    default: return "refuse";
  }
}

std::string ChainOf(char kind, uint32_t number) { return kind + std::to_string(number); }

// By what the connection was begun to: it may have been translated since.
std::string RuleText(const ProfileRule& rule) {
  std::string text = rule.is_v6 ? "meta nfproto ipv6 " : "meta nfproto ipv4 ";
  if (rule.bits != 0) text += std::string("ct original ") + (rule.is_v6 ? "ip6" : "ip") + " daddr " + PrefixText(rule) + " ";
  if (rule.protocol != 0) text += "meta l4proto " + std::to_string(rule.protocol) + " ";
  const bool has_ports = rule.protocol == 6 || rule.protocol == 17;
  if (has_ports && (rule.port_low != 0 || rule.port_high != 65535)) {
    text += "ct original proto-dst " + std::to_string(rule.port_low) + "-" + std::to_string(rule.port_high) + " ";
  }
  return text + "goto " + VerdictText(rule.verdict);
}

std::string TranslationText(const ProfileTranslation& translation) {
  const std::string from = "ip daddr " + Dotted(translation.address) + " ";
  switch (translation.kind) {
    case TranslationKind::Relay:
      return from + "meta l4proto tcp dnat ip to " + Dotted(sandbox::kMachineAddress) + ":" + std::to_string(sandbox::kRelayPort);
    case TranslationKind::NameServer:
      return from + "meta l4proto { tcp, udp } th dport 53 dnat ip to " + Dotted(sandbox::kNameServerAddress) + ":53";
    default: break;
  }
  const std::string to = "dnat ip to " + Dotted(translation.real);
  return translation.real_port == 0 ? from + to : from + "meta l4proto { tcp, udp } " + to + ":" + std::to_string(translation.real_port);
}

std::string SixOf(uint32_t address) {
  uint8_t bytes[16] = {};
  memcpy(bytes, sandbox::kCagePrefixV6, sizeof sandbox::kCagePrefixV6);
  const uint32_t network = htonl(address);
  memcpy(bytes + 12, &network, sizeof network);
  char text[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, bytes, text, sizeof text);
  return text;
}

std::string Elements(const char* verb, uint32_t address, uint32_t goal) {
  const bool shut = goal == kNothing;
  const std::string decide = " : " + (shut ? "goto refuse" : "goto " + ChainOf('p', goal));
  const std::string translate = " : " + (shut ? "accept" : "goto " + ChainOf('n', goal));
  const std::string head = std::string(verb) + " element " + kTable;
  return head + "members4 { " + Dotted(address) + decide + " }\n" + head + "members6 { " + SixOf(address) + decide + " }\n" + head +
         "translated4 { " + Dotted(address) + translate + " }\n";
}

}  // namespace

std::string Dotted(uint32_t address) {
  return std::to_string(address >> 24) + "." + std::to_string(address >> 16 & 255) + "." + std::to_string(address >> 8 & 255) + "." +
         std::to_string(address & 255);
}

std::optional<Profile> ReadProfile(std::string_view bytes) {
  sandbox::RouterProfile head;
  if (bytes.size() < sizeof head) return std::nullopt;
  memcpy(&head, bytes.data(), sizeof head);
  if (head.rules > sandbox::kProfileRulesMax || head.translations > sandbox::kProfileTranslationsMax) return std::nullopt;
  const size_t rule_bytes = head.rules * sizeof(ProfileRule);
  const size_t translation_bytes = head.translations * sizeof(ProfileTranslation);
  if (bytes.size() != sizeof head + rule_bytes + translation_bytes) return std::nullopt;
  Profile profile{std::vector<ProfileRule>(head.rules), std::vector<ProfileTranslation>(head.translations)};
  if (rule_bytes != 0) memcpy(profile.rules.data(), bytes.data() + sizeof head, rule_bytes);
  if (translation_bytes != 0) memcpy(profile.translations.data(), bytes.data() + sizeof head + rule_bytes, translation_bytes);
  for (const ProfileRule& rule : profile.rules) {
    if (!IsRule(rule)) return std::nullopt;
  }
  for (const ProfileTranslation& translation : profile.translations) {
    if (!IsTranslation(translation)) return std::nullopt;
  }
  return profile;
}

std::string PutProfileCommands(uint32_t number, const Profile& profile) {
  std::string commands;
  for (const char kind : {'p', 'n'}) {
    commands += std::string("add chain ") + kTable + ChainOf(kind, number) + "\n";
    commands += std::string("flush chain ") + kTable + ChainOf(kind, number) + "\n";
  }
  const std::string decide = std::string("add rule ") + kTable + ChainOf('p', number) + " ";
  for (const ProfileRule& rule : profile.rules) commands += decide + RuleText(rule) + "\n";
  commands += decide + "goto refuse\n";
  const std::string translate = std::string("add rule ") + kTable + ChainOf('n', number) + " ";
  for (const ProfileTranslation& translation : profile.translations) commands += translate + TranslationText(translation) + "\n";
  return commands;
}

std::string RemoveProfileCommands(uint32_t number) {
  return std::string("delete chain ") + kTable + ChainOf('p', number) + "\ndelete chain " + kTable + ChainOf('n', number) + "\n";
}

std::string MoveCommands(uint32_t address, uint32_t from, uint32_t to) {
  std::string commands;
  if (from == to) return commands;
  if (from != kEverybodys) commands += Elements("delete", address, from);
  if (to != kEverybodys) commands += Elements("add", address, to);
  return commands;
}

}  // namespace mayfly::router
