// AWS Lambda's API: the operations of model/lambda.model that work. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model; what is checked here is
// what the model cannot say. Errors are service errors with AWS's texts (reference §1.8).
#pragma once

#include <string>

#include "base/blocking_pool.h"
#include "base/random.h"
#include "base/task_scope.h"
#include "catalog/access.h"
#include "packages/code_package.h"
#include "catalog/concurrency_ledger.h"
#include "packages/code_source.h"
#include "catalog/function_catalog.h"
#include "catalog/function_reference.h"
#include "catalog/layer_catalog.h"
#include "catalog/runtimes.h"
#include "packages/signing_profiles.h"
#include "invoke/event_queue.h"
#include "images/image_store.h"
#include "invoke/invoker.h"
#include "model/lambda.h"
#include "services/lambda/lambda_handlers.h"
#include "services/lambda/list_texts.h"
#include "services/lambda/settings.h"
#include "services/lambda/tags.h"
#include "sources/queue_source.h"

namespace mayfly::lambda {

class LambdaApi final : public FunctionsHandler, public InvokeHandler, public VersionsHandler, public AliasesHandler, public LayersHandler, public FunctionPermissionsHandler, public EventSourceMappingsHandler, public ReservedConcurrencyHandler, public ProvisionedConcurrencyHandler, public FunctionUrlsHandler, public AsynchronousInvocationHandler, public CodeSigningHandler, public RuntimeManagementHandler, public RecursionHandler, public TagsHandler, public AccountHandler {
 public:
  explicit LambdaApi(LambdaParts parts) : parts_(std::move(parts)), background_(*parts_.loop) {}
  Handlers handlers() { return {{}, *this, *this, *this, *this, *this, *this, *this, *this, *this, *this, *this, *this, *this, *this, *this, *this}; }

  // Finishes what a crash interrupted: functions that are Pending or InProgress, mappings that are Creating, Deleting ….
  void Recover();
  // Ends background work (state changes that are on their way).
  Task<> Stop();

  // --- functions (functions.cc, invoke.cc, invoke_streaming.cc) ---
  Task<Result<FunctionConfiguration>> CreateFunction(Context& ctx, CreateFunctionRequest request) override;
  Task<Result<GetFunctionResponse>> GetFunction(Context& ctx, GetFunctionRequest request) override;
  Task<Result<FunctionConfiguration>> GetFunctionConfiguration(Context& ctx, GetFunctionConfigurationRequest request) override;
  Task<Result<ListFunctionsResponse>> ListFunctions(Context& ctx, ListFunctionsRequest request) override;
  Task<Result<FunctionConfiguration>> UpdateFunctionCode(Context& ctx, UpdateFunctionCodeRequest request) override;
  Task<Result<FunctionConfiguration>> UpdateFunctionConfiguration(Context& ctx, UpdateFunctionConfigurationRequest request) override;
  Task<Result<DeleteFunctionResponse>> DeleteFunction(Context& ctx, DeleteFunctionRequest request) override;
  Task<Result<InvocationResponse>> Invoke(Context& ctx, InvokeRequest request) override;
  Task<Result<InvokeWithResponseStreamResponse>> InvokeWithResponseStream(Context& ctx, InvokeWithResponseStreamRequest request) override;
  Task<Result<InvokeAsyncResponse>> InvokeAsync(Context& ctx, InvokeAsyncRequest request) override;

  // --- versions and aliases (versions.cc, aliases.cc) ---
  Task<Result<FunctionConfiguration>> PublishVersion(Context& ctx, PublishVersionRequest request) override;
  Task<Result<ListVersionsByFunctionResponse>> ListVersionsByFunction(Context& ctx, ListVersionsByFunctionRequest request) override;
  Task<Result<AliasConfiguration>> CreateAlias(Context& ctx, CreateAliasRequest request) override;
  Task<Result<AliasConfiguration>> GetAlias(Context& ctx, GetAliasRequest request) override;
  Task<Result<ListAliasesResponse>> ListAliases(Context& ctx, ListAliasesRequest request) override;
  Task<Result<AliasConfiguration>> UpdateAlias(Context& ctx, UpdateAliasRequest request) override;
  Task<Result<>> DeleteAlias(Context& ctx, DeleteAliasRequest request) override;

