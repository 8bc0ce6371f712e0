// Calls: what is known of the requests that are being served, beyond their principal: where they come from, what they hold that policies may
// ask for, what the trail tells of them. Found by the caller (Context::principal) that the request is served for.
//
// Whoever takes a request in begins a call and holds its place for as long as the request is served; copies of the principal (for work that
// goes on elsewhere) know nothing of it. One per daemon, on its strand. Bound: as many as there are requests.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>

#include "base/context.h"
#include "identity/condition_keys.h"

namespace mayfly::identity {

struct Call {
  std::string source_address;  // "203.0.113.7"; "" for what the daemon asks of itself
  std::string user_agent;
  std::string referer;
  bool is_secure = false;      // came over TLS
  std::string function_name;   // by whose credentials it was made; "" otherwise
  std::string service;         // on whose behalf another service asks: "scheduler.amazonaws.com"
  ConditionKeys keys;          // what the request itself says: aws:RequestTag/team, sns:Protocol …
  std::string parameters;      // JSON, for the trail; "" where nothing is written of it
};

class Calls {
 public:
  // Ends the call when it is destroyed.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept : calls_(std::exchange(other.calls_, nullptr)), caller_(other.caller_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(calls_, other.calls_);
      std::swap(caller_, other.caller_);
      return *this;
    }
    ~Place() {
      if (calls_) calls_->calls_.erase(caller_);
    }

   private:
    friend class Calls;
    Place(Calls* calls, const Principal* caller) : calls_(calls), caller_(caller) {}

    Calls* calls_ = nullptr;
    const Principal* caller_ = nullptr;
  };

  // `caller` does not move as long as the place is held. Of a caller that has one already: that one is forgotten.
  [[nodiscard]] Place Begin(const Principal& caller, Call call) {
    calls_.insert_or_assign(&caller, std::move(call));
    return Place(this, &caller);
  }
  // nullptr: nothing is known.
  Call* Find(const Principal* caller) {
    const auto found = calls_.find(caller);
    return found == calls_.end() ? nullptr : &found->second;
  }
  const Call* Find(const Principal* caller) const { return const_cast<Calls*>(this)->Find(caller); }

 private:
  std::unordered_map<const Principal*, Call> calls_;
};

}  // namespace mayfly::identity
