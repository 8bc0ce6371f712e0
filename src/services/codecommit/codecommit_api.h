// AWS CodeCommit's API, as far as it is about repositories and their triggers: the operations of model/codecommit.model. One method per
// operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model.
#pragma once

#include "delivery/target_router.h"
#include "resources/paging.h"
#include "services/codecommit/push_watcher.h"

namespace mayfly::codecommit {

struct ApiParts {
  const Clock* clock;
  Random* random;
  RepositoryTables* tables;
  PushWatcher* watcher;
  delivery::TargetRouter* targets;
};

class CodeCommitApi final : public RepositoriesHandler, public TriggersHandler, public TagsHandler {
 public:
  // What the parts name outlives it.
  explicit CodeCommitApi(ApiParts parts) : parts_(parts) {}
  Handlers handlers() { return {{}, *this, *this, *this}; }

  // --- repositories, branches, tags (api_repositories.cc) ---
  Task<Result<CreateRepositoryResponse>> CreateRepository(Context& ctx, CreateRepositoryRequest request) override;
  Task<Result<GetRepositoryResponse>> GetRepository(Context& ctx, GetRepositoryRequest request) override;
  Task<Result<ListRepositoriesResponse>> ListRepositories(Context& ctx, ListRepositoriesRequest request) override;
  Task<Result<DeleteRepositoryResponse>> DeleteRepository(Context& ctx, DeleteRepositoryRequest request) override;
  Task<Result<>> UpdateRepositoryName(Context& ctx, UpdateRepositoryNameRequest request) override;
  Task<Result<>> UpdateRepositoryDescription(Context& ctx, UpdateRepositoryDescriptionRequest request) override;
  Task<Result<GetBranchResponse>> GetBranch(Context& ctx, GetBranchRequest request) override;
  Task<Result<ListBranchesResponse>> ListBranches(Context& ctx, ListBranchesRequest request) override;
  Task<Result<>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<>> UntagResource(Context& ctx, UntagResourceRequest request) override;
  Task<Result<ListTagsForResourceResponse>> ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) override;

  // --- triggers (api_triggers.cc) ---
  Task<Result<PutRepositoryTriggersResponse>> PutRepositoryTriggers(Context& ctx, PutRepositoryTriggersRequest request) override;
  Task<Result<GetRepositoryTriggersResponse>> GetRepositoryTriggers(Context& ctx, GetRepositoryTriggersRequest request) override;
  Task<Result<TestRepositoryTriggersResponse>> TestRepositoryTriggers(Context& ctx, TestRepositoryTriggersRequest request) override;

 private:
  using RepositoryPointer = resources::ResourceTable<RepositoryRow>::Pointer;

  int64_t NowMillis() const { return ToEpochMillis(parts_.clock->WallNow()); }
  // Error: RepositoryDoesNotExistException.
  Result<RepositoryPointer> Existing(const Context& ctx, const std::string& name) const { return parts_.tables->repositories.Get(RepositoryName::Of(ctx, name).Key()); }
  Task<RepositoryMetadata> Shown(RepositoryPointer row);
  Task<Result<>> Edit(Context& ctx, RepositoryName name, std::function<Result<>(RepositoryRow&)> edit);
  Result<RepositoryName> OfArn(const Context& ctx, const std::string& arn) const;

  ApiParts parts_;
};

}  // namespace mayfly::codecommit
