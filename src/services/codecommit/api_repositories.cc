// Repositories, their branches and tags.
#include <algorithm>

#include <fmt/format.h>

#include "resources/edit.h"
#include "resources/tags.h"
#include "services/codecommit/codecommit_api.h"

namespace mayfly::codecommit {
namespace {

constexpr size_t kRepositoryPageMax = 1'000;
constexpr size_t kBranchPageMax = 100;

const resources::TagRules kRepositoryTagRules{
    .reserved = [] { return Error::Service("InvalidSystemTagUsageException", "Tag keys may not begin with aws:"); },
    .too_many = [](std::string_view) { return Error::Service("TooManyTagsException", "A repository can have at most 50 tags"); }};

Error BadToken() { return Error::Service("InvalidContinuationTokenException", "The continuation token is invalid"); }

Result<> CheckName(const std::string& name) {
  if (!name.starts_with('.') && !name.ends_with(".git")) return {};
  return Fail(Error::Service("InvalidRepositoryNameException", fmt::format("{} is not a valid repository name", name)));
}

std::string MissingBranch(const std::string& branch) { return fmt::format("Branch {} does not exist", branch); }

}  // namespace

Task<RepositoryMetadata> CodeCommitApi::Shown(RepositoryPointer row) {
  const GitRefs git = co_await parts_.watcher->Read(row->name);
  RepositoryMetadata shown{.account_id = row->name.account_id, .repository_id = row->id, .repository_name = row->name.name,
                           .last_modified_date = WallTime(std::chrono::milliseconds(row->modified_millis)),
                           .creation_date = WallTime(std::chrono::milliseconds(row->created_millis)), .arn = row->name.Arn()};
  if (!row->description.empty()) shown.repository_description = row->description;
  if (git.refs.contains(git.head)) shown.default_branch = std::string(BranchOf(git.head));
  shown.clone_url_http = fmt::format("https://git-codecommit.{}.amazonaws.com/v1/repos/{}", row->name.region, row->name.name);
  shown.clone_url_ssh = fmt::format("ssh://git-codecommit.{}.amazonaws.com/v1/repos/{}", row->name.region, row->name.name);
  co_return shown;
}

Task<Result<>> CodeCommitApi::Edit(Context& ctx, RepositoryName name, std::function<Result<>(RepositoryRow&)> edit) {
  co_return co_await resources::Edit(ctx, parts_.tables->repositories, name.Key(), [&](RepositoryRow& row) -> Result<> {
    MF_TRY_VOID(edit(row));
    row.modified_millis = NowMillis();
    return {};
  });
}

Task<Result<CreateRepositoryResponse>> CodeCommitApi::CreateRepository(Context& ctx, CreateRepositoryRequest request) {
  MF_CO_TRY_VOID(CheckName(request.repository_name));
  RepositoryRow row{.name = RepositoryName::Of(ctx, request.repository_name), .id = parts_.random->Uuid(), .description = request.repository_description.value_or(""),
                    .created_millis = NowMillis(), .modified_millis = NowMillis()};
  if (request.tags) row.tags = *request.tags;
  MF_CO_TRY_VOID(resources::CheckTags(row.tags, kRepositoryTagRules));
  const std::string key = row.name.Key();
  const auto stage = [&](resources::Change& change, const RepositoryPointer&) -> Result<> {
    if (parts_.tables->repositories.List(row.name.Place(), "", kRepositoriesMax).size() >= kRepositoriesMax) {
      return Fail(Error::Service("RepositoryLimitExceededException", "The account has too many repositories"));
    }
    return change.Create(parts_.tables->repositories, key, row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->repositories, key, stage));
  MF_CO_TRY(const RepositoryPointer made, Existing(ctx, request.repository_name));
  co_return CreateRepositoryResponse{.repository_metadata = co_await Shown(made)};
}

Task<Result<GetRepositoryResponse>> CodeCommitApi::GetRepository(Context& ctx, GetRepositoryRequest request) {
  MF_CO_TRY(const RepositoryPointer row, Existing(ctx, request.repository_name));
  co_return GetRepositoryResponse{.repository_metadata = co_await Shown(row)};
}

Task<Result<ListRepositoriesResponse>> CodeCommitApi::ListRepositories(Context& ctx, ListRepositoriesRequest request) {
  const resources::PageRequest wanted{.prefix = RepositoryName::Of(ctx, "").Place(), .marker = request.next_token, .limit = kRepositoryPageMax, .bad_marker = BadToken};
  MF_CO_TRY(auto page, resources::NextPage(parts_.tables->repositories, wanted));
  const bool by_date = request.sort_by == "lastModifiedDate", is_descending = request.order == "descending";
  std::ranges::sort(page.rows, [&](const auto& a, const auto& b) {
    const auto& first = is_descending ? b : a;
    const auto& second = is_descending ? a : b;
    if (by_date) return first.value->modified_millis < second.value->modified_millis;
    return first.key < second.key;
  });
  ListRepositoriesResponse response{.repositories = std::vector<RepositoryNameIdPair>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) response.repositories->push_back({.repository_name = row.value->name.name, .repository_id = row.value->id});
  co_return response;
}

Task<Result<DeleteRepositoryResponse>> CodeCommitApi::DeleteRepository(Context& ctx, DeleteRepositoryRequest request) {
  const std::string key = RepositoryName::Of(ctx, request.repository_name).Key();
  DeleteRepositoryResponse response;
  const auto stage = [&](resources::Change& change, const RepositoryPointer& row) -> Result<> {
    response.repository_id = row ? std::optional(row->id) : std::nullopt;
    return row ? change.Delete(parts_.tables->repositories, key, row) : Result<>();
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->repositories, key, stage));
  co_return response;
}

