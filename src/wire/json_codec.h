// JSON ↔ generated structs, by descriptors. Shared by all protocols that speak JSON.
//
// Reading: unknown members are ignored, null is absence, the last of equal keys counts. A value of the wrong JSON type ends
// the reading with SerializationException and AWS's text; values that break the model's limits are collected as
// Violations and reading goes on. Writing: absent members are left out; numbers are written exactly (shortest form that
// reads back the same), timestamps as seconds since 1970 with at most three decimals, blobs as base64.
// Pure functions, any thread. Depth is bounded by json::kJsonDepthMax.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "wire/descriptor.h"
#include "wire/violations.h"

namespace mayfly::wire {

// A request's body holds one long text at most (a package); everything else in it is small. More values than this are refused
// before they are built: each takes a hundred times the memory of its two bytes.
inline constexpr size_t kBodyValuesMax = 100'000;

// The JSON value of a request's body. Error: SerializationException when it is none, or has too many values.
Result<json::Value> ParseJsonBody(std::string_view body);

// The same of a body that holds members: an empty one, and null, is an object without any.
Result<json::Value> ParseJsonDocument(std::string body);

// Reads `value` (not null) into `target`, which is storage of the shape's type. May move texts out of `value`.
// Error: SerializationException.
Result<> ReadJson(const Shape& shape, json::Value& value, void* target, const Path& path, Violations& violations);

// Reads the chosen members of `structure` from `object`. Required ones that are missing are violations.
Result<> ReadJsonMembers(const Structure& structure, MemberChoice choice, json::Value& object, void* target, const Path* path,
                         Violations& violations);

// Reads one text from a path, query, header or XML into storage of a scalar shape and checks it. Times are those of the shape's form, by
// default ISO 8601 or a date of HTTP.
// Error: SerializationException when it is no such scalar.
Result<> ReadText(const Shape& shape, std::string_view text, void* target, const Path& path, Violations& violations);

void WriteJson(const Shape& shape, const void* value, std::string& out);
// {"Name":value,…} of the chosen members that are present.
void WriteJsonMembers(const Structure& structure, MemberChoice choice, const void* object, std::string& out);
// A scalar as text. Times in the shape's form, by default in `time`; blobs as base64.
std::string WriteText(const Shape& shape, const void* value, TimeForm time);

// Seconds since 1970, with a fraction. nullopt outside of the years 1700–2260.
std::optional<WallTime> FromEpochSeconds(double seconds);
std::string ToEpochSeconds(WallTime time);
// "2026-01-31T12:00:00Z", with or without a fraction. nullopt for anything else.
std::optional<WallTime> ParseIso8601(std::string_view text);
// "Sat, 31 Jan 2026 12:00:00 GMT". nullopt for anything else.
std::optional<WallTime> ParseHttpDate(std::string_view text);

// SerializationException with this text.
Error SerializationError(std::string_view text);

}  // namespace mayfly::wire
