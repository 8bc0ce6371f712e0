// CreatePipe, DescribePipe, UpdatePipe, DeletePipe, StartPipe, StopPipe, ListPipes.
#include <fmt/format.h>

#include "resources/edit.h"
#include "resources/paging.h"
#include "services/pipes/pipes_api.h"
#include "wire/struct_text.h"

namespace mayfly::pipes {
namespace {

constexpr size_t kListPageMax = 100;
constexpr std::string_view kNotSettings[] = {"Name", "DesiredState", "Tags"};

template <typename Request>
json::Value SettingsOf(const wire::Operation& operation, const Request& request) {
  auto settings = json::Parse(wire::WriteStruct(*operation.input, &request));
  MF_ASSERT(settings.has_value());  // we have just written it
  std::erase_if(settings->object(), [](const json::Member& member) {
    return std::ranges::find(kNotSettings, member.first) != std::end(kNotSettings);
  });
  return std::move(*settings);
}

// What an update leaves out stays as it was, parameters of the source member by member.
json::Value Updated(json::Value settings, const json::Value& update) {
  for (const auto& [name, value] : update.object()) {
    json::Value* source = name == "SourceParameters" ? settings.Find(name) : nullptr;
    if (!source) {
      settings.Set(name, value);
      continue;
    }
    for (const auto& [parameter, changed] : value.object()) source->Set(parameter, changed);
  }
  return settings;
}

WallTime ShownTime(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

// The members that most answers have.
template <typename Response>
Response Answer(const PipeRow& row, std::string current_state) {
  return {.arn = row.name.Arn(), .name = row.name.name, .desired_state = row.state, .current_state = std::move(current_state),
          .creation_time = ShownTime(row.created_millis), .last_modified_time = ShownTime(row.modified_millis)};
}

Pipe Shown(const PipeRow& row, const std::string& reason) {
  const json::Value settings = json::Parse(row.settings).value_or(json::Value());
  Pipe pipe{.name = row.name.name, .arn = row.name.Arn(), .desired_state = row.state, .current_state = row.state,
            .creation_time = ShownTime(row.created_millis), .last_modified_time = ShownTime(row.modified_millis),
            .source = std::string(settings.StringOr("Source", "")), .target = std::string(settings.StringOr("Target", ""))};
  if (!reason.empty()) pipe.state_reason = reason;
  if (settings.Find("Enrichment")) pipe.enrichment = std::string(settings.StringOr("Enrichment", ""));
  return pipe;
}

bool IsWanted(const Pipe& pipe, const ListPipesRequest& request) {
  const auto fits = [](const std::optional<std::string>& asked, const std::string& value) { return !asked || value == *asked; };
  const auto begins = [](const std::optional<std::string>& asked, const std::string& value) { return !asked || value.starts_with(*asked); };
  return fits(request.desired_state, *pipe.desired_state) && fits(request.current_state, *pipe.current_state) &&
         begins(request.source_prefix, *pipe.source) && begins(request.target_prefix, *pipe.target);
}

}  // namespace

Task<Result<CreatePipeResponse>> PipesApi::CreatePipe(Context& ctx, CreatePipeRequest request) {
  const json::Value settings = SettingsOf(calls::kCreatePipe.operation(), request);
  MF_CO_TRY_VOID(ReadPipePlan(settings));
  PipeRow row{.name = PipeOf(ctx, request.name), .settings = json::Write(settings), .state = request.desired_state.value_or("RUNNING"),
              .created_millis = NowMillis(), .modified_millis = NowMillis()};
  if (request.tags) row.tags = *request.tags;
  MF_CO_TRY_VOID(resources::CheckTags(row.tags, kPipeTagRules));
  const std::string key = row.name.Key();
  const auto stage = [&](resources::Change& change, const PipePointer&) -> Result<> {
    if (table_->pipes.List(row.name.Place(), "", kPipesMax).size() >= kPipesMax) {
      return Fail(Error::Service("ServiceQuotaExceededException", "You have reached the maximum number of pipes."));
    }
    return change.Create(table_->pipes, key, row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, table_->pipes, key, stage));
  co_return Answer<CreatePipeResponse>(row, row.state);
}

Task<Result<DescribePipeResponse>> PipesApi::DescribePipe(Context& ctx, DescribePipeRequest request) {
  MF_CO_TRY(const PipePointer row, table_->pipes.Get(PipeOf(ctx, request.name).Key()));
  MF_CO_TRY(json::Value settings, json::Parse(row->settings));
  DescribePipeResponse response;
  MF_CO_TRY_VOID(wire::ReadStruct(*calls::kDescribePipe.operation().output, settings, &response));
  response.arn = row->name.Arn();
  response.name = row->name.name;
  response.desired_state = response.current_state = row->state;
  if (const std::string reason = runner_->ReasonOf(row->name.Key()); !reason.empty()) response.state_reason = reason;
  response.tags = row->tags;
  response.creation_time = ShownTime(row->created_millis);
  response.last_modified_time = ShownTime(row->modified_millis);
  co_return response;
}

Task<Result<UpdatePipeResponse>> PipesApi::UpdatePipe(Context& ctx, UpdatePipeRequest request) {
  const json::Value update = SettingsOf(calls::kUpdatePipe.operation(), request);
  PipeRow updated;
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, table_->pipes, PipeOf(ctx, request.name).Key(), [&](PipeRow& row) -> Result<> {
    MF_TRY(json::Value settings, json::Parse(row.settings));
    settings = Updated(std::move(settings), update);
    MF_TRY_VOID(ReadPipePlan(settings));
    row.settings = json::Write(settings);
    row.state = request.desired_state.value_or(row.state);
    row.modified_millis = NowMillis();
    updated = row;
    return {};
  }));
  co_return Answer<UpdatePipeResponse>(updated, updated.state);
}

