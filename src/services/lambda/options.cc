#include "services/lambda/premises.h"

namespace mayfly::lambda {

std::vector<OptionGroup> OptionsOf(Settings& settings) {
  OptionGroup api("AWS Lambda");
  api.Mebibytes("code-storage-max", settings.code_storage_bytes_max, {1, 1'000'000'000},
                "MiB of packages (functions, versions, layers) per account and region (AWS: 307,200)");
  api.Number("unreserved-concurrency-min", settings.unreserved_concurrency_min, {0, 1'000'000},
             "concurrency that reserving must leave to functions without any (an account that has less can reserve nothing)");
  api.Seconds("update-delay", settings.update_delay, {0.0, 600.0},
              "seconds for which a new or updated function stays Pending or InProgress (AWS: some; 0: until it is looked at)");
  api.Number("control-plane-rate", settings.control_plane_rate, {0.0, 1e6},
             "API calls per second and account (AWS: 15; GetFunction 100) beyond which they are throttled; invocations do not count; 0: no limit");
  return {std::move(api),
          invoke::OptionsOf(settings.invoke),
          invoke::EventOptionsOf(settings.invoke),
          sources::OptionsOf(settings.pollers),
          runtime::OptionsOf(settings.runtime),
          catalog::OptionsOf(settings.catalog),
          packages::OptionsOf(settings.packages),
          images::OptionsOf(settings.images)};
}

}  // namespace mayfly::lambda
