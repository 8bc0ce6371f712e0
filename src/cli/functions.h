// What several commands ask of Lambda's API about functions.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/session.h"

namespace mayfly::cli {

// The parts of "NAME", "NAME:QUALIFIER" or an ARN as they stand in a request's path, with a qualifier that was given apart. Pure.
std::string FunctionTarget(std::string_view name, std::string_view version, std::string_view below, std::string_view query = {});

// All of a list that comes in pages: GET `target`, the member `member` of each answer, on with NextMarker. Errors: as Session::Fetch.
Task<Result<json::Array>> FetchPages(Context& ctx, Session& session, std::string target, std::string member);

// "python3.11", or "image".
std::string RuntimeOf(const json::Value& configuration);
// "2026-11-30 10:15" of "2026-11-30T10:15:22.123+0000".
std::string ShortTime(std::string_view time);

}  // namespace mayfly::cli
