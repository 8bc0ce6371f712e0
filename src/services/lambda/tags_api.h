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
  using EditTags = std::function<Result<>(Tags&)>;
  struct Kind;
  // Error: ResourceNotFoundException, there is nothing of that name.
  Result<const Kind*> FindKind(const TaggedArn& arn) const;
  // As resources::Edit; `edit` may be called more than once.
  Task<Result<>> ChangeTags(Context& ctx, std::string resource, EditTags edit);

  Parts parts_;
};

}  // namespace mayfly::lambda
