#include "services/s3/conditions.h"

#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

// Dates of HTTP have no parts of a second.
int64_t SecondsOf(const ObjectRow& row) { return row.modified_millis / 1000; }
int64_t SecondsOf(WallTime time) { return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count(); }

}  // namespace

Result<ReadVerdict> CheckRead(const ReadConditions& conditions, const ObjectRow& row) {
  if (conditions.if_match) {
    if (!NamesTag(*conditions.if_match, row.etag)) return Fail(PreconditionFailed("If-Match"));
  } else if (conditions.if_unmodified_since && SecondsOf(row) > SecondsOf(*conditions.if_unmodified_since)) {
    return Fail(PreconditionFailed("If-Unmodified-Since"));
  }
  if (conditions.if_none_match) return NamesTag(*conditions.if_none_match, row.etag) ? ReadVerdict::NotModified : ReadVerdict::Give;
  if (conditions.if_modified_since && SecondsOf(row) <= SecondsOf(*conditions.if_modified_since)) return ReadVerdict::NotModified;
  return ReadVerdict::Give;
}

Result<> CheckWrite(const WriteConditions& conditions, const std::optional<ObjectRow>& current, std::string_view key) {
  const bool is_there = current && !current->is_marker;
  if (conditions.if_none_match) {
    if (Unquoted(*conditions.if_none_match) != "*") return Fail(HeaderNotImplemented("If-None-Match"));
    if (is_there) return Fail(PreconditionFailed("If-None-Match"));
  }
  if (!conditions.if_match) return {};
  if (!is_there) return Fail(NoSuchKey(key));
  if (Unquoted(*conditions.if_match) != current->etag) return Fail(PreconditionFailed("If-Match"));
  return {};
}

Result<> CheckRemoval(const std::optional<std::string>& if_match, const std::optional<ObjectRow>& current) {
  if (!if_match) return {};
  if (current && !current->is_marker && NamesTag(*if_match, current->etag)) return {};
  return Fail(PreconditionFailed("If-Match"));
}

}  // namespace mayfly::s3
