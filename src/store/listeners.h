// Listeners by name, for watches of tables and followers of logs. One strand.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly::store {

// A listener may add and remove listeners, itself too; one that was removed is not called any more, and one that was added
// is called from the next event on. What Add returns may outlive the Listeners.
template <typename... Args>
class Listeners {
 public:
  using Function = std::function<void(Args...)>;
  using Snapshot = std::vector<std::weak_ptr<Function>>;

  [[nodiscard]] std::shared_ptr<void> Add(std::string_view name, Function function) {
    MF_ASSERT(function != nullptr);
    auto listener = std::make_shared<Function>(std::move(function));
    auto& list = by_name_[std::string(name)];
    std::erase_if(list, [](const auto& entry) { return entry.expired(); });
    list.push_back(listener);
    return listener;
  }

  // Those that listen to `name` now.
  Snapshot Of(std::string_view name) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return {};
    std::erase_if(found->second, [](const auto& entry) { return entry.expired(); });
    if (!found->second.empty()) return found->second;
    by_name_.erase(found);
    return {};
  }

  static void Call(const Snapshot& snapshot, Args... args) {
    for (const auto& entry : snapshot) {
      // The owner may let go of the listener while it runs: `function` keeps it until it returns.
      if (auto function = entry.lock()) (*function)(args...);
    }
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, list] : by_name_) names.push_back(name);
    return names;
  }
  bool empty() const { return by_name_.empty(); }

 private:
  std::map<std::string, Snapshot, std::less<>> by_name_;
};

}  // namespace mayfly::store
