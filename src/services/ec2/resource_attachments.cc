#include "services/ec2/resource_attachments.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/interfaces.h"
#include "vpc/address.h"

namespace mayfly::ec2 {
namespace {

// No host has one of these, or none that a function may reach: the machine's own metadata, other environments.
constexpr std::string_view kNoResource[] = {"0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"};

Result<> CheckReal(const vpc::AttachmentWish& wish) {
  const auto real = vpc::ParseAddress(wish.real);
  if (!real || real->family != vpc::Family::V4) return Fail(InvalidValue(fmt::format("'{}' is no IPv4 address.", wish.real.substr(0, 100))));
  for (const std::string_view block : kNoResource) {
    if (vpc::ParseBlock(block)->Contains(*real)) return Fail(InvalidValue(fmt::format("{} cannot be attached: {} is never reached.", wish.real, block)));
  }
  if (wish.real_port < 0 || wish.real_port > 65'535) return Fail(InvalidValue(fmt::format("{} is no port.", wish.real_port)));
  return {};
}

// The subnet of a VPC that has the address.
Result<std::string> SubnetFor(const RegionState& region, const vpc::AttachmentWish& wish) {
  if (IsIdOf(kKindOf<vpc::Subnet>, wish.place)) {
    MF_TRY(const auto subnet, region.Get<vpc::Subnet>(wish.place));
    return subnet->id;
  }
  MF_TRY(const auto vpc, region.Get<vpc::Vpc>(wish.place));
  const auto address = vpc::ParseAddress(wish.address);
  for (const auto& subnet : region.InVpc<vpc::Subnet>(vpc->id)) {
    const auto block = vpc::ParseBlock(subnet->cidr);
    if (address && block && block->Contains(*address)) return subnet->id;
  }
  return Fail(InvalidValue(fmt::format("No subnet of {} has the address '{}': name one that has, or a subnet.", vpc->id, wish.address.substr(0, 100))));
}

vpc::AttachedResource Show(const vpc::Interface& row) {
  return {.interface_id = row.id,
          .vpc_id = row.vpc_id,
          .subnet_id = row.subnet_id,
          .address = row.private_ips.empty() ? "" : row.private_ips.front(),
          .real = row.attached_to,
          .real_port = row.attached_port,
          .group_ids = row.group_ids};
}

// Of the account's own, with that address. nullptr: there is none.
RegionState::Pointer<vpc::Interface> OwnInterfaceAt(const RegionState& region, const std::string& subnet_id, const std::string& address) {
  return region.FindIf<vpc::Interface>([&](const vpc::Interface& row) {
    return row.subnet_id == subnet_id && !row.is_managed() && std::ranges::find(row.private_ips, address) != row.private_ips.end();
  });
}

Result<vpc::Interface> InterfaceToAttach(RegionState& region, const vpc::AttachmentWish& wish) {
  MF_TRY(const std::string subnet_id, SubnetFor(region, wish));
  const auto address = vpc::ParseAddress(wish.address);
  if (address) {
    if (const auto there = OwnInterfaceAt(region, subnet_id, address->Text())) {
      vpc::Interface row = *there;
      if (wish.group_ids.empty()) return row;
      MF_TRY(row.group_ids, ReadGroups(region, wish.group_ids, row.vpc_id));
      return row;
    }
  }
  InterfaceWish made{.subnet_id = subnet_id, .description = "attached by mayfly vpc attach", .group_ids = wish.group_ids};
  if (!wish.address.empty()) made.private_ips.push_back(wish.address);
  MF_TRY(const auto interface, MakeInterface(region, std::move(made)));
  vpc::Interface row = *interface;
  row.delete_on_detach = true;
  return row;
}

}  // namespace

Task<Result<vpc::AttachedResource>> Attachments::Attach(Context& ctx, vpc::Scope scope, vpc::AttachmentWish wish) {
  MF_CO_TRY_VOID(CheckReal(wish));
  vpc::AttachedResource shown;
  MF_CO_TRY_VOID(co_await networks_->Edit(ctx, std::move(scope), [&](RegionState& region) -> Result<> {
    MF_TRY(vpc::Interface row, InterfaceToAttach(region, wish));
    row.attached_to = wish.real;
    row.attached_port = wish.real_port;
    shown = Show(*region.Put(std::move(row)));
    return {};
  }));
  co_return shown;
}

std::vector<vpc::AttachedResource> Attachments::List(const vpc::Scope& scope) const {
  std::vector<vpc::AttachedResource> shown;
  for (const auto& row : networks_->Look(scope).Those<vpc::Interface>([](const vpc::Interface& one) { return !one.attached_to.empty(); })) {
    shown.push_back(Show(*row));
  }
  return shown;
}

Task<Result<>> Attachments::Detach(Context& ctx, vpc::Scope scope, std::string interface_id) {
  co_return co_await networks_->Edit(ctx, std::move(scope), [&](RegionState& region) -> Result<> {
    MF_TRY(const auto interface, region.Get<vpc::Interface>(interface_id));
    if (interface->attached_to.empty()) return Fail(InvalidValue(fmt::format("Nothing is attached to {}.", interface_id)));
    if (interface->delete_on_detach) {
      RemoveInterface(region, *interface);
      return {};
    }
    vpc::Interface row = *interface;
    row.attached_to.clear();
    row.attached_port = 0;
    region.Put(std::move(row));
    return {};
  });
}

}  // namespace mayfly::ec2