  // --- layers (layers.cc, function_layers.cc) ---
  Task<Result<PublishLayerVersionResponse>> PublishLayerVersion(Context& ctx, PublishLayerVersionRequest request) override;
  Task<Result<GetLayerVersionResponse>> GetLayerVersion(Context& ctx, GetLayerVersionRequest request) override;
  Task<Result<GetLayerVersionResponse>> GetLayerVersionByArn(Context& ctx, GetLayerVersionByArnRequest request) override;
  Task<Result<ListLayersResponse>> ListLayers(Context& ctx, ListLayersRequest request) override;
  Task<Result<ListLayerVersionsResponse>> ListLayerVersions(Context& ctx, ListLayerVersionsRequest request) override;
  Task<Result<>> DeleteLayerVersion(Context& ctx, DeleteLayerVersionRequest request) override;

  // --- permissions (permissions.cc, layer_permissions.cc) ---
  Task<Result<AddPermissionResponse>> AddPermission(Context& ctx, AddPermissionRequest request) override;
  Task<Result<GetPolicyResponse>> GetPolicy(Context& ctx, GetPolicyRequest request) override;
  Task<Result<>> RemovePermission(Context& ctx, RemovePermissionRequest request) override;
  Task<Result<GetResourcePolicyResponse>> GetResourcePolicy(Context& ctx, GetResourcePolicyRequest request) override;
  Task<Result<PutResourcePolicyResponse>> PutResourcePolicy(Context& ctx, PutResourcePolicyRequest request) override;
  Task<Result<>> DeleteResourcePolicy(Context& ctx, DeleteResourcePolicyRequest request) override;
  Task<Result<AddLayerVersionPermissionResponse>> AddLayerVersionPermission(Context& ctx, AddLayerVersionPermissionRequest request) override;
  Task<Result<GetLayerVersionPolicyResponse>> GetLayerVersionPolicy(Context& ctx, GetLayerVersionPolicyRequest request) override;
  Task<Result<>> RemoveLayerVersionPermission(Context& ctx, RemoveLayerVersionPermissionRequest request) override;

  // --- function URLs (urls.cc) ---
  Task<Result<CreateFunctionUrlConfigResponse>> CreateFunctionUrlConfig(Context& ctx, CreateFunctionUrlConfigRequest request) override;
  Task<Result<GetFunctionUrlConfigResponse>> GetFunctionUrlConfig(Context& ctx, GetFunctionUrlConfigRequest request) override;
  Task<Result<ListFunctionUrlConfigsResponse>> ListFunctionUrlConfigs(Context& ctx, ListFunctionUrlConfigsRequest request) override;
  Task<Result<UpdateFunctionUrlConfigResponse>> UpdateFunctionUrlConfig(Context& ctx, UpdateFunctionUrlConfigRequest request) override;
  Task<Result<>> DeleteFunctionUrlConfig(Context& ctx, DeleteFunctionUrlConfigRequest request) override;

  // --- event source mappings (mappings.cc) ---
  Task<Result<EventSourceMappingConfiguration>> CreateEventSourceMapping(Context& ctx, CreateEventSourceMappingRequest request) override;
  Task<Result<EventSourceMappingConfiguration>> GetEventSourceMapping(Context& ctx, GetEventSourceMappingRequest request) override;
  Task<Result<ListEventSourceMappingsResponse>> ListEventSourceMappings(Context& ctx, ListEventSourceMappingsRequest request) override;
  Task<Result<EventSourceMappingConfiguration>> UpdateEventSourceMapping(Context& ctx, UpdateEventSourceMappingRequest request) override;
  Task<Result<EventSourceMappingConfiguration>> DeleteEventSourceMapping(Context& ctx, DeleteEventSourceMappingRequest request) override;

