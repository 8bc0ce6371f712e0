#include "invoke/invoke_options.h"

namespace mayfly::invoke {

OptionGroup OptionsOf(InvokeOptions& invoke) {
  OptionGroup group("Invocation");
  group.Number("account-concurrency", invoke.admission.account_concurrency, {1, 1'000'000}, "invocations at once per account and region");
  group.Number("requests-per-concurrency", invoke.admission.requests_per_concurrency, {0, 1'000'000},
               "synchronous requests a second for each unit of concurrency; 0: no limit");
  group.Number("scaling-environments", invoke.admission.starts_max, {1, 1'000'000}, "new environments that a function may get in each --scaling-window");
  group.Seconds("scaling-window", invoke.admission.starts_window, {0.001, 86400.0}, "seconds in which they are refilled, continuously");
  group.Choice("isolation", invoke.spec.isolation, {{"zygote", Isolation::Zygote}, {"exec", Isolation::Exec}},
               "zygote: Python environments are forked from a trusted interpreter; exec: each boots its own");
  group.Choice("zygotes", invoke.spec.zygotes, {{"shared", ZygoteSharing::Shared}, {"account", ZygoteSharing::Account}},
               "shared: one interpreter of a version forks the environments of all accounts; account: each account's functions are forked from its own");
  group.Number("processors", invoke.spec.processors, {kProcessorsAsOnAws, 1024},
               "processors that a function is shown and runs on; -1: as on AWS by its memory, 0: the machine's");
  group.Seconds("provisioned-init-timeout", invoke.spec.provisioned_init_timeout, {0.01, 900.0},
                "seconds that Init may take with provisioned concurrency; the function's timeout, if that is longer (AWS: 130)");
  return group;
}

OptionGroup EventOptionsOf(InvokeOptions& invoke) {
  OptionGroup group("Asynchronous invocation");
  group.ManySeconds("async-retry-delays", invoke.dispatch.retry_delays, {0.0, 86'400.0},
                    "seconds, separated by commas, before an event is tried again that its function failed on (AWS: 60,120)");
  group.Seconds("async-event-age-max", invoke.dispatch.event_age_max, {0.1, 1e7},
                "seconds after which an event is given up, whatever MaximumEventAgeInSeconds allows (AWS: 21600)");
  return group;
}

}  // namespace mayfly::invoke
