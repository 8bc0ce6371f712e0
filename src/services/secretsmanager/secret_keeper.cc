#include "services/secretsmanager/secret_keeper.h"

#include <algorithm>
#include <span>

#include "base/log.h"
#include "services/secretsmanager/rotation_rules.h"

namespace mayfly::secretsmanager {
namespace {

constexpr std::string_view kSteps[] = {"createSecret", "setSecret", "testSecret", "finishSecret"};
constexpr std::string_view kTest[] = {"testSecret"};
constexpr std::chrono::minutes kKeepAgain{1};  // after a fault of the store

bool HasRotated(const SecretRow& secret) {
  const SecretVersion* current = secret.FindStage(kCurrent);
  return current && current->id == secret.rotation.running_version;
}

// The version that a rotation began with, when nothing came of it.
void DropEmptyVersion(SecretRow& secret, const std::string& id) {
  std::erase_if(secret.versions, [&](const SecretVersion& version) { return version.id == id && !version.has_value; });
}

}  // namespace

SecretKeeper::SecretKeeper(Loop& calendar, Loop& loop, Secrets& secrets, const RotationFunction& function)
    : calendar_(&calendar), loop_(&loop), secrets_(&secrets), function_(&function),
      due_(calendar, [this](const std::string& key, WallTime) { tasks_.Spawn(WhenDue(key)); }), tasks_(loop) {
  secrets.tables().secrets.OnChange([this](const std::string& key, const auto&, const auto& row) { Follow(key, row.get()); });
}

void SecretKeeper::Start() {
  is_running_ = true;
  for (const auto& row : secrets_->tables().secrets.List("", "", SIZE_MAX)) {
    Follow(row.key, row.value.get());
    if (!row.value->rotation.running_version.empty()) Rotate(row.key);
  }
  due_.Start();
}

Task<> SecretKeeper::Stop() {
  is_running_ = false;
  due_.Stop();
  tasks_.Stop();
  co_await tasks_.Join();
}

void SecretKeeper::Follow(const std::string& key, const SecretRow* row) {
  due_.Forget(key);
  if (!is_running_ || !row) return;
  const int64_t due = row->is_deleted() ? row->purge_millis : row->rotation.next_millis;
  if (due > 0) due_.Plan(key, WallTime(std::chrono::milliseconds(due)));
}

void SecretKeeper::Begin(SecretRow& secret, const std::string& version_id, int64_t now_millis) {
  if (!secret.FindVersion(version_id)) secret.versions.push_back({.id = version_id, .stages = {std::string(kPending)}, .created_millis = now_millis});
  secret.rotation.running_version = version_id;
}

Task<> SecretKeeper::WhenDue(std::string key) {
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  const SecretPointer row = secrets_->tables().secrets.Find(key);
  if (!row) co_return;
  Result<> done;
  if (row->is_deleted()) {
    done = co_await secrets_->Remove(ctx, key);
  } else {
    done = co_await secrets_->Edit(ctx, key, [&](resources::Change&, SecretRow& secret) -> Result<> {
      const SecretVersion* pending = secret.FindStage(kPending);
      const bool is_left = pending && !pending->Has(kCurrent);
      if (secret.rotation.running_version.empty()) Begin(secret, is_left ? pending->id : secrets_->NewId(), secrets_->NowMillis());
      const auto next = NextRotation(secret.rotation, calendar_->WallNow());
      secret.rotation.next_millis = next ? ToEpochMillis(*next) : 0;
      return {};
    });
    if (done) co_await Run(key);
  }
  if (done || !is_running_ || !secrets_->tables().secrets.Find(key)) co_return;
  log::Error("secret {} has not been changed in time and will be tried again: {}", row->Arn(), done.error().ToString());
  due_.Plan(key, calendar_->WallNow() + kKeepAgain);
}

Task<Result<>> SecretKeeper::CallSteps(Context& ctx, const std::string& key) {
  const SecretPointer begun = secrets_->tables().secrets.Find(key);
  if (!begun) co_return Fail(NoSecret());
  const std::string version_id = begun->rotation.running_version;
  const std::span<const std::string_view> steps = begun->rotation.tests_only ? std::span<const std::string_view>(kTest) : std::span<const std::string_view>(kSteps);
  for (const std::string_view step : steps) {
    const SecretPointer row = secrets_->tables().secrets.Find(key);
    if (!row || row->is_deleted() || row->rotation.running_version != version_id) co_return Fail(Error::Cancelled());
    auto called = co_await function_->Call(ctx, *row, step, version_id);
    if (!called) co_return Fail(std::move(called).error().Wrap(step));
  }
  const SecretPointer row = secrets_->tables().secrets.Find(key);
  if (begun->rotation.tests_only || (row && HasRotated(*row))) co_return Result<>();
  co_return Fail(Error::Service("FunctionError", "finishSecret has not moved AWSCURRENT to the new version"));
}

Task<Result<>> SecretKeeper::End(Context& ctx, const std::string& key, bool succeeded) {
  return secrets_->Edit(ctx, key, [this, succeeded](resources::Change&, SecretRow& secret) -> Result<> {
    RotationPlan& plan = secret.rotation;
    SecretVersion* version = secret.FindVersion(plan.running_version);
    if (succeeded && version) std::erase(version->stages, kPending);
    if (plan.tests_only) DropEmptyVersion(secret, plan.running_version);
    if (succeeded && !plan.tests_only) plan.last_millis = secrets_->NowMillis();
    plan.running_version.clear();
    plan.tests_only = false;
    return {};
  });
}

Task<> SecretKeeper::Run(std::string key) {
  const SecretPointer row = secrets_->tables().secrets.Find(key);
  if (!row || row->rotation.running_version.empty() || !rotating_.insert(key).second) co_return;
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  ctx.principal.account_id = row->name.account_id;
  ctx.principal.region = row->name.region;
  const auto rotated = co_await CallSteps(ctx, key);
  rotating_.erase(key);
  if (!is_running_) co_return;  // goes on at the next start
  if (!rotated) log::Warning("secret {} has not been rotated: {}", row->Arn(), rotated.error().ToString());
  const auto ended = co_await End(ctx, key, rotated.has_value());
  if (!ended && secrets_->tables().secrets.Find(key)) log::Error("the end of a rotation of {} has not been kept: {}", row->Arn(), ended.error().ToString());
}

}  // namespace mayfly::secretsmanager