  // --- reserved and provisioned concurrency (concurrency.cc, provisioned_concurrency.cc) ---
  Task<Result<Concurrency>> PutFunctionConcurrency(Context& ctx, PutFunctionConcurrencyRequest request) override;
  Task<Result<GetFunctionConcurrencyResponse>> GetFunctionConcurrency(Context& ctx, GetFunctionConcurrencyRequest request) override;
  Task<Result<>> DeleteFunctionConcurrency(Context& ctx, DeleteFunctionConcurrencyRequest request) override;
  Task<Result<PutProvisionedConcurrencyConfigResponse>> PutProvisionedConcurrencyConfig(Context& ctx,
                                                                                       PutProvisionedConcurrencyConfigRequest request) override;
  Task<Result<GetProvisionedConcurrencyConfigResponse>> GetProvisionedConcurrencyConfig(Context& ctx,
                                                                                       GetProvisionedConcurrencyConfigRequest request) override;
  Task<Result<ListProvisionedConcurrencyConfigsResponse>> ListProvisionedConcurrencyConfigs(Context& ctx,
                                                                                           ListProvisionedConcurrencyConfigsRequest request) override;
  Task<Result<>> DeleteProvisionedConcurrencyConfig(Context& ctx, DeleteProvisionedConcurrencyConfigRequest request) override;

  // --- asynchronous invocation (event_invoke.cc) ---
  Task<Result<FunctionEventInvokeConfig>> PutFunctionEventInvokeConfig(Context& ctx, PutFunctionEventInvokeConfigRequest request) override;
  Task<Result<FunctionEventInvokeConfig>> UpdateFunctionEventInvokeConfig(Context& ctx, UpdateFunctionEventInvokeConfigRequest request) override;
  Task<Result<FunctionEventInvokeConfig>> GetFunctionEventInvokeConfig(Context& ctx, GetFunctionEventInvokeConfigRequest request) override;
  Task<Result<ListFunctionEventInvokeConfigsResponse>> ListFunctionEventInvokeConfigs(Context& ctx,
                                                                                     ListFunctionEventInvokeConfigsRequest request) override;
  Task<Result<>> DeleteFunctionEventInvokeConfig(Context& ctx, DeleteFunctionEventInvokeConfigRequest request) override;

  // --- code signing (code_signing.cc) ---
  Task<Result<CreateCodeSigningConfigResponse>> CreateCodeSigningConfig(Context& ctx, CreateCodeSigningConfigRequest request) override;
  Task<Result<GetCodeSigningConfigResponse>> GetCodeSigningConfig(Context& ctx, GetCodeSigningConfigRequest request) override;
  Task<Result<ListCodeSigningConfigsResponse>> ListCodeSigningConfigs(Context& ctx, ListCodeSigningConfigsRequest request) override;
  Task<Result<UpdateCodeSigningConfigResponse>> UpdateCodeSigningConfig(Context& ctx, UpdateCodeSigningConfigRequest request) override;
  Task<Result<DeleteCodeSigningConfigResponse>> DeleteCodeSigningConfig(Context& ctx, DeleteCodeSigningConfigRequest request) override;
  Task<Result<ListFunctionsByCodeSigningConfigResponse>> ListFunctionsByCodeSigningConfig(Context& ctx, ListFunctionsByCodeSigningConfigRequest request) override;
  Task<Result<PutFunctionCodeSigningConfigResponse>> PutFunctionCodeSigningConfig(Context& ctx, PutFunctionCodeSigningConfigRequest request) override;
  Task<Result<GetFunctionCodeSigningConfigResponse>> GetFunctionCodeSigningConfig(Context& ctx, GetFunctionCodeSigningConfigRequest request) override;
  Task<Result<>> DeleteFunctionCodeSigningConfig(Context& ctx, DeleteFunctionCodeSigningConfigRequest request) override;

