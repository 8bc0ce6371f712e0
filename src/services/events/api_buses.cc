// CreateEventBus, UpdateEventBus, DeleteEventBus, DescribeEventBus, ListEventBuses.
#include <fmt/format.h>

#include "resources/edit.h"
#include "services/events/events_api.h"

namespace mayfly::events {
namespace {

constexpr size_t kListPageMax = 100;

std::optional<std::string> Unless(const std::string& value, std::string_view none = {}) { return value == none ? std::nullopt : std::optional(value); }

std::string WriteLogConfig(const std::optional<LogConfig>& config) {
  json::Value value{json::Object()};
  if (config && config->include_detail) value.Set("IncludeDetail", *config->include_detail);
  if (config && config->level) value.Set("Level", *config->level);
  return config ? json::Write(value) : std::string();
}

std::optional<LogConfig> ReadLogConfig(const std::string& text) {
  const auto value = json::Parse(text);
  if (!value) return std::nullopt;
  return LogConfig{.include_detail = Unless(std::string(value->StringOr("IncludeDetail", ""))), .level = Unless(std::string(value->StringOr("Level", "")))};
}

std::optional<DeadLetterConfig> DeadLettersOf(const Bus& bus) {
  return bus.dead_letter_arn.empty() ? std::nullopt : std::optional(DeadLetterConfig{.arn = bus.dead_letter_arn});
}

std::optional<WallTime> TimeOf(int64_t millis) { return millis == 0 ? std::nullopt : std::optional(WallTime(std::chrono::milliseconds(millis))); }

// A default bus of which nothing is kept.
Bus DefaultBus(const BusName& name) { return {.name = {name.account_id, name.region, std::string(kDefaultBus)}}; }

EventBus Shown(const Bus& bus) {
  return {.name = bus.name.name, .arn = bus.name.Arn(), .description = Unless(bus.description), .policy = Unless(bus.policy),
          .creation_time = TimeOf(bus.created_millis), .last_modified_time = TimeOf(bus.modified_millis)};
}

Result<> CheckNewName(const CreateEventBusRequest& request) {
  if (request.event_source_name) {
    return Fail(Error::Service("NotImplementedException", "Partner event sources are not implemented by Mayfly: they come with partner event sources."));
  }
  if (request.name == kDefaultBus) return Fail(Error::Service("ResourceAlreadyExistsException", "Event bus default already exists."));
  if (request.name.contains('/')) return Fail(Invalid("Event bus name must not contain '/'."));
  if (request.name.starts_with("aws.")) return Fail(Invalid("EventBus name starting with 'aws.' is not valid."));
  return {};
}

resources::StringPairs TagsOf(const std::optional<std::vector<Tag>>& tags) {
  resources::StringPairs pairs;
  for (const Tag& tag : tags.value_or(std::vector<Tag>())) pairs.emplace_back(tag.key, tag.value);
  return pairs;
}

}  // namespace

resources::PageRequest PageOf(std::string prefix, const std::optional<int32_t>& limit, const std::optional<std::string>& token) {
  return {.prefix = std::move(prefix), .marker = token, .limit = resources::PageLimit(limit, kListPageMax),
          .bad_marker = [] { return Invalid("The provided NextToken is not valid."); }};
}

Result<BusName> EventsApi::ExistingBus(const Context& ctx, const std::optional<std::string>& name_or_arn) const {
  BusName name = BusOf(ctx, name_or_arn);
  if (!parts_.tables->Has(name)) return Fail(NoBus(name.name));
  return name;
}

Task<Result<>> EventsApi::EditBus(Context& ctx, BusName name, std::function<Result<>(Bus&)> edit) {
  const auto stage = [&](resources::Change& change, const BusPointer& old) -> Result<> {
    if (!old && !name.is_default()) return Fail(NoBus(name.name));
    Bus bus = old ? *old : DefaultBus(name);
    if (!old) bus.created_millis = NowMillis();
    MF_TRY_VOID(edit(bus));
    bus.modified_millis = NowMillis();
    return change.Put(parts_.tables->buses, name.Key(), std::move(bus));
  };
  co_return co_await resources::EditWith(ctx, parts_.tables->buses, name.Key(), stage);
}

Task<Result<CreateEventBusResponse>> EventsApi::CreateEventBus(Context& ctx, CreateEventBusRequest request) {
  MF_CO_TRY_VOID(CheckNewName(request));
  Bus bus{.name = BusOf(ctx, request.name), .description = request.description.value_or(""), .kms_key_id = request.kms_key_identifier.value_or(""),
          .log_config = WriteLogConfig(request.log_config), .created_millis = NowMillis(), .modified_millis = NowMillis(), .tags = TagsOf(request.tags)};
  if (request.dead_letter_config) bus.dead_letter_arn = request.dead_letter_config->arn.value_or("");
  MF_CO_TRY_VOID(resources::CheckTags(bus.tags, kTagRules));
  const std::string key = bus.name.Key();
  const auto stage = [&](resources::Change& change, const BusPointer&) -> Result<> {
    if (parts_.tables->buses.List(bus.name.Place(), "", kBusesMax).size() >= kBusesMax) return Fail(LimitExceeded());
    return change.Create(parts_.tables->buses, key, bus);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->buses, key, stage));
  co_return CreateEventBusResponse{.event_bus_arn = bus.name.Arn(), .description = request.description, .kms_key_identifier = request.kms_key_identifier,
                                   .dead_letter_config = request.dead_letter_config, .log_config = request.log_config};
}

