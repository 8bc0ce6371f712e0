#include "identity/decision_log.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::identity {
namespace {

constexpr std::string_view kObjectPrefix = "arn:aws:s3:::";
constexpr std::array<std::string_view, 3> kTypeNames = {"implicitDeny", "allowed", "explicitDeny"};  // in the order of DecisionType

// "arn:aws:s3:::bucket/folder/*" for an object in a folder.
std::string ResourceShape(std::string_view resource) {
  if (!resource.starts_with(kObjectPrefix)) return std::string(resource);
  const size_t key = resource.find('/');
  const size_t folder = key == std::string_view::npos ? key : resource.find('/', key + 1);
  return folder == std::string_view::npos ? std::string(resource) : fmt::format("{}/*", resource.substr(0, folder));
}

std::string LineOf(const DecisionRecord& record) {
  json::Value line;
  line.Set("principal", record.principal);
  if (!record.function_name.empty()) line.Set("function", record.function_name);
  line.Set("action", record.action);
  line.Set("resource", record.resource);
  line.Set("decision", kTypeNames[static_cast<size_t>(record.type)]);
  line.Set("by", static_cast<int64_t>(record.by));
  line.Set("count", record.count);
  line.Set("first", ToEpochMillis(record.first_at));
  line.Set("last", ToEpochMillis(record.last_at));
  return json::Write(line) + "\n";
}

std::optional<DecisionRecord> RecordOf(std::string_view line) {
  const auto value = json::Parse(line);
  if (!value || !value->is_object()) return std::nullopt;
  DecisionRecord record;
  record.principal = value->StringOr("principal", "");
  record.function_name = value->StringOr("function", "");
  record.action = value->StringOr("action", "");
  record.resource = value->StringOr("resource", "");
  const std::string_view type = value->StringOr("decision", "");
  const auto* found = std::ranges::find(kTypeNames, type);
  const int64_t by = value->IntOr("by", 0);
  if (record.principal.empty() || record.action.empty() || found == kTypeNames.end() || by < 0 || by > static_cast<int64_t>(PolicyKind::RoleTrust)) return std::nullopt;
  record.type = static_cast<DecisionType>(found - kTypeNames.begin());
  record.by = static_cast<PolicyKind>(by);
  record.count = static_cast<uint64_t>(value->IntOr("count", 1));
  record.first_at = WallTime(std::chrono::milliseconds(value->IntOr("first", 0)));
  record.last_at = WallTime(std::chrono::milliseconds(value->IntOr("last", 0)));
  return record;
}

std::string KeyOf(std::string_view owner, const DecisionLog::Noted& noted, std::string_view resource) {
  return fmt::format("{}{}\n{}\n{}{}", owner, noted.action, resource, static_cast<int>(noted.verdict.type), static_cast<int>(noted.verdict.by));
}

}  // namespace

std::string DecisionLog::OwnerKey(std::string_view principal, std::string_view function_name) { return fmt::format("{}\n{}\n", principal, function_name); }

void DecisionLog::Insert(std::string key, std::string_view owner, DecisionRecord record) {
  Tally& tally = tallies_[std::string(owner)];
  ++tally.records;
  ++tally.resources[record.action];
  records_.insert_or_assign(std::move(key), std::move(record));
}

Result<> DecisionLog::Open(std::string path) {
  path_ = std::move(path);
  if (auto text = ReadFile(path_)) {
    for (const std::string_view line : Split(*text, '\n')) {
      auto record = line.empty() ? std::nullopt : RecordOf(line);
      if (!record || records_.size() >= kRecordsMax) continue;
      const std::string owner = OwnerKey(record->principal, record->function_name);
      std::string key = KeyOf(owner, {{}, {}, record->action, {}, {record->type, record->by}}, record->resource);
      if (!records_.contains(key)) Insert(std::move(key), owner, std::move(*record));
    }
  }
  return Begin();
}

Result<> DecisionLog::Begin() {
  MF_TRY_VOID(Save());
  file_ = UniqueFd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_CREAT, 0600));
  if (!file_) return Fail(Error::Fault(fmt::format("open {}: {}", path_, std::strerror(errno))));
  return {};
}

Result<> DecisionLog::Save() const {
  if (path_.empty()) return {};
  std::string text;
  for (const auto& [key, record] : records_) text += LineOf(record);
  return WriteFileDurably(path_, text, 0600);
}

Result<> DecisionLog::Clear() {
  records_.clear();
  tallies_.clear();
  dropped_ = 0;
  if (path_.empty()) return {};
  return Begin();
}

void DecisionLog::Append(const DecisionRecord& record) {
  if (!file_) return;
  if (auto written = WriteAll(file_.get(), LineOf(record), path_); !written) log::Warning("decisions: {}", written.error().ToString());
}

void DecisionLog::Note(const Noted& noted, WallTime now) {
  const std::string owner = OwnerKey(noted.principal, noted.function_name);
  std::string resource = ResourceShape(noted.resource);
  std::string key = KeyOf(owner, noted, resource);
  auto found = records_.find(key);
  if (found == records_.end()) {
    const auto tally = tallies_.find(owner);
    if (records_.size() >= kRecordsMax || (tally != tallies_.end() && tally->second.records >= kOfOneMax)) {
      ++dropped_;
      return;
    }
    if (tally != tallies_.end()) {
      const auto resources = tally->second.resources.find(noted.action);
      if (resources != tally->second.resources.end() && resources->second >= kResourcesOfActionMax) {
        resource = "*";
        key = KeyOf(owner, noted, resource);
        found = records_.find(key);
      }
    }
  }
  if (found != records_.end()) {
    ++found->second.count;
    found->second.last_at = now;
    return;
  }
  DecisionRecord record{.principal = std::string(noted.principal),
                        .function_name = std::string(noted.function_name),
                        .action = std::string(noted.action),
                        .resource = std::move(resource),
                        .type = noted.verdict.type,
                        .by = noted.verdict.by,
                        .count = 1,
                        .first_at = now,
                        .last_at = now};
  Append(record);
  Insert(std::move(key), owner, std::move(record));
}

std::vector<DecisionRecord> DecisionLog::Of(std::string_view account_id, std::string_view function_name) const {
  std::vector<DecisionRecord> found;
  for (const auto& [key, record] : records_) {
    const auto arn = ParseArn(record.principal);
    if (!arn || arn->account_id != account_id || (!function_name.empty() && record.function_name != function_name)) continue;
    found.push_back(record);
  }
  return found;
}

}  // namespace mayfly::identity