  // --- runtime management and recursion (runtime_management.cc) ---
  Task<Result<PutRuntimeManagementConfigResponse>> PutRuntimeManagementConfig(Context& ctx, PutRuntimeManagementConfigRequest request) override;
  Task<Result<GetRuntimeManagementConfigResponse>> GetRuntimeManagementConfig(Context& ctx, GetRuntimeManagementConfigRequest request) override;
  Task<Result<PutFunctionRecursionConfigResponse>> PutFunctionRecursionConfig(Context& ctx, PutFunctionRecursionConfigRequest request) override;
  Task<Result<GetFunctionRecursionConfigResponse>> GetFunctionRecursionConfig(Context& ctx, GetFunctionRecursionConfigRequest request) override;

  // --- tags (tags.cc) ---
  Task<Result<>> TagResource(Context& ctx, TagResourceRequest request) override;
  Task<Result<>> UntagResource(Context& ctx, UntagResourceRequest request) override;
  Task<Result<ListTagsResponse>> ListTags(Context& ctx, ListTagsRequest request) override;

  // --- account (functions.cc) ---
  Task<Result<GetAccountSettingsResponse>> GetAccountSettings(Context& ctx, GetAccountSettingsRequest request) override;

 private:
  struct Found {
    catalog::FunctionReference reference;
    catalog::FunctionPointer function;
    catalog::AliasPointer alias;  // when the qualifier names one
  };
  // The function, version or alias that a request names. Error: ResourceNotFoundException, with the name as the request gave it.
  Result<Found> Find(const Context& ctx, std::string_view name, const std::optional<std::string>& qualifier) const;
  // $LATEST, for an operation that changes the function: it must not be busy with another change.
  Result<Found> FindForUpdate(const Context& ctx, std::string_view name, const std::optional<std::string>& revision_id) const;
  // Sets the layers of `function` to those that a request names. Errors: AWS's.
  Result<> ChooseLayers(const Context& ctx, const std::vector<std::string>& arns, catalog::Function& function) const;
  // Makes the tree of the layers of `function`; `too_large` is the error when they and the code are more than a function may
  // have, unzipped. The result keeps packages and tree from being removed until the function is stored.
  using Pins = std::vector<std::shared_ptr<const void>>;
  enum class SizeError : unsigned char { NamesTheSize, NamesLayers };
  Task<Result<Pins>> TakeLayers(catalog::Function& function, SizeError too_large);
  // Whether the caller may use a layer version. Error: AccessDeniedException.
  Result<> MayUseLayer(const Context& ctx, const catalog::LayerVersionName& name) const;
  GetLayerVersionResponse DescribeLayer(const catalog::LayerVersion& version) const;
  Result<GetLayerVersionResponse> FindLayer(const Context& ctx, const catalog::LayerVersionName& name) const;
  SettingRules RulesFor(catalog::RuntimeUse use) const;