Task<Result<DeletePipeResponse>> PipesApi::DeletePipe(Context& ctx, DeletePipeRequest request) {
  const std::string key = PipeOf(ctx, std::move(request.name)).Key();
  MF_CO_TRY(const PipePointer row, table_->pipes.Get(key));
  MF_CO_TRY_VOID(co_await resources::Remove(ctx, table_->pipes, key));
  auto response = Answer<DeletePipeResponse>(*row, "DELETING");
  response.desired_state = "DELETED";
  co_return response;
}

Task<Result<PipeRow>> PipesApi::SetState(Context& ctx, std::string name, std::string state) {
  PipeRow changed;
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, table_->pipes, PipeOf(ctx, name).Key(), [&](PipeRow& row) -> Result<> {
    if (row.state == state) return Fail(Error::Service("ConflictException", fmt::format("Pipe {} is in state {}.", name, state)));
    row.state = state;
    row.modified_millis = NowMillis();
    changed = row;
    return {};
  }));
  co_return changed;
}

Task<Result<StartPipeResponse>> PipesApi::StartPipe(Context& ctx, StartPipeRequest request) {
  MF_CO_TRY(const PipeRow row, co_await SetState(ctx, std::move(request.name), "RUNNING"));
  co_return Answer<StartPipeResponse>(row, "STARTING");
}

Task<Result<StopPipeResponse>> PipesApi::StopPipe(Context& ctx, StopPipeRequest request) {
  MF_CO_TRY(const PipeRow row, co_await SetState(ctx, std::move(request.name), "STOPPED"));
  co_return Answer<StopPipeResponse>(row, "STOPPING");
}

Task<Result<ListPipesResponse>> PipesApi::ListPipes(Context& ctx, ListPipesRequest request) {
  const resources::PageRequest wanted{.prefix = PipeOf(ctx, request.name_prefix.value_or("")).Key(),
                                      .marker = request.next_token,
                                      .limit = resources::PageLimit(request.limit, kListPageMax),
                                      .bad_marker = [] { return Invalid("The NextToken is not valid."); }};
  MF_CO_TRY(auto page, resources::NextPageIf(table_->pipes, wanted, [&](const auto& row) { return IsWanted(Shown(*row.value, ""), request); }));
  ListPipesResponse response{.pipes = std::vector<Pipe>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) response.pipes->push_back(Shown(*row.value, runner_->ReasonOf(row.key)));
  co_return response;
}

}  // namespace mayfly::pipes
