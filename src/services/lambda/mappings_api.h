// MappingsApi: CreateEventSourceMapping, GetEventSourceMapping, ListEventSourceMappings, UpdateEventSourceMapping,
// DeleteEventSourceMapping. One per daemon, on its strand.
//
// A change answers when it is stored; MappingSettling takes it to where it is on its way to, and sources::MappingManager polls what
// is Enabled.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "model/lambda.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class MappingsApi final : public EventSourceMappingsHandler {
 public:
  // All outlive this.
  struct Parts {
    const Clock& clock;
    Random& random;
    catalog::Tables& tables;
    const catalog::FunctionCatalog& catalog;
    MappingSettling& settling;
    sources::QueueSource* queues = nullptr;  // null: mappings take queues as they are named
    // LastProcessingResult of the mapping with that key (EventSourceMapping::Key), "" before there was anything; empty: nobody polls.
    std::function<std::string_view(const std::string& key)> last_processing_result{};
    const catalog::Access* access = nullptr;  // what execution roles may do; null: they may do everything
  };
  explicit MappingsApi(Parts parts) : parts_(std::move(parts)) {}

  Task<Result<EventSourceMappingConfiguration>> CreateEventSourceMapping(Context& ctx, CreateEventSourceMappingRequest request) override;
  Task<Result<EventSourceMappingConfiguration>> GetEventSourceMapping(Context& ctx, GetEventSourceMappingRequest request) override;
  Task<Result<ListEventSourceMappingsResponse>> ListEventSourceMappings(Context& ctx, ListEventSourceMappingsRequest request) override;
  Task<Result<EventSourceMappingConfiguration>> UpdateEventSourceMapping(Context& ctx, UpdateEventSourceMappingRequest request) override;
  Task<Result<EventSourceMappingConfiguration>> DeleteEventSourceMapping(Context& ctx, DeleteEventSourceMappingRequest request) override;

 private:
  // Makes `mapping` invoke the function that is named. Error: code `missing`, "Function does not exist".
  Result<catalog::FunctionPointer> Point(const Context& ctx, catalog::EventSourceMapping& mapping, std::string_view function_name,
                                         std::string_view missing) const;
  // There must be the queue, and it must hide a message for as long as the function may run.
  Task<Result<>> CheckQueueOf(Context& ctx, const catalog::EventSourceMapping& mapping, const catalog::Function& function) const;
  // Whether the function's execution role may poll the queue.
  Result<> CheckRoleFor(const catalog::EventSourceMapping& mapping, const catalog::Function& function) const;
  EventSourceMappingConfiguration ViewOf(const catalog::EventSourceMapping& mapping) const;

  Parts parts_;
};

}  // namespace mayfly::lambda
