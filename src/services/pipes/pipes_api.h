// Amazon EventBridge Pipes' API: the operations of model/pipes.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model.
#pragma once

#include "model/pipes.h"
#include "resources/tags.h"
#include "services/pipes/pipe_runner.h"

namespace mayfly::pipes {

class PipesApi final : public PipesHandler, public TagsHandler {
 public:
  // All outlive it.
  PipesApi(const Clock& clock, PipeTable& table, const PipeRunner& runner) : clock_(&clock), table_(&table), runner_(&runner) {}
  Handlers handlers() { return {{}, *this, *this}; }

  Task<Result<CreatePipeResponse>> CreatePipe(Context& ctx, CreatePipeRequest request) override;
  Task<Result<DescribePipeResponse>> DescribePipe(Context& ctx, DescribePipeRequest request) override;
  Task<Result<UpdatePipeResponse>> UpdatePipe(Context& ctx, UpdatePipeRequest request) override;
  Task<Result<DeletePipeResponse>> DeletePipe(Context& ctx, DeletePipeRequest request) override;
  Task<Result<StartPipeResponse>> StartPipe(Context& ctx, StartPipeRequest request) override;
  Task<Result<StopPipeResponse>> StopPipe(Context& ctx, StopPipeRequest request) override;
  Task<Result<ListPipesResponse>> ListPipes(Context& ctx, ListPipesRequest request) override;

  // --- tags (api_tags.cc) ---
  Task<Result<TagResourceResponse>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<UntagResourceResponse>> UntagResource(Context& ctx, UntagResourceRequest request) override;
  Task<Result<ListTagsForResourceResponse>> ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) override;

 private:
  using PipePointer = resources::ResourceTable<PipeRow>::Pointer;

  int64_t NowMillis() const { return ToEpochMillis(clock_->WallNow()); }
  // Gives the row as it is then. Error: ConflictException, it is there already.
  Task<Result<PipeRow>> SetState(Context& ctx, std::string name, std::string state);

  const Clock* clock_;
  PipeTable* table_;
  const PipeRunner* runner_;
};

extern const resources::TagRules kPipeTagRules;

}  // namespace mayfly::pipes
