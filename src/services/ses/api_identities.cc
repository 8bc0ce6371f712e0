// VerifyEmailIdentity, VerifyDomainIdentity, ListIdentities, GetIdentityVerificationAttributes, DeleteIdentity.
#include <fmt/format.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/text.h"
#include "resources/edit.h"
#include "services/ses/ses_api.h"

namespace mayfly::ses {
namespace {

constexpr size_t kIdentityPageMax = 1'000;

bool IsDomainName(std::string_view name) { return name.contains('.') && name.size() <= 253 && IsMailAddress("a@" + std::string(name)); }

}  // namespace

Task<Result<>> SesApi::AddIdentity(Context& ctx, std::string name, IdentityRow row) {
  const Place place = Place::Of(ctx);
  const std::string key = place.KeyOf(name);
  const auto stage = [&](resources::Change& change, const auto& old) -> Result<> {
    if (old) return {};
    if (parts_.tables->identities.List(place.Key() + '/', "", kIdentitiesMax).size() >= kIdentitiesMax) {
      return Fail(LimitExceeded(fmt::format("You can have at most {} identities.", kIdentitiesMax)));
    }
    return change.Create(parts_.tables->identities, key, row);
  };
  co_return co_await resources::EditWith(ctx, parts_.tables->identities, key, stage);
}

Task<Result<VerifyEmailIdentityResponse>> SesApi::VerifyEmailIdentity(Context& ctx, VerifyEmailIdentityRequest request) {
  if (!IsMailAddress(request.email_address)) co_return Fail(InvalidParameterValue(fmt::format("Invalid email address<{}>.", request.email_address)));
  MF_CO_TRY_VOID(co_await AddIdentity(ctx, LowerCase(request.email_address), {.is_domain = false, .token = {}, .created_millis = NowMillis()}));
  co_return VerifyEmailIdentityResponse{};
}

Task<Result<VerifyDomainIdentityResponse>> SesApi::VerifyDomainIdentity(Context& ctx, VerifyDomainIdentityRequest request) {
  const std::string domain = LowerCase(request.domain);
  if (!IsDomainName(domain)) co_return Fail(InvalidParameterValue(fmt::format("Invalid domain name {}.", request.domain)));
  // The same each time, as on AWS.
  const Sha256Digest digest = Sha256(Place::Of(ctx).KeyOf(domain));
  const std::string token = Base64Encode(AsView(digest));
  MF_CO_TRY_VOID(co_await AddIdentity(ctx, domain, {.is_domain = true, .token = token, .created_millis = NowMillis()}));
  co_return VerifyDomainIdentityResponse{.verification_token = token};
}

Task<Result<ListIdentitiesResponse>> SesApi::ListIdentities(Context& ctx, ListIdentitiesRequest request) {
  const std::string prefix = Place::Of(ctx).Key() + '/';
  const resources::PageRequest wanted{.prefix = prefix, .marker = request.next_token, .limit = resources::PageLimit(request.max_items, kIdentityPageMax),
                                      .bad_marker = [] { return InvalidParameterValue("Invalid NextToken."); }};
  const auto is_wanted = [&](const auto& row) { return !request.identity_type || row.value->is_domain == (*request.identity_type == "Domain"); };
  MF_CO_TRY(auto page, resources::NextPageIf(parts_.tables->identities, wanted, is_wanted));
  ListIdentitiesResponse response{.identities = {}, .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) response.identities.push_back(row.key.substr(prefix.size()));
  co_return response;
}

Task<Result<GetIdentityVerificationAttributesResponse>> SesApi::GetIdentityVerificationAttributes(Context& ctx,
                                                                                                  GetIdentityVerificationAttributesRequest request) {
  GetIdentityVerificationAttributesResponse response;
  for (const std::string& name : request.identities) {
    const auto row = parts_.tables->identities.Find(Place::Of(ctx).KeyOf(LowerCase(name)));
    if (!row) continue;
    IdentityVerificationAttributes attributes{.verification_status = "Success"};
    if (row->is_domain) attributes.verification_token = row->token;
    response.verification_attributes.emplace_back(name, std::move(attributes));
  }
  co_return response;
}

Task<Result<DeleteIdentityResponse>> SesApi::DeleteIdentity(Context& ctx, DeleteIdentityRequest request) {
  const std::string key = Place::Of(ctx).KeyOf(LowerCase(request.identity));
  const auto stage = [&](resources::Change& change, const auto& row) -> Result<> {
    return row ? change.Delete(parts_.tables->identities, key, row) : Result<>();
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->identities, key, stage));
  co_return DeleteIdentityResponse{};
}

}  // namespace mayfly::ses
