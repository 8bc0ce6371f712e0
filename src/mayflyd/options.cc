#include "mayflyd/options.h"

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "mayflyd/command_line.h"

namespace mayfly::daemon {
namespace {

// --data-dir reads MAYFLY_DATA_DIR.
std::string VariableOf(std::string_view flag) {
  std::string name = "MAYFLY_";
  for (const char c : flag.substr(2)) name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

template <typename T>
CLI::Option* Add(CLI::App& app, const char* flag, T& value, const char* doc) {
  return app.add_option(flag, value, doc)->envname(VariableOf(flag))->capture_default_str();
}

}  // namespace

void AddRegistryOptions(CLI::App& app, Options& o) {
  Add(app, "--registry-mirror", o.registry_mirrors,
      "where images of a registry's host really come from: HOST=http(s)://HOST[:PORT][/PREFIX] or HOST=oci:PATH; '*' in HOST stands for letters");
  Add(app, "--registry-credentials", o.registry_credentials, "file with credentials for registries, as 'docker login' writes it");
}

void AddOptions(CLI::App& app, Options& o) {
  app.set_config("--config", "", "read settings from this file (lines of name = value, without the dashes)")->envname("MAYFLY_CONFIG");
  Add(app, "--listen", o.listen, "address and port of the API; port 0 picks a free one");
  Add(app, "--data-dir", o.data_dir, "where everything is kept");
  Add(app, "--auth", o.auth, "open: any credentials, only on a loopback address; strict: known access keys, checked signatures")
      ->check(CLI::IsMember({"open", "strict"}));
  Add(app, "--account-id", o.account_id, "account of callers whose access key names none")
      ->check([](const std::string& id) { return id.size() == 12 && IsNumber(id) ? "" : "12 digits"; });
  Add(app, "--region", o.region, "region of callers whose signature names none");
  Add(app, "--user", o.user, "system user that the daemon becomes when it was started as root");
  Add(app, "--runtime-match", o.runtime_match, "nearest: python3.14 runs on the nearest installed Python; strict: refuse without an exact one")
      ->check(CLI::IsMember({"nearest", "strict"}));
  Add(app, "--runtime-deprecation", o.runtime_deprecation,
      "enforce: refuse runtimes for new or changed functions from the day that AWS does; ignore: accept old ones")
      ->check(CLI::IsMember({"enforce", "ignore"}));
  Add(app, "--interpreter", o.interpreters, "a further interpreter as identifier=path, e.g. python3.13=/opt/python3.13/bin/python3.13");
  Add(app, "--isolation", o.isolation, "zygote: Python environments are forked from a trusted interpreter; exec: each boots its own")
      ->check(CLI::IsMember({"zygote", "exec"}));
  Add(app, "--account-concurrency", o.account_concurrency, "invocations at once per account and region")->check(CLI::Range(1, 1'000'000));
  Add(app, "--code-storage-max", o.code_storage_mib_max, "MiB of packages (functions, versions, layers) per account and region (AWS: 307,200)")
      ->check(CLI::Range(1, 1'000'000'000));
  Add(app, "--unreserved-concurrency-min", o.unreserved_concurrency_min,
      "concurrency that reserving must leave to functions without any (an account that has less can reserve nothing)")
      ->check(CLI::Range(0, 1'000'000));
  Add(app, "--requests-per-concurrency", o.requests_per_concurrency, "synchronous requests a second for each unit of concurrency; 0: no limit")
      ->check(CLI::Range(0, 1'000'000));
  Add(app, "--scaling-environments", o.scaling_environments, "new environments that a function may get in each --scaling-window")
      ->check(CLI::Range(1, 1'000'000));
  Add(app, "--scaling-window", o.scaling_window_seconds, "seconds in which they are refilled, continuously")->check(CLI::Range(0.001, 86400.0));
  Add(app, "--memory-max", o.memory_mib_max, "MiB that all environments together may use, as measured; 0: what the machine has")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 30));
  Add(app, "--memory-reserve", o.memory_reserve_mib, "MiB of the machine's memory that must stay available; -1: a tenth of it, 256 to 2,048")
      ->check(CLI::Range(int64_t{-1}, int64_t{1} << 30));
  Add(app, "--environments-max", o.environments_max, "execution environments on this machine; 0: one per 16 MiB of its memory, at most 2,000")
      ->check(CLI::Range(0, 30'000));
  Add(app, "--spare-cages", o.spare_cages, "sandboxes made ahead of use")->check(CLI::Range(0, 1'000));
  Add(app, "--async-retry-delays", o.async_retry_delays, "seconds, separated by commas, before an event is tried again that its function failed on (AWS: 60,120)")
      ->delimiter(',')
      ->check(CLI::Range(0.0, 86'400.0));
  Add(app, "--async-backoff-min", o.async_backoff_min_seconds, "seconds before an event or delivery that was throttled is tried again; doubled each time (AWS: 1)")
      ->check(CLI::Range(0.001, 3'600.0));
  Add(app, "--async-backoff-max", o.async_backoff_max_seconds, "seconds that this doubling ends at (AWS: 300)")->check(CLI::Range(0.001, 86'400.0));
  Add(app, "--async-event-age-max", o.async_event_age_max_seconds, "seconds after which an event is given up, whatever MaximumEventAgeInSeconds allows (AWS: 21600)")
      ->check(CLI::Range(0.1, 1e7));
  Add(app, "--async-concurrency", o.async_concurrency, "events at work at once, beyond one per function; 0: as --account-concurrency")
      ->check(CLI::Range(0, 1'000'000));
  Add(app, "--async-memory", o.async_memory_mib, "MiB of events that wait in memory; the others wait on disk")->check(CLI::Range(1, 65'536));
  Add(app, "--async-lease", o.async_lease_seconds, "seconds for which the daemon holds an event before others may take it")->check(CLI::Range(1.0, 86'400.0));
  Add(app, "--delivery-attempts", o.delivery_attempts, "how often a record or dead letter is sent to a target that fails")->check(CLI::Range(1, 1'000));
  Add(app, "--delivery-timeout", o.delivery_timeout_seconds, "seconds that a target may take for a record or dead letter")->check(CLI::Range(0.1, 900.0));
  Add(app, "--idle-timeout", o.idle_timeout_seconds, "seconds after which an idle environment ends")->check(CLI::Range(0.001, 1e6));
  Add(app, "--freeze-after", o.freeze_after_seconds, "seconds after which an idle environment gets no more CPU (AWS: at once)")
      ->check(CLI::Range(0.0, 1e6));
  Add(app, "--init-timeout", o.init_timeout_seconds, "seconds that the Init phase may take (AWS: 10)")->check(CLI::Range(0.01, 900.0));
  Add(app, "--credentials-valid", o.credentials_valid_seconds,
      "seconds for which credentials inside functions hold; an environment is renewed half an hour before their end, or at half their time")
      ->check(CLI::Range(1.0, 43200.0));
  Add(app, "--provisioned-init-timeout", o.provisioned_init_timeout_seconds,
      "seconds that Init may take with provisioned concurrency; the function's timeout, if that is longer (AWS: 130)")
      ->check(CLI::Range(0.01, 900.0));
  Add(app, "--scaling-period", o.scaling_period_seconds, "seconds between two looks of Application Auto Scaling (AWS: 60)")->check(CLI::Range(0.01, 3600.0));
  Add(app, "--cpu-limit", o.cpu_limit, "proportional: one CPU per 1,769 MB of function memory, as AWS; off: no limit")
      ->check(CLI::IsMember({"proportional", "off"}));
  Add(app, "--update-delay", o.update_delay_seconds, "seconds for which a new or updated function stays Pending or InProgress (AWS: some)")
      ->check(CLI::Range(0.0, 600.0));
  Add(app, "--control-plane-rate", o.control_plane_rate,
      "API calls per second and account (AWS: 15; GetFunction 100) beyond which they are throttled; invocations do not count; 0: no limit")
      ->check(CLI::Range(0.0, 1e6));
  Add(app, "--organization", o.organizations, "accounts that aws:PrincipalOrgID in policies means, as o-ID=ACCOUNT,ACCOUNT");
  Add(app, "--mapping-concurrency", o.mapping_concurrency, "batches of one queue that run at once, for mappings without a limit of their own")
      ->check(CLI::Range(1, 100'000));
  Add(app, "--mapping-growth", o.mapping_growth_per_minute,
      "batches of one queue by which this grows per minute, from 5 on, while messages are waiting (AWS: 300)")
      ->check(CLI::Range(1.0, 1e9));
  Add(app, "--drain", o.drain_seconds, "seconds that running requests get when the daemon is asked to end")->check(CLI::Range(0.0, 900.0));
  Add(app, "--log-group-max", o.log_group_mib_max, "MiB of compressed log kept per log group")->check(CLI::Range(1, 1'000'000));
  Add(app, "--log-max", o.log_mib_max, "MiB of compressed log kept in all")->check(CLI::Range(1, 100'000'000));
  Add(app, "--function-log-rate", o.function_log_kib_per_second, "KiB of output per second kept of each environment; more is dropped and counted")
      ->check(CLI::Range(1, 1'000'000));
  Add(app, "--streamed-response-max", o.streamed_response_mib_max, "MiB that a function may stream in one answer")->check(CLI::Range(1, 1'000'000));
  Add(app, "--stream-rate", o.stream_kib_per_second,
      "KiB per second of a streamed answer behind its first 6 MiB; 0: as fast as the client reads (AWS: 2048)")
      ->check(CLI::Range(0, 100'000'000));
  Add(app, "--url-domain", o.url_domain, "function URLs are ID.lambda-url.REGION below this domain; https://DOMAIN[:PORT] when a proxy stands before");
  Add(app, "--s3-directory", o.s3_directory, "folder of buckets that S3Bucket and S3Key name: FOLDER/BUCKET/KEY (default: buckets in the data directory)");
  Add(app, "--s3-endpoint", o.s3_endpoint, "S3-compatible service to take packages from instead: http(s)://HOST:PORT");
  Add(app, "--s3-region", o.s3_region, "region in signatures for --s3-endpoint (default: the caller's)");
  Add(app, "--s3-access-key-id", o.s3_access_key_id, "access key for --s3-endpoint; without one it is asked anonymously");
  Add(app, "--s3-secret-access-key-file", o.s3_secret_access_key_file, "file that holds the secret of --s3-access-key-id");
  Add(app, "--image-directory", o.image_directory, "folder of container images for oci:, oci-archive: and docker-archive: (default: images in the data directory)");
  AddRegistryOptions(app, o);
  Add(app, "--file-system", o.file_systems, "a directory that functions may mount: ACCESS-POINT-ARN=/directory[,uid=N][,gid=N][,ro]");
  Add(app, "--tls-certificate", o.tls_certificate, "PEM certificate chain; with --tls-key the API speaks HTTPS");
  Add(app, "--tls-key", o.tls_key, "PEM private key");
  Add(app, "--log-level", o.log_level, "debug, info, warning or error")->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  for (const services::Declaration& service : o.services) {
    for (const OptionGroup& group : service.options) AddOptions(app, group);
  }
}

}  // namespace mayfly::daemon
