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
#include "catalog/resource_table.h"

namespace mayfly::catalog {

struct Tables {
  explicit Tables(store::Store& store) : all(store) {}

  ResourceTables all;  // opens and clears the tables below

  ResourceTable<Function> functions{all, "functions"};                     // $LATEST, by FunctionName::Key()
  ResourceTable<Function> versions{all, "versions", BelongsTo::Function};  // published ones, by VersionKey()
  ResourceTable<Alias> aliases{all, "aliases", BelongsTo::Function};       // by AliasKey()
  ResourceTable<Layer> layers{all, "layers"};                              // by LayerName::Key()
  ResourceTable<LayerVersion> layer_versions{all, "layer_versions"};       // by LayerVersionName::Key()

  // Settings beside functions, by SettingOwner::Key().
  ResourceTable<ReservedConcurrency> reserved_concurrency{all, "reserved_concurrency", BelongsTo::Function};
  ResourceTable<ProvisionedConcurrency> provisioned_concurrency{all, "provisioned_concurrency", BelongsTo::Function};
  ResourceTable<EventInvokeConfig> event_invoke_configs{all, "event_invoke_configs", BelongsTo::Function};
  ResourceTable<RuntimeManagement> runtime_management{all, "runtime_management", BelongsTo::Function};
  ResourceTable<RecursionConfig> recursion_configs{all, "recursion_configs", BelongsTo::Function};

  ResourceTable<FunctionUrl> function_urls{all, "function_urls", BelongsTo::Function};                          // by FunctionUrlKey()
  ResourceTable<ResourcePolicy> policies{all, "policies", BelongsTo::Function};                                 // by PolicyKey()
  ResourceTable<ResourcePolicy> layer_policies{all, "layer_policies"};                                          // by LayerVersionName::Key()
  ResourceTable<CodeSigningConfig> code_signing_configs{all, "code_signing_configs"};                           // by CodeSigningConfigKey()
  ResourceTable<FunctionCodeSigning> function_code_signing{all, "function_code_signing", BelongsTo::Function};  // by FunctionName::Key()

  // Event source mappings outlive their functions: they belong to nobody.
  ResourceTable<EventSourceMapping> event_source_mappings{all, "event_source_mappings"};        // by EventSourceMapping::Key()
  ResourceTable<MappingClaim> event_source_mapping_claims{all, "event_source_mapping_claims"};  // by EventSourceMapping::ClaimKey()
};

}  // namespace mayfly::catalog
