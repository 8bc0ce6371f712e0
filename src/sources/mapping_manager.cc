#include "sources/mapping_manager.h"

#include <utility>

#include "sources/table.h"

namespace mayfly::sources {

MappingManager::MappingManager(Loop& loop, catalog::Tables& tables, QueueSource& queues, MappedFunctions& functions, Random& random,
                               telemetry::Metrics& metrics, PollerOptions options)
    : tables_(&tables), budget_(loop, options.payload_bytes_max),
      parts_{.loop = &loop, .queues = &queues, .functions = &functions, .random = &random, .budget = &budget_,
             .metrics = &metrics, .options = options},
      tasks_(loop) {
  tables.event_source_mappings.OnChange([this](const std::string& key, const MappingPointer&, const MappingPointer& mapping) {
    if (open_) Follow(key, mapping);
  });
}

void MappingManager::Open() {
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
  if (mapping->state != catalog::MappingState::Enabled || !IsQueue(SourceOf(*mapping).kind)) {
    if (found != pollers_.end()) found->second->Pause();
    return;
  }
  PollerPointer& poller = found != pollers_.end() ? found->second : pollers_[key];
  if (!poller) poller = std::make_shared<QueuePoller>(parts_, mapping->event_source_arn);
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
