// How many of something are under way: of all, and of each address. Both bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace mayfly::uplink {

class BoundedCounts {
 public:
  struct Limits {
    size_t all;
    size_t each;
  };
  explicit BoundedCounts(Limits limits) : limits_(limits) {}

  // Counted for as long as it lives; none when a bound is reached.
  class Place {
   public:
    Place() = default;
    Place(BoundedCounts& counts, uint32_t address) : counts_(&counts), address_(address) {}
    Place(Place&& other) noexcept : counts_(std::exchange(other.counts_, nullptr)), address_(other.address_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (counts_ != nullptr) counts_->Leave(address_);
    }
    explicit operator bool() const { return counts_ != nullptr; }

   private:
    BoundedCounts* counts_ = nullptr;
    uint32_t address_ = 0;
  };
  Place Enter(uint32_t address) {
    if (all_ >= limits_.all) return {};
    size_t& of_it = each_[address];
    if (of_it >= limits_.each) return {};
    ++of_it;
    ++all_;
    return {*this, address};
  }
  size_t all() const { return all_; }

 private:
  void Leave(uint32_t address) {
    --all_;
    const auto found = each_.find(address);
    if (found != each_.end() && --found->second == 0) each_.erase(found);
  }

  Limits limits_;
  size_t all_ = 0;
  std::unordered_map<uint32_t, size_t> each_;  // at most `all` of them
};

}  // namespace mayfly::uplink
