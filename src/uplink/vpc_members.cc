#include "uplink/vpc_members.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/log.h"
#include "net/own_addresses.h"
#include "vpc/service_reach.h"

namespace mayfly::uplink {
namespace {

using sandbox::RouterOperation;

Error CannotEnforce(std::string_view why) {
  return Error::Service("EC2UnexpectedException",
                        fmt::format("Lambda could not set the function's network up, so it was not run: {}", why));
}

Error ServiceOutOfReach(std::string_view service, std::string_view why) {
  return Error::Service("AccessDeniedException", fmt::format("{} is not reached from the function's VPC: {}", service, why));
}

Result<> ServiceResult(const vpc::Verdict& verdict, std::string_view service) {
  if (verdict.passes) return {};
  return Fail(ServiceOutOfReach(service, verdict.rule));
}

const VpcProfile& Closed() {
  static const VpcProfile closed = ClosedVpcProfile();
  return closed;
}

}  // namespace

void VpcMembers::Follow(vpc::FunctionNetworks& networks) {
  networks_ = &networks;
  networks.OnChange([this](Context&, vpc::Scope scope) { return Refresh(std::move(scope)); });
}

VpcProfile VpcMembers::Compile(Profile& profile) const {
  profile.failure.clear();
  profile.services.clear();
  const auto network = networks_->NetworkOf(profile.scope, profile.vpc_id);
  if (!network || !network->FindInterface(profile.interface_id)) {
    profile.failure = profile.interface_id + " does not exist any more";
    return ClosedVpcProfile();
  }
  auto made = MakeVpcProfile(*network, networks_->NamesOf(*network), profile.interface_id, net::OwnAddresses());
  if (made) return std::move(*made);
  profile.failure = made.error().message;
  log::Error("functions in {} reach nothing: {}", profile.vpc_id, profile.failure);
  return ClosedVpcProfile();
}

Result<VpcMembers::ProfilePointer> VpcMembers::ProfileFor(const vpc::FunctionMember& member) {
  if (!networks_) return Fail(CannotEnforce("there are no networks"));
  const std::vector<vpc::FunctionLink> links = networks_->LinksOf(member);
  if (links.empty()) return Fail(CannotEnforce("it has no network interface"));
  const vpc::FunctionLink& link = links[turn_++ % links.size()];
  auto& profile = profiles_[member.scope.KeyOf(link.interface_id)];
  if (profile) return profile;
  profile = std::make_shared<Profile>();
  profile->scope = member.scope;
  profile->vpc_id = link.vpc_id;
  profile->interface_id = link.interface_id;
  if (!free_numbers_.empty()) {
    profile->number = free_numbers_.back();
    free_numbers_.pop_back();
  } else {
    profile->number = next_number_++;
  }
  return profile;
}

// What is compiled is sent before anything else can happen, so the last one sent is of the last change.
Task<> VpcMembers::Put(ProfilePointer profile) {
  const std::string before_failure = profile->failure;
  VpcProfile made = Compile(*profile);
  const bool is_same = made.bytes == profile->made.bytes && before_failure.empty();
  profile->made = std::move(made);
  if (is_same) co_return;
  UniqueFd file = FileOf(profile->made.bytes);
  const uint32_t asked = channel_->Ask({RouterOperation::PutProfile, profile->number, 0}, std::move(file));
  const RouterAnswer answer = co_await channel_->AnswerTo(asked);
  if (answer.error == 0) {
    if (before_failure.empty() || !profile->failure.empty()) co_return;
    for (const auto& [address, member_of] : members_) {
      if (member_of == profile) channel_->Tell({RouterOperation::JoinProfile, profile->number, address});
    }
    co_return;
  }
  profile->failure = std::strerror(answer.error);
  log::Error("functions in {} reach nothing: the rules of {} are refused: {}", profile->vpc_id, profile->interface_id, profile->failure);
  for (const auto& [address, member_of] : members_) {
    if (member_of == profile) channel_->Tell({RouterOperation::Shut, 0, address});
  }
}

Task<> VpcMembers::Refresh(vpc::Scope scope) {
  if (!channel_) co_return;
  std::vector<ProfilePointer> touched;
  for (const auto& [key, profile] : profiles_) {
    if (profile->scope == scope) touched.push_back(profile);
  }
  for (ProfilePointer& profile : touched) {
    if (profile->members > 0) co_await Put(std::move(profile));
  }
}

Task<Result<>> VpcMembers::Join(uint32_t address, vpc::FunctionMember member) {
  if (!channel_ || address == 0) co_return Result<>();  // nothing is reached
  MF_CO_TRY(const ProfilePointer profile, ProfileFor(member));
  ++profile->members;
  members_[address] = profile;
  if (profile->number >= sandbox::kRouterProfilesMax) {
    profile->failure = fmt::format("{} networks of functions are in use at once, which is as many as can be", sandbox::kRouterProfilesMax);
  } else if (profile->members == 1 || !profile->failure.empty()) {
    co_await Put(profile);
  }
  const uint32_t asked = channel_->Ask({RouterOperation::JoinProfile, profile->number, address});
  const RouterAnswer answer = co_await channel_->AnswerTo(asked);
  if (answer.error == 0 && profile->failure.empty()) co_return Result<>();
  const std::string why = profile->failure.empty() ? std::strerror(answer.error) : profile->failure;
  Leave(address);
  log::Error("an environment of {} cannot be joined to {}: {}", member.arn, profile->interface_id, why);
  co_return Fail(CannotEnforce(why));
}

Task<Result<>> VpcMembers::JoinEverybody(uint32_t address) {
  if (!channel_ || !members_.contains(address)) co_return Result<>();
  const uint32_t asked = channel_->Ask({RouterOperation::Leave, 0, address});
  const RouterAnswer answer = co_await channel_->AnswerTo(asked);
  if (answer.error != 0) co_return Fail(CannotEnforce(std::strerror(answer.error)));
  members_.erase(address);
  co_return Result<>();
}

void VpcMembers::Leave(uint32_t address) {
  const auto found = members_.find(address);
  if (found == members_.end() || !found->second) return;
  const ProfilePointer profile = std::exchange(found->second, nullptr);
  channel_->Tell({RouterOperation::Shut, 0, address});
  if (--profile->members == 0) Drop(profile);
}

void VpcMembers::Drop(const ProfilePointer& profile) {
  if (profile->number < sandbox::kRouterProfilesMax) {
    channel_->Tell({RouterOperation::RemoveProfile, profile->number, 0});
    free_numbers_.push_back(profile->number);
  } else {
    --next_number_;
  }
  profiles_.erase(profile->scope.KeyOf(profile->interface_id));
}

Result<> VpcMembers::CheckService(const vpc::FunctionMember& member, uint32_t address, std::string_view service) {
  const auto found = members_.find(address);
  const ProfilePointer profile = found == members_.end() ? nullptr : found->second;
  if (profile) {
    const auto known = profile->services.find(service);
    if (known != profile->services.end()) return ServiceResult(known->second, service);
    const auto network = networks_->NetworkOf(profile->scope, profile->vpc_id);
    if (!network || !network->FindInterface(profile->interface_id)) return Fail(ServiceOutOfReach(service, "the network is gone"));
    const vpc::Verdict verdict = vpc::DecideService(*network, profile->interface_id, service, profile->scope.region);
    return ServiceResult(profile->services.emplace(service, verdict).first->second, service);
  }
  // Without a network it is in none of its subnets.
  const auto links = networks_ ? networks_->LinksOf(member) : std::vector<vpc::FunctionLink>();
  if (links.empty() || (channel_ && address != 0)) return Fail(ServiceOutOfReach(service, "it has no network interface"));
  const auto network = networks_->NetworkOf(member.scope, links.front().vpc_id);
  return ServiceResult(vpc::DecideService(*network, links.front().interface_id, service, member.scope.region), service);
}

const VpcProfile* VpcMembers::ProfileAt(uint32_t address) const {
  const auto found = members_.find(address);
  if (found == members_.end()) return nullptr;
  return found->second ? &found->second->made : &Closed();
}

}  // namespace mayfly::uplink
