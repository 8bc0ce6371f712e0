// PackageUses: how many resources use each package. Hundreds of thousands of versions may have as many packages, so a package is
// known by the bytes of its hash, not by their text. One strand.
#pragma once

#include <cstring>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"

namespace mayfly::packages {

class PackageUses {
 public:
  // `sha256`: hex; "" and what is no hash is not counted.
  void Count(std::string_view sha256, int change);
  bool Contains(std::string_view sha256) const;

 private:
  struct FirstBytes {
    size_t operator()(const Sha256Digest& digest) const noexcept {
      size_t hash;
      std::memcpy(&hash, digest.data(), sizeof hash);
      return hash;
    }
  };
  std::unordered_map<Sha256Digest, int, FirstBytes> uses_;
};

}  // namespace mayfly::packages
