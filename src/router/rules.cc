#include "router/rules.h"

#include <sstream>
#include <string_view>

#include "router/vpc_rules.h"
#include "sandbox/router_protocol.h"

namespace mayfly::router {
namespace {

// Of a set whose elements are spread evenly, so that a new connection looks at a few hundred others at most.
constexpr uint32_t kTotalParts = 64;

std::string Elements(const std::string& list) { return list.empty() ? "" : " elements = { " + list + " }"; }

std::string Join(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

bool IsV6(const std::string& destination) { return destination.find(':') != std::string::npos; }

std::string AllowedElements(const Options& options, bool v6) {
  std::vector<std::string> chosen;
  for (const std::string& destination : options.allowed) {
    if (IsV6(destination) == v6) chosen.push_back(destination);
  }
  return Elements(Join(chosen));
}

// What is never reached unless it is allowed; loopback, link-local with the metadata of clouds, this network's own, groups.
constexpr const char* kNever4 = "0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/3";
constexpr const char* kNever6 = "::/127, ::ffff:0:0/96, fe80::/10, ff00::/8, fd6d:6179:666c::/48, fd00:ec2::/32";
// RFC 1918, shared address space, benchmarks; unique local addresses, and the ways to write IPv4 in IPv6.
constexpr const char* kPrivate4 = "10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.0.0.0/24, 192.168.0.0/16, 198.18.0.0/15";
constexpr const char* kPrivate6 = "fc00::/7, 64:ff9b::/96, 64:ff9b:1::/48, 2002::/16, 2001::/32";

std::string Sets(const Options& options) {
  std::string sets;
  for (const bool v6 : {false, true}) {
    const std::string type = v6 ? "ipv6_addr" : "ipv4_addr";
    const std::string suffix = v6 ? "6" : "4";
    auto set = [&](const std::string& name, const std::string& rest) { sets += "set " + name + suffix + " { type " + type + rest + " }\n"; };
    set("refused", "; flags dynamic; counter; size 65536;");
    set("connections", "; flags dynamic; size 65536;");
    set("bandwidth_up", "; flags dynamic, timeout; timeout 60s; size 65536;");
    set("bandwidth_down", "; flags dynamic, timeout; timeout 60s; size 65536;");
    set("machine", ";");
    set("never", std::string("; flags interval;") + Elements(v6 ? kNever6 : kNever4));
    set("private", "; flags interval;" + Elements(!options.refuse_private ? "" : v6 ? kPrivate6 : kPrivate4));
    set("allowed", " . inet_service; flags interval;" + AllowedElements(options, v6));
  }
  for (const std::string family : {"4", "6"}) {
    sets += "map members" + family + " { type ipv" + family + "_addr : verdict; size 65536; }\n";
  }
  sets += "map translated4 { type ipv4_addr : verdict; size 65536; }\n";
  sets += "set machine_ports { type inet_service; flags interval;" + Elements(options.machine_ports) + " }\n";
  sets += "set total { typeof numgen inc mod " + std::to_string(kTotalParts) + "; flags dynamic; size " + std::to_string(kTotalParts) + "; }\n";
  return sets;
}

// Refused connections are answered at once, and counted.
std::string RefuseChain() {
  return "chain refuse {\n"
         "meta nfproto ipv4 update @refused4 { ip saddr }\n"
         "meta nfproto ipv6 update @refused6 { ip6 saddr }\n"
         "meta l4proto tcp reject with tcp reset\n"
         "reject with icmpx admin-prohibited\n"
         "}\n";
}

std::string AcceptChain(const Options& options) {
  const std::string each = std::to_string(options.connections);
  const std::string part = std::to_string(options.connections_of_all / kTotalParts + 1);
  return "chain bounded {\n"
         "meta nfproto ipv4 add @connections4 { ip saddr ct count over " + each + " } goto refuse\n"
         "meta nfproto ipv6 add @connections6 { ip6 saddr ct count over " + each + " } goto refuse\n"
         "add @total { numgen inc mod " + std::to_string(kTotalParts) + " ct count over " + part + " } goto refuse\n"
         "accept\n"
         "}\n";
}

// Who sends as somebody else is not heard: the way back has to be the link that it came by.
std::string SpoofChain() {
  return "chain spoofed { type filter hook prerouting priority raw; policy accept;\n"
         "iifname != \"" + std::string(kUplinkName) + "\" iifname != \"lo\" fib saddr . iif oif eq 0 drop\n"
         "}\n";
}

std::string InputChain() {
  const std::string server = Dotted(sandbox::kNameServerAddress);
  const std::string machine = Dotted(sandbox::kMachineAddress);
  return "chain input { type filter hook input priority filter; policy drop;\n"
         "iifname \"lo\" accept\n"
         "ct state established,related accept\n"
         "iifname \"" + std::string(kUplinkName) + "\" drop\n"
         "ip daddr " + server + " meta l4proto { tcp, udp } th dport 53 goto bounded\n"
         "ip saddr vmap @members4\n"
         "ip daddr " + machine + " tcp dport " + std::to_string(sandbox::kRelayPort) + " ct status dnat goto bounded\n"
         "meta l4proto ipv6-icmp drop\n"
         "goto refuse\n"
         "}\n";
}

std::string BandwidthRules(const Options& options) {
  if (options.bytes_per_second == 0) return "";
  std::string rules;
  const std::string rate = std::to_string(options.bytes_per_second);
  for (const std::string version : {"4", "6"}) {
    const std::string header = version == "4" ? "ip" : "ip6";
    const std::string limit = " limit rate over " + rate + " bytes/second burst " + rate + " bytes } drop\n";
    rules += "oifname \"up\" update @bandwidth_up" + version + " { " + header + " saddr" + limit;
    rules += "iifname \"up\" update @bandwidth_down" + version + " { " + header + " daddr" + limit;
  }
  return rules;
}

std::string ForwardChain(const Options& options) {
  const std::string last = options.internet ? "meta l4proto { tcp, udp, icmp, ipv6-icmp } goto bounded\n" : "";
  return "chain forward { type filter hook forward priority filter; policy drop;\n" + BandwidthRules(options) +
         "ct state established,related accept\n"
         "iifname \"" + std::string(kUplinkName) + "\" drop\n"
         "oifname != \"" + std::string(kUplinkName) + "\" goto refuse\n"
         "ct state invalid drop\n"
         "ip saddr vmap @members4\n"
         "ip6 saddr vmap @members6\n"
         "jump default_network\n"
         "}\n"
         "chain default_network {\n"
         "meta l4proto { tcp, udp } ip daddr . th dport @allowed4 goto bounded\n"
         "meta l4proto { tcp, udp } ip6 daddr . th dport @allowed6 goto bounded\n"
         "ip daddr @machine4 goto refuse\n"
         "ip6 daddr @machine6 goto refuse\n"
         "ip daddr @never4 goto refuse\n"
         "ip6 daddr @never6 goto refuse\n"
         "ip daddr @private4 goto refuse\n"
         "ip6 daddr @private6 goto refuse\n" + last + "goto refuse\n"
         "}\n";
}

// Where rules of networks of functions lead (vpc_rules.h): whoever has one reaches through it neither the machine nor what is private,
// but what somebody attached to it.
std::string NetworkChains(const Options& options) {
  const std::string last = options.internet ? "meta l4proto { tcp, udp, icmp, ipv6-icmp } goto bounded\n" : "";
  return "chain " + std::string(kInternetChain) + " {\n"
         "ip daddr @machine4 goto refuse\n"
         "ip6 daddr @machine6 goto refuse\n"
         "ip daddr @never4 goto refuse\n"
         "ip6 daddr @never6 goto refuse\n"
         "ip daddr { " + kPrivate4 + " } goto refuse\n"
         "ip6 daddr { " + kPrivate6 + " } goto refuse\n" + last + "goto refuse\n"
         "}\n"
         "chain " + std::string(kResourceChain) + " {\n"
         "ct status dnat jump translated\n"
         "goto refuse\n"
         "}\n"
         "chain translated {\n"
         "ip daddr " + Dotted(sandbox::kMachineAddress) + " tcp dport " + std::to_string(sandbox::kRelayPort) + " goto bounded\n"
         "ip daddr @machine4 goto refuse\n"
         "ip daddr @never4 goto refuse\n"
         "goto bounded\n"
         "}\n";
}

std::string TranslationChains() {
  const std::string machine = Dotted(sandbox::kMachineAddress);
  return "chain to_machine { type nat hook prerouting priority dstnat; policy accept;\n"
         "ip saddr vmap @translated4\n"
         "ip daddr " + machine + " tcp dport @machine_ports dnat ip to " + machine + ":" + std::to_string(sandbox::kRelayPort) + "\n"
         "}\n"
         "chain hide { type nat hook postrouting priority srcnat; policy accept;\n"
         "oifname \"" + std::string(kUplinkName) + "\" masquerade random\n"
         "}\n";
}

// The first number behind "packets" in "… counter packets 3 bytes 180".
std::string PacketsIn(std::string_view text) {
  constexpr std::string_view kWord = "packets ";
  const size_t at = text.find(kWord);
  if (at == std::string_view::npos) return "";
  const std::string_view rest = text.substr(at + kWord.size());
  return std::string(rest.substr(0, rest.find_first_not_of("0123456789")));
}

}  // namespace

std::string RouterRules(const Options& options) {
  return "table inet mayfly {\n" + Sets(options) + RefuseChain() + AcceptChain(options) + SpoofChain() + InputChain() + ForwardChain(options) +
         NetworkChains(options) + TranslationChains() + "}\n";
}

// Its priorities lie before those of others, so that what is refused is refused here, and with an answer.
std::string MachineRules(const std::string& instance, const std::string& uplink) {
  const std::string link = "\"" + uplink + "\"";
  const std::string any = "\"" + std::string(kUplinkPrefix) + "*\"";
  return "table inet mayfly_" + instance + " { flags owner;\n"
         "set opened { type ifname; }\n"
         "chain input { type filter hook input priority filter - 5; policy accept;\n"
         "iifname " + link + " meta l4proto tcp reject with tcp reset\n"
         "iifname " + link + " reject with icmpx admin-prohibited\n"
         "}\n"
         "chain forward { type filter hook forward priority filter - 5; policy accept;\n"
         "iifname " + link + " oifname " + any + " drop\n"
         "iifname " + link + " accept\n"
         "oifname " + link + " ct state established,related accept\n"
         "oifname " + link + " drop\n"
         "iifname @opened oifname != " + any + " drop\n"
         "}\n"
         "chain hide { type nat hook postrouting priority srcnat - 5; policy accept;\n"
         "iifname " + link + " oifname != " + any + " masquerade\n"
         "}\n"
         "}\n";
}

std::string ReplaceElements(const std::string& table, const std::string& set, const std::vector<std::string>& elements) {
  std::string commands = "flush set inet " + table + " " + set + "\n";
  if (!elements.empty()) commands += "add element inet " + table + " " + set + " { " + Join(elements) + " }\n";
  return commands;
}

std::string CountersOf(const std::string& listing) {
  const size_t at = listing.find("elements = {");
  if (at == std::string::npos) return "";
  std::istringstream elements(listing.substr(at + sizeof "elements = {" - 1));
  std::string counters;
  for (std::string element; std::getline(elements, element, ',');) {
    std::string address;
    std::istringstream(element) >> address;
    const std::string packets = PacketsIn(element);
    if (!packets.empty()) counters += address + " " + packets + "\n";
  }
  return counters;
}

// "table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}"
bool IsForwardingDropped(const std::string& chains) {
  std::istringstream lines(chains);
  bool ours = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("table ")) ours = line.starts_with("table inet mayfly_");
    if (line.starts_with("table inet firewalld")) return true;
    if (!ours && line.find("hook forward") != std::string::npos && line.find("policy drop") != std::string::npos) return true;
  }
  return false;
}

}  // namespace mayfly::router
