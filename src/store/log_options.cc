#include "store/log_options.h"

namespace mayfly::store {

OptionGroup OptionsOf(LogStoreOptions& logs) {
  OptionGroup group("Logs of functions");
  group.Mebibytes("log-group-max", logs.bytes_per_group_max, {1, 1'000'000}, "MiB of compressed log kept per log group");
  group.Mebibytes("log-max", logs.bytes_max, {1, 100'000'000}, "MiB of compressed log kept in all");
  return group;
}

}  // namespace mayfly::store
