// TagResource, UntagResource, ListTags. A kind of resource that has tags has two methods in the table below.
#include "services/lambda/tags.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/event.h"
#include "base/text.h"
#include "services/lambda/lambda_api.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kTagsMax = 50;
constexpr int kAttemptsMax = 50;
constexpr Duration kRetryAfter = std::chrono::milliseconds(20);

bool IsReservedKey(std::string_view key) {
  constexpr std::string_view kPrefix = "aws:";
  return key.size() >= kPrefix.size() && std::equal(kPrefix.begin(), kPrefix.end(), key.begin(),
                                                    [](char expected, char c) { return expected == (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
}

void SetTag(Tags& tags, const std::string& key, const std::string& value) {
  const auto found = std::find_if(tags.begin(), tags.end(), [&](const auto& tag) { return tag.first == key; });
  if (found == tags.end()) tags.emplace_back(key, value);
  else found->second = value;
}

}  // namespace

Result<TaggedArn> ParseTaggedArn(const Context& ctx, std::string_view arn) {
  const std::vector<std::string_view> parts = Split(arn, ':');
  if (parts.size() < 7) return Fail(InvalidParameterValue("An error occurred and the request cannot be processed."));
  if (parts.size() > 7) return Fail(InvalidParameterValue("Tags on function aliases and versions are not supported. Please specify a function ARN."));
  if (parts[3] != ctx.principal.region) {
    return Fail(Error::Service("ResourceNotFoundException", fmt::format("Functions from '{}' are not reachable in this region ('{}')", parts[3],
                                                                        ctx.principal.region)));
  }
  return TaggedArn{std::string(arn), std::string(parts[3]), std::string(parts[4]), std::string(parts[5]), std::string(parts[6])};
}

Result<> CheckTags(const Tags& tags) {
  for (const auto& [key, value] : tags) {
    if (IsReservedKey(key)) return Fail(InvalidParameterValue("aws: prefixed tag key names are not allowed for external use."));
  }
  if (tags.size() > kTagsMax) return Fail(InvalidParameterValue("Number of tags exceeds resource tag limit."));
  return {};
}

// --- kinds of resources ---

struct LambdaApi::TaggedKind {
  std::string_view name;
  // Error: ResourceNotFoundException with the kind's own text.
  Result<Tags> (LambdaApi::*read)(const TaggedArn& arn) const;
  // Looks the resource up again and stages the change before it suspends for the first time.
  // Error: ResourceConflictException when another change of it is on its way; it is tried again then.
  Task<Result<>> (LambdaApi::*write)(Context& ctx, TaggedArn arn, Tags tags);
};

const LambdaApi::TaggedKind* LambdaApi::FindTaggedKind(std::string_view name) {
  static constexpr TaggedKind kKinds[] = {
      {"function", &LambdaApi::ReadFunctionTags, &LambdaApi::WriteFunctionTags},
      {"event-source-mapping", &LambdaApi::ReadMappingTags, &LambdaApi::WriteMappingTags},
      {"code-signing-config", &LambdaApi::ReadSigningTags, &LambdaApi::WriteSigningTags},
  };
  const auto found = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const TaggedKind& kind) { return kind.name == name; });
  return found == std::end(kKinds) ? nullptr : found;
}

Result<Tags> LambdaApi::ReadFunctionTags(const TaggedArn& arn) const {
  const catalog::FunctionName name{arn.account_id, arn.region, arn.id};
  const catalog::FunctionPointer function = parts_.catalog->Find(name);
  if (!function) return Fail(catalog::FunctionNotFound({name, ""}));
  return function->tags;
}

// A new RevisionId, as AWS gives one; LastModified and what runs stay.
Task<Result<>> LambdaApi::WriteFunctionTags(Context& ctx, TaggedArn arn, Tags tags) {
  const catalog::FunctionPointer function = parts_.catalog->Find({arn.account_id, arn.region, arn.id});
  if (!function) co_return Fail(catalog::FunctionNotFound({{arn.account_id, arn.region, arn.id}, ""}));
  catalog::Function next = *function;
  next.tags = std::move(tags);
  next.revision_id = parts_.random->Uuid();
  co_return co_await parts_.catalog->Replace(ctx, function, std::move(next));
}

namespace {

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

Result<Tags> LambdaApi::ReadMappingTags(const TaggedArn& arn) const { return ReadRowTags(parts_.tables->event_source_mappings, arn); }

Task<Result<>> LambdaApi::WriteMappingTags(Context& ctx, TaggedArn arn, Tags tags) {
  return WriteRowTags(ctx, *parts_.tables, parts_.tables->event_source_mappings, std::move(arn), std::move(tags));
}

Result<Tags> LambdaApi::ReadSigningTags(const TaggedArn& arn) const { return ReadRowTags(parts_.tables->code_signing_configs, arn); }

Task<Result<>> LambdaApi::WriteSigningTags(Context& ctx, TaggedArn arn, Tags tags) {
  return WriteRowTags(ctx, *parts_.tables, parts_.tables->code_signing_configs, std::move(arn), std::move(tags));
}

// --- operations ---

Result<const LambdaApi::TaggedKind*> LambdaApi::TaggedKindOf(const TaggedArn& arn) {
  if (const TaggedKind* kind = FindTaggedKind(arn.kind)) return kind;
  return Fail(NoSuchResource());
}

Task<Result<>> LambdaApi::ChangeTags(Context& ctx, std::string resource, std::function<Result<>(Tags&)> edit) {
  MF_CO_TRY(TaggedArn arn, ParseTaggedArn(ctx, resource));
  MF_CO_TRY(const TaggedKind* kind, TaggedKindOf(arn));
  for (int attempt = 1;; ++attempt) {
    MF_CO_TRY(Tags tags, (this->*kind->read)(arn));
    MF_CO_TRY_VOID(edit(tags));
    auto written = co_await (this->*kind->write)(ctx, arn, std::move(tags));
    if (written || !written.error().IsService("ResourceConflictException") || attempt == kAttemptsMax) co_return written;
    MF_CO_TRY_VOID(co_await Sleep(ctx, kRetryAfter));
  }
}

Task<Result<>> LambdaApi::TagResource(Context& ctx, TagResourceRequest request) {
  if (request.tags.empty()) co_return Fail(InvalidParameterValue("An error occurred and the request cannot be processed."));
  std::function<Result<>(Tags&)> edit = [added = std::move(request.tags)](Tags& tags) -> Result<> {
    for (const auto& [key, value] : added) SetTag(tags, key, value);
    return CheckTags(tags);
  };
  co_return co_await ChangeTags(ctx, std::move(request.resource), std::move(edit));
}

Task<Result<>> LambdaApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  std::function<Result<>(Tags&)> edit = [removed = std::move(request.tag_keys)](Tags& tags) -> Result<> {
    std::erase_if(tags, [&](const auto& tag) { return std::find(removed.begin(), removed.end(), tag.first) != removed.end(); });
    return {};
  };
  co_return co_await ChangeTags(ctx, std::move(request.resource), std::move(edit));
}

Task<Result<ListTagsResponse>> LambdaApi::ListTags(Context& ctx, ListTagsRequest request) {
  MF_CO_TRY(TaggedArn arn, ParseTaggedArn(ctx, request.resource));
  MF_CO_TRY(const TaggedKind* kind, TaggedKindOf(arn));
  MF_CO_TRY(Tags tags, (this->*kind->read)(arn));
  co_return ListTagsResponse{.tags = std::move(tags)};
}

}  // namespace mayfly::lambda