  // --- code (code.cc) ---
  // The bytes that a request gives or names. Errors: InvalidParameterValueException, NotImplementedException (images).
  struct BroughtCode {
    std::string zip;
    uint64_t zipped_bytes_max = 0;
    std::optional<catalog::S3Reference> reference;  // with S3ObjectStorageMode REFERENCE
  };
  Task<Result<BroughtCode>> BringCode(Context& ctx, FunctionCode code);
  // What a deployment must be signed by; nothing without a code signing configuration.
  struct SigningRule {
    std::vector<std::string> allowed_publishers;
    bool enforce = false;
    std::string function;  // as the request names it, for messages
  };
  // Code that is in the store, and pinned there.
  struct StoredCode {
    std::string sha256_hex;
    int64_t bytes = 0;
    std::optional<catalog::S3Reference> reference;
    std::string signing_profile_version_arn;  // both "" unless a signature is genuine
    std::string signing_job_arn;
    std::shared_ptr<const void> pin;
  };
  // Brings, checks, stores and unpacks a package.
  Task<Result<StoredCode>> StoreCode(Context& ctx, FunctionCode code, const std::optional<SigningRule>& rule);
  // StoreCode for a function; sets the code members of `function`. Its layers, too, must be signed as the
  // rule says. The result keeps the package from being removed until the function that refers to it is stored.
  Task<Result<std::shared_ptr<const void>>> TakePackage(Context& ctx, catalog::Function& function, FunctionCode code,
                                                        const std::optional<SigningRule>& rule);
  // Errors: InvalidCodeSignatureException, CodeVerificationFailedException; none without a rule.
  Task<Result<>> CheckLayerSignatures(const catalog::Function& function, const std::optional<SigningRule>& rule);
  // The rule for an existing function; of no configuration, or one that was deleted, nothing.
  std::optional<SigningRule> SigningRuleOf(const catalog::FunctionName& function, std::string_view named) const;
  using CodeSigningConfigPointer = resources::ResourceTable<catalog::CodeSigningConfig>::Pointer;
  // Error: CodeSigningConfigNotFoundException.
  Result<CodeSigningConfigPointer> FindConfigFor(const Context& ctx, const std::string& config_arn) const;
  // Puts a function under a configuration, so that it cannot be deleted meanwhile.
  Result<> StageCodeSigning(resources::Change& change, const catalog::FunctionName& function, const CodeSigningConfigPointer& config);

  // --- images (images.cc) ---
  // What the request's ImageUri means now. Errors: InvalidParameterValueException, with AWS's texts.
  Task<Result<catalog::FunctionImage>> ResolveImage(Context& ctx, std::string uri);
  // Why a function did not get its image.
  struct SettleFailure {
    std::string code;  // of StateReasonCode
    std::string reason;
  };
  // Brings the image that a function waits for, and pins it. Errors: Cancelled; none otherwise: a failure is a value.
  struct SettledImage {
    std::shared_ptr<const void> pin;
    std::optional<SettleFailure> failure;
  };
  Task<Result<SettledImage>> BringImage(Context& ctx, catalog::FunctionPointer function);
  Task<Result<>> TakeCode(Context& ctx, CreateFunctionRequest& request, catalog::Function& function, const std::optional<SigningRule>& rule, Pins& pins);

  void Touch(catalog::Function& function);
  void MarkPending(catalog::Function& function);
  void MarkUpdating(catalog::Function& function);
  void SettleLater(const catalog::Function& function);
  Task<> Settle(std::string row_key);
  catalog::Function Settled(catalog::Function function, const std::optional<SettleFailure>& failure) const;
  // The published version that has the same code and configuration, if it is the newest one.
  catalog::FunctionPointer PublishedAs(const catalog::Function& latest) const;
  // The next version of `latest`, which is told its number.
  catalog::Function MakeVersion(catalog::Function& latest, const std::optional<std::string>& description);
  // Functions whose keys begin with `prefix`, each followed by its versions, after the row `after` ("KEY/" is $LATEST).
  std::vector<catalog::FunctionPointer> VersionsAfter(const std::string& prefix, const std::string& after, size_t limit) const;
  // Error: aliases point to the version.
  Result<> CheckUnused(const catalog::Function& version) const;
  Result<> PointAlias(catalog::Alias& alias, const std::optional<std::string>& version, const std::optional<AliasRoutingConfiguration>& routing) const;

  // --- reserved and provisioned concurrency ---
  int UnreservedFloor() const;  // what must stay for functions without reserved concurrency
  Result<catalog::FunctionReference> UnqualifiedReference(const Context& ctx, std::string_view name) const;
  // A version or alias. Errors: $LATEST; it does not exist.
  Result<Found> FindProvisionable(const Context& ctx, std::string_view name, const std::string& qualifier) const;
  Result<> CheckProvisionable(const catalog::SettingOwner& owner, int requested, int present);
  Result<> CheckProvisionedOnce(const Found& found) const;
  // UpdateAlias: its provisioned concurrency goes with an alias to other versions. Errors: to those it cannot go.
  Result<> CheckProvisionedMove(const catalog::Alias& next) const;
  template <typename View>
  View DescribeProvisioned(const catalog::ProvisionedConcurrency& config) const;

