// Settling: brings functions and versions from Pending to Active, from InProgress to Successful (or to Failed).
//
// One per daemon, on its strand. Each change of a function's code or configuration hands it over here once it is stored; a container
// image is brought first. Durable: what a crash interrupts is unsettled in the catalog, and Recover takes it up again.
// What comes between (a change of tags, of the policy, a delete) goes first.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/strand.h"
#include "base/task_scope.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class Settling {
 public:
  // All outlive this.
  struct Parts {
    Loop& loop;
    catalog::FunctionCatalog& catalog;
    FunctionImages& images;
    Revisions& revisions;
    Duration delay{};  // how long a new or updated function stays Pending or InProgress
  };
  explicit Settling(Parts parts) : parts_(parts), background_(parts.loop) {}

  // After the catalog has been opened: all that is unsettled.
  void Recover();
  // A function or version that has been stored Pending or InProgress.
  void Later(const catalog::Function& function);
  // Ends what is on its way; the next start does it.
  Task<> Stop();

 private:
  Task<> Settle(std::string row_key);

  Strand strand_;
  Parts parts_;
  TaskScope background_;
};

}  // namespace mayfly::lambda
