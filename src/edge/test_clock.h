// The page /_mayfly/clock, with which tests move the daemon's calendar (base/calendar_loop.h says what follows it). In `open` mode only:
// Admin sees to that.
//
//   GET  /_mayfly/clock                              where the clock stands
//   POST /_mayfly/clock {"advance_seconds": 3600}    forward by so much; fractions are fine
//   POST /_mayfly/clock {"set": 1801396800}          forward to that time, in seconds since 1970
// All answer 200 {"now":"2027-01-31T12:00:00.000Z","epoch_seconds":1801396800.0,"advanced_seconds":3600.0}. Time never goes back, and not
// beyond the year 2200: 400.
#pragma once

#include "base/calendar_loop.h"
#include "net/http_message.h"

namespace mayfly::edge {

Task<http::Response> HandleClock(Context& ctx, CalendarLoop& calendar, http::Request& request);

}  // namespace mayfly::edge
