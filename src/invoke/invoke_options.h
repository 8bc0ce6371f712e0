// Options of invocations: how many at once, in what, how events are retried.
#pragma once

#include "base/option.h"
#include "invoke/admission.h"
#include "invoke/environment_spec.h"
#include "invoke/event_dispatcher.h"

namespace mayfly::invoke {

struct InvokeOptions {
  AdmissionOptions admission;
  SpecOptions spec;
  DispatchOptions dispatch;  // its back-off is that of the lanes
};
OptionGroup OptionsOf(InvokeOptions& invoke);
OptionGroup EventOptionsOf(InvokeOptions& invoke);

}  // namespace mayfly::invoke
