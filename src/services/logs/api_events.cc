// GetLogEvents, FilterLogEvents.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "services/logs/logs_api.h"

namespace mayfly::logs {
namespace {

using Order = store::LogPageQuery::Order;

constexpr size_t kEventsMax = 10'000;
constexpr size_t kPageBytesMax = 1u << 20;

// time (19), segment (15), block (14), line (8)
constexpr int kDigits[] = {19, 15, 14, 8};

WallTime TimeOfMillis(int64_t millis) {
  constexpr int64_t kMillisMax = 9'000'000'000'000;  // beyond, nanoseconds do not fit
  return WallTime(std::chrono::milliseconds(std::min(millis, kMillisMax)));
}

std::string Token(char direction, const store::LogPosition& position) { return fmt::format("{}/{}/s", direction, WritePosition(position)); }

struct EventToken {
  Order order;
  store::LogPosition position;
};
std::optional<EventToken> ReadToken(std::string_view token) {
  const bool is_forward = token.starts_with("f/");
  if ((!is_forward && !token.starts_with("b/")) || !token.ends_with("/s") || token.size() < 4) return std::nullopt;
  const auto position = ReadPosition(token.substr(2, token.size() - 4));
  return position ? std::optional(EventToken{is_forward ? Order::OldestFirst : Order::NewestFirst, *position}) : std::nullopt;
}

bool IsCut(const LogGroups::Cuts& cuts, std::string_view stream, const store::LogPlace& place) {
  const auto cut = cuts.find(stream);
  return cut != cuts.end() && place <= cut->second;
}

}  // namespace

std::string WritePosition(const store::LogPosition& position) {
  return fmt::format("{:019}{:015}{:014}{:08}", position.time.time_since_epoch().count(), position.place.sequence, position.place.offset, position.place.index);
}

std::optional<store::LogPosition> ReadPosition(std::string_view text) {
  uint64_t numbers[4] = {};
  for (size_t at = 0; at < 4; ++at) {
    const auto size = static_cast<size_t>(kDigits[at]);
    if (text.size() < size) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + size, numbers[at]);
    if (error != std::errc() || end != text.data() + size) return std::nullopt;
    text.remove_prefix(size);
  }
  if (!text.empty() || numbers[0] > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
  return store::LogPosition{WallTime(Duration(static_cast<int64_t>(numbers[0]))), {numbers[1], numbers[2], numbers[3]}};
}

Task<Result<GetLogEventsResponse>> LogsApi::GetLogEvents(Context& ctx, GetLogEventsRequest request) {
  MF_CO_TRY(const GroupKey key, KeyOf(ctx, request.log_group_name, request.log_group_identifier));
  MF_CO_TRY(const auto group, co_await groups_->Get(ctx, key));
  MF_CO_TRY(const bool has_stream, co_await groups_->HasStream(ctx, key, request.log_stream_name));
  if (!has_stream) co_return Fail(StreamNotFound());
  store::LogPageQuery query{.group = key.Store(), .behind = {}, .stream_prefix = request.log_stream_name, .contains = {}, .wanted = {}, .bytes_max = kPageBytesMax};
  query.from = std::max(groups_->KeptFrom(*group), TimeOfMillis(request.start_time.value_or(0)));
  if (request.end_time) query.until = TimeOfMillis(*request.end_time);
  query.order = request.start_from_head.value_or(false) ? Order::OldestFirst : Order::NewestFirst;
  query.limit = request.limit ? static_cast<size_t>(*request.limit) : kEventsMax;
  if (request.next_token) {
    const auto token = ReadToken(*request.next_token);
    if (!token) co_return Fail(BadToken());
    query.order = token->order;
    query.behind = token->position;
  }
  query.wanted = [stream = request.log_stream_name, cuts = groups_->CutsOf(key)](const store::LogLineView& line, const store::LogPlace& place) {
    return line.stream == stream && !IsCut(cuts, line.stream, place);
  };
  // An empty page stands where it was asked for: the same token comes back.
  const store::LogPosition here = query.behind.value_or(store::LogPosition{query.order == Order::OldestFirst ? query.from : std::min(query.until, clock_->WallNow()), {}});
  MF_CO_TRY(const auto page, co_await groups_->lines().Page(ctx, std::move(query)));
  GetLogEventsResponse response{.events = std::vector<OutputLogEvent>()};
  for (const store::PlacedLine& placed : page.lines) {
    response.events->push_back({.timestamp = ToEpochMillis(placed.line.time), .message = placed.line.text, .ingestion_time = ToEpochMillis(placed.ingested)});
  }
  const auto position_of = [](const store::PlacedLine& placed) { return store::LogPosition{placed.line.time, placed.place}; };
  response.next_forward_token = Token('f', page.lines.empty() ? here : position_of(page.lines.back()));
  response.next_backward_token = Token('b', page.lines.empty() ? here : position_of(page.lines.front()));
  co_return response;
}

Task<Result<FilterLogEventsResponse>> LogsApi::FilterLogEvents(Context& ctx, FilterLogEventsRequest request) {
  MF_CO_TRY(const GroupKey key, KeyOf(ctx, request.log_group_name, request.log_group_identifier));
  if (request.log_stream_names && request.log_stream_name_prefix) {
    co_return Fail(InvalidParameter("Only one of logStreamNames and logStreamNamePrefix can be specified."));
  }
  MF_CO_TRY(const auto pattern, FilterPattern::Parse(request.filter_pattern.value_or("")));
  MF_CO_TRY(const auto group, co_await groups_->Get(ctx, key));
  for (const std::string& stream : request.log_stream_names.value_or(std::vector<std::string>())) {
    MF_CO_TRY(const bool has_stream, co_await groups_->HasStream(ctx, key, stream));
    if (!has_stream) co_return Fail(StreamNotFound());
  }
  store::LogPageQuery query{.group = key.Store(), .behind = {}, .stream_prefix = request.log_stream_name_prefix.value_or(""), .contains = pattern->Literal(),
                            .wanted = {}, .bytes_max = kPageBytesMax};
  query.from = std::max(groups_->KeptFrom(*group), TimeOfMillis(request.start_time.value_or(0)));
  if (request.end_time) query.until = TimeOfMillis(*request.end_time) + std::chrono::milliseconds(1);
  query.order = request.start_from_head.value_or(true) ? Order::OldestFirst : Order::NewestFirst;
  query.limit = request.limit ? static_cast<size_t>(*request.limit) : kEventsMax;
  if (request.next_token) {
    const auto place = resources::ReadMarker(*request.next_token);
    const auto position = place ? ReadPosition(*place) : std::nullopt;
    if (!position) co_return Fail(BadToken());
    query.behind = *position;
  }
  query.wanted = [pattern, streams = request.log_stream_names, cuts = groups_->CutsOf(key)](const store::LogLineView& line, const store::LogPlace& place) {
    if (streams && std::ranges::find(*streams, line.stream) == streams->end()) return false;
    return !IsCut(cuts, line.stream, place) && pattern->Matches(line.text);
  };
  const bool is_forward = query.order == Order::OldestFirst;
  MF_CO_TRY(auto page, co_await groups_->lines().Page(ctx, std::move(query)));
  FilterLogEventsResponse response{.events = std::vector<FilteredLogEvent>(), .searched_log_streams = std::vector<SearchedLogStream>()};
  if (page.has_more && !page.lines.empty()) {
    const store::PlacedLine& last = is_forward ? page.lines.back() : page.lines.front();
    response.next_token = resources::WriteMarker(WritePosition({last.line.time, last.place}));
  }
  if (!is_forward) std::ranges::reverse(page.lines);
  for (store::PlacedLine& placed : page.lines) {
    response.events->push_back({.log_stream_name = std::move(placed.line.stream), .timestamp = ToEpochMillis(placed.line.time), .message = std::move(placed.line.text),
                                .ingestion_time = ToEpochMillis(placed.ingested), .event_id = WritePosition({placed.line.time, placed.place})});
  }
  co_return response;
}

}  // namespace mayfly::logs
