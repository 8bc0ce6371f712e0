// LayersApi: layers, their versions, and who else may use them. One per daemon, on its strand.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/lambda.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class LayersApi final : public LayersHandler {
 public:
  // All outlive this.
  struct Parts {
    const Clock& clock;
    Random& random;
    catalog::Tables& tables;
    catalog::LayerCatalog& layers;
    const catalog::Access& access;
    CodeIntake& code;
    const CodeQuota& quota;
    // A URL that gives the package for ten minutes: Content.Location.
    std::function<std::string(const catalog::LayerVersion&)> download_url;
  };
  explicit LayersApi(Parts parts) : parts_(std::move(parts)) {}

  // --- layers_api.cc ---
  Task<Result<PublishLayerVersionResponse>> PublishLayerVersion(Context& ctx, PublishLayerVersionRequest request) override;
  Task<Result<GetLayerVersionResponse>> GetLayerVersion(Context& ctx, GetLayerVersionRequest request) override;
  Task<Result<GetLayerVersionResponse>> GetLayerVersionByArn(Context& ctx, GetLayerVersionByArnRequest request) override;
  Task<Result<ListLayersResponse>> ListLayers(Context& ctx, ListLayersRequest request) override;
  Task<Result<ListLayerVersionsResponse>> ListLayerVersions(Context& ctx, ListLayerVersionsRequest request) override;
  Task<Result<>> DeleteLayerVersion(Context& ctx, DeleteLayerVersionRequest request) override;

  // --- layer_permissions.cc ---
  Task<Result<AddLayerVersionPermissionResponse>> AddLayerVersionPermission(Context& ctx,
                                                                            AddLayerVersionPermissionRequest request) override;
  Task<Result<GetLayerVersionPolicyResponse>> GetLayerVersionPolicy(Context& ctx, GetLayerVersionPolicyRequest request) override;
  Task<Result<>> RemoveLayerVersionPermission(Context& ctx, RemoveLayerVersionPermissionRequest request) override;

 private:
  GetLayerVersionResponse Describe(const catalog::LayerVersion& version) const;
  Result<GetLayerVersionResponse> Find(const Context& ctx, const catalog::LayerVersionName& name) const;

  Parts parts_;
};

}  // namespace mayfly::lambda
