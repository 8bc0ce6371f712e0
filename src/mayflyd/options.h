// Every setting of the daemon: one table (options.cc) with names, defaults and bounds, read from flags, MAYFLY_* variables
// and a configuration file (in this order of precedence).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "mayflyd/services.h"

namespace CLI {
class App;
}

namespace mayfly::daemon {

struct Options {
  std::string listen = "127.0.0.1:4566";
  std::string data_dir = "/var/lib/mayfly";
  std::string auth = "open";           // open | strict
  std::string account_id = "000000000000";
  std::string region = "us-east-1";
  std::string user = "mayfly";         // whom the daemon becomes when started as root
  std::string runtime_match = "nearest";  // nearest | strict
  std::string runtime_deprecation = "enforce";  // enforce | ignore
  std::string isolation = "zygote";    // zygote | exec
  std::vector<std::string> interpreters;  // python3.13=/opt/python3.13/bin/python3.13
  std::vector<std::string> organizations;  // o-a1b2c3d4e5=111122223333,444455556666
  std::string log_level = "info";
  std::string url_domain = "localhost";  // function URLs: [SCHEME://]DOMAIN[:PORT]
  std::string tls_certificate;
  std::string tls_key;
  std::string s3_directory;            // "": DATA/buckets
  std::string s3_endpoint;             // "": s3_directory
  std::string s3_region;
  std::string s3_access_key_id;
  std::string s3_secret_access_key_file;
  std::string image_directory;         // "": DATA/images
  std::vector<std::string> registry_mirrors;  // HOST=TARGET
  std::string registry_credentials;    // file as docker login writes it
  std::vector<std::string> file_systems;      // ARN=/directory[,uid=N][,gid=N][,ro]
  int account_concurrency = 1000;
  int64_t code_storage_mib_max = 300 << 10;
  int unreserved_concurrency_min = 100;
  int requests_per_concurrency = 10;
  int scaling_environments = 1000;
  double scaling_window_seconds = 10;
  int environments_max = 0;            // 0: from the machine's memory
  int64_t memory_mib_max = 0;          // 0: none of its own
  int64_t memory_reserve_mib = -1;     // -1: from the machine's memory
  int spare_cages = 4;
  std::vector<double> async_retry_delays = {60, 120};
  double async_backoff_min_seconds = 1;
  double async_backoff_max_seconds = 300;
  double async_event_age_max_seconds = 21600;
  int async_concurrency = 0;           // 0: account_concurrency
  int async_memory_mib = 64;
  double async_lease_seconds = 1800;
  int delivery_attempts = 5;
  double delivery_timeout_seconds = 30;
  double idle_timeout_seconds = 600;
  double freeze_after_seconds = 0.1;
  double init_timeout_seconds = 10;
  double credentials_valid_seconds = 43200;
  double provisioned_init_timeout_seconds = 130;
  double scaling_period_seconds = 60;
  double drain_seconds = 30;
  std::string cpu_limit = "proportional";  // proportional | off
  double update_delay_seconds = 0;
  double control_plane_rate = 0;       // 0: no limit
  int mapping_concurrency = 1250;
  double mapping_growth_per_minute = 60'000;
  int64_t log_group_mib_max = 64;
  int64_t log_mib_max = 4096;
  int64_t function_log_kib_per_second = 4096;
  int64_t streamed_response_mib_max = 200;
  int64_t stream_kib_per_second = 0;   // 0: as fast as it goes
  std::vector<services::Declaration> services = DeclareServices();
};

// An option that is told in seconds.
inline Duration Seconds(double seconds) { return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)); }

// Adds the table to a command. `options` outlives the parsing.
void AddOptions(CLI::App& app, Options& options);
// Those of it that say where images come from.
void AddRegistryOptions(CLI::App& app, Options& options);

}  // namespace mayfly::daemon
