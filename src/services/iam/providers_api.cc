// Identity providers: of OpenID Connect, whose tokens STS takes, and of SAML, whose metadata are kept.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"
#include "services/iam/iam_handlers.h"

namespace mayfly::iam {
namespace {

using ProviderRowPointer = std::shared_ptr<const ProviderRow>;
using ProviderTable = resources::ResourceTable<ProviderRow>;

constexpr size_t kProvidersMax = 100;  // of each kind, in an account
constexpr size_t kClientsMax = 100;
constexpr size_t kThumbprintsMax = 5;
constexpr int64_t kYearMs = 365LL * 24 * 3600 * 1000;

// The kinds, and what is said of them.
struct ProviderKind {
  std::string_view arn_prefix;  // "oidc-provider/"
  Error (*missing)(std::string_view arn);
};
constexpr ProviderKind kOidc{"oidc-provider/", [](std::string_view arn) { return NoSuchEntity(fmt::format("OpenIDConnect Provider not found for arn {}", arn)); }};
constexpr ProviderKind kSaml{"saml-provider/", [](std::string_view) { return NoSuchEntity("Manifest not found for arn"); }};

ProviderTable& TableOf(const Core& core, const ProviderKind& kind) {
  return &kind == &kOidc ? core.tables().oidc_providers : core.tables().saml_providers;
}

// Of the caller's account.
std::string ArnOfProvider(const Context& ctx, const ProviderKind& kind, std::string_view name) {
  return fmt::format("arn:aws:iam::{}:{}{}", ctx.principal.account_id, kind.arn_prefix, name);
}

Result<std::string> KeyOfArn(const Context& ctx, const ProviderKind& kind, std::string_view arn) {
  const std::string prefix = ArnOfProvider(ctx, kind, "");
  if (!arn.starts_with(prefix)) return Fail(kind.missing(arn));
  return KeyOf(ctx.principal.account_id, arn.substr(prefix.size()));
}

Result<ProviderRowPointer> GetProvider(const Core& core, const Context& ctx, const ProviderKind& kind, std::string_view arn) {
  MF_TRY(const std::string key, KeyOfArn(ctx, kind, arn));
  if (ProviderRowPointer row = TableOf(core, kind).Find(key)) return row;
  return Fail(kind.missing(arn));
}

using ProviderChange = std::function<Result<>(ProviderRow&)>;
Task<Result<>> EditProvider(const Core& core, Context& ctx, const ProviderKind& kind, std::string arn, ProviderChange change) {
  MF_CO_TRY(const std::string key, KeyOfArn(ctx, kind, arn));
  ProviderTable& table = TableOf(core, kind);
  const auto stage = [&](resources::Change& staged, const ProviderRowPointer& row) -> Result<> {
    if (!row) return Fail(kind.missing(arn));
    ProviderRow changed = *row;
    MF_TRY_VOID(change(changed));
    return staged.Replace(table, key, row, std::move(changed));
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

Task<Result<>> CreateProvider(const Core& core, Context& ctx, const ProviderKind& kind, ProviderRow row, std::string exists) {
  ProviderTable& table = TableOf(core, kind);
  row.created_ms = core.NowMs();
  const std::string key = KeyOf(ctx.principal.account_id, row.name);
  const auto stage = [&](resources::Change& staged, const ProviderRowPointer& existing) -> Result<> {
    if (existing) return Fail(AlreadyExists(exists));
    if (table.List(ctx.principal.account_id + "/", "", kProvidersMax).size() >= kProvidersMax) {
      return Fail(QuotaExceeded(&kind == &kOidc ? "OpenIdConnectProvidersPerAccount" : "SAMLProvidersPerAccount", kProvidersMax));
    }
    return staged.Create(table, key, row);
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

Task<Result<>> DeleteProvider(const Core& core, Context& ctx, const ProviderKind& kind, std::string arn) {
  MF_CO_TRY(const std::string key, KeyOfArn(ctx, kind, arn));
  ProviderTable& table = TableOf(core, kind);
  const auto stage = [&](resources::Change& staged, const ProviderRowPointer& row) -> Result<> {
    return row ? staged.Delete(table, key, row) : Fail(kind.missing(arn));
  };
  co_return co_await resources::EditWith(ctx, table, key, stage);
}

ProviderChange TagProvider(std::vector<Tag> tags) {
  return [tags = std::move(tags)](ProviderRow& row) { return AddTags(row.tags, tags); };
}

ProviderChange UntagProvider(std::vector<std::string> keys) {
  return [keys = std::move(keys)](ProviderRow& row) -> Result<> {
    resources::RemoveTags(row.tags, keys);
    return {};
  };
}

Result<> CheckThumbprints(const std::vector<std::string>& thumbprints) {
  if (thumbprints.size() > kThumbprintsMax) return Fail(InvalidInput("Thumbprint list must contain fewer than 5 entries."));
  const bool are_hex = std::ranges::all_of(thumbprints, [](const std::string& text) { return std::ranges::all_of(text, [](char c) { return HexValue(c) >= 0; }); });
  if (!are_hex) return Fail(InvalidInput("Thumbprint must be a 40-character hexadecimal string."));
  return {};
}

// What ARNs, and tokens' issuers, call the provider of a URL.
Result<std::string> NameOfUrl(std::string_view url) {
  std::string_view name = url;
  if (name.starts_with("https://")) {
    name.remove_prefix(8);
  } else if (name.starts_with("http://")) {
    name.remove_prefix(7);  // only here: an issuer on one's own machine (docs/differences.md)
  } else {
    return Fail(Invalid("Invalid Open ID Connect Provider URL"));
  }
  while (name.ends_with('/')) name.remove_suffix(1);
  const bool is_name = !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '@'; });
  if (!is_name) return Fail(Invalid("Invalid Open ID Connect Provider URL"));
  return std::string(name);
}

}  // namespace

// --- OpenID Connect --------------------------------------------------------------------------------------------------------

Task<Result<CreateOpenIDConnectProviderResponse>> IdentityProvidersApi::CreateOpenIDConnectProvider(Context& ctx, CreateOpenIDConnectProviderRequest request) {
  ProviderRow row;
  MF_CO_TRY(row.name, NameOfUrl(request.url));
  row.client_ids = request.client_id_list.value_or(std::vector<std::string>());
  row.thumbprints = request.thumbprint_list.value_or(std::vector<std::string>());
  row.is_plain_http = request.url.starts_with("http://");
  if (row.client_ids.size() > kClientsMax) co_return Fail(QuotaExceeded("ClientIdsPerOpenIdConnectProvider", kClientsMax));
  MF_CO_TRY_VOID(CheckThumbprints(row.thumbprints));
  MF_CO_TRY(row.tags, TagsOf(request.tags));
  const std::string arn = ArnOfProvider(ctx, kOidc, row.name);
  auto tags = row.tags.empty() ? std::nullopt : std::optional(Shown(row.tags));
  MF_CO_TRY_VOID(co_await CreateProvider(*core_, ctx, kOidc, row, fmt::format("Provider with url {} already exists.", request.url)));
  co_return CreateOpenIDConnectProviderResponse{.open_id_connect_provider_arn = arn, .tags = std::move(tags)};
}

Task<Result<GetOpenIDConnectProviderResponse>> IdentityProvidersApi::GetOpenIDConnectProvider(Context& ctx, GetOpenIDConnectProviderRequest request) {
  MF_CO_TRY(const ProviderRowPointer row, GetProvider(*core_, ctx, kOidc, request.open_id_connect_provider_arn));
  GetOpenIDConnectProviderResponse response{.url = row->name, .client_id_list = row->client_ids, .thumbprint_list = row->thumbprints, .create_date = TimeOf(row->created_ms)};
  response.tags = Shown(row->tags);
  co_return response;
}

Task<Result<ListOpenIDConnectProvidersResponse>> IdentityProvidersApi::ListOpenIDConnectProviders(Context& ctx, ListOpenIDConnectProvidersRequest) {
  ListOpenIDConnectProvidersResponse response;
  auto& list = response.open_id_connect_provider_list.emplace();
  for (const auto& row : core_->tables().oidc_providers.List(ctx.principal.account_id + "/", "", kProvidersMax)) list.push_back({.arn = ArnOfProvider(ctx, kOidc, row.value->name)});
  co_return response;
}

Task<Result<>> IdentityProvidersApi::DeleteOpenIDConnectProvider(Context& ctx, DeleteOpenIDConnectProviderRequest request) {
  return DeleteProvider(*core_, ctx, kOidc, std::move(request.open_id_connect_provider_arn));
}

Task<Result<>> IdentityProvidersApi::UpdateOpenIDConnectProviderThumbprint(Context& ctx, UpdateOpenIDConnectProviderThumbprintRequest request) {
  const auto change = [thumbprints = std::move(request.thumbprint_list)](ProviderRow& row) -> Result<> {
    MF_TRY_VOID(CheckThumbprints(thumbprints));
    row.thumbprints = thumbprints;
    return {};
  };
  return EditProvider(*core_, ctx, kOidc, std::move(request.open_id_connect_provider_arn), change);
}

Task<Result<>> IdentityProvidersApi::AddClientIDToOpenIDConnectProvider(Context& ctx, AddClientIDToOpenIDConnectProviderRequest request) {
  const auto change = [id = std::move(request.client_id)](ProviderRow& row) -> Result<> {
    if (std::ranges::find(row.client_ids, id) != row.client_ids.end()) return {};
    if (row.client_ids.size() >= kClientsMax) return Fail(QuotaExceeded("ClientIdsPerOpenIdConnectProvider", kClientsMax));
    row.client_ids.push_back(id);
    return {};
  };
  return EditProvider(*core_, ctx, kOidc, std::move(request.open_id_connect_provider_arn), change);
}

Task<Result<>> IdentityProvidersApi::RemoveClientIDFromOpenIDConnectProvider(Context& ctx, RemoveClientIDFromOpenIDConnectProviderRequest request) {
  const auto change = [id = std::move(request.client_id)](ProviderRow& row) -> Result<> {
    std::erase(row.client_ids, id);
    return {};
  };
  return EditProvider(*core_, ctx, kOidc, std::move(request.open_id_connect_provider_arn), change);
}

Task<Result<>> IdentityProvidersApi::TagOpenIDConnectProvider(Context& ctx, TagOpenIDConnectProviderRequest request) {
  return EditProvider(*core_, ctx, kOidc, std::move(request.open_id_connect_provider_arn), TagProvider(std::move(request.tags)));
}

Task<Result<>> IdentityProvidersApi::UntagOpenIDConnectProvider(Context& ctx, UntagOpenIDConnectProviderRequest request) {
  return EditProvider(*core_, ctx, kOidc, std::move(request.open_id_connect_provider_arn), UntagProvider(std::move(request.tag_keys)));
}

Task<Result<ListOpenIDConnectProviderTagsResponse>> IdentityProvidersApi::ListOpenIDConnectProviderTags(Context& ctx, ListOpenIDConnectProviderTagsRequest request) {
  MF_CO_TRY(const ProviderRowPointer row, GetProvider(*core_, ctx, kOidc, request.open_id_connect_provider_arn));
  co_return PageOfTags<ListOpenIDConnectProviderTagsResponse>(row->tags, PageWish::Of(request));
}

// --- SAML ------------------------------------------------------------------------------------------------------------------

Task<Result<CreateSAMLProviderResponse>> IdentityProvidersApi::CreateSAMLProvider(Context& ctx, CreateSAMLProviderRequest request) {
  ProviderRow row{.name = request.name, .document = std::move(request.saml_metadata_document), .id = core_->NewId("ASPR")};
  if (row.document.find("EntityDescriptor") == std::string::npos) co_return Fail(InvalidInput("Could not parse metadata"));
  MF_CO_TRY(row.tags, TagsOf(request.tags));
  auto tags = row.tags.empty() ? std::nullopt : std::optional(Shown(row.tags));
  MF_CO_TRY_VOID(co_await CreateProvider(*core_, ctx, kSaml, std::move(row), fmt::format("EntityAlreadyExists: SAML provider {} already exists.", request.name)));
  co_return CreateSAMLProviderResponse{.saml_provider_arn = ArnOfProvider(ctx, kSaml, request.name), .tags = std::move(tags)};
}

Task<Result<GetSAMLProviderResponse>> IdentityProvidersApi::GetSAMLProvider(Context& ctx, GetSAMLProviderRequest request) {
  MF_CO_TRY(const ProviderRowPointer row, GetProvider(*core_, ctx, kSaml, request.saml_provider_arn));
  GetSAMLProviderResponse response{.saml_provider_uuid = row->id, .saml_metadata_document = row->document, .create_date = TimeOf(row->created_ms)};
  response.valid_until = TimeOf(row->created_ms + 100 * kYearMs);
  response.tags = Shown(row->tags);
  co_return response;
}

Task<Result<UpdateSAMLProviderResponse>> IdentityProvidersApi::UpdateSAMLProvider(Context& ctx, UpdateSAMLProviderRequest request) {
  const auto change = [&](ProviderRow& row) -> Result<> {
    if (!request.saml_metadata_document) return {};
    if (request.saml_metadata_document->find("EntityDescriptor") == std::string::npos) return Fail(InvalidInput("Could not parse metadata"));
    row.document = *request.saml_metadata_document;
    return {};
  };
  MF_CO_TRY_VOID(co_await EditProvider(*core_, ctx, kSaml, request.saml_provider_arn, change));
  co_return UpdateSAMLProviderResponse{.saml_provider_arn = request.saml_provider_arn};
}

Task<Result<>> IdentityProvidersApi::DeleteSAMLProvider(Context& ctx, DeleteSAMLProviderRequest request) {
  return DeleteProvider(*core_, ctx, kSaml, std::move(request.saml_provider_arn));
}

Task<Result<ListSAMLProvidersResponse>> IdentityProvidersApi::ListSAMLProviders(Context& ctx, ListSAMLProvidersRequest) {
  ListSAMLProvidersResponse response;
  auto& list = response.saml_provider_list.emplace();
  for (const auto& row : core_->tables().saml_providers.List(ctx.principal.account_id + "/", "", kProvidersMax)) {
    list.push_back({.arn = ArnOfProvider(ctx, kSaml, row.value->name),
                    .valid_until = TimeOf(row.value->created_ms + 100 * kYearMs),
                    .create_date = TimeOf(row.value->created_ms)});
  }
  co_return response;
}

Task<Result<>> IdentityProvidersApi::TagSAMLProvider(Context& ctx, TagSAMLProviderRequest request) {
  return EditProvider(*core_, ctx, kSaml, std::move(request.saml_provider_arn), TagProvider(std::move(request.tags)));
}

Task<Result<>> IdentityProvidersApi::UntagSAMLProvider(Context& ctx, UntagSAMLProviderRequest request) {
  return EditProvider(*core_, ctx, kSaml, std::move(request.saml_provider_arn), UntagProvider(std::move(request.tag_keys)));
}

Task<Result<ListSAMLProviderTagsResponse>> IdentityProvidersApi::ListSAMLProviderTags(Context& ctx, ListSAMLProviderTagsRequest request) {
  MF_CO_TRY(const ProviderRowPointer row, GetProvider(*core_, ctx, kSaml, request.saml_provider_arn));
  co_return PageOfTags<ListSAMLProviderTagsResponse>(row->tags, PageWish::Of(request));
}

}  // namespace mayfly::iam
