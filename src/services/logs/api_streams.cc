// Streams: making, listing and deleting them.
#include <fmt/format.h>

#include <algorithm>

#include "services/logs/logs_api.h"

namespace mayfly::logs {
namespace {

constexpr size_t kStreamsPageMax = 50;

struct Listed {
  std::string name;
  StreamFigures figures;
};

bool HasEvents(const StreamFigures& figures) { return figures.first != WallTime::max(); }

LogStream DescribeStream(const GroupKey& key, const Listed& listed) {
  const StreamFigures& figures = listed.figures;
  LogStream stream{.log_stream_name = listed.name, .arn = key.StreamArn(listed.name), .stored_bytes = 0};
  stream.creation_time = figures.created_millis != 0 ? figures.created_millis : ToEpochMillis(figures.first);
  if (HasEvents(figures)) {
    stream.first_event_timestamp = ToEpochMillis(figures.first);
    stream.last_event_timestamp = ToEpochMillis(figures.last);
    stream.last_ingestion_time = ToEpochMillis(figures.ingested);
    stream.upload_sequence_token = WritePosition({.time = figures.last, .place = {}});
  }
  return stream;
}

// Where a page of streams ended: the time of the last one's last event, and its name.
std::string PlaceOf(const Listed& listed, bool by_time) {
  return by_time ? fmt::format("{:020}/{}", listed.figures.last.time_since_epoch().count(), listed.name) : listed.name;
}

}  // namespace

Task<Result<CreateLogStreamResponse>> LogsApi::CreateLogStream(Context& ctx, CreateLogStreamRequest request) {
  MF_CO_TRY_VOID(co_await groups_->CreateStream(ctx, GroupKey::Of(ctx, request.log_group_name), request.log_stream_name));
  co_return CreateLogStreamResponse();
}

Task<Result<DeleteLogStreamResponse>> LogsApi::DeleteLogStream(Context& ctx, DeleteLogStreamRequest request) {
  MF_CO_TRY_VOID(co_await groups_->DeleteStream(ctx, GroupKey::Of(ctx, request.log_group_name), request.log_stream_name));
  co_return DeleteLogStreamResponse();
}

Task<Result<DescribeLogStreamsResponse>> LogsApi::DescribeLogStreams(Context& ctx, DescribeLogStreamsRequest request) {
  MF_CO_TRY(const GroupKey key, KeyOf(ctx, request.log_group_name, request.log_group_identifier));
  const bool by_time = request.order_by == OrderBy::LastEventTime;
  if (by_time && request.log_stream_name_prefix) co_return Fail(InvalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix."));
  const bool descending = request.descending.value_or(false);
  MF_CO_TRY(const StreamMap streams, co_await groups_->Streams(ctx, key));
  std::vector<Listed> listed;
  for (const auto& [name, figures] : streams) {
    if (name.starts_with(request.log_stream_name_prefix.value_or(""))) listed.push_back({name, figures});
  }
  const auto before = [&](const Listed& a, const Listed& b) {
    const std::string left = PlaceOf(a, by_time), right = PlaceOf(b, by_time);
    return descending ? left > right : left < right;
  };
  std::ranges::sort(listed, before);
  size_t begin = 0;
  if (request.next_token) {
    const auto place = resources::ReadMarker(*request.next_token);
    if (!place) co_return Fail(BadToken());
    const auto is_before = [&](const Listed& one) { return descending ? PlaceOf(one, by_time) >= *place : PlaceOf(one, by_time) <= *place; };
    begin = static_cast<size_t>(std::ranges::partition_point(listed, is_before) - listed.begin());
  }
  const size_t limit = request.limit ? static_cast<size_t>(*request.limit) : kStreamsPageMax;
  const size_t end = std::min(listed.size(), begin + limit);
  DescribeLogStreamsResponse response{.log_streams = std::vector<LogStream>()};
  for (size_t at = begin; at < end; ++at) response.log_streams->push_back(DescribeStream(key, listed[at]));
  if (end < listed.size()) response.next_token = resources::WriteMarker(PlaceOf(listed[end - 1], by_time));
  co_return response;
}

}  // namespace mayfly::logs
