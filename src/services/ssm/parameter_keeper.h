// ParameterKeeper: what policies do with parameters at times of the calendar, and what the default bus of their account hears of parameters.
//
// A policy that is due acts once: a parameter expires, with all versions, or an event tells. Events are owed (delivery/owed_delivery.h) when the
// change has been made: a daemon that is killed between the two has told nobody. What was due while the daemon did not run happens at its
// start. One per daemon, on the strand of the tables.
#pragma once

#include "base/due_times.h"
#include "base/random.h"
#include "base/task_scope.h"
#include "delivery/delivery_worker.h"
#include "delivery/durable_lanes.h"
#include "services/ssm/parameter_policies.h"
#include "services/ssm/parameters.h"

namespace mayfly::ssm {

class ParameterKeeper final : public delivery::Sender {
 public:
  // All outlive it. Before `parameters` are opened.
  ParameterKeeper(Loop& calendar, Parameters& parameters, delivery::DurableLanes& lanes, Random& random);

  void Start();
  Task<> Stop();

  // Tells the bus of a change: "Create", "Update", "Delete", "LabelParameterVersion". Durable when it returns; a fault is logged.
  Task<> Tell(Context& ctx, std::string_view operation, const ParameterRow& parameter);

  void OnGivenUp(const delivery::OwedDelivery&) override {}  // the worker's log tells

 private:
  void Follow(const std::string& key, const ParameterRow* row);
  Task<> WhenDue(std::string key);
  Task<Result<>> Act(Context& ctx, const ParameterRow& parameter);
  Task<Result<>> Owe(Context& ctx, const ParameterRow& parameter, std::string_view detail_type, std::string detail);

  Loop* calendar_;
  Parameters* parameters_;
  delivery::DurableLanes* lanes_;
  Random* random_;
  bool is_running_ = false;
  DueTimes due_;
  TaskScope tasks_;
};

// The sender by whose name events are owed.
inline constexpr std::string_view kParameterSender = "ssm-parameter";

// The newest version's, as they are kept; none that cannot be read.
std::vector<ParameterPolicy> PoliciesOf(const VersionRow& version);

}  // namespace mayfly::ssm
