// TagResource, UntagResource, ListTags. A kind of resource that has tags has a row in the table below.
#include "services/lambda/tags_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "catalog/function_catalog.h"
#include "resources/edit.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {

struct TagsApi::Kind {
  std::string_view name;
  std::string_view shown;  // in the text of what is missing
  // Error: ResourceNotFoundException. Null, as `edit` is, for a kind that Mayfly has none of.
  Result<Tags> (*read)(const Parts& parts, const TaggedArn& arn);
  // Errors: those of read; those of `edit`; as resources::Edit.
  Task<Result<>> (*edit)(Context& ctx, const Parts& parts, TaggedArn arn, EditTags edit);
};

namespace {

using Parts = TagsApi::Parts;

Error Missing(std::string_view kind, const TaggedArn& arn) { return NotFound(fmt::format("{} not found: {}", kind, arn.arn)); }

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

Result<const TagsApi::Kind*> TagsApi::FindKind(const TaggedArn& arn) const {
  static constexpr Kind kKinds[] = {
      {"function", "Function", &ReadFunctionTags, &EditFunctionTags},
      {"event-source-mapping", "Event source mapping", &ReadRowTags<&catalog::Tables::event_source_mappings>,
       &EditRowTags<&catalog::Tables::event_source_mappings>},
      {"code-signing-config", "Code signing configuration", &ReadRowTags<&catalog::Tables::code_signing_configs>,
       &EditRowTags<&catalog::Tables::code_signing_configs>},
      {"capacity-provider", "Capacity provider", nullptr, nullptr},
      {"network-connector", "Network connector", nullptr, nullptr},
  };
  const auto found = std::ranges::find(kKinds, std::string_view(arn.kind), &Kind::name);
  if (found == std::end(kKinds)) return Fail(NoSuchResource());
  if (!found->read || !found->read(parts_, arn)) return Fail(Missing(found->shown, arn));
  return found;
}

Task<Result<>> TagsApi::ChangeTags(Context& ctx, std::string resource, EditTags edit) {
  MF_CO_TRY(TaggedArn arn, ParseTaggedArn(ctx, resource));
  MF_CO_TRY(const Kind* kind, FindKind(arn));
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
  MF_CO_TRY(const Kind* kind, FindKind(arn));
  MF_CO_TRY(Tags tags, kind->read(parts_, arn));
  co_return ListTagsResponse{.tags = std::move(tags)};
}

}  // namespace mayfly::lambda
