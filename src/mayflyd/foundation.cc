#include "mayflyd/foundation.h"

#include "base/log.h"
#include "keyring/keyring.h"
#include "keyring/sealing_store.h"

namespace mayfly::daemon {
namespace {

// Whose rows hold secrets as they were given: environment variables, what connections show to those whom they call, access keys.
constexpr const char* kSealedTables[] = {"functions", "versions", "event_connections", "iam-access-keys"};

void LogFaults(Context& ctx, const wire::Operation* operation, int status, const Error* error) {
  if (!error || error->kind != Error::Kind::Fault) return;
  log::Error("{} {} answered {}: {}", ctx.request_id, operation ? operation->name : "-", status, error->ToString());
}

}  // namespace

Result<> Foundation::Open(const Options& options, const std::string& data_path) {
  MF_TRY(store, store::OpenSqliteStore(calendar, {.path = data_path + "/control.db"}));
  store::LogStoreOptions log_options = options.logs;
  log_options.directory = data_path + "/logs";
  MF_TRY(logs, store::LogStore::Open(loop, std::move(log_options)));
  const identity::AuthenticatorOptions& callers = options.identity.authenticator;
  MF_TRY(keys, identity::AccessKeys::Open(data_path + "/access-keys.json", callers.mode, callers.default_account_id, random));
  if (callers.mode == identity::AuthMode::Strict) {
    log::Info("strict mode: the access keys, a first one included, are in {}/access-keys.json", options.data_dir);
  }
  MF_TRY(sessions, identity::SessionKeys::Load(data_path + "/session-key", random));
  MF_TRY(event_store, store::OpenSqliteStore(calendar, {.path = data_path + "/events.db"}));
  deliveries = std::make_unique<delivery::DeliveryWorker>(calendar, targets, delivery::CompleteDeliveries(options.lanes));
  const bool only_internet = options.lanes.reach == delivery::ReachOption::Internet ||
                             (options.lanes.reach == delivery::ReachOption::Auto && callers.mode == identity::AuthMode::Strict);
  reach = only_internet ? http::Reach::Internet : http::Reach::Anything;
  authenticator = std::make_unique<identity::Authenticator>(callers, *keys, *sessions, loop);
  MF_TRY_VOID(decisions.Open(data_path + "/decisions.jsonl"));
  MF_TRY_VOID(trail.Open(data_path + "/trail"));
  enforcement = std::make_unique<identity::Enforcement>(identity::IamModeOf(options.identity), calls, decisions, calendar);
  decisions_page = std::make_unique<services::DecisionsPage>(decisions, *enforcement);
  desk = std::make_unique<services::CallDesk>(calls, *enforcement, trail, calendar, random);
  return {};
}

Task<Result<>> Foundation::OpenKeyring(Context& ctx, const std::string& data_path, std::shared_ptr<keyring::SecretBytes> passphrase) {
  keyring::SecretBytes given = passphrase ? std::move(*passphrase) : keyring::SecretBytes();
  MF_CO_TRY(keyring, co_await keyring::Keyring::Open(ctx, data_path + "/master-key", std::move(given), *store));
  sealed_store = keyring::SealParts(*store, *keyring, {.tables = {std::begin(kSealedTables), std::end(kSealedTables)}, .queues = nullptr});
  co_return Result<>();
}

std::unique_ptr<delivery::DurableLanes> Foundation::MakeLanes(const Options& options) {
  const invoke::InvokeOptions& invoke = options.lambda.settings.invoke;
  auto lanes = std::make_unique<delivery::DurableLanes>(
      calendar, *event_store, random, delivery::CompleteLanes(options.lanes, invoke.admission.account_concurrency, invoke.dispatch.retry_delays));
  lanes->AddWorker(std::string(delivery::kDeliveryLanes), *deliveries);
  lanes->AddWorker(std::string(delivery::kOrderedDeliveryLanes), *deliveries, delivery::DurableLanes::Order::InOrder);
  return lanes;
}

void Foundation::BindPolicies(const services::Ports& ports) {
  const auto policies = ports.All<identity::PrincipalPolicies>();
  const auto trust = ports.All<identity::RoleTrust>();
  enforcement->Bind(policies.empty() ? nullptr : policies.front().second, trust.empty() ? nullptr : trust.front().second);
}

services::Commons Foundation::MakeCommons(const std::string& data_path, const std::string& origin, delivery::DurableLanes& lanes) {
  return {.loop = &loop, .calendar = &calendar, .random = &random, .files = &files, .store = sealed_store.get(), .keyring = keyring.get(), .logs = logs.get(), .metrics = &metrics, .traces = &traces,
          .targets = &targets, .directory = &directory, .lanes = &lanes, .deliveries = deliveries.get(), .identities = enforcement.get(), .keys = keys.get(), .sessions = sessions.get(), .mode = authenticator->mode(), .observer = desk->Watch(LogFaults), .trail = &trail, .reach = reach,
          .data_path = data_path, .origin = origin};
}

}  // namespace mayfly::daemon
