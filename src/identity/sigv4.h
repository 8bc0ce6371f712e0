// AWS Signature Version 4: who sent a request, and is it what they sent?
// Source: AWS "Signing AWS API requests" (Signature Version 4), and the recorded clients in the reference.
//
// Used by the Authenticator (authenticator.h) for every request in strict mode, and by our own clients to sign.
// Functions are pure and may run on any thread; SignatureVerifier belongs to one strand.
// Errors are service errors with AWS's codes and texts; errors.h has the status of each code.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/strand.h"
#include "net/http_message.h"

namespace mayfly::identity {

inline constexpr Duration kClockSkewMax = std::chrono::minutes(5);
inline constexpr Duration kPresignedValidityMax = std::chrono::hours(24 * 7);
inline constexpr size_t kSignedHeadersMax = 128;
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// What a request claims, taken apart but not checked. All of it is the client's text.
struct Claim {
  std::string access_key_id;
  std::string date;    // yyyymmdd
  std::string region;  // of the scope
  std::string service;
  std::string signed_headers;  // "host;x-amz-date": lower case, no name twice, host among them
  std::string signature;       // hex
  std::string session_token;   // X-Amz-Security-Token, may be empty
  WallTime signed_at{};        // between 1970 and 2200, on the day of `date`
  bool presigned = false;
  Duration expires_in{};    // presigned only
  std::string payload_hash;  // x-amz-content-sha256 as sent; "" when the client did not send one

  // "20260131/us-east-1/lambda/aws4_request"
  std::string scope() const;
};

// nullopt: the request carries no SigV4 signature at all (another Authorization scheme is none either).
// Errors: IncompleteSignatureException, InvalidSignatureException (scope).
Result<std::optional<Claim>> ParseClaim(const http::Request& request);

// Where a request has a signature, SigV2's among them. Nothing is checked but that all its parts are there: a query with credentials and no
// signature is not signed.
enum class SignaturePlace : unsigned char { None, Header, Query };
SignaturePlace FindSignature(const http::Request& request);

// The credential part alone of a request that has a signature, without any check: cheap. Of SigV2 requests date, region and service are
// empty. nullopt when there is none or it has not the right shape.
struct CredentialScope {
  std::string access_key_id;
  std::string date;
  std::string region;
  std::string service;
};
std::optional<CredentialScope> FindCredentialScope(const http::Request& request);
// The service's name in that scope; "" where there is none. Cheaper: nothing but the name is copied.
std::string FindSigningName(const http::Request& request);

// How a request's body is covered by its signature, which x-amz-content-sha256 says.
enum class PayloadMode : unsigned char { Signed, Unsigned, StreamingSigned, StreamingSignedTrailer, StreamingUnsignedTrailer };
// Error: InvalidArgument for an unknown literal.
Result<PayloadMode> PayloadModeOf(std::string_view payload_hash);
// Whether `payload_hash` says what the SHA-256 of the body is.
bool IsBodyHash(std::string_view payload_hash);
// Whether the signature can be checked only with the body at hand: the request is signed, and does not say what its body's hash is.
bool NeedsWholeBody(const http::Request& request);

// The key that signs everything of one (secret, day, region, service).
Sha256Digest DeriveSigningKey(std::string_view secret_access_key, std::string_view date, std::string_view region,
                              std::string_view service);

// Checks signatures; remembers the signing keys that it derived. One strand.
// Bound: 1,024 remembered keys; when full all are forgotten (deriving one takes about 4 µs).
class SignatureVerifier {
 public:
  explicit SignatureVerifier(const Clock& clock) : clock_(&clock) {}

  // `body_hash`: SHA-256 (hex) of the body as received, or the literal of the payload mode ("UNSIGNED-PAYLOAD" …).
  // Errors: InvalidSignatureException: expired and skewed requests (more than 5 minutes off), and a signature that does
  // not match (with the canonical string and the string to sign, as AWS prints them).
  Result<> Verify(const http::Request& request, const Claim& claim, std::string_view secret_access_key,
                  std::string_view body_hash);

  // For AwsChunkedDecoder: the key of a claim that has been verified.
  Sha256Digest SigningKey(const Claim& claim, std::string_view secret_access_key);

 private:
  struct CachedKey {
    std::string secret_access_key;
    Sha256Digest key;
  };

  Strand strand_;
  const Clock* clock_;
  std::unordered_map<std::string, CachedKey> cache_;  // by access key id and scope
};

struct SigningIdentity {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
};

// Signs (for our own clients and tests): sets X-Amz-Date, X-Amz-Security-Token (with a session token),
// X-Amz-Content-Sha256 (service s3) and Authorization on `request`. Signed are host, content-type and all x-amz-* fields,
// and request.body; what an X-Amz-Content-Sha256 that is there already says is taken for the body's hash (a literal, for a body that
// comes later). `host` is what the Host field will say; a Host field that is already there must say the same.
void Sign(http::Request& request, const SigningIdentity& identity, std::string_view region, std::string_view service,
          WallTime now, std::string_view host);

// The query string (without '?') that makes `method` `path` on `host` valid for `valid_for` (at most 7 days; longer is cut).
// `path` is as on the wire. For service s3 the payload is unsigned, otherwise it is the empty body.
std::string PresignQuery(std::string_view method, std::string_view host, std::string_view path,
                         const SigningIdentity& identity, std::string_view region, std::string_view service, WallTime now,
                         Duration valid_for);

}  // namespace mayfly::identity
