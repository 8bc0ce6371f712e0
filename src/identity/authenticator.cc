#include "identity/authenticator.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"
#include "identity/canonical.h"
#include "identity/signed_body.h"

namespace mayfly::identity {
namespace {

constexpr size_t kRegionBytesMax = 32;
constexpr size_t kAccessKeyIdBytesMax = 128;

bool IsRegion(std::string_view text) {
  return !text.empty() && text.size() <= kRegionBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlphanumeric(c) || c == '-';
  });
}

bool IsAccessKeyId(std::string_view text) {
  return !text.empty() && text.size() <= kAccessKeyIdBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

Error BadRegion() { return Error::Service("InvalidSignatureException", "Credential should be scoped to a valid region."); }
Error UnknownKey() {
  return Error::Service("UnrecognizedClientException", "The security token included in the request is invalid.");
}

Error MissingToken() { return Error::Service("MissingAuthenticationTokenException", "Missing Authentication Token"); }

bool IsSessionKeyId(std::string_view access_key_id) { return access_key_id.starts_with("ASIA"); }

Result<> CheckKey(const AccessKey& key, const Claim& claim, WallTime now) {
  if (!EqualConstantTime(key.session_token, claim.session_token)) return Fail(UnknownKey());
  if (key.expires_at <= now) {
    return Fail(Error::Service("ExpiredTokenException", "The security token included in the request is expired"));
  }
  return {};
}

Error HashMismatch() {
  return Error::Service("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.");
}

bool TakesUnsigned(const Claim& claim, UnsignedBodies rule) { return rule == UnsignedBodies::Taken || claim.service == "s3"; }

// What the signature must cover.
Result<std::string> BodyHash(const http::Request& request, const Claim& claim, const SignatureRules& rules) {
  if (TakesUnsigned(claim, rules.unsigned_bodies)) {
    MF_TRY(const PayloadMode mode, PayloadModeOf(claim.payload_hash));
    if (mode != PayloadMode::Signed) return claim.payload_hash;
  }
  const std::string_view given = rules.body_sha256_hex;
  std::string computed(given);
  if (given.empty() && request.body_reader) {
    if (!IsBodyHash(claim.payload_hash)) return Fail(Error::Fault("a signature covers a body that has not been read"));
    return claim.payload_hash;
  }
  if (given.empty()) computed = Sha256Hex(request.body);
  if (claim.service == "s3" && !claim.payload_hash.empty() && claim.payload_hash != computed) {
    return Fail(HashMismatch());
  }
  return computed;
}

// Fields that say nothing to an operation, or that the signature covers by itself.
constexpr std::array<std::string_view, 5> kUnsignedFields = {"x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-amz-user-agent", "x-amz-cf-id"};

// Whoever passes a request on could otherwise add a target, an invocation type or a client context to it.
Result<> CheckFieldsAreSigned(const http::Request& request, const Claim& claim) {
  const auto names = Split(claim.signed_headers, ';');
  for (const auto& [field, value] : request.headers.fields()) {
    if (!StartsWithIgnoringCase(field, "x-amz-")) continue;
    const std::string name = LowerCase(field);
    if (std::ranges::find(kUnsignedFields, name) != kUnsignedFields.end() || std::ranges::find(names, name) != names.end()) continue;
    return Fail(Error::Service("InvalidSignatureException", fmt::format("'{}' must be a 'SignedHeader' in the AWS Authorization.", field)));
  }
  return {};
}

Result<> CheckScope(const Claim& claim, std::string_view signing_names) {
  if (!IsRegion(claim.region)) return Fail(BadRegion());
  const auto names = Split(signing_names, ' ');
  if (signing_names.empty() || std::ranges::find(names, claim.service) != names.end()) return {};
  return Fail(Error::Service("InvalidSignatureException", fmt::format("Credential should be scoped to correct service: '{}'. ", names.front())));
}

int64_t DecodedLength(const http::Request& request) {
  const std::string_view text = request.headers.Get("x-amz-decoded-content-length");
  int64_t bytes = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return error == std::errc() && end == text.data() + text.size() && bytes >= 0 ? bytes : -1;
}

// The head says what is inside the framing from now on.
void ForgetFraming(http::Request& request, int64_t decoded_bytes) {
  request.headers.Remove("Content-Length");
  if (decoded_bytes >= 0) request.headers.Add("Content-Length", std::to_string(decoded_bytes));
  std::string left;
  for (const std::string_view piece : Split(request.headers.Get("Content-Encoding"), ',')) {
    const std::string_view coding = Trim(piece);
    if (coding.empty() || EqualIgnoringCase(coding, "aws-chunked")) continue;
    if (!left.empty()) left += ',';
    left += coding;
  }
  if (left.empty()) request.headers.Remove("Content-Encoding");
  else request.headers.Set("Content-Encoding", left);
}

// `signing`: where chunks are signed, and that counts.
void TakeFramingOff(http::Request& request, PayloadMode payload, std::optional<ChunkSigning> signing) {
  const int64_t decoded_bytes = DecodedLength(request);
  request.body_reader = Unchunk(TakeBody(request), {.mode = payload,
                                                    .signing = std::move(signing),
                                                    .decoded_bytes = decoded_bytes,
                                                    .announced_trailers = std::string(request.headers.Get("x-amz-trailer"))});
  ForgetFraming(request, decoded_bytes);
}

// The body of a request without a signature: its framing is what it says.
Result<> OpenUnsigned(http::Request& request, std::string_view declared) {
  if (!declared.starts_with("STREAMING-")) return {};
  MF_TRY(const PayloadMode payload, PayloadModeOf(declared));
  TakeFramingOff(request, payload, std::nullopt);
  return {};
}

}  // namespace