Task<Result<UpdateEventBusResponse>> EventsApi::UpdateEventBus(Context& ctx, UpdateEventBusRequest request) {
  const BusName name = BusOf(ctx, request.name);
  MF_CO_TRY_VOID(co_await EditBus(ctx, name, [&](Bus& bus) -> Result<> {
    bus.description = request.description.value_or("");
    bus.kms_key_id = request.kms_key_identifier.value_or("");
    bus.dead_letter_arn = request.dead_letter_config ? request.dead_letter_config->arn.value_or("") : "";
    bus.log_config = WriteLogConfig(request.log_config);
    return {};
  }));
  co_return UpdateEventBusResponse{.arn = name.Arn(), .name = name.name, .kms_key_identifier = request.kms_key_identifier,
                                   .description = request.description, .dead_letter_config = request.dead_letter_config, .log_config = request.log_config};
}

Task<Result<>> EventsApi::DeleteEventBus(Context& ctx, DeleteEventBusRequest request) {
  const BusName name = BusOf(ctx, request.name);
  if (name.is_default()) co_return Fail(Invalid("Cannot delete event bus default."));
  const auto stage = [&](resources::Change& change, const BusPointer& bus) -> Result<> {
    return bus ? change.Delete(parts_.tables->buses, name.Key(), bus) : Result<>();
  };
  co_return co_await resources::EditWith(ctx, parts_.tables->buses, name.Key(), stage);
}

Task<Result<DescribeEventBusResponse>> EventsApi::DescribeEventBus(Context& ctx, DescribeEventBusRequest request) {
  MF_CO_TRY(const BusName name, ExistingBus(ctx, request.name));
  const BusPointer row = parts_.tables->buses.Find(name.Key());
  const Bus bus = row ? *row : DefaultBus(name);
  co_return DescribeEventBusResponse{.name = name.name, .arn = name.Arn(), .description = Unless(bus.description),
                                     .kms_key_identifier = Unless(bus.kms_key_id), .dead_letter_config = DeadLettersOf(bus),
                                     .policy = Unless(bus.policy), .log_config = ReadLogConfig(bus.log_config),
                                     .creation_time = TimeOf(bus.created_millis), .last_modified_time = TimeOf(bus.modified_millis)};
}

// The default bus comes first, where it fits the prefix and has no row of its own.
Task<Result<ListEventBusesResponse>> EventsApi::ListEventBuses(Context& ctx, ListEventBusesRequest request) {
  const BusName default_bus = BusOf(ctx, std::nullopt);
  const std::string prefix = request.name_prefix.value_or("");
  MF_CO_TRY(auto page, resources::NextPage(parts_.tables->buses, PageOf(default_bus.Place() + prefix, request.limit, request.next_token)));
  ListEventBusesResponse response{.event_buses = std::vector<EventBus>(), .next_token = std::move(page.next_marker)};
  const bool is_missing = !request.next_token && kDefaultBus.starts_with(prefix) && !parts_.tables->buses.Find(default_bus.Key());
  if (is_missing) response.event_buses->push_back(Shown(DefaultBus(default_bus)));
  for (const auto& row : page.rows) response.event_buses->push_back(Shown(*row.value));
  co_return response;
}

}  // namespace mayfly::events
