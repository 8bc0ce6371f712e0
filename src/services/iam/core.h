// Core: what the operations of all groups share: finding, making, changing and removing users, groups and roles; pages; tags; how things are
// shown. One per daemon, on its strand.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "model/iam.h"
#include "services/iam/iam_errors.h"
#include "services/iam/iam_tables.h"

namespace mayfly::iam {

// AWS's quotas where they can be raised, raised.
inline constexpr size_t kEntitiesMax = 10'000;  // of each kind, in an account
inline constexpr size_t kAttachedMax = 20;
inline constexpr size_t kGroupsOfUserMax = 10;
inline constexpr size_t kTagsMax = 50;

// A part of a list: of what lies in [begin, end).
struct Slice {
  size_t begin = 0;
  size_t end = 0;
  std::optional<std::string> marker;
};
struct PageWish {
  std::optional<std::string> marker;
  std::optional<int32_t> max_items;

  template <typename Request>
  static PageWish Of(const Request& request) { return {request.marker, request.max_items}; }
};
// `names`: in order, each once. Error: ValidationError, the marker is none.
Result<Slice> SliceOf(const std::vector<std::string>& names, const PageWish& wish);
template <typename Response>
void SetPage(Response& response, std::optional<std::string> marker) {
  response.is_truncated = marker.has_value();
  response.marker = std::move(marker);
}
Error BadMarker();

// --- tags ---
Result<resources::Tags> TagsOf(const std::optional<std::vector<Tag>>& given);
Result<> AddTags(resources::Tags& tags, const std::vector<Tag>& added);
std::vector<Tag> Shown(const resources::Tags& tags);
// Those of a page. `Response`: of a List…Tags operation.
template <typename Response>
Result<Response> PageOfTags(const resources::Tags& tags, const PageWish& wish) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : tags) keys.push_back(key);
  MF_TRY(Slice slice, SliceOf(keys, wish));
  Response response;
  for (size_t i = slice.begin; i < slice.end; ++i) response.tags.push_back({.key = tags[i].first, .value = tags[i].second});
  SetPage(response, std::move(slice.marker));
  return response;
}

class Core {
 public:
  // All outlive it. `clock`: the calendar.
  Core(IamTables& tables, Random& random, const Clock& clock) : tables_(&tables), random_(&random), clock_(&clock) {}

  IamTables& tables() const { return *tables_; }
  int64_t NowMs() const { return ToEpochMillis(clock_->WallNow()); }
  // "AROA…"
  std::string NewId(std::string_view prefix) const;
  Random& random() const { return *random_; }

  // --- users, groups, roles ---
  // Error: NoSuchEntity.
  Result<EntityPointer> Get(const Context& ctx, EntityKind kind, std::string_view name) const;
  using Change = std::function<Result<>(EntityRow&)>;
  // A role of a service is AWS's to change, but for its description and tags.
  enum class OfServices : unsigned char { Kept, Changed };
  struct Using {
    IamTables::Use use;
    std::string what;
  };
  // `uses`: what the change makes the entity use. Errors: NoSuchEntity, UnmodifiableEntity, `change`'s own.
  Task<Result<>> Edit(Context& ctx, EntityKind kind, std::string name, Change change, OfServices of_services = OfServices::Kept,
                      std::optional<Using> uses = std::nullopt);
  // Gives it its id and date. Errors: EntityAlreadyExists, LimitExceeded, those of a boundary.
  Task<Result<EntityRow>> Create(Context& ctx, EntityKind kind, EntityRow row);
  // `check`: whether it may go. Errors: NoSuchEntity, `check`'s own.
  Task<Result<>> Delete(Context& ctx, EntityKind kind, std::string name, std::function<Result<>(const EntityRow&)> check,
                        OfServices of_services = OfServices::Kept);
  Result<resources::Page<EntityRow>> List(const Context& ctx, EntityKind kind, const std::optional<std::string>& path_prefix, const PageWish& wish) const;

  // --- managed policies ---
  // Error: NoSuchEntity "Policy ARN was not found."
  Result<PolicyRowPointer> GetPolicy(const Context& ctx, std::string_view arn) const;
  // Error: NoSuchEntity "Policy ARN does not exist or is not attachable."
  Result<> CheckAttachable(std::string_view account_id, std::string_view arn) const;

  // --- as answers show them ---
  Role Show(std::string_view account_id, const EntityRow& role) const;
  User ShowUser(std::string_view account_id, const EntityRow& user) const;
  Group ShowGroup(std::string_view account_id, const EntityRow& group) const;
  InstanceProfile Show(std::string_view account_id, const InstanceProfileRow& profile) const;

 private:
  IamTables* tables_;
  Random* random_;
  const Clock* clock_;
};

Error NoSuchEntityOf(EntityKind kind, std::string_view name);

// Changes for Core::Edit. That of SetBoundary lives no longer than `core` and the request.
Core::Change SetBoundary(const Core& core, const Context& ctx, std::string arn);
Core::Change TakeBoundary();
Core::Change AddTagsTo(std::vector<Tag> tags);
Core::Change RemoveTagsFrom(std::vector<std::string> keys);

}  // namespace mayfly::iam
