#include "router/vpc_profiles.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mayfly::router {
namespace {

constexpr size_t kProfileBytesMax = sizeof(sandbox::RouterProfile) + sandbox::kProfileRulesMax * sizeof(sandbox::ProfileRule) +
                                    sandbox::kProfileTranslationsMax * sizeof(sandbox::ProfileTranslation);

std::string ReadBytes(int file) {
  struct stat status{};
  if (fstat(file, &status) != 0 || status.st_size <= 0 || static_cast<size_t>(status.st_size) > kProfileBytesMax) return "";
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  const ssize_t count = pread(file, bytes.data(), bytes.size(), 0);
  return count == status.st_size ? bytes : "";
}

}  // namespace

int Profiles::Put(uint32_t number, int file) {
  const auto profile = ReadProfile(ReadBytes(file));
  if (!profile || number >= sandbox::kRouterProfilesMax) return EINVAL;
  if (!rules_->Run(PutProfileCommands(number, *profile)).empty()) return EIO;
  members_of_.try_emplace(number, 0);
  return 0;
}

int Profiles::Remove(uint32_t number) {
  const auto found = members_of_.find(number);
  if (found == members_of_.end()) return 0;
  if (found->second != 0) return EBUSY;
  if (!rules_->Run(RemoveProfileCommands(number)).empty()) return EIO;
  members_of_.erase(found);
  return 0;
}

int Profiles::Join(uint32_t address, uint32_t number) { return members_of_.contains(number) ? Move(address, number) : ENOENT; }

int Profiles::Move(uint32_t address, uint32_t to) {
  if (sandbox::CageIndexOf(address) == sandbox::kCageAddresses) return EINVAL;
  const auto found = goal_of_.find(address);
  const uint32_t from = found == goal_of_.end() ? kEverybodys : found->second;
  const std::string commands = MoveCommands(address, from, to);
  if (!commands.empty() && !rules_->Run(commands).empty()) return EIO;
  if (const auto left = members_of_.find(from); left != members_of_.end()) --left->second;
  if (const auto joined = members_of_.find(to); joined != members_of_.end()) ++joined->second;
  if (to == kEverybodys) goal_of_.erase(address);
  else goal_of_[address] = to;
  return 0;
}

}  // namespace mayfly::router
