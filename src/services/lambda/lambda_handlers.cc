#include "services/lambda/lambda_handlers.h"

#include "invoke/invoker.h"
#include "services/lambda/account_api.h"
#include "services/lambda/aliases_api.h"
#include "services/lambda/asynchronous_invocation_api.h"
#include "services/lambda/code_intake.h"
#include "services/lambda/code_quota.h"
#include "services/lambda/code_signing_api.h"
#include "services/lambda/function_images.h"
#include "services/lambda/function_layers.h"
#include "services/lambda/function_permissions_api.h"
#include "services/lambda/function_urls_api.h"
#include "services/lambda/function_views.h"
#include "services/lambda/functions_api.h"
#include "services/lambda/invoke_api.h"
#include "services/lambda/layers_api.h"
#include "services/lambda/mapping_settling.h"
#include "services/lambda/mappings_api.h"
#include "services/lambda/provisioned_concurrency_api.h"
#include "services/lambda/recursion_api.h"
#include "services/lambda/reserved_concurrency_api.h"
#include "services/lambda/revisions.h"
#include "services/lambda/runtime_management_api.h"
#include "services/lambda/settling.h"
#include "services/lambda/tags_api.h"
#include "services/lambda/versions_api.h"

namespace mayfly::lambda {

// What works behind the operations, then the operations by group, in the order of the model.
struct LambdaHandlers::Members {
  explicit Members(const LambdaParts& p)
      : limits{.account = p.account_concurrency, .unreserved_min = p.unreserved_concurrency_min},
        revisions(*p.loop, *p.random),
        quota(*p.catalog, *p.layers, p.code_storage_bytes_max),
        code({.loop = *p.loop, .files = *p.files, .store = *p.code, .source = *p.code_source, .profiles = *p.signing_profiles}),
        function_layers({.loop = *p.loop, .files = *p.files, .layers = *p.layers, .access = *p.access, .store = *p.code}),
        images(*p.images),
        views(*p.runtimes, *p.vpcs),
        settling({.loop = *p.loop, .catalog = *p.catalog, .images = images, .revisions = revisions, .delay = p.update_delay}),
        mapping_settling(*p.loop, *p.tables, p.update_delay),
        functions({.clock = *p.loop,
                   .tables = *p.tables,
                   .catalog = *p.catalog,
                   .runtimes = *p.runtimes,
                   .file_systems = *p.file_systems,
                   .code = code,
                   .layers = function_layers,
                   .images = images,
                   .quota = quota,
                   .revisions = revisions,
                   .settling = settling,
                   .views = views,
                   .vpcs = *p.vpcs,
                   .download_url = p.download_url}),
        invoke({.catalog = *p.catalog, .random = *p.random, .invoker = *p.invoker, .events = *p.events, .loops = *p.loops, .settling = settling}),
        versions({.tables = *p.tables, .catalog = *p.catalog, .quota = quota, .revisions = revisions, .views = views, .vpcs = *p.vpcs}),
        aliases({.tables = *p.tables, .catalog = *p.catalog, .random = *p.random}),
        layers({.clock = *p.loop,
                .random = *p.random,
                .tables = *p.tables,
                .layers = *p.layers,
                .access = *p.access,
                .code = code,
                .quota = quota,
                .download_url = p.layer_download_url}),
        function_permissions({.tables = *p.tables, .catalog = *p.catalog, .random = *p.random}),
        mappings({.clock = *p.loop,
                  .random = *p.random,
                  .tables = *p.tables,
                  .catalog = *p.catalog,
                  .settling = mapping_settling,
                  .queues = p.queues,
                  .last_processing_result = p.last_processing_result,
                  .access = p.access}),
        reserved_concurrency({.tables = *p.tables, .catalog = *p.catalog, .ledger = *p.ledger, .limits = limits}),
        provisioned_concurrency({.clock = *p.loop,
                                 .tables = *p.tables,
                                 .catalog = *p.catalog,
                                 .ledger = *p.ledger,
                                 .provisioner = p.invoker->provisioner(),
                                 .limits = limits}),
        function_urls({.clock = *p.loop, .random = *p.random, .tables = *p.tables, .catalog = *p.catalog, .address = p.function_url}),
        asynchronous_invocation({.clock = *p.loop, .tables = *p.tables, .catalog = *p.catalog}),
        code_signing({.clock = *p.loop, .random = *p.random, .tables = *p.tables, .catalog = *p.catalog}),
        runtime_management({.tables = *p.tables, .catalog = *p.catalog}),
        recursion({.tables = *p.tables, .catalog = *p.catalog}),
        tags({.tables = *p.tables, .catalog = *p.catalog, .random = *p.random}),
        account({.catalog = *p.catalog, .layers = *p.layers, .ledger = *p.ledger, .quota = quota, .limits = limits}) {}

  ConcurrencyLimits limits;
  Revisions revisions;
  CodeQuota quota;
  CodeIntake code;
  FunctionLayers function_layers;
  FunctionImages images;
  FunctionViews views;
  Settling settling;
  MappingSettling mapping_settling;

  FunctionsApi functions;
  InvokeApi invoke;
  VersionsApi versions;
  AliasesApi aliases;
  LayersApi layers;
  FunctionPermissionsApi function_permissions;
  MappingsApi mappings;
  ReservedConcurrencyApi reserved_concurrency;
  ProvisionedConcurrencyApi provisioned_concurrency;
  FunctionUrlsApi function_urls;
  AsynchronousInvocationApi asynchronous_invocation;
  CodeSigningApi code_signing;
  RuntimeManagementApi runtime_management;
  RecursionApi recursion;
  TagsApi tags;
  AccountApi account;

  Handlers handlers{.functions = functions,
                    .invoke = invoke,
                    .versions = versions,
                    .aliases = aliases,
                    .layers = layers,
                    .function_permissions = function_permissions,
                    .event_source_mappings = mappings,
                    .reserved_concurrency = reserved_concurrency,
                    .provisioned_concurrency = provisioned_concurrency,
                    .function_urls = function_urls,
                    .asynchronous_invocation = asynchronous_invocation,
                    .code_signing = code_signing,
                    .runtime_management = runtime_management,
                    .recursion = recursion,
                    .tags = tags,
                    .account = account};
};

LambdaHandlers::LambdaHandlers(LambdaParts parts) : members_(std::make_unique<Members>(parts)) {}
LambdaHandlers::~LambdaHandlers() = default;

Handlers& LambdaHandlers::handlers() { return members_->handlers; }

void LambdaHandlers::Recover() {
  members_->settling.Recover();
  members_->mapping_settling.Recover();
}

Task<> LambdaHandlers::Stop() {
  co_await members_->settling.Stop();
  co_await members_->mapping_settling.Stop();
}

}  // namespace mayfly::lambda
