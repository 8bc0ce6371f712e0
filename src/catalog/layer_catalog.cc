#include "catalog/layer_catalog.h"

#include <fmt/format.h>

#include "resources/edit.h"

namespace mayfly::catalog {
namespace {

constexpr size_t kOpenSlice = 1000;

}  // namespace

LayerCatalog::LayerCatalog(Tables& tables) : tables_(&tables) {
  tables_->layer_versions.OnChange([this](const std::string&, const LayerVersionPointer& old_state, const LayerVersionPointer& new_state) {
    if (old_state) Count(*old_state, -1);
    if (new_state) Count(*new_state, +1);
  });
}

void LayerCatalog::Open() {
  strand_.Check();
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
  const auto bytes = code_bytes_.try_emplace(fmt::format("{}/{}", version.name.layer.account_id, version.name.layer.region)).first;
  bytes->second += sign * version.code_bytes;
  MF_ASSERT(bytes->second >= 0);
  if (bytes->second == 0) code_bytes_.erase(bytes);
}

int64_t LayerCatalog::CodeBytesOf(std::string_view account_id, std::string_view region) const {
  strand_.Check();
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
  const std::string key = version.name.layer.Key();
  const auto publish = [&](resources::Change& change, const std::shared_ptr<const Layer>& layer) -> Result<> {
    version.name.number = (layer ? layer->last_version : 0) + 1;
    MF_TRY_VOID(change.Put(tables_->layers, key, Layer{version.name.layer, version.name.number}));
    return change.Create(tables_->layer_versions, version.name.Key(), version);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, tables_->layers, key, publish));
  co_return std::make_shared<const LayerVersion>(std::move(version));
}

Task<Result<>> LayerCatalog::Delete(Context& ctx, const LayerVersionName& name) {
  const std::string key = name.Key();
  const auto remove = [&](resources::Change& change, const LayerVersionPointer& version) -> Result<> {
    return version ? change.Delete(tables_->layer_versions, key, version) : Result<>();
  };
  co_return co_await resources::EditWith(ctx, tables_->layer_versions, key, remove);
}

}  // namespace mayfly::catalog
