// Addresses and blocks of them (CIDR), of IPv4 and IPv6. Pure values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly::vpc {

enum class Family : unsigned char { V4, V6 };

constexpr int BitsOf(Family family) { return family == Family::V4 ? 32 : 128; }

struct Address {
  Family family = Family::V4;
  unsigned __int128 value = 0;

  std::string Text() const;
  bool operator==(const Address&) const = default;
};

// "10.0.0.1", "2001:db8::1". nullopt: it is none.
std::optional<Address> ParseAddress(std::string_view text);

struct Block {
  Address base;  // its first address: the bits behind `length` are 0
  int length = 0;

  unsigned __int128 size() const { return static_cast<unsigned __int128>(1) << (BitsOf(base.family) - length); }  // 0: all of IPv6
  bool Contains(const Address& address) const;
  bool Contains(const Block& other) const { return length <= other.length && Contains(other.base); }
  bool Overlaps(const Block& other) const { return Contains(other.base) || other.Contains(base); }
  // The address `offset` behind the first one; within the block.
  Address At(unsigned __int128 offset) const;
  std::string Text() const;
  bool operator==(const Block&) const = default;
};

// "10.0.0.0/16"; bits behind the length are dropped, as AWS does. nullopt: it is none.
std::optional<Block> ParseBlock(std::string_view text);

}  // namespace mayfly::vpc
