// AWS Systems Manager's API, as far as it is Parameter Store: the operations of model/ssm.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model; what the service has words of
// its own for (names, values, filters) is checked here.
#pragma once

#include "model/ssm.h"
#include "services/ssm/parameter_keeper.h"
#include "wire/directory.h"

namespace mayfly::ssm {

class SsmApi final : public ParametersHandler, public LabelsHandler, public TagsHandler {
 public:
  struct Parts {
    Parameters* parameters;
    ParameterKeeper* keeper;
    keyring::Keys* keys;
    wire::Directory* directory;  // where secrets are read that parameters name
    const Clock* clock;
  };
  // All outlive it.
  explicit SsmApi(Parts parts) : parts_(parts), parameters_(parts.parameters), clock_(parts.clock) {}
  Handlers handlers() { return {{}, *this, *this, *this}; }

  // --- making and removing (api_put.cc) ---
  Task<Result<PutParameterResponse>> PutParameter(Context& ctx, PutParameterRequest request) override;
  Task<Result<DeleteParameterResponse>> DeleteParameter(Context& ctx, DeleteParameterRequest request) override;
  Task<Result<DeleteParametersResponse>> DeleteParameters(Context& ctx, DeleteParametersRequest request) override;

  // --- reading (api_get.cc) ---
  Task<Result<GetParameterResponse>> GetParameter(Context& ctx, GetParameterRequest request) override;
  Task<Result<GetParametersResponse>> GetParameters(Context& ctx, GetParametersRequest request) override;
  Task<Result<GetParametersByPathResponse>> GetParametersByPath(Context& ctx, GetParametersByPathRequest request) override;
  Task<Result<GetParameterHistoryResponse>> GetParameterHistory(Context& ctx, GetParameterHistoryRequest request) override;
  Task<Result<DescribeParametersResponse>> DescribeParameters(Context& ctx, DescribeParametersRequest request) override;

  // --- labels and tags (api_labels.cc, api_tags.cc) ---
  Task<Result<LabelParameterVersionResponse>> LabelParameterVersion(Context& ctx, LabelParameterVersionRequest request) override;
  Task<Result<UnlabelParameterVersionResponse>> UnlabelParameterVersion(Context& ctx, UnlabelParameterVersionRequest request) override;
  Task<Result<AddTagsToResourceResponse>> AddTagsToResource(Context& ctx, AddTagsToResourceRequest request) override;
  Task<Result<RemoveTagsFromResourceResponse>> RemoveTagsFromResource(Context& ctx, RemoveTagsFromResourceRequest request) override;
  Task<Result<ListTagsForResourceResponse>> ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) override;

 private:
  // Errors: ParameterNotFound, ParameterVersionNotFound; InvalidKeyId …, the value cannot be opened.
  Task<Result<Parameter>> Read(Context& ctx, const std::string& name, bool with_decryption) const;
  Result<Parameter> ReadOwn(const Context& ctx, std::string_view name, bool with_decryption) const;
  // "/aws/reference/secretsmanager/NAME": a secret of Secrets Manager, as the caller may read it.
  Task<Result<Parameter>> ReadSecret(Context& ctx, std::string name, bool with_decryption) const;
  Result<Parameter> View(const Context& ctx, const ParameterRow& parameter, const VersionRow& version, bool with_decryption) const;
  // The key that a request's value is to be encrypted with: its ARN; "" where there is none. Errors: InvalidKeyId, ValidationException.
  struct ChosenKey {
    std::string id;
    std::string arn;
  };
  Task<Result<ChosenKey>> ChooseKey(Context& ctx, const PutParameterRequest& request, const ParameterKey& key) const;
  // The caller's own. Error: ParameterNotFound.
  Result<Parameters::Pointer> Find(const Context& ctx, std::string_view name) const;
  Result<Parameters::Pointer> FindTagged(const Context& ctx, std::string_view resource_type, std::string_view resource_id) const;

  Parts parts_;
  Parameters* parameters_;
  const Clock* clock_;
};

// Errors of the service, in AWS's words.
Error VersionNotFound(std::string_view name, std::string_view selector);

}  // namespace mayfly::ssm
