// LayerCatalog: which layers exist, with their versions.
//
// The rules of layers on top of Tables (tables.h), which hold them. One per daemon, one strand. A change is durable when its
// task completes, and visible to all readers from that moment. Functions keep what they need of a layer version
// (LayerUse), so they go on when it is deleted.
//
// Promises: a number is given once, also after its version was deleted and after a crash.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/context.h"
#include "base/strand.h"
#include "packages/package_uses.h"
#include "catalog/tables.h"

namespace mayfly::catalog {

using LayerVersionPointer = std::shared_ptr<const LayerVersion>;

class LayerCatalog {
 public:
  using Filter = std::function<bool(const LayerVersion&)>;

  explicit LayerCatalog(Tables& tables);

  // After the tables have been opened.
  void Open();

  // nullptr when there is none.
  LayerVersionPointer Find(const LayerVersionName& name) const { return tables_->layer_versions.Find(name.Key()); }
  // The versions of a layer that `wanted` accepts, newest first: those with numbers below `before`; at most `limit`.
  std::vector<LayerVersionPointer> Versions(const LayerName& layer, int64_t before, size_t limit, const Filter& wanted) const;
  // The highest number that the layer has given; 0 when there is no such layer.
  int64_t LastNumber(const LayerName& layer) const;

  // Gives `version` the next number of its layer (version.name.layer) and stores it. Error: Fault (the store).
  Task<Result<LayerVersionPointer>> Publish(Context& ctx, LayerVersion version);
  // Not an error: there is no such version (any more).
  Task<Result<>> Delete(Context& ctx, const LayerVersionName& name);

  // Whether a layer version refers to the package (hex SHA-256).
  bool IsInUse(const std::string& sha256) const { return uses_.Contains(sha256); }
  // The sum of the zips' sizes of one account and region.
  int64_t CodeBytesOf(std::string_view account_id, std::string_view region) const;

 private:
  void Count(const LayerVersion& version, int sign);

  Strand strand_;
  Tables* tables_;
  packages::PackageUses uses_;
  std::unordered_map<std::string, int64_t> code_bytes_;  // by ACCOUNT/REGION
};

}  // namespace mayfly::catalog
