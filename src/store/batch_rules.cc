#include "store/batch_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace mayfly::store {

Batch& Batch::Put(std::string_view table, std::string_view key, std::string value) {
  steps_.push_back({Step::Kind::Put, std::string(table), std::string(key), std::move(value)});
  return *this;
}

Batch& Batch::Delete(std::string_view table, std::string_view key) {
  steps_.push_back({Step::Kind::Delete, std::string(table), std::string(key), {}});
  return *this;
}

Batch& Batch::DeleteUnder(std::string_view table, std::string_view key) {
  steps_.push_back({Step::Kind::DeleteUnder, std::string(table), std::string(key), {}});
  return *this;
}

Batch& Batch::RequireVersion(std::string_view table, std::string_view key, int64_t version) {
  steps_.push_back({Step::Kind::RequireVersion, std::string(table), std::string(key), {}, version});
  return *this;
}

Batch& Batch::RequireAbsent(std::string_view table, std::string_view key) {
  steps_.push_back({Step::Kind::RequireAbsent, std::string(table), std::string(key), {}});
  return *this;
}

Batch& Batch::RequirePresent(std::string_view table, std::string_view key) {
  steps_.push_back({Step::Kind::RequirePresent, std::string(table), std::string(key), {}});
  return *this;
}

Batch& Batch::Append(std::string_view queue, std::string payload, WallTime due) {
  steps_.push_back({Step::Kind::Append, std::string(queue), {}, std::move(payload), 0, due});
  return *this;
}

Batch& Batch::AppendLeased(std::string_view queue, std::string payload, WallTime until) {
  steps_.push_back({Step::Kind::AppendLeased, std::string(queue), {}, std::move(payload), 0, until});
  return *this;
}

Batch& Batch::AppendGrouped(std::string_view queue, std::string payload, WallTime due, GroupedItem item) {
  MF_ASSERT(!item.group.empty());
  steps_.push_back({Step::Kind::AppendGrouped, std::string(queue), {}, std::move(payload), 0, due,
                    std::make_shared<const GroupedItem>(std::move(item))});
  return *this;
}

Batch& Batch::Acknowledge(std::string_view queue, int64_t id) {
  steps_.push_back({Step::Kind::Acknowledge, std::string(queue), {}, {}, id});
  return *this;
}

Batch& Batch::Release(std::string_view queue, int64_t id, WallTime due) {
  steps_.push_back({Step::Kind::Release, std::string(queue), {}, {}, id, due});
  return *this;
}

namespace {

constexpr std::string_view kPreconditionFailed = "PreconditionFailed";

bool HasKey(Batch::Step::Kind kind) { return ChangesRows(kind) || IsPrecondition(kind); }

bool IsAppend(Batch::Step::Kind kind) {
  using Kind = Batch::Step::Kind;
  return kind == Kind::Append || kind == Kind::AppendLeased || kind == Kind::AppendGrouped;
}

Error Invalid(std::string message) {
  Error error = Error::Fault(std::move(message));
  error.code = "InvalidBatch";
  return error;
}

}  // namespace

bool IsPrecondition(Batch::Step::Kind kind) {
  using Kind = Batch::Step::Kind;
  return kind == Kind::RequireVersion || kind == Kind::RequireAbsent || kind == Kind::RequirePresent;
}

bool ChangesRows(Batch::Step::Kind kind) {
  using Kind = Batch::Step::Kind;
  return kind == Kind::Put || kind == Kind::Delete || kind == Kind::DeleteUnder;
}

bool ChangesRows(const Batch& batch) {
  return std::ranges::any_of(batch.steps(), [](const Batch::Step& step) { return ChangesRows(step.kind); });
}

