#include "edge/test_clock.h"

#include <fmt/format.h>

#include "base/json.h"

namespace mayfly::edge {
namespace {

constexpr size_t kBodyBytesMax = 1024;
constexpr WallTime kEnd{std::chrono::sys_days(std::chrono::year{2200} / 1 / 1)};  // nanoseconds end in 2262

double ToSeconds(Duration duration) { return ToMillis(duration) / 1000; }

http::Response Refuse(int status, std::string_view message) {
  return http::Response::Json(status, fmt::format("{{\"message\":{}}}\n", json::Quote(message)));
}

http::Response Show(const CalendarLoop& calendar) {
  const WallTime now = calendar.WallNow();
  json::Value shown;
  shown.Set("now", FormatIso8601(now));
  shown.Set("epoch_seconds", ToSeconds(now.time_since_epoch()));
  shown.Set("advanced_seconds", ToSeconds(calendar.advanced()));
  return http::Response::Json(200, json::Write(shown) + "\n");
}

// By how much a client wants the clock to move.
Result<Duration> ReadMove(const CalendarLoop& calendar, std::string_view body) {
  MF_TRY(const json::Value wish, json::Parse(body));
  const json::Value* by = wish.Find("advance_seconds");
  const json::Value* to = wish.Find("set");
  const json::Value* number = by ? by : to;
  if (!number || (by && to) || !number->is_number()) return Fail(Error::Fault(R"(send {"advance_seconds": N} or {"set": SECONDS_SINCE_1970})"));
  MF_TRY(double seconds, number->AsDouble());
  if (to) seconds -= ToSeconds(calendar.WallNow().time_since_epoch());
  if (seconds >= 0 && seconds < ToSeconds(kEnd - calendar.WallNow())) return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  return Fail(Error::Fault("the clock goes forward only, and not beyond the year 2200"));
}

}  // namespace

Task<http::Response> HandleClock(Context& ctx, CalendarLoop& calendar, http::Request& request) {
  if (request.method == "GET") co_return Show(calendar);
  if (request.method != "POST") co_return Refuse(405, "use GET or POST");
  if (auto read = co_await request.ReadAll(ctx, kBodyBytesMax); !read) co_return Refuse(400, read.error().message);
  const Result<Duration> move = ReadMove(calendar, request.body);
  if (!move) co_return Refuse(400, move.error().message);
  calendar.Advance(*move);
  co_return Show(calendar);
}

}  // namespace mayfly::edge
