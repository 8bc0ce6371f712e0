#include "services/pipes/pipe_table.h"

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::pipes {
namespace {

PipeName PipeOfKey(std::string_view key) {
  const std::vector<std::string_view> parts = Split(key, '/');
  MF_ASSERT(parts.size() == 3);
  return {std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
}

Error MissingPipe(std::string_view key) { return NoPipe(PipeOfKey(key).name); }
Error PipeExists(std::string_view key) {
  return Error::Service("ConflictException", fmt::format("Pipe {} already exists.", PipeOfKey(key).name));
}
Error BusyPipe(std::string_view) { return Error::Service("ConflictException", "Another change of the pipe is on its way."); }

}  // namespace

std::string PipeName::Arn() const {
  return fmt::format("arn:{}:pipes:{}:{}:pipe/{}", identity::PartitionOf(region), region, account_id, name);
}

PipeName PipeOf(const Context& ctx, std::string name) { return {ctx.principal.account_id, ctx.principal.region, std::move(name)}; }

std::optional<PipeName> ParsePipeArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->service != "pipes" || !arn->resource.starts_with("pipe/")) return std::nullopt;
  return PipeName{std::string(arn->account_id), std::string(arn->region), std::string(arn->resource.substr(arn->resource.find('/') + 1))};
}

void VisitMembers(resources::Is<PipeRow> auto& pipe, auto&& visit) {
  visit("Settings", pipe.settings);
  visit("State", pipe.state);
  visit("Created", pipe.created_millis);
  visit("Modified", pipe.modified_millis);
  visit("Tags", pipe.tags);
}

json::Value ToJson(const PipeRow& pipe) { return resources::WriteMembers(pipe); }

Result<> FromJson(std::string_view key, const json::Value& value, PipeRow& pipe) {
  pipe.name = PipeOfKey(key);
  resources::ReadMembers(value, pipe);
  return {};
}

PipeTable::PipeTable(resources::ResourceTables& tables)
    : pipes(tables, "pipes", {.owners = {}, .errors = {.missing = MissingPipe, .exists = PipeExists, .busy = BusyPipe}}) {}

Error Invalid(std::string message) { return Error::Service("ValidationException", std::move(message)); }
Error NoPipe(std::string_view name) { return Error::Service("NotFoundException", fmt::format("Pipe {} does not exist.", name)); }

}  // namespace mayfly::pipes
