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
#include "resources/resource_table.h"

namespace mayfly::catalog {

struct Tables {
  explicit Tables(store::Store& store) : all(store) {}

  resources::ResourceTables all;  // opens and clears the tables below

  resources::ResourceTable<Function> functions{all, "functions"};                     // $LATEST, by FunctionName::Key()
  resources::ResourceTable<Function> versions{all, "versions", resources::BelongsTo::Function};  // published ones, by VersionKey()
  resources::ResourceTable<Alias> aliases{all, "aliases", resources::BelongsTo::Function};       // by AliasKey()
  resources::ResourceTable<Layer> layers{all, "layers"};                              // by LayerName::Key()
  resources::ResourceTable<LayerVersion> layer_versions{all, "layer_versions"};       // by LayerVersionName::Key()

  // Settings beside functions, by SettingOwner::Key().
  resources::ResourceTable<ReservedConcurrency> reserved_concurrency{all, "reserved_concurrency", resources::BelongsTo::Function};
  resources::ResourceTable<ProvisionedConcurrency> provisioned_concurrency{all, "provisioned_concurrency", resources::BelongsTo::Function};
  resources::ResourceTable<EventInvokeConfig> event_invoke_configs{all, "event_invoke_configs", resources::BelongsTo::Function};
  resources::ResourceTable<RuntimeManagement> runtime_management{all, "runtime_management", resources::BelongsTo::Function};
  resources::ResourceTable<RecursionConfig> recursion_configs{all, "recursion_configs", resources::BelongsTo::Function};

  resources::ResourceTable<FunctionUrl> function_urls{all, "function_urls", resources::BelongsTo::Function};                          // by FunctionUrlKey()
  resources::ResourceTable<ResourcePolicy> policies{all, "policies", resources::BelongsTo::Function};                                 // by PolicyKey()
  resources::ResourceTable<ResourcePolicy> layer_policies{all, "layer_policies"};                                          // by LayerVersionName::Key()
  resources::ResourceTable<CodeSigningConfig> code_signing_configs{all, "code_signing_configs"};                           // by CodeSigningConfigKey()
  resources::ResourceTable<FunctionCodeSigning> function_code_signing{all, "function_code_signing", resources::BelongsTo::Function};  // by FunctionName::Key()

  // Event source mappings outlive their functions: they belong to nobody.
  resources::ResourceTable<EventSourceMapping> event_source_mappings{all, "event_source_mappings"};        // by EventSourceMapping::Key()
  resources::ResourceTable<MappingClaim> event_source_mapping_claims{all, "event_source_mapping_claims"};  // by EventSourceMapping::ClaimKey()
};

}  // namespace mayfly::catalog