Result<> Authenticator::OpenBody(http::Request& request, AuthMode mode, UnsignedBodies unsigned_bodies) {
  const std::string_view declared = request.headers.Get("x-amz-content-sha256");
  const bool is_chunked = declared.starts_with("STREAMING-");
  if (!is_chunked && (mode == AuthMode::Open || !request.body_reader)) return {};  // nothing to check, or it has been hashed
  if (mode == AuthMode::Open) return OpenUnsigned(request, declared);
  MF_TRY(const auto claim, ParseClaim(request));
  if (!claim) return OpenUnsigned(request, declared);
  if (!TakesUnsigned(*claim, unsigned_bodies) && !request.body_reader) return {};  // it has been hashed as it came
  MF_TRY(const PayloadMode payload, PayloadModeOf(claim->payload_hash));
  switch (payload) {
    case PayloadMode::Unsigned: return {};
    case PayloadMode::Signed: request.body_reader = CheckHash(TakeBody(request), claim->payload_hash, HashMismatch()); return {};
    case PayloadMode::StreamingUnsignedTrailer: TakeFramingOff(request, payload, std::nullopt); return {};
    default: break;
  }
  MF_TRY(const AccessKey key, FindKey(*claim));
  TakeFramingOff(request, payload, ChunkSigning(*claim, verifier_.SigningKey(*claim, key.secret_access_key)));
  return {};
}

Result<Principal> Authenticator::Authenticate(const http::Request& request, const SignatureRules& rules) {
  if (options_.mode == AuthMode::Open) return AcceptAny(request);
  MF_TRY(const auto claim, ParseClaim(request));
  if (!claim && rules.anonymous) return Principal{.account_id = "", .region = options_.default_region, .access_key_id = "", .arn = ""};
  if (!claim) return Fail(MissingToken());
  MF_TRY(const AccessKey key, FindKey(*claim));
  if (key.reach != KeyReach::Everywhere) return Fail(UnknownKey());
  return VerifySigned(request, *claim, key, rules);
}

Result<Principal> Authenticator::AuthenticateSession(const http::Request& request, std::string_view access_key_id, const SignatureRules& rules) {
  MF_TRY(const auto claim, ParseClaim(request));
  if (!claim) return Fail(MissingToken());
  if (claim->access_key_id != access_key_id || !IsSessionKeyId(claim->access_key_id)) return Fail(UnknownKey());
  MF_TRY(const AccessKey key, FindKey(*claim));
  return VerifySigned(request, *claim, key, rules);
}

bool Authenticator::IsOperator(const Principal& principal) const {
  return options_.mode == AuthMode::Open || principal.arn == fmt::format("arn:aws:iam::{}:root", options_.default_account_id);
}

Result<Principal> Authenticator::AcceptAny(const http::Request& request) const {
  Principal principal{.account_id = options_.default_account_id, .region = options_.default_region};
  if (auto scope = FindCredentialScope(request)) {
    if (!scope->region.empty()) {
      if (!IsRegion(scope->region)) return Fail(BadRegion());
      principal.region = std::move(scope->region);
    }
    if (IsAccountId(scope->access_key_id)) {
      principal.account_id = scope->access_key_id;
    } else if (const auto key = keys_->Find(scope->access_key_id)) {
      principal.account_id = key->account_id;
      principal.arn = key->PrincipalArn();
      keys_->NoteUse(scope->access_key_id, {clock_->WallNow(), scope->service, principal.region});
    } else if (IsSessionKeyId(scope->access_key_id)) {
      if (const auto session = sessions_->Open(scope->access_key_id, request.headers.Get("X-Amz-Security-Token"))) {
        principal.account_id = session->account_id;
        principal.arn = session->PrincipalArn();
      }
    }
    if (IsAccessKeyId(scope->access_key_id)) principal.access_key_id = std::move(scope->access_key_id);
  }
  if (principal.arn.empty()) principal.arn = fmt::format("arn:aws:iam::{}:root", principal.account_id);
  return principal;
}

Result<AccessKey> Authenticator::FindKey(const Claim& claim) const {
  if (const auto durable = keys_->Find(claim.access_key_id)) return *durable;
  if (!IsSessionKeyId(claim.access_key_id)) return Fail(UnknownKey());
  return sessions_->Open(claim.access_key_id, claim.session_token);
}

Result<Principal> Authenticator::VerifySigned(const http::Request& request, const Claim& claim, const AccessKey& key, const SignatureRules& rules) {
  MF_TRY_VOID(CheckScope(claim, rules.signing_names));
  MF_TRY_VOID(CheckFieldsAreSigned(request, claim));
  MF_TRY(const std::string body_hash, BodyHash(request, claim, rules));
  MF_TRY_VOID(verifier_.Verify(request, claim, key.secret_access_key, body_hash));
  MF_TRY_VOID(CheckKey(key, claim, clock_->WallNow()));
  if (!IsSessionKeyId(key.access_key_id)) keys_->NoteUse(key.access_key_id, {clock_->WallNow(), claim.service, claim.region});
  return Principal{.account_id = key.account_id, .region = claim.region, .access_key_id = key.access_key_id, .arn = key.PrincipalArn()};
}

}  // namespace mayfly::identity