Task<Result<>> CodeCommitApi::UpdateRepositoryName(Context& ctx, UpdateRepositoryNameRequest request) {
  MF_CO_TRY_VOID(CheckName(request.new_name));
  const std::string old_key = RepositoryName::Of(ctx, request.old_name).Key(), new_key = RepositoryName::Of(ctx, request.new_name).Key();
  const auto stage = [&](resources::Change& change, const RepositoryPointer& row) -> Result<> {
    if (!row) return Fail(parts_.tables->repositories.errors().missing(old_key));
    if (old_key == new_key) return {};
    RepositoryRow renamed = *row;
    renamed.name.name = request.new_name;
    renamed.modified_millis = NowMillis();
    MF_TRY_VOID(change.Create(parts_.tables->repositories, new_key, std::move(renamed)));
    return change.Delete(parts_.tables->repositories, old_key, row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->repositories, old_key, stage));
  // Its bare repository is another one now.
  const RepositoryName name = RepositoryName::Of(ctx, request.new_name);
  const GitRefs git = co_await parts_.watcher->Read(name);
  co_return co_await parts_.watcher->Know(ctx, name, git.refs);
}

Task<Result<>> CodeCommitApi::UpdateRepositoryDescription(Context& ctx, UpdateRepositoryDescriptionRequest request) {
  co_return co_await Edit(ctx, RepositoryName::Of(ctx, request.repository_name), [&](RepositoryRow& row) -> Result<> {
    row.description = request.repository_description.value_or("");
    return {};
  });
}

Task<Result<GetBranchResponse>> CodeCommitApi::GetBranch(Context& ctx, GetBranchRequest request) {
  if (!request.repository_name) co_return Fail(Error::Service("RepositoryNameRequiredException", "A repository name is required"));
  if (!request.branch_name) co_return Fail(Error::Service("BranchNameRequiredException", "A branch name is required"));
  MF_CO_TRY(const RepositoryPointer row, Existing(ctx, *request.repository_name));
  const GitRefs git = co_await parts_.watcher->Read(row->name);
  const auto found = git.refs.find("refs/heads/" + *request.branch_name);
  if (found == git.refs.end()) co_return Fail(Error::Service("BranchDoesNotExistException", MissingBranch(*request.branch_name)));
  co_return GetBranchResponse{.branch = BranchInfo{.branch_name = *request.branch_name, .commit_id = found->second}};
}

// The token is the name of the last branch that was shown.
Task<Result<ListBranchesResponse>> CodeCommitApi::ListBranches(Context& ctx, ListBranchesRequest request) {
  MF_CO_TRY(const RepositoryPointer row, Existing(ctx, request.repository_name));
  const auto after = request.next_token ? resources::ReadMarker(*request.next_token) : std::string();
  if (!after) co_return Fail(BadToken());
  const GitRefs git = co_await parts_.watcher->Read(row->name);
  ListBranchesResponse response{.branches = std::vector<std::string>()};
  for (const auto& [ref, commit] : git.refs) {
    const std::string_view branch = BranchOf(ref);
    if (branch.empty() || branch <= *after) continue;
    if (response.branches->size() == kBranchPageMax) {
      response.next_token = resources::WriteMarker(response.branches->back());
      break;
    }
    response.branches->emplace_back(branch);
  }
  co_return response;
}

Result<RepositoryName> CodeCommitApi::OfArn(const Context& ctx, const std::string& arn) const {
  auto name = ParseRepositoryArn(arn);
  if (!name || name->account_id != ctx.principal.account_id || name->name.empty() || name->name.contains('/')) {
    return Fail(Error::Service("InvalidResourceArnException", fmt::format("{} is not the ARN of a repository", arn)));
  }
  return std::move(*name);
}

Task<Result<>> CodeCommitApi::TagResource(Context& ctx, TagResourceRequest request) {
  MF_CO_TRY(RepositoryName name, OfArn(ctx, request.resource_arn));
  co_return co_await Edit(ctx, std::move(name), [&](RepositoryRow& row) { return resources::AddTags(row.tags, request.tags, kRepositoryTagRules); });
}

Task<Result<>> CodeCommitApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  MF_CO_TRY(RepositoryName name, OfArn(ctx, request.resource_arn));
  co_return co_await Edit(ctx, std::move(name), [&](RepositoryRow& row) -> Result<> {
    resources::RemoveTags(row.tags, request.tag_keys);
    return {};
  });
}

Task<Result<ListTagsForResourceResponse>> CodeCommitApi::ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) {
  MF_CO_TRY(const RepositoryName name, OfArn(ctx, request.resource_arn));
  MF_CO_TRY(const RepositoryPointer row, parts_.tables->repositories.Get(name.Key()));
  co_return ListTagsForResourceResponse{.tags = row->tags, .next_token = std::nullopt};
}

}  // namespace mayfly::codecommit
