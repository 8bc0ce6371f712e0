// Places: regions and their availability zones. Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::ec2 {

std::span<const std::string_view> Regions();

// Each region has three zones: REGIONa to REGIONc.
std::vector<std::string> ZonesOf(std::string_view region);
// "use1-az1" of "us-east-1a".
std::string ZoneIdOf(std::string_view zone);
// Of the region, by name or id; "": it has none of them.
std::string FindZone(std::string_view region, std::string_view name_or_id);

// What hosts are called inside of a VPC: "ec2.internal", "eu-west-1.compute.internal".
std::string InternalDomain(std::string_view region);
// "ip-10-0-0-5.ec2.internal"
std::string HostNameOf(std::string ip, std::string_view region);

}  // namespace mayfly::ec2