  // --- asynchronous invocation, runtime management ---
  Task<Result<>> AcceptEvent(Context& ctx, catalog::FunctionReference function, std::string payload, std::string client_context);
  Result<> CheckFunctionDestination(const Context& ctx, const catalog::FunctionName& function, const std::string& arn) const;
  Result<> CheckDestinations(const Context& ctx, const catalog::EventInvokeConfig& config) const;
  Result<catalog::SettingOwner> EventInvokeOwner(const Context& ctx, std::string_view name, const std::optional<std::string>& qualifier) const;
  Task<Result<FunctionEventInvokeConfig>> StoreEventInvoke(Context& ctx, catalog::EventInvokeConfig config);
  Result<catalog::SettingOwner> RuntimeOwner(const Context& ctx, std::string_view name, const std::optional<std::string>& qualifier) const;

  // --- tags ---
  struct TaggedKind;
  static const TaggedKind* FindTaggedKind(std::string_view name);
  static Result<const TaggedKind*> TaggedKindOf(const TaggedArn& arn);
  Result<Tags> ReadFunctionTags(const TaggedArn& arn) const;
  Result<Tags> ReadMappingTags(const TaggedArn& arn) const;
  Task<Result<>> WriteMappingTags(Context& ctx, TaggedArn arn, Tags tags);
  Result<Tags> ReadSigningTags(const TaggedArn& arn) const;
  Task<Result<>> WriteSigningTags(Context& ctx, TaggedArn arn, Tags tags);
  Task<Result<>> WriteFunctionTags(Context& ctx, TaggedArn arn, Tags tags);
  // `edit` is called again when another change came between.
  Task<Result<>> ChangeTags(Context& ctx, std::string resource, std::function<Result<>(Tags&)> edit);

  // Whether the owner has room for that much more. Error: CodeStorageExceededException.
  Result<> CheckCodeStorage(const std::string& account_id, const std::string& region, int64_t added_bytes) const;

  // `qualifier`: as it ends the ARN; "" for none.
  FunctionConfiguration Describe(const catalog::Function& function, std::string_view qualifier) const;
  // As it stands in lists, which leave out the states: JSON, valid until the next call. `form`: how its ARN ends.
  std::string_view DescribeInList(const catalog::FunctionPointer& function, ListTexts::Form form);

  // Makes `mapping` invoke the function that is named. Error: code `missing`, "Function does not exist".
  Result<catalog::FunctionPointer> PointMapping(const Context& ctx, catalog::EventSourceMapping& mapping, std::string_view function_name,
                                                std::string_view missing) const;
  EventSourceMappingConfiguration ViewOf(const catalog::EventSourceMapping& mapping) const;
  Task<Result<>> CheckQueueOf(Context& ctx, const catalog::EventSourceMapping& mapping, int timeout_seconds) const;
  // Error: ResourceConflictException, another mapping joins this source and this function.
  Result<> ClaimSource(resources::Change& change, const catalog::EventSourceMapping& mapping) const;
  Result<> ReleaseSource(resources::Change& change, const catalog::EventSourceMapping& mapping) const;
  void RecoverMappings();
  // Brings a mapping from Creating, Updating … to the state that it is on its way to, after the update delay.
  Task<> SettleMapping(std::string key);
  Result<> StageSettled(resources::Change& change, const std::shared_ptr<const catalog::EventSourceMapping>& current) const;

  LambdaParts parts_;
  ListTexts list_texts_;
  TaskScope background_;
  int fetches_ = 0;  // packages that are being fetched
};

}  // namespace mayfly::lambda
