#include "services/ec2/region_state.h"

#include <fmt/format.h>

namespace mayfly::ec2 {

int64_t RegionState::now_millis() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_->WallNow().time_since_epoch()).count();
}

std::string RegionState::NewId(std::string_view prefix) const { return fmt::format("{}-0{}", prefix, random_->Hex(8)); }

std::string RegionState::NewMac() const {
  const uint64_t bits = random_->Next();
  return fmt::format("02:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bits & 0xff, bits >> 8 & 0xff, bits >> 16 & 0xff, bits >> 24 & 0xff,
                     bits >> 32 & 0xff);
}

template <typename T>
Result<> RegionState::StageRows(resources::Change& change, const Rows<T>& rows) {
  auto& table = tables_->Of<T>();
  for (const auto& [id, row] : rows) {
    const std::string key = scope_.KeyOf(id);
    const auto old = table.Find(key);
    if (row) {
      MF_TRY_VOID(old ? change.Replace(table, key, old, T(*row)) : change.Create(table, key, T(*row)));
    } else if (old) {
      MF_TRY_VOID(change.Delete(table, key, old));
    }
  }
  return {};
}

Result<> RegionState::Stage(resources::Change& change) {
  Result<> done;
  std::apply([&](const auto&... rows) { ((done = done ? StageRows(change, rows) : std::move(done)), ...); }, staged_);
  return done;
}

bool RegionState::has_changes() const {
  return std::apply([](const auto&... rows) { return (!rows.empty() || ...); }, staged_);
}

}  // namespace mayfly::ec2
