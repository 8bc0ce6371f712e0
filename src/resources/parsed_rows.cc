#include "resources/parsed_rows.h"

#include <algorithm>

#include "base/result.h"

namespace mayfly::resources {

ParsedRows::Pointer ParsedRows::Find(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second.lock();
}

void ParsedRows::Put(std::string_view key, Pointer value) {
  MF_ASSERT(value);
  if (by_key_.size() >= sweep_at_) Sweep();
  by_key_.insert_or_assign(std::string(key), value);
  if (recent_.size() < kRecentMax) recent_.push_back(std::move(value));
  else recent_[next_recent_++ % kRecentMax] = std::move(value);
}

void ParsedRows::Forget(std::string_view key) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) by_key_.erase(found);
}

void ParsedRows::Clear() {
  by_key_.clear();
  recent_.clear();
  next_recent_ = 0;
}

// Each value is looked at a bounded number of times: the next sweep comes when there are twice as many as are left.
void ParsedRows::Sweep() {
  std::erase_if(by_key_, [](const auto& row) { return row.second.expired(); });
  sweep_at_ = 2 * std::max(by_key_.size(), kRecentMax);
}

}  // namespace mayfly::resources
