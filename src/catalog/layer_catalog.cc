#include "catalog/layer_catalog.h"

#include <fmt/format.h>

#include "base/event.h"

namespace mayfly::catalog {
namespace {

constexpr size_t kOpenSlice = 1000;
// Two publishers of one layer, or a publisher and a deleter of one version, take turns: a commit takes milliseconds.
constexpr int kAttemptsMax = 1000;
constexpr Duration kRetryAfter = std::chrono::milliseconds(2);

bool IsConflict(const Result<>& result) { return !result && result.error().IsService("ResourceConflictException"); }

}  // namespace

LayerCatalog::LayerCatalog(Tables& tables) : tables_(&tables) {
  tables_->layer_versions.OnChange([this](const std::string&, const LayerVersionPointer& old_state, const LayerVersionPointer& new_state) {
    if (old_state) Count(*old_state, -1);
    if (new_state) Count(*new_state, +1);
  });
}

void LayerCatalog::Open() {
  std::string after;
  for (;;) {
    const auto slice = tables_->layer_versions.List("", after, kOpenSlice);
    for (const auto& row : slice) Count(*row.value, +1);
    if (slice.size() < kOpenSlice) return;
    after = slice.back().key;
  }
}

void LayerCatalog::Count(const LayerVersion& version, int sign) {
  uses_.Count(version.code_sha256, sign);
  code_bytes_[fmt::format("{}/{}", version.name.layer.account_id, version.name.layer.region)] += sign * version.code_bytes;
}

int64_t LayerCatalog::CodeBytesOf(std::string_view account_id, std::string_view region) const {
  const auto found = code_bytes_.find(fmt::format("{}/{}", account_id, region));
  return found == code_bytes_.end() ? 0 : found->second;
}

int64_t LayerCatalog::LastNumber(const LayerName& layer) const {
  const auto found = tables_->layers.Find(layer.Key());
  return found ? found->last_version : 0;
}

std::vector<LayerVersionPointer> LayerCatalog::Versions(const LayerName& layer, int64_t before, size_t limit, const Filter& wanted) const {
  std::vector<LayerVersionPointer> found;
  for (int64_t number = std::min(before - 1, LastNumber(layer)); number > 0 && found.size() < limit; --number) {
    LayerVersionPointer version = Find({layer, number});
    if (version && wanted(*version)) found.push_back(std::move(version));
  }
  return found;
}

Task<Result<LayerVersionPointer>> LayerCatalog::Publish(Context& ctx, LayerVersion version) {
  const LayerName layer = version.name.layer;
  for (int attempt = 1;; ++attempt) {
    version.name.number = LastNumber(layer) + 1;
    resources::Change change(tables_->all);
    auto done = change.Put(tables_->layers, layer.Key(), Layer{layer, version.name.number});
    if (done) done = change.Create(tables_->layer_versions, version.name.Key(), version);
    if (done) done = co_await change.Commit(ctx);
    if (done) co_return std::make_shared<const LayerVersion>(std::move(version));
    if (!IsConflict(done) || attempt == kAttemptsMax) co_return Fail(std::move(done).error());
    MF_CO_TRY_VOID(co_await Sleep(ctx, kRetryAfter));
  }
}

Task<Result<>> LayerCatalog::Delete(Context& ctx, const LayerVersionName& name) {
  for (int attempt = 1;; ++attempt) {
    const LayerVersionPointer version = Find(name);
    if (!version) co_return Result<>();
    resources::Change change(tables_->all);
    auto done = change.Delete(tables_->layer_versions, name.Key(), version);
    if (const auto policy = tables_->layer_policies.Find(name.Key()); done && policy) done = change.Delete(tables_->layer_policies, name.Key(), policy);
    if (done) done = co_await change.Commit(ctx);
    if (!IsConflict(done) || attempt == kAttemptsMax) co_return done;
    MF_CO_TRY_VOID(co_await Sleep(ctx, kRetryAfter));
  }
}

}  // namespace mayfly::catalog
