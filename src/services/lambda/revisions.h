// Revisions: what a change does to a function besides what the client asked for: its revision id, its time of change, its states.
//
// One per daemon, on its strand. Works on copies that the caller is about to store; stores nothing itself.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class Revisions {
 public:
  // Both outlive this.
  Revisions(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  // --- a client's change begins ---
  // A function that comes to be: Pending, with content of its own.
  void MarkCreated(catalog::Function& function);
  // It serves from now on what it is now: InProgress, with new content.
  void MarkUpdating(catalog::Function& function);
  // A version that has to wait for its code as well.
  void MarkPending(catalog::Function& version);
  // The next version of `latest`, which is told its number and has another revision id from now on. The version has one of its own,
  // which its becoming Active does not change. It is as ready as `latest` is.
  catalog::Function MakeVersion(catalog::Function& latest, const std::optional<std::string>& description);

  // --- it ends (Settling) ---
  // Active, and the update, if it was one, Successful; an image that was waited for is in use.
  void MarkSettled(catalog::Function& function);
  // A new function is Failed for good; of an update, what served before goes on serving. `code`: of StateReasonCode.
  struct Failure {
    std::string code;
    std::string reason;
  };
  void MarkFailed(catalog::Function& function, const Failure& failure);

 private:
  void Touch(catalog::Function& function);

  const Clock& clock_;
  Random& random_;
};

// The published version that has the same code and configuration as `latest`, if it is the newest one.
catalog::FunctionPointer PublishedAs(const catalog::FunctionCatalog& catalog, const catalog::Function& latest);

}  // namespace mayfly::lambda
