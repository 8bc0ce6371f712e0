#include "sources/mapping_manager.h"

#include <utility>

namespace mayfly::sources {

MappingManager::MappingManager(Loop& loop, catalog::Tables& tables, MappedFunctions& functions, Random& random, telemetry::Metrics& metrics,
                               PollerOptions options)
    : tables_(&tables), budget_(loop, options.payload_bytes_max),
      parts_{.loop = &loop, .functions = &functions, .random = &random, .budget = &budget_, .metrics = &metrics, .options = options},
      tasks_(loop) {
  tables.event_source_mappings.OnChange([this](const std::string& key, const MappingPointer&, const MappingPointer& mapping) {
    if (open_) Follow(key, mapping);
  });
}

void MappingManager::Add(SourceKind kind, PollerFactory factory) {
  MF_ASSERT(!open_);
  const bool is_new = factories_.emplace(kind, std::move(factory)).second;
  MF_ASSERT(is_new);
}

const PollerFactory* MappingManager::FactoryOf(const catalog::EventSourceMapping& mapping) const {
  const auto found = factories_.find(SourceOf(mapping).kind);
  return found == factories_.end() ? nullptr : &found->second;
}

void MappingManager::Open() {
  MF_ASSERT(!open_);
  open_ = true;
  const auto& table = tables_->event_source_mappings;
  for (const auto& row : table.List("", "", table.size())) Follow(row.key, row.value);
}

void MappingManager::Follow(const std::string& key, const MappingPointer& mapping) {
  const auto found = pollers_.find(key);
  if (!mapping) {
    if (found == pollers_.end()) return;
    found->second->Pause();
    tasks_.Spawn(Retire(std::move(found->second)));
    pollers_.erase(found);
    return;
  }
  const PollerFactory* factory = FactoryOf(*mapping);
  if (mapping->state != catalog::MappingState::Enabled || !factory) {
    if (found != pollers_.end()) found->second->Pause();
    return;
  }
  PollerPointer& poller = found != pollers_.end() ? found->second : pollers_[key];
  if (!poller) poller = (*factory)(parts_, *mapping);
  poller->Start(mapping);
}

Task<> MappingManager::Retire(PollerPointer poller) {
  retired_.insert(poller);
  co_await poller->Drain();
  retired_.erase(poller);
}

void MappingManager::Pause() {
  open_ = false;
  for (auto& [key, poller] : pollers_) poller->Pause();
}

Task<> MappingManager::Stop(TimePoint until) {
  Pause();
  for (const auto& [key, poller] : pollers_) tasks_.Spawn(StopOne(poller, until));
  for (const PollerPointer& poller : std::vector<PollerPointer>(retired_.begin(), retired_.end())) tasks_.Spawn(StopOne(poller, until));
  co_await tasks_.Join();
  pollers_.clear();
}

Task<> MappingManager::StopOne(PollerPointer poller, TimePoint until) { co_await poller->Stop(until); }

std::string_view MappingManager::ResultOf(const std::string& key) const {
  const auto found = pollers_.find(key);
  return found == pollers_.end() ? std::string_view() : found->second->result();
}

const PollerCounts* MappingManager::CountsOf(const std::string& key) const {
  const auto found = pollers_.find(key);
  return found == pollers_.end() ? nullptr : &found->second->counts();
}

}  // namespace mayfly::sources
