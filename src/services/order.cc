#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "services/service.h"

namespace mayfly::services {
namespace {

// A walk through declarations, depth first: what one needs is taken before it.
class Walk {
 public:
  explicit Walk(const std::vector<Declaration>& declarations) : declarations_(declarations), states_(declarations.size()) {}

  Result<> NoteOffers() {
    for (size_t index = 0; index < declarations_.size(); ++index) {
      for (const PortId& port : declarations_[index].offers) {
        const auto [other, is_new] = offered_by_.emplace(port, index);
        if (!is_new) return Fail(Error::Fault(fmt::format("{} and {} offer the same port", declarations_[other->second].name, declarations_[index].name)));
      }
    }
    return {};
  }

  Result<> Take(size_t index) {
    State& state = states_[index];
    if (state == State::Taken) return {};
    path_.push_back(declarations_[index].name);
    if (state == State::OnPath) return Fail(Error::Fault(fmt::format("services need each other in a circle: {}", fmt::join(path_, " > "))));
    state = State::OnPath;
    for (const PortId& port : declarations_[index].needs) {
      const auto found = offered_by_.find(port);
      if (found == offered_by_.end()) {
        return Fail(Error::Fault(fmt::format("{} needs a port that no service offers: {} '{}'", declarations_[index].name, port.type.name(), port.name)));
      }
      MF_TRY_VOID(Take(found->second));
    }
    state = State::Taken;
    path_.pop_back();
    order_.push_back(index);
    return {};
  }

  std::vector<size_t> order() && { return std::move(order_); }

 private:
  enum class State : unsigned char { New, OnPath, Taken };

  const std::vector<Declaration>& declarations_;
  std::map<PortId, size_t> offered_by_;
  std::vector<State> states_;
  std::vector<std::string> path_;
  std::vector<size_t> order_;
};

}  // namespace

Result<std::vector<size_t>> Order(const std::vector<Declaration>& declarations) {
  Walk walk(declarations);
  MF_TRY_VOID(walk.NoteOffers());
  for (size_t index = 0; index < declarations.size(); ++index) MF_TRY_VOID(walk.Take(index));
  return std::move(walk).order();
}

}  // namespace mayfly::services
