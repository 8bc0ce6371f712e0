// TagResource, UntagResource, ListTags. A kind of resource that has tags has a row in the table below.
#include "services/lambda/tags_api.h"

#include <algorithm>

#include "base/random.h"
#include "catalog/function_catalog.h"
#include "resources/edit.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {

struct TagsApi::Kind {
  std::string_view name;
  // Error: ResourceNotFoundException with the kind's own text.
  Result<Tags> (*read)(const Parts& parts, const TaggedArn& arn);
  // Errors: those of read; those of `edit`; as resources::Edit.
  Task<Result<>> (*edit)(Context& ctx, const Parts& parts, TaggedArn arn, EditTags edit);
};

namespace {

using Parts = TagsApi::Parts;

Result<Tags> ReadFunctionTags(const Parts& parts, const TaggedArn& arn) {
  MF_TRY(const auto function, parts.tables.functions.Get(arn.Key()));
  return function->tags;
}

// A new RevisionId, as AWS gives one; LastModified and what runs stay.
Task<Result<>> EditFunctionTags(Context& ctx, const Parts& parts, TaggedArn arn, std::function<Result<>(Tags&)> edit) {
  return resources::Edit(ctx, parts.tables.functions, arn.Key(), [edit = std::move(edit), &random = parts.random](catalog::Function& function) -> Result<> {
    MF_TRY_VOID(edit(function.tags));
    function.revision_id = random.Uuid();
    return {};
  });
}

// Of tables whose rows are keyed as ARNs name them.
template <auto kTable>
Result<Tags> ReadRowTags(const Parts& parts, const TaggedArn& arn) {
  const auto row = (parts.tables.*kTable).Find(arn.Key());
  if (!row) return Fail(NoSuchResource());
  return row->tags;
}

template <auto kTable>
Task<Result<>> EditRowTags(Context& ctx, const Parts& parts, TaggedArn arn, std::function<Result<>(Tags&)> edit) {
  MF_CO_TRY_VOID(ReadRowTags<kTable>(parts, arn));
  co_return co_await resources::Edit(ctx, parts.tables.*kTable, arn.Key(), [&edit](auto& row) { return edit(row.tags); });
}

}  // namespace

Result<const TagsApi::Kind*> TagsApi::KindOf(const TaggedArn& arn) {
  static constexpr Kind kKinds[] = {
      {"function", &ReadFunctionTags, &EditFunctionTags},
      {"event-source-mapping", &ReadRowTags<&catalog::Tables::event_source_mappings>, &EditRowTags<&catalog::Tables::event_source_mappings>},
      {"code-signing-config", &ReadRowTags<&catalog::Tables::code_signing_configs>, &EditRowTags<&catalog::Tables::code_signing_configs>},
  };
  const auto found = std::ranges::find(kKinds, std::string_view(arn.kind), &Kind::name);
  if (found == std::end(kKinds)) return Fail(NoSuchResource());
  return found;
}

Task<Result<>> TagsApi::ChangeTags(Context& ctx, std::string resource, EditTags edit) {
  MF_CO_TRY(TaggedArn arn, ParseTaggedArn(ctx, resource));
  MF_CO_TRY(const Kind* kind, KindOf(arn));
  co_return co_await kind->edit(ctx, parts_, std::move(arn), std::move(edit));
}

Task<Result<>> TagsApi::TagResource(Context& ctx, TagResourceRequest request) {
  if (request.tags.empty()) co_return Fail(InvalidParameterValue("An error occurred and the request cannot be processed."));
  EditTags add = [&added = request.tags](Tags& tags) { return resources::AddTags(tags, added, kTagRules); };
  co_return co_await ChangeTags(ctx, std::move(request.resource), std::move(add));
}

Task<Result<>> TagsApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  EditTags remove = [&removed = request.tag_keys](Tags& tags) -> Result<> {
    resources::RemoveTags(tags, removed);
    return {};
  };
  co_return co_await ChangeTags(ctx, std::move(request.resource), std::move(remove));
}

Task<Result<ListTagsResponse>> TagsApi::ListTags(Context& ctx, ListTagsRequest request) {
  MF_CO_TRY(TaggedArn arn, ParseTaggedArn(ctx, request.resource));
  MF_CO_TRY(const Kind* kind, KindOf(arn));
  MF_CO_TRY(Tags tags, kind->read(parts_, arn));
  co_return ListTagsResponse{.tags = std::move(tags)};
}

}  // namespace mayfly::lambda
