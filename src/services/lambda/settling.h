// Settling: brings functions and versions from Pending to Active, from InProgress to Successful (or to Failed).
//
// One per daemon, on its strand. Each change of a function's code or configuration hands it over here once it is stored; a container
// image is brought first. Durable: what a crash interrupts is unsettled in the catalog, and Recover takes it up again.
// What comes between (a change of tags, of the policy, a delete) goes first.
//
// A change without work of its own is done within milliseconds, sooner than any client comes back. It rests nevertheless until
// somebody looks at the function (Look) or kRest is over: so a second change that does not wait for the first one conflicts, as on
// AWS, and a waiter's first question finds the change done.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/event.h"
#include "base/strand.h"
#include "base/task_scope.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class Settling {
 public:
  static constexpr Duration kRest = std::chrono::milliseconds(200);

  // All outlive this.
  struct Parts {
    Loop& loop;
    catalog::FunctionCatalog& catalog;
    FunctionImages& images;
    Revisions& revisions;
    Duration delay{};  // how long a new or updated function stays Pending or InProgress, whoever looks; 0: kRest at most
  };
  explicit Settling(Parts parts) : parts_(parts), background_(parts.loop) {}

  // After the catalog has been opened: all that is unsettled.
  void Recover();
  // A function or version that has been stored Pending or InProgress.
  void Later(const catalog::Function& function);
  // Somebody looks at it: what only rests is settled when this returns, and `function` is what it is then (or stays what it was, if
  // it has gone). Costs nothing for what is settled. Not an error: ctx ends; `function` may then be unsettled still.
  Task<> Look(Context& ctx, catalog::FunctionPointer& function);
  // Ends what is on its way; the next start does it.
  Task<> Stop();

 private:
  // A change whose work is done.
  struct Resting {
    explicit Resting(Loop& loop) : seen(loop), over(loop) {}
    Event seen;  // somebody looks
    Event over;  // it is settled, or has gone
  };
  enum class Rest : unsigned char { No, Yes };

  class Place;

  // The change that gave the row its content; whatever the row holds, if `content_id` is "".
  Task<> Settle(std::string row_key, std::string content_id, Rest rest);

  Strand strand_;
  Parts parts_;
  std::unordered_map<std::string, std::shared_ptr<Resting>> resting_;  // by row: its latest change
  TaskScope background_;
};

}  // namespace mayfly::lambda
