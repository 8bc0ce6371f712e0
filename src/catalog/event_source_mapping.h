// EventSourceMapping: what a poller does: read from a source, invoke a function with batches. Immutable once made; a change makes
// a new one.
//
// Its `state` is what pollers obey: they poll a mapping while it is Enabled, and at no other time. Whoever wants to follow
// mappings listens to Tables::event_source_mappings (ResourceTable::OnChange). It survives its function, as on AWS.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "catalog/function.h"
#include "resources/json_members.h"

namespace mayfly::catalog {

// Values of EventSourceMapping::state. All but Enabled and Disabled are on their way to another one.
namespace MappingState {
inline constexpr std::string_view Creating = "Creating";
inline constexpr std::string_view Enabling = "Enabling";
inline constexpr std::string_view Enabled = "Enabled";
inline constexpr std::string_view Disabling = "Disabling";
inline constexpr std::string_view Disabled = "Disabled";
inline constexpr std::string_view Updating = "Updating";
inline constexpr std::string_view Deleting = "Deleting";
}  // namespace MappingState

// Credentials, networks and the like of a source; also of a schema registry.
struct SourceAccess {
  std::string type;
  std::string uri;
};

struct SchemaRegistry {
  std::string uri;
  std::string event_record_format;
  std::vector<SourceAccess> access;
  std::vector<std::string> validation_attributes;
};

// Members as in the API's EventSourceMappingConfiguration. Empty or absent: not given, and not applicable or to be shown as
// the source's default (sources/table.h).
struct EventSourceMapping {
  std::string account_id;
  std::string region;
  std::string uuid;

  FunctionName function;
  std::string qualifier;  // of the function as the request named it; "" for none
  std::string event_source_arn;
  std::vector<std::string> bootstrap_servers;  // of a self-managed source, which has no ARN
  std::vector<std::string> topics;
  std::vector<std::string> queues;
  std::vector<SourceAccess> source_access;
  std::string starting_position;
  std::optional<int64_t> starting_position_epoch_millis;

  int batch_size = 0;
  std::optional<int> batching_window_seconds;
  std::optional<int> parallelization_factor;
  std::optional<int> tumbling_window_seconds;
  std::optional<int> maximum_record_age_seconds;
  std::optional<int> maximum_retry_attempts;
  std::optional<bool> bisect_batch_on_function_error;
  std::vector<std::string> function_response_types;
  std::string on_failure_destination;
  std::vector<std::string> filter_patterns;
  std::string kms_key_arn;

  std::optional<int> maximum_concurrency;
  std::optional<int> minimum_pollers;  // both or neither
  std::optional<int> maximum_pollers;
  std::string poller_group_name;
  std::vector<std::string> metrics;
  std::string system_log_level;

  std::string consumer_group_id;
  std::string consumption_mode;
  std::optional<SchemaRegistry> schema_registry;
  std::string database_name;
  std::string collection_name;
  std::string full_document;

  resources::StringPairs tags;
  std::string state = std::string(MappingState::Creating);
  std::string state_transition_reason;
  std::string last_processing_result;
  bool enabled = true;  // where Creating, Updating … lead to
  int64_t last_modified_epoch_millis = 0;

  std::string Arn() const;
  std::string FunctionArn() const { return qualifier.empty() ? function.Arn() : function.Arn() + ':' + qualifier; }
  // ACCOUNT/REGION/UUID.
  std::string Key() const { return account_id + '/' + region + '/' + uuid; }
  // ACCOUNT/REGION/HASH of the source (with topic, queue, collection …) and the function: equal for mappings of which there
  // may be only one.
  std::string ClaimKey() const;
  bool is_settled() const { return state == MappingState::Enabled || state == MappingState::Disabled; }
  bool is_provisioned() const { return minimum_pollers.has_value(); }
};

// Says which mapping joins a source and a function. Made, moved and deleted in one commit with the mapping.
struct MappingClaim {
  std::string uuid;
};

// Rows. What the key says is not in the text.
json::Value ToJson(const EventSourceMapping& mapping);
Result<> FromJson(std::string_view key, const json::Value& value, EventSourceMapping& mapping);
json::Value ToJson(const MappingClaim& claim);
Result<> FromJson(std::string_view key, const json::Value& value, MappingClaim& claim);

}  // namespace mayfly::catalog
