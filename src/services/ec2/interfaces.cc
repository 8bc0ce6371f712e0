#include "services/ec2/interfaces.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/limits.h"
#include "vpc/address.h"

namespace mayfly::ec2 {
namespace {

constexpr int kSubnetIpv6First = 4;

Error AddressInUse(std::string_view address) {
  return Error::Service("InvalidIPAddress.InUse", fmt::format("Address {} is in use.", address));
}

// Takes addresses of a subnet's block.
class AddressPool {
 public:
  AddressPool(std::string_view block, std::set<std::string> used, int first)
      : block_(vpc::ParseBlock(block)), used_(std::move(used)), next_(first) {}

  Result<std::string> Take(std::string_view wanted) {
    const auto address = vpc::ParseAddress(wanted);
    if (!address || !block_ || !block_->Contains(*address))
      return Fail(InvalidValue("Address does not fall within the subnet's address range"));
    if (IsReserved(*address)) return Fail(InvalidValue("Address is in subnet's reserved address range"));
    if (!used_.insert(address->Text()).second) return Fail(AddressInUse(wanted));
    return address->Text();
  }
  Result<std::string> TakeFree() {
    for (; block_ && next_ + 1 < End(); ++next_) {
      std::string text = block_->At(next_).Text();
      if (used_.insert(text).second) return text;
    }
    return Fail(Error::Service("InsufficientFreeAddressesInSubnet",
                               "The specified subnet does not have enough free addresses to satisfy the request."));
  }

 private:
  // An IPv6 subnet has more than will ever be asked for.
  unsigned __int128 End() const {
    return block_->base.family == vpc::Family::V4 ? block_->size() : static_cast<unsigned __int128>(1) << 32;
  }
  bool IsReserved(const vpc::Address& address) const {
    const unsigned __int128 offset = address.value - block_->base.value;
    return offset < kFirstFreeOffset || (block_->base.family == vpc::Family::V4 && offset + 1 == block_->size());
  }

  std::optional<vpc::Block> block_;
  std::set<std::string> used_;
  unsigned __int128 next_;
};

Result<std::vector<std::string>> TakeAddresses(AddressPool& pool, const std::vector<std::string>& wanted, size_t more) {
  std::vector<std::string> taken;
  for (const std::string& text : wanted) {
    MF_TRY(std::string address, pool.Take(text));
    taken.push_back(std::move(address));
  }
  for (size_t i = 0; i < more; ++i) {
    MF_TRY(std::string address, pool.TakeFree());
    taken.push_back(std::move(address));
  }
  return taken;
}

}  // namespace

std::set<std::string> UsedAddresses(const RegionState& region, const std::string& subnet_id) {
  std::set<std::string> used;
  for (const auto& interface : region.Those<vpc::Interface>([&](const vpc::Interface& row) { return row.subnet_id == subnet_id; })) {
    used.insert(interface->private_ips.begin(), interface->private_ips.end());
    used.insert(interface->ipv6s.begin(), interface->ipv6s.end());
  }
  return used;
}

int64_t FreeAddressCount(const RegionState& region, const vpc::Subnet& subnet) {
  const auto block = vpc::ParseBlock(subnet.cidr);
  if (!block) return 0;
  int64_t used = 0;
  for (const auto& interface : region.Those<vpc::Interface>([&](const vpc::Interface& row) { return row.subnet_id == subnet.id; })) {
    used += static_cast<int64_t>(interface->private_ips.size());
  }
  return static_cast<int64_t>(block->size()) - kReservedAddresses - used;
}

Result<std::vector<std::string>> ReadGroups(const RegionState& region, std::vector<std::string> group_ids, const std::string& vpc_id) {
  if (group_ids.empty()) {
    const auto usual =
        region.FindIf<vpc::SecurityGroup>([&](const vpc::SecurityGroup& row) { return row.vpc_id == vpc_id && row.name == "default"; });
    MF_ASSERT(usual);
    group_ids.push_back(usual->id);
  }
  if (group_ids.size() > kGroupsOfInterfaceMax) {
    return Fail(Error::Service(
        "SecurityGroupsPerInterfaceLimitExceeded",
        fmt::format("The maximum number of security groups per interface has been reached. Maximum: {}", kGroupsOfInterfaceMax)));
  }
  for (const std::string& id : group_ids) {
    MF_TRY(const auto group, region.Get<vpc::SecurityGroup>(id));
    if (group->vpc_id != vpc_id) {
      return Fail(Error::Service(
          "InvalidParameter",
          fmt::format("You have specified two resources that belong to different networks. (Security group {} is not of {}.)", id,
                      vpc_id)));
    }
  }
  return group_ids;
}

Result<RegionState::Pointer<vpc::Interface>> MakeInterface(RegionState& region, InterfaceWish wish) {
  MF_TRY(const auto subnet, region.Get<vpc::Subnet>(wish.subnet_id));
  if (region.All<vpc::Interface>().size() >= kInterfacesMax) {
    return Fail(Error::Service("NetworkInterfaceLimitExceeded", "The maximum number of network interfaces has been reached."));
  }
  vpc::Interface row;
  if (wish.private_ips.size() + wish.more_private_ips > kAddressesOfInterfaceMax ||
      wish.ipv6s.size() + wish.more_ipv6s > kAddressesOfInterfaceMax) {
    return Fail(Error::Service("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit."));
  }
  if (wish.description.size() > kInterfaceTextMax) return Fail(InvalidValue("Invalid description: it may be up to 255 characters long."));
  row.vpc_id = subnet->vpc_id;
  row.subnet_id = subnet->id;
  MF_TRY(row.group_ids, ReadGroups(region, std::move(wish.group_ids), row.vpc_id));
  const auto used = UsedAddresses(region, subnet->id);
  AddressPool pool(subnet->cidr, used, kFirstFreeOffset);
  MF_TRY(row.private_ips,
         TakeAddresses(pool, wish.private_ips, wish.more_private_ips + (wish.private_ips.empty() && !subnet->cidr.empty() ? 1 : 0)));
  AddressPool ipv6_pool(subnet->ipv6_cidrs.empty() ? "" : subnet->ipv6_cidrs.front().cidr, used, kSubnetIpv6First);
  MF_TRY(row.ipv6s, TakeAddresses(ipv6_pool, wish.ipv6s, wish.more_ipv6s));
  row.id = region.NewId("eni");
  row.mac = region.NewMac();
  row.type = std::move(wish.type);
  row.description = std::move(wish.description);
  row.requester = std::move(wish.requester);
  row.created_millis = region.now_millis();
  row.tags = std::move(wish.tags);
  return region.Put(std::move(row));
}

void RemoveInterface(RegionState& region, const vpc::Interface& interface) {
  for (const auto& address :
       region.Those<vpc::ElasticAddress>([&](const vpc::ElasticAddress& row) { return row.interface_id == interface.id; })) {
    vpc::ElasticAddress freed = *address;
    freed.interface_id = freed.association_id = freed.private_ip = "";
    region.Put(std::move(freed));
  }
  region.Delete(interface);
}

RegionState::Pointer<vpc::ElasticAddress> PublicAddressOf(const RegionState& region, const std::string& interface_id) {
  return region.FindIf<vpc::ElasticAddress>([&](const vpc::ElasticAddress& row) { return row.interface_id == interface_id; });
}

}  // namespace mayfly::ec2
