// Tables: everything that the catalog keeps, one table per kind of resource. One per daemon, on its strand.
#pragma once

#include "catalog/alias.h"
#include "catalog/code_signing_config.h"
#include "catalog/event_source_mapping.h"
#include "catalog/function.h"
#include "catalog/function_settings.h"
#include "catalog/function_url.h"
#include "catalog/layer.h"
#include "catalog/resource_policy.h"
#include "resources/change.h"
#include "resources/resource_table.h"

namespace mayfly::catalog {

// How these tables' rows hang together, and what is said of them.
struct QualifierTables {
  resources::AnyTable* functions;
  resources::AnyTable* versions;
  resources::AnyTable* aliases;
};
// "Function not found: ARN", "Function already exist: NAME", "… An update is in progress for resource: ARN".
resources::RowErrors FunctionErrors();
// Of rows whose keys are FUNCTION-KEY or begin with FUNCTION-KEY and '/'.
resources::Owner OwnerFunction(resources::AnyTable& functions);
// Of rows with keys FUNCTION-KEY/QUALIFIER[/more]: the function, and the version or alias if the qualifier is one.
std::vector<resources::Owner> QualifiedOwners(const QualifierTables& tables);
// Of rows with the layer version's own key.
resources::Owner OwnerLayerVersion(resources::AnyTable& layer_versions);

struct Tables {
  template <typename T>
  using Table = resources::ResourceTable<T>;

  explicit Tables(store::Store& store) : all(store) {}

  resources::ResourceTables all;  // opens the tables below

  Table<Function> functions{all, "functions", {.owners = {}, .errors = FunctionErrors()}};                        // $LATEST, by FunctionName::Key()
  Table<Function> versions{all, "versions", {.owners = {OwnerFunction(functions)}, .errors = FunctionErrors()}};  // published ones, by VersionKey()
  Table<Alias> aliases{all, "aliases", {.owners = {OwnerFunction(functions)}, .errors = {}}};                     // by AliasKey()

  // Settings beside functions, by SettingOwner::Key().
  Table<ReservedConcurrency> reserved_concurrency{all, "reserved_concurrency", OfQualifier()};
  Table<ProvisionedConcurrency> provisioned_concurrency{all, "provisioned_concurrency", OfQualifier()};
  Table<EventInvokeConfig> event_invoke_configs{all, "event_invoke_configs", OfQualifier()};
  Table<RuntimeManagement> runtime_management{all, "runtime_management", OfQualifier()};
  Table<RecursionConfig> recursion_configs{all, "recursion_configs", OfQualifier()};

  Table<FunctionUrl> function_urls{all, "function_urls", OfQualifier()};                  // by FunctionUrlKey()
  Table<ResourcePolicy> policies{all, "policies", OfQualifier()};                         // by PolicyKey()
  Table<FunctionCodeSigning> function_code_signing{all, "function_code_signing", OfQualifier()};  // by FunctionName::Key()
  Table<CodeSigningConfig> code_signing_configs{all, "code_signing_configs"};             // by CodeSigningConfigKey()

  Table<Layer> layers{all, "layers"};                          // by LayerName::Key(); outlives its versions, whose numbers it remembers
  Table<LayerVersion> layer_versions{all, "layer_versions"};   // by LayerVersionName::Key()
  Table<ResourcePolicy> layer_policies{all, "layer_policies", {.owners = {OwnerLayerVersion(layer_versions)}, .errors = {}}};  // by the same

  // Event source mappings outlive their functions: they hang on nothing.
  Table<EventSourceMapping> event_source_mappings{all, "event_source_mappings"};        // by EventSourceMapping::Key()
  Table<MappingClaim> event_source_mapping_claims{all, "event_source_mapping_claims"};  // by EventSourceMapping::ClaimKey()

 private:
  resources::TableRules OfQualifier() { return {.owners = QualifiedOwners({&functions, &versions, &aliases}), .errors = {}}; }
};

}  // namespace mayfly::catalog
