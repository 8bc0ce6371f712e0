// TagResource, UntagResource, ListTags. A kind of resource that has tags has two methods in the table below.
#include "services/lambda/tags_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/event.h"
#include "base/random.h"
#include "catalog/function_catalog.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr int kAttemptsMax = 50;
constexpr Duration kRetryAfter = std::chrono::milliseconds(20);

void SetTag(Tags& tags, const std::string& key, const std::string& value) {
  const auto found = std::find_if(tags.begin(), tags.end(), [&](const auto& tag) { return tag.first == key; });
  if (found == tags.end())
    tags.emplace_back(key, value);
  else
    found->second = value;
}

std::string KeyOf(const TaggedArn& arn) { return fmt::format("{}/{}/{}", arn.account_id, arn.region, arn.id); }

template <typename T>
Result<Tags> ReadRowTags(const resources::ResourceTable<T>& table, const TaggedArn& arn) {
  const auto row = table.Find(KeyOf(arn));
  if (!row) return Fail(NoSuchResource());
  return row->tags;
}

template <typename T>
Task<Result<>> WriteRowTags(Context& ctx, catalog::Tables& tables, resources::ResourceTable<T>& table, TaggedArn arn, Tags tags) {
  const auto row = table.Find(KeyOf(arn));
  if (!row) co_return Fail(NoSuchResource());
  T next = *row;
  next.tags = std::move(tags);
  resources::Change change(tables.all);
  MF_CO_TRY_VOID(change.Replace(table, KeyOf(arn), row, std::move(next)));
  co_return co_await change.Commit(ctx);
}

}  // namespace

// --- kinds of resources ---

struct TagsApi::Kind {
  std::string_view name;
  // Error: ResourceNotFoundException with the kind's own text.
  Result<Tags> (TagsApi::*read)(const TaggedArn& arn) const;
  // Looks the resource up again and stages the change before it suspends for the first time.
  // Error: ResourceConflictException when another change of it is on its way; it is tried again then.
  Task<Result<>> (TagsApi::*write)(Context& ctx, TaggedArn arn, Tags tags);
};

const TagsApi::Kind* TagsApi::FindKind(std::string_view name) {
  static constexpr Kind kKinds[] = {
      {"function", &TagsApi::ReadFunctionTags, &TagsApi::WriteFunctionTags},
      {"event-source-mapping", &TagsApi::ReadMappingTags, &TagsApi::WriteMappingTags},
      {"code-signing-config", &TagsApi::ReadSigningTags, &TagsApi::WriteSigningTags},
  };
  const auto found = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& kind) { return kind.name == name; });
  return found == std::end(kKinds) ? nullptr : found;
}

Result<Tags> TagsApi::ReadFunctionTags(const TaggedArn& arn) const {
  const catalog::FunctionName name{arn.account_id, arn.region, arn.id};
  const catalog::FunctionPointer function = parts_.catalog.Find(name);
  if (!function) return Fail(catalog::FunctionNotFound({name, ""}));
  return function->tags;
}

// A new RevisionId, as AWS gives one; LastModified and what runs stay.
Task<Result<>> TagsApi::WriteFunctionTags(Context& ctx, TaggedArn arn, Tags tags) {
  const catalog::FunctionPointer function = parts_.catalog.Find({arn.account_id, arn.region, arn.id});
  if (!function) co_return Fail(catalog::FunctionNotFound({{arn.account_id, arn.region, arn.id}, ""}));
  catalog::Function next = *function;
  next.tags = std::move(tags);
  next.revision_id = parts_.random.Uuid();
  co_return co_await parts_.catalog.Replace(ctx, function, std::move(next));
}

Result<Tags> TagsApi::ReadMappingTags(const TaggedArn& arn) const { return ReadRowTags(parts_.tables.event_source_mappings, arn); }

Task<Result<>> TagsApi::WriteMappingTags(Context& ctx, TaggedArn arn, Tags tags) {
  return WriteRowTags(ctx, parts_.tables, parts_.tables.event_source_mappings, std::move(arn), std::move(tags));
}

Result<Tags> TagsApi::ReadSigningTags(const TaggedArn& arn) const { return ReadRowTags(parts_.tables.code_signing_configs, arn); }

Task<Result<>> TagsApi::WriteSigningTags(Context& ctx, TaggedArn arn, Tags tags) {
  return WriteRowTags(ctx, parts_.tables, parts_.tables.code_signing_configs, std::move(arn), std::move(tags));
}

// --- operations ---

Result<const TagsApi::Kind*> TagsApi::KindOf(const TaggedArn& arn) {
  if (const Kind* kind = FindKind(arn.kind)) return kind;
  return Fail(NoSuchResource());
}

Task<Result<>> TagsApi::ChangeTags(Context& ctx, std::string resource, std::function<Result<>(Tags&)> edit) {
  MF_CO_TRY(TaggedArn arn, ParseTaggedArn(ctx, resource));
  MF_CO_TRY(const Kind* kind, KindOf(arn));
  for (int attempt = 1;; ++attempt) {
    MF_CO_TRY(Tags tags, (this->*kind->read)(arn));
    MF_CO_TRY_VOID(edit(tags));
    auto written = co_await (this->*kind->write)(ctx, arn, std::move(tags));
    if (written || !written.error().IsService("ResourceConflictException") || attempt == kAttemptsMax) co_return written;
    MF_CO_TRY_VOID(co_await Sleep(ctx, kRetryAfter));
  }
}

Task<Result<>> TagsApi::TagResource(Context& ctx, TagResourceRequest request) {
  if (request.tags.empty()) co_return Fail(InvalidParameterValue("An error occurred and the request cannot be processed."));
  std::function<Result<>(Tags&)> edit = [added = std::move(request.tags)](Tags& tags) -> Result<> {
    for (const auto& [key, value] : added) SetTag(tags, key, value);
    return CheckTags(tags);
  };
  co_return co_await ChangeTags(ctx, std::move(request.resource), std::move(edit));
}

Task<Result<>> TagsApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  std::function<Result<>(Tags&)> edit = [removed = std::move(request.tag_keys)](Tags& tags) -> Result<> {
    std::erase_if(tags, [&](const auto& tag) { return std::find(removed.begin(), removed.end(), tag.first) != removed.end(); });
    return {};
  };
  co_return co_await ChangeTags(ctx, std::move(request.resource), std::move(edit));
}

Task<Result<ListTagsResponse>> TagsApi::ListTags(Context& ctx, ListTagsRequest request) {
  MF_CO_TRY(TaggedArn arn, ParseTaggedArn(ctx, request.resource));
  MF_CO_TRY(const Kind* kind, KindOf(arn));
  MF_CO_TRY(Tags tags, (this->*kind->read)(arn));
  co_return ListTagsResponse{.tags = std::move(tags)};
}

}  // namespace mayfly::lambda