Result<> ValidateBatch(const Batch& batch) {
  for (const Batch::Step& step : batch.steps()) {
    if (step.name.empty() || step.name.size() > Batch::kNameBytesMax) {
      return Fail(Invalid(fmt::format("the name of a table or queue has {} bytes, not 1 to {}", step.name.size(), Batch::kNameBytesMax)));
    }
    if (HasKey(step.kind) && (step.key.empty() || step.key.size() > Batch::kKeyBytesMax)) {
      return Fail(Invalid(fmt::format("a key of table {} has {} bytes, not 1 to {}", step.name, step.key.size(), Batch::kKeyBytesMax)));
    }
    if (step.grouped && step.grouped->group.size() + step.grouped->once_key.size() > Batch::kKeyBytesMax) {
      return Fail(Invalid(fmt::format("the group and key of an item of {} have more than {} bytes", step.name, Batch::kKeyBytesMax)));
    }
    if (step.value.size() > Batch::kValueBytesMax) {
      return Fail(Invalid(fmt::format("a value of {} has {} bytes, more than {}", step.name, step.value.size(), Batch::kValueBytesMax)));
    }
  }
  return {};
}

size_t BatchBytes(const Batch& batch) {
  size_t bytes = 0;
  for (const Batch::Step& step : batch.steps()) bytes += sizeof step + step.name.size() + step.key.size() + step.value.size();
  return bytes;
}

bool IsPreconditionFailed(const Error& error) { return error.code == kPreconditionFailed; }

Batch::Step DeletedUnder(const Batch::Step& step, std::string key) {
  return {Batch::Step::Kind::Delete, step.name, std::move(key), {}, 1};
}

void ForgetVainDeletes(Batch& batch) {
  std::erase_if(batch.steps(), [](const Batch::Step& step) { return step.kind == Batch::Step::Kind::Delete && step.number == 0; });
}

Error PreconditionFailed(const Batch::Step& step) {
  MF_ASSERT(IsPrecondition(step.kind));
  using Kind = Batch::Step::Kind;
  Error error = Error::Fault(step.kind == Kind::RequireAbsent    ? fmt::format("a row of table {} exists that must not", step.name)
                             : step.kind == Kind::RequirePresent ? fmt::format("a row of table {} is missing that must be there", step.name)
                                                                 : fmt::format("a row of table {} is not at version {}", step.name, step.number));
  error.code = kPreconditionFailed;
  return error;
}

std::string EndOfPrefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  MF_ASSERT(end.empty() || end > prefix);
  return end;
}

WallTime LeaseEnd(WallTime now, Duration lease) {
  MF_ASSERT(lease >= Duration::zero());
  return lease > WallTime::max() - now ? WallTime::max() : now + lease;
}

std::vector<int64_t> AppendedIds(const Batch& batch) {
  std::vector<int64_t> ids;
  for (const Batch::Step& step : batch.steps()) {
    if (!IsAppend(step.kind)) continue;
    MF_ASSERT(step.number > 0);
    ids.push_back(step.number);
  }
  return ids;
}

std::vector<Committed::Repeated> RepeatedAppends(const Batch& batch) {
  std::vector<Committed::Repeated> repeated;
  size_t index = 0;
  for (const Batch::Step& step : batch.steps()) {
    if (!IsAppend(step.kind)) continue;
    if (step.repeated) repeated.push_back({index, step.note});
    ++index;
  }
  return repeated;
}

std::vector<std::pair<std::string, RowChanges>> ChangesOf(const Batch& batch, int64_t version) {
  std::vector<std::pair<std::string, RowChanges>> changes;
  for (const Batch::Step& step : batch.steps()) {
    if (step.kind != Batch::Step::Kind::Put && step.kind != Batch::Step::Kind::Delete) continue;
    auto found = std::ranges::find(changes, step.name, [](const auto& change) -> const std::string& { return change.first; });
    if (found == changes.end()) found = changes.insert(found, {step.name, {.keys = {}, .version = version}});
    found->second.keys.push_back(step.key);
  }
  return changes;
}

}  // namespace mayfly::store
