#include "identity/sigv4.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/text.h"
#include "identity/canonical.h"

namespace mayfly::identity {
namespace {

constexpr size_t kCachedKeysMax = 1024;

Error Mismatch(std::string_view canonical_request, std::string_view string_to_sign) {
  return InvalidSignature(fmt::format("The request signature we calculated does not match the signature you provided. Check your AWS "
                             "Secret Access Key and signing method. Consult the service documentation for details.\n\nThe "
                             "Canonical String for this request should have been\n'{}'\n\nThe String-to-Sign should have "
                             "been\n'{}'\n",
                             canonical_request, string_to_sign));
}

Result<> CheckTime(const Claim& claim, WallTime now) {
  const std::string signed_at = FormatAmzDate(claim.signed_at);
  if (claim.signed_at > now + kClockSkewMax) {
    return Fail(InvalidSignature(fmt::format("Signature not yet current: {} is still later than {} ({} + 5 min.)", signed_at,
                                    FormatAmzDate(now + kClockSkewMax), FormatAmzDate(now))));
  }
  if (claim.presigned && claim.signed_at + claim.expires_in < now) {
    return Fail(InvalidSignature(fmt::format("Signature expired: {} is now earlier than {}",
                                    FormatAmzDate(claim.signed_at + claim.expires_in), FormatAmzDate(now))));
  }
  if (!claim.presigned && claim.signed_at < now - kClockSkewMax) {
    return Fail(InvalidSignature(fmt::format("Signature expired: {} is now earlier than {} ({} - 5 min.)", signed_at,
                                    FormatAmzDate(now - kClockSkewMax), FormatAmzDate(now))));
  }
  return {};
}

std::string Signature(const Sha256Digest& key, std::string_view string_to_sign) {
  return HexEncode(AsView(HmacSha256(AsView(key), string_to_sign)));
}

std::string HeadersToSign(const http::Headers& headers) {
  std::set<std::string> names = {"host"};
  for (const auto& [field, value] : headers.fields()) {
    const std::string name = LowerCase(field);
    if (name == "content-type" || name.starts_with("x-amz-")) names.insert(name);
  }
  return fmt::format("{}", fmt::join(names, ";"));
}

}  // namespace

Sha256Digest DeriveSigningKey(std::string_view secret_access_key, std::string_view date, std::string_view region,
                              std::string_view service) {
  const Sha256Digest of_date = HmacSha256(fmt::format("AWS4{}", secret_access_key), date);
  const Sha256Digest of_region = HmacSha256(AsView(of_date), region);
  const Sha256Digest of_service = HmacSha256(AsView(of_region), service);
  return HmacSha256(AsView(of_service), "aws4_request");
}

Sha256Digest SignatureVerifier::SigningKey(const Claim& claim, std::string_view secret_access_key) {
  strand_.Check();
  std::string name = fmt::format("{}/{}", claim.access_key_id, claim.scope());
  if (const auto found = cache_.find(name); found != cache_.end() && found->second.secret_access_key == secret_access_key) {
    return found->second.key;
  }
  if (cache_.size() >= kCachedKeysMax) cache_.clear();
  const Sha256Digest key = DeriveSigningKey(secret_access_key, claim.date, claim.region, claim.service);
  cache_.insert_or_assign(std::move(name), CachedKey{std::string(secret_access_key), key});
  return key;
}

Result<> SignatureVerifier::Verify(const http::Request& request, const Claim& claim, std::string_view secret_access_key,
                                   std::string_view body_hash) {
  strand_.Check();
  MF_TRY_VOID(CheckTime(claim, clock_->WallNow()));
  const std::string canonical = CanonicalRequest(request.headers, {.method = request.method,
                                                                   .raw_path = request.path(),
                                                                   .raw_query = request.query(),
                                                                   .signed_headers = claim.signed_headers,
                                                                   .service = claim.service,
                                                                   .body_hash = body_hash});
  const std::string string_to_sign = StringToSign(FormatAmzDate(claim.signed_at), claim.scope(), canonical);
  const std::string expected = Signature(SigningKey(claim, secret_access_key), string_to_sign);
  if (!EqualConstantTime(expected, claim.signature)) return Fail(Mismatch(canonical, string_to_sign));
  return {};
}

void Sign(http::Request& request, const SigningIdentity& identity, std::string_view region, std::string_view service,
          WallTime now, std::string_view host) {
  const std::string amz_date = FormatAmzDate(now);
  const std::string* declared = request.headers.Find("X-Amz-Content-Sha256");
  const std::string body_hash = declared ? *declared : Sha256Hex(request.body);
  request.headers.Set("X-Amz-Date", amz_date);
  if (!identity.session_token.empty()) request.headers.Set("X-Amz-Security-Token", identity.session_token);
  if (service == "s3") request.headers.Set("X-Amz-Content-Sha256", body_hash);

  const std::string signed_headers = HeadersToSign(request.headers);
  const std::string date = amz_date.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", date, region, service);
  const std::string canonical = CanonicalRequest(request.headers, {.method = request.method,
                                                                   .raw_path = request.path(),
                                                                   .raw_query = request.query(),
                                                                   .signed_headers = signed_headers,
                                                                   .service = service,
                                                                   .body_hash = body_hash,
                                                                   .host = host});
  const Sha256Digest key = DeriveSigningKey(identity.secret_access_key, date, region, service);
  request.headers.Set("Authorization", fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                                   identity.access_key_id, scope, signed_headers,
                                                   Signature(key, StringToSign(amz_date, scope, canonical))));
}

std::string PresignQuery(std::string_view method, std::string_view host, std::string_view path,
                         const SigningIdentity& identity, std::string_view region, std::string_view service, WallTime now,
                         Duration valid_for) {
  const std::string amz_date = FormatAmzDate(now);
  const std::string date = amz_date.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", date, region, service);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(std::min(valid_for, kPresignedValidityMax)).count();
  std::string query = fmt::format("X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-SignedHeaders=host",
                                  kAlgorithm, PercentEncode(fmt::format("{}/{}", identity.access_key_id, scope)), amz_date, seconds);
  if (!identity.session_token.empty()) query += "&X-Amz-Security-Token=" + PercentEncode(identity.session_token);

  const std::string canonical = CanonicalRequest({}, {.method = method,
                                                      .raw_path = path,
                                                      .raw_query = query,
                                                      .signed_headers = "host",
                                                      .service = service,
                                                      .body_hash = service == "s3" ? kUnsignedPayload : kEmptyBodyHash,
                                                      .host = host});
  const Sha256Digest key = DeriveSigningKey(identity.secret_access_key, date, region, service);
  return query + "&X-Amz-Signature=" + Signature(key, StringToSign(amz_date, scope, canonical));
}

}  // namespace mayfly::identity
