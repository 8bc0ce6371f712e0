// TagResource, UntagResource, ListTagsForResource.
#include "resources/edit.h"
#include "services/pipes/pipes_api.h"

namespace mayfly::pipes {
namespace {

Result<std::string> TaggedKey(std::string_view arn) {
  const auto name = ParsePipeArn(arn);
  if (!name) return Fail(NoPipe(arn));
  return name->Key();
}

}  // namespace

const resources::TagRules kPipeTagRules{.reserved = [] { return Invalid("Tag keys must not begin with aws:."); },
                                        .too_many = [](std::string_view) { return Invalid("A pipe can have up to 50 tags."); }};

Task<Result<TagResourceResponse>> PipesApi::TagResource(Context& ctx, TagResourceRequest request) {
  MF_CO_TRY(const std::string key, TaggedKey(request.resource_arn));
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, table_->pipes, key, [&](PipeRow& row) { return resources::AddTags(row.tags, request.tags, kPipeTagRules); }));
  co_return TagResourceResponse();
}

Task<Result<UntagResourceResponse>> PipesApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  MF_CO_TRY(const std::string key, TaggedKey(request.resource_arn));
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, table_->pipes, key, [&](PipeRow& row) -> Result<> {
    resources::RemoveTags(row.tags, request.tag_keys);
    return {};
  }));
  co_return UntagResourceResponse();
}

Task<Result<ListTagsForResourceResponse>> PipesApi::ListTagsForResource(Context&, ListTagsForResourceRequest request) {
  MF_CO_TRY(const std::string key, TaggedKey(request.resource_arn));
  MF_CO_TRY(const PipePointer row, table_->pipes.Get(key));
  co_return ListTagsForResourceResponse{.tags = row->tags};
}

}  // namespace mayfly::pipes
