// AddTagsToResource, RemoveTagsFromResource, ListTagsForResource.
#include <fmt/format.h>

#include "resources/tags.h"
#include "services/ssm/ssm_api.h"

namespace mayfly::ssm {
namespace {

Error TooManyTags(std::string_view) {
  return Error::Service("TooManyTagsError", fmt::format("The Targets parameter includes too many tags. Remove one or more tags and try the command again. A resource "
                                                        "has at most {}.", resources::TagRules().count_max));
}

}  // namespace

// Of what Systems Manager has besides parameters there is nothing here.
Result<Parameters::Pointer> SsmApi::FindTagged(const Context& ctx, std::string_view resource_type, std::string_view resource_id) const {
  auto parameter = resource_type == ResourceTypeForTagging::Parameter ? Find(ctx, resource_id) : Fail(NotFound(resource_id));
  if (parameter) return std::move(*parameter);
  return Fail(Error::Service("InvalidResourceId", fmt::format("The resource ID \"{}\" is not valid. Verify the ID and try again.", resource_id)));
}

Task<Result<AddTagsToResourceResponse>> SsmApi::AddTagsToResource(Context& ctx, AddTagsToResourceRequest request) {
  MF_CO_TRY(const Parameters::Pointer parameter, FindTagged(ctx, request.resource_type, request.resource_id));
  resources::Tags added;
  for (Tag& tag : request.tags) added.emplace_back(std::move(tag.key), std::move(tag.value));
  MF_CO_TRY_VOID(co_await parameters_->Edit(ctx, parameter->key, [&](ParameterRow& row) { return resources::AddTags(row.tags, added, {.too_many = &TooManyTags}); }));
  co_return AddTagsToResourceResponse();
}

Task<Result<RemoveTagsFromResourceResponse>> SsmApi::RemoveTagsFromResource(Context& ctx, RemoveTagsFromResourceRequest request) {
  MF_CO_TRY(const Parameters::Pointer parameter, FindTagged(ctx, request.resource_type, request.resource_id));
  MF_CO_TRY_VOID(co_await parameters_->Edit(ctx, parameter->key, [&](ParameterRow& row) -> Result<> {
    resources::RemoveTags(row.tags, request.tag_keys);
    return {};
  }));
  co_return RemoveTagsFromResourceResponse();
}

Task<Result<ListTagsForResourceResponse>> SsmApi::ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) {
  MF_CO_TRY(const Parameters::Pointer parameter, FindTagged(ctx, request.resource_type, request.resource_id));
  ListTagsForResourceResponse response{.tag_list = std::vector<Tag>()};
  for (const auto& [key, value] : parameter->tags) response.tag_list->push_back({.key = key, .value = value});
  co_return response;
}

}  // namespace mayfly::ssm
