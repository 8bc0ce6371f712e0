// Settings of event source mappings: what CreateEventSourceMapping and UpdateEventSourceMapping may ask for, and how a mapping
// is shown. What differs between sources comes from sources/table.h.
#pragma once

#include "catalog/event_source_mapping.h"
#include "model/lambda.h"

namespace mayfly::lambda {

// Put what the request names into `mapping` (its function, Enabled and tags excepted) and check the whole; what the request leaves
// out stays. Creation wants the mapping's uuid to be set. Error: InvalidParameterValueException with AWS's texts.
Result<> ApplyMappingSettings(const CreateEventSourceMappingRequest& request, catalog::EventSourceMapping& mapping);
Result<> ApplyMappingSettings(const UpdateEventSourceMappingRequest& request, catalog::EventSourceMapping& mapping);

// As clients see it, with the defaults of its source filled in.
EventSourceMappingConfiguration DescribeMapping(const catalog::EventSourceMapping& mapping);

}  // namespace mayfly::lambda
