// AWS Systems Manager's API, as far as it is Parameter Store: the operations of model/ssm.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model; what the service has words of
// its own for (names, values, filters) is checked here.
#pragma once

#include "model/ssm.h"
#include "services/ssm/parameters.h"

namespace mayfly::ssm {

class SsmApi final : public ParametersHandler, public LabelsHandler, public TagsHandler {
 public:
  // Both outlive it.
  SsmApi(Parameters& parameters, const Clock& clock) : parameters_(&parameters), clock_(&clock) {}
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
  // Errors: ParameterNotFound, ParameterVersionNotFound; a Fault, the value cannot be opened.
  Result<Parameter> Read(const Context& ctx, std::string_view name, bool with_decryption) const;
  Result<Parameter> View(const ParameterRow& parameter, const VersionRow& version, bool with_decryption) const;
  // The caller's own. Error: ParameterNotFound.
  Result<Parameters::Pointer> Find(const Context& ctx, std::string_view name) const;
  Result<Parameters::Pointer> FindTagged(const Context& ctx, std::string_view resource_type, std::string_view resource_id) const;

  Parameters* parameters_;
  const Clock* clock_;
};

// Errors of the service, in AWS's words.
Error VersionNotFound(std::string_view name, std::string_view selector);

}  // namespace mayfly::ssm
