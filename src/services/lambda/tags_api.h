// TagsApi: TagResource, UntagResource, ListTags, for all kinds of resources that have tags (tags_api.cc has the table).
// One per daemon, on its strand.
#pragma once

#include <functional>
#include <string>

#include "model/lambda.h"
#include "services/lambda/forward.h"
#include "services/lambda/tags.h"

namespace mayfly::lambda {

class TagsApi final : public TagsHandler {
 public:
  // All outlive this.
  struct Parts {
    catalog::Tables& tables;
    catalog::FunctionCatalog& catalog;
    Random& random;
  };
  explicit TagsApi(Parts parts) : parts_(parts) {}

  Task<Result<>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<>> UntagResource(Context& ctx, UntagResourceRequest request) override;
  Task<Result<ListTagsResponse>> ListTags(Context& ctx, ListTagsRequest request) override;

 private:
  struct Kind;
  static const Kind* FindKind(std::string_view name);
  static Result<const Kind*> KindOf(const TaggedArn& arn);
  Result<Tags> ReadFunctionTags(const TaggedArn& arn) const;
  Task<Result<>> WriteFunctionTags(Context& ctx, TaggedArn arn, Tags tags);
  Result<Tags> ReadMappingTags(const TaggedArn& arn) const;
  Task<Result<>> WriteMappingTags(Context& ctx, TaggedArn arn, Tags tags);
  Result<Tags> ReadSigningTags(const TaggedArn& arn) const;
  Task<Result<>> WriteSigningTags(Context& ctx, TaggedArn arn, Tags tags);
  // `edit` is called again when another change came between.
  Task<Result<>> ChangeTags(Context& ctx, std::string resource, std::function<Result<>(Tags&)> edit);

  Parts parts_;
};

}  // namespace mayfly::lambda
