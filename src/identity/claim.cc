// Takes a request's SigV4 claim apart: the Authorization header or the query of a presigned URL.
#include <algorithm>
#include <array>
#include <ctime>
#include <set>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/text.h"
#include "identity/canonical.h"
#include "identity/sigv4.h"

namespace mayfly::identity {
namespace {

Error Incomplete(std::string message) { return Error::Service("IncompleteSignatureException", std::move(message)); }

// Error texts name a refused header by its hash, as AWS does, so that logs hold no signatures.
std::string HashOf(std::string_view header) { return Base64Encode(AsView(Sha256(header))); }

// What the client sent, before any of it is understood.
struct RawClaim {
  std::string credential;
  std::string signed_headers;
  std::string signature;
  std::string date;
};

// `text` as a point in time; nullopt when it is neither ISO 8601's basic form nor an HTTP date, or far from any real use.
std::optional<WallTime> ParseDate(const std::string& text) {
  if (text.size() == 16 && text[8] == 'T') {
    if (text < "19700101" || text >= "22000101") return std::nullopt;  // the nanoseconds of a WallTime end in 2262
    const auto time = ParseAmzDate(text);
    return time ? std::optional(*time) : std::nullopt;
  }
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0' || parts.tm_year < 70 || parts.tm_year >= 300) return std::nullopt;
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

Result<> ReadCredential(const std::string& credential, Claim& claim) {
  const auto pieces = Split(credential, '/');
  if (pieces.size() != 5) {
    return Fail(Incomplete(fmt::format(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'", credential)));
  }
  claim.access_key_id = pieces[0];
  claim.date = pieces[1];
  claim.region = pieces[2];
  claim.service = pieces[3];
  if (pieces[4] != "aws4_request") {
    return Fail(InvalidSignature(fmt::format("Credential should be scoped with a valid terminator: 'aws4_request', not '{}'.", pieces[4])));
  }
  return {};
}

Result<> ReadDate(const std::string& date, Claim& claim) {
  const auto signed_at = ParseDate(date);
  if (!signed_at) {
    return Fail(Incomplete(
        fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See http://en.wikipedia.org/wiki/ISO_8601", date)));
  }
  claim.signed_at = *signed_at;
  const std::string basic = FormatAmzDate(*signed_at);
  if (std::string_view(basic).substr(0, 8) != claim.date) {
    return Fail(InvalidSignature(fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
                                    "HTTP: '{}' != '{}', from '{}'.",
                                    claim.date, basic.substr(0, 8), basic)));
  }
  return {};
}

// A bound and no repetitions: otherwise a few kilobytes of names would make megabytes of canonical headers.
Result<> CheckSignedHeaders(const Claim& claim) {
  std::set<std::string_view> seen;
  for (const std::string_view name : Split(claim.signed_headers, ';')) {
    const bool lower = std::none_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c >= 0x7f || IsUpperCase(c); });
    if (name.empty() || !lower || !seen.insert(name).second || seen.size() > kSignedHeadersMax) {
      return Fail(Incomplete("SignedHeaders must be a list of distinct lower-case header names, delimited by ';'."));
    }
  }
  if (!seen.contains("host")) return Fail(InvalidSignature("'Host' must be a 'SignedHeader' in the AWS Authorization."));
  return {};
}

Result<Claim> Understand(RawClaim raw, Claim claim) {
  MF_TRY_VOID(ReadCredential(raw.credential, claim));
  MF_TRY_VOID(ReadDate(raw.date, claim));
  claim.signed_headers = std::move(raw.signed_headers);
  claim.signature = std::move(raw.signature);
  MF_TRY_VOID(CheckSignedHeaders(claim));
  return claim;
}

Result<RawClaim> SplitAuthorization(std::string_view header) {
  const size_t blank = header.find(' ');
  const std::string_view algorithm = header.substr(0, blank);
  if (algorithm != kAlgorithm) return Fail(Incomplete(fmt::format("Unsupported AWS 'algorithm': '{}'.", algorithm)));
  RawClaim raw;
  const std::string_view list = blank == std::string_view::npos ? std::string_view() : Trim(header.substr(blank));
  if (list.empty()) return raw;
  for (const std::string_view piece : Split(list, ',')) {
    const std::string_view pair = Trim(piece);
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      return Fail(Incomplete(fmt::format("InvalidClaim key=value pair (missing equal-sign) in Authorization header (hashed with "
                                         "SHA-256 and encoded with Base64): '{}'.",
                                         HashOf(header))));
    }
    const std::string_view name = pair.substr(0, equals);
    std::string* field = name == "Credential"      ? &raw.credential
                         : name == "SignedHeaders" ? &raw.signed_headers
                         : name == "Signature"     ? &raw.signature
                                                   : nullptr;
    if (field != nullptr && !field->empty()) {
      return Fail(Incomplete(fmt::format("Authorization header has the parameter '{}' twice.", name)));
    }
    if (field != nullptr) *field = pair.substr(equals + 1);
  }
  return raw;
}

Result<Claim> FromHeader(const http::Request& request, std::string_view header) {
  MF_TRY(RawClaim raw, SplitAuthorization(header));
  raw.date = request.headers.Get("x-amz-date", request.headers.Get("date"));
  std::string missing;
  for (const auto& [name, value] : {std::pair{"Credential", &raw.credential}, std::pair{"Signature", &raw.signature},
                                    std::pair{"SignedHeaders", &raw.signed_headers}}) {
    if (value->empty()) missing += fmt::format("Authorization header requires '{}' parameter. ", name);
  }
  if (raw.date.empty()) missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (!missing.empty()) {
    return Fail(Incomplete(fmt::format("{}(Hashed with SHA-256 and encoded with Base64) Authorization={}", missing, HashOf(header))));
  }
  Claim claim;
  claim.session_token = request.headers.Get("x-amz-security-token");
  claim.payload_hash = request.headers.Get("x-amz-content-sha256");
  return Understand(std::move(raw), std::move(claim));
}

Result<Duration> ReadExpires(const std::string& text) {
  const std::optional<int64_t> seconds = ParseNumber<int64_t>(text);
  if (!seconds) return Fail(Incomplete("X-Amz-Expires should be a number"));
  if (*seconds < 0) return Fail(Incomplete("X-Amz-Expires must be non-negative"));
  if (std::chrono::seconds(*seconds) > kPresignedValidityMax) {
    return Fail(Incomplete("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less "
                           "than 604800 seconds"));
  }
  return std::chrono::seconds(*seconds);
}

Result<Claim> FromQuery(const http::Request& request, const std::string& algorithm) {
  const std::string_view query = request.query();
  if (algorithm != kAlgorithm) return Fail(Incomplete(fmt::format("Unsupported AWS 'algorithm': '{}'.", algorithm)));
  RawClaim raw{.credential = QueryParameter(query, "X-Amz-Credential"),
               .signed_headers = QueryParameter(query, "X-Amz-SignedHeaders"),
               .signature = QueryParameter(query, "X-Amz-Signature"),
               .date = QueryParameter(query, "X-Amz-Date")};
  std::string missing;
  for (const auto& [name, value] : {std::pair{"X-Amz-Credential", &raw.credential}, std::pair{"X-Amz-Signature", &raw.signature},
                                    std::pair{"X-Amz-SignedHeaders", &raw.signed_headers}, std::pair{"X-Amz-Date", &raw.date}}) {
    if (value->empty()) missing += fmt::format("{}AWS query-string parameters must include '{}'.", missing.empty() ? "" : " ", name);
  }
  if (!missing.empty()) return Fail(Incomplete(std::move(missing)));
  Claim claim;
  claim.presigned = true;
  const std::string expires = QueryParameter(query, "X-Amz-Expires");
  claim.expires_in = kClockSkewMax;
  if (!expires.empty()) {
    MF_TRY(claim.expires_in, ReadExpires(expires));
  }
  claim.session_token = QueryParameter(query, "X-Amz-Security-Token");
  claim.payload_hash = request.headers.Get("x-amz-content-sha256");
  if (claim.payload_hash.empty()) claim.payload_hash = QueryParameter(query, "X-Amz-Content-Sha256");
  MF_TRY(claim, Understand(std::move(raw), std::move(claim)));
  if (claim.payload_hash.empty() && claim.service == "s3") claim.payload_hash = kUnsignedPayload;
  return claim;
}

using CredentialPieces = std::array<std::string_view, 5>;

// "keyid/date/region/service/aws4_request"; anything else is nullopt.
std::optional<CredentialPieces> PiecesOf(std::string_view credential) {
  CredentialPieces pieces;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const size_t slash = credential.find('/');
    if ((slash == std::string_view::npos) != (i + 1 == pieces.size())) return std::nullopt;
    pieces[i] = credential.substr(0, slash);
    credential.remove_prefix(std::min(slash + 1, credential.size()));
  }
  return pieces;
}

std::optional<CredentialScope> ScopeOf(std::string_view credential) {
  const auto pieces = PiecesOf(credential);
  if (!pieces) return std::nullopt;
  return CredentialScope{std::string((*pieces)[0]), std::string((*pieces)[1]), std::string((*pieces)[2]), std::string((*pieces)[3])};
}

// "" when the header is no SigV4 signature.
std::string_view CredentialOfHeader(std::string_view header) {
  constexpr std::string_view kKey = "Credential=";
  const size_t at = header.find(kKey);
  if (!header.starts_with("AWS4-") || at == std::string_view::npos) return {};
  const std::string_view rest = header.substr(at + kKey.size());
  return Trim(rest.substr(0, rest.find(',')));
}

std::optional<CredentialScope> ScopeOfHeader(std::string_view header) {
  if (header.starts_with("AWS ")) {  // SigV2: "AWS keyid:signature"
    return CredentialScope{std::string(header.substr(4, header.find(':') - 4)), {}, {}, {}};
  }
  return ScopeOf(CredentialOfHeader(header));
}

// An Authorization field that names an access key, in the form of SigV4 or SigV2; nothing is copied.
bool IsSignature(std::string_view header) {
  if (header.starts_with("AWS ")) return header.size() > 4 && header[4] != ':';
  const auto pieces = PiecesOf(CredentialOfHeader(header));
  return pieces && !pieces->front().empty();
}

std::string SigningNameOf(std::string_view credential) {
  const auto pieces = PiecesOf(credential);
  return pieces ? std::string((*pieces)[3]) : std::string();
}

}  // namespace

std::string Claim::scope() const { return fmt::format("{}/{}/{}/aws4_request", date, region, service); }

Result<std::optional<Claim>> ParseClaim(const http::Request& request) {
  const std::string_view header = Trim(request.headers.Get("authorization"));
  if (header.starts_with("AWS4-")) {
    MF_TRY(Claim claim, FromHeader(request, header));
    return std::optional(std::move(claim));
  }
  const std::string algorithm = QueryParameter(request.query(), "X-Amz-Algorithm");
  if (!header.empty() || algorithm.empty()) return std::optional<Claim>();
  MF_TRY(Claim claim, FromQuery(request, algorithm));
  return std::optional(std::move(claim));
}

SignaturePlace FindSignature(const http::Request& request) {
  if (const std::string* header = request.headers.Find("authorization")) {
    return IsSignature(Trim(*header)) ? SignaturePlace::Header : SignaturePlace::None;
  }
  const std::string_view query = request.query();
  if (query.find("Signature=") == std::string_view::npos) return SignaturePlace::None;  // most have no query at all
  const auto has = [&](std::string_view name) { return !QueryParameter(query, name).empty(); };
  const bool is_v4 = has("X-Amz-Algorithm") && has("X-Amz-Credential") && has("X-Amz-Date") && has("X-Amz-SignedHeaders") && has("X-Amz-Signature");
  const bool is_v2 = has("AWSAccessKeyId") && has("Signature");
  return is_v4 || is_v2 ? SignaturePlace::Query : SignaturePlace::None;
}

std::optional<CredentialScope> FindCredentialScope(const http::Request& request) {
  switch (FindSignature(request)) {
    case SignaturePlace::None: return std::nullopt;
    case SignaturePlace::Header: return ScopeOfHeader(Trim(request.headers.Get("authorization")));
    case SignaturePlace::Query: break;
  }
  const std::string_view query = request.query();
  if (const std::string credential = QueryParameter(query, "X-Amz-Credential"); !credential.empty()) return ScopeOf(credential);
  return CredentialScope{QueryParameter(query, "AWSAccessKeyId"), {}, {}, {}};
}

std::string FindSigningName(const http::Request& request) {
  if (const std::string* header = request.headers.Find("authorization")) return SigningNameOf(CredentialOfHeader(Trim(*header)));
  return request.query().empty() ? std::string() : SigningNameOf(QueryParameter(request.query(), "X-Amz-Credential"));
}

bool IsBodyHash(std::string_view payload_hash) { return payload_hash.size() == 64 && HexDecode(payload_hash); }

bool NeedsWholeBody(const http::Request& request) {
  const auto claim = ParseClaim(request);
  return claim && *claim && (*claim)->payload_hash.empty();
}

Result<PayloadMode> PayloadModeOf(std::string_view hash) {
  if (hash.empty()) return PayloadMode::Signed;
  if (hash == kUnsignedPayload) return PayloadMode::Unsigned;
  if (hash == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") return PayloadMode::StreamingSigned;
  if (hash == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") return PayloadMode::StreamingSignedTrailer;
  if (hash == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return PayloadMode::StreamingUnsignedTrailer;
  if (IsBodyHash(hash)) return PayloadMode::Signed;
  return Fail(Error::Service("InvalidArgument",
                             "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                             "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 "
                             "value."));
}

}  // namespace mayfly::identity
