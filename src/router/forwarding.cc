#include "router/forwarding.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "router/settings_files.h"

namespace mayfly::router {
namespace {

constexpr const char* kFolder = "/run/mayfly-network";

std::string SettingOf(const std::string& interface) { return "ipv4/conf/" + interface + "/forwarding"; }
std::string SettingV6Of(const std::string& interface) { return "ipv6/conf/" + interface + "/force_forwarding"; }

void SwitchOff(const std::string& interface) {
  WriteSetting(SettingOf(interface), "0");
  WriteSetting(SettingV6Of(interface), "0");
}

std::string PathOfNamespace() {
  struct stat status{};
  if (stat("/proc/self/ns/net", &status) != 0) return "";
  return std::string(kFolder) + "/forwarding-" + std::to_string(status.st_ino);
}

// "00…00 00 …  eth0": a default route that is not the loopback's.
bool HasDefaultRouteV6() {
  std::ifstream routes("/proc/net/ipv6_route");
  for (std::string line; std::getline(routes, line);) {
    std::istringstream words(line);
    std::string destination, bits, source, source_bits, hop, metric, references, uses, flags, interface;
    words >> destination >> bits >> source >> source_bits >> hop >> metric >> references >> uses >> flags >> interface;
    if (bits == "00" && interface != "lo" && destination.find_first_not_of('0') == std::string::npos) return true;
  }
  return false;
}

}  // namespace

bool CanForwardIpv6() {
  if (!HasDefaultRouteV6()) return false;
  return ReadSetting("ipv6/conf/all/forwarding") == "1" || !ReadSetting("ipv6/conf/lo/force_forwarding").empty();
}

// Who finds nobody else at the file has it from daemons that were killed: what they switched on is ours to switch off.
void Forwarding::Open(bool has_ipv6) {
  has_ipv6_ = has_ipv6;
  path_ = PathOfNamespace();
  for (int attempt = 0; attempt < 10; ++attempt) {
    mkdir(kFolder, 0755);
    file_.Reset(open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!file_ && errno == ENOENT) continue;  // the last one before has removed the folder meanwhile
    if (!file_ || flock(file_.get(), LOCK_SH) != 0) return;
    struct stat mine{}, named{};
    // The last one before may have removed it meanwhile.
    if (fstat(file_.get(), &mine) == 0 && stat(path_.c_str(), &named) == 0 && mine.st_ino == named.st_ino) return;
  }
}

bool Forwarding::IsMachineForwarding() const { return ReadSetting("ipv4/ip_forward") == "1"; }

std::vector<std::string> Forwarding::Allow(const std::vector<std::string>& interfaces) {
  if (IsMachineForwarding()) opened_.clear();
  for (const std::string& interface : interfaces) SwitchOn(interface);
  return {opened_.begin(), opened_.end()};
}

// An interface that another daemon has opened is one of ours too: both have to refuse what is not for functions.
void Forwarding::SwitchOn(const std::string& interface) {
  if (has_ipv6_ && ReadSetting(SettingV6Of(interface)) == "0" && ReadSetting("ipv6/conf/all/forwarding") != "1") {
    Remember(interface);
    WriteSetting(SettingV6Of(interface), "1");
  }
  if (IsMachineForwarding()) return;
  const bool is_on = ReadSetting(SettingOf(interface)) == "1";
  if (is_on && !Remembered().contains(interface)) return;
  if (!is_on) {
    Remember(interface);
    if (WriteSetting(SettingOf(interface), "1") != 0) return;
  }
  opened_.insert(interface);
}

void Forwarding::Remember(const std::string& interface) {
  const std::string line = interface + "\n";
  if (file_ && write(file_.get(), line.data(), line.size()) < 0) file_.Reset();
}

std::set<std::string> Forwarding::Remembered() const {
  std::ifstream file(path_);
  std::set<std::string> all;
  for (std::string line; std::getline(file, line);) all.insert(line);
  return all;
}

void Forwarding::Close() {
  if (!file_ || flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return file_.Reset();
  const bool theirs = IsMachineForwarding();
  for (const std::string& interface : Remembered()) {
    if (theirs) WriteSetting(SettingV6Of(interface), "0");
    else SwitchOff(interface);
  }
  unlink(path_.c_str());
  rmdir(kFolder);  // unless there are others
  file_.Reset();
}

}  // namespace mayfly::router
