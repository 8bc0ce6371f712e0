// Authenticator: turns a request into the Principal that every later room works with.
//
// One per shard, called by the edge on its strand before anything else looks at a request.
//
// open    any credentials pass, without a hash or a MAC being computed; so does a request without any. The account is the
//         access key id when that has 12 digits, the account of a known key, otherwise the default account.
// strict  only known keys with a right signature (and session token, where the key has one) pass.
// Both: the region is that of the signature's scope, the default region without one; a scope whose region could not be
// part of an ARN is refused. A session token of ours (session_keys.h) says who the caller is.
// What comes from inside a function is another matter: AuthenticateSession.
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "identity/access_keys.h"
#include "identity/session_keys.h"
#include "identity/sigv4.h"
#include "net/http_message.h"

namespace mayfly::identity {

struct AuthenticatorOptions {
  AuthMode mode = AuthMode::Open;
  std::string default_account_id = "000000000000";
  std::string default_region = "us-east-1";
};

// Whether a signature may leave the body out (UNSIGNED-PAYLOAD, the streaming forms): AWS takes that for S3 and for operations that stream
// their request, and nowhere else. Elsewhere the body is hashed, whatever x-amz-content-sha256 says.
enum class UnsignedBodies : unsigned char { Refused, Taken };

// What a signature has to be good for.
struct SignatureRules {
  // The names, divided by blanks, of which the scope has to have one as its service. Empty: any.
  std::string_view signing_names{};
  UnsignedBodies unsigned_bodies = UnsignedBodies::Refused;
  // Whether a request without any signature is let through, as nobody's: then the principal has no account and no ARN.
  bool anonymous = false;
  // Of the body as received, for callers that hashed while they read. Empty: request.body is hashed, and only when a signature needs it.
  std::string_view body_sha256_hex{};
};

class Authenticator {
 public:
  // `keys`, `sessions` and `clock` outlive it.
  Authenticator(AuthenticatorOptions options, const AccessKeys& keys, const SessionKeys& sessions, const Clock& clock)
      : options_(std::move(options)), keys_(&keys), sessions_(&sessions), clock_(&clock), verifier_(clock) {}

  // With a body that is still to be read (body_reader) and no hash, a signed request is checked by its own x-amz-content-sha256: OpenBody then
  // compares that with what is read. Every x-amz-* field that does something has to be among the signed ones.
  // Errors: service errors of errors.h; a Fault when a body that has not been read is needed.
  Result<Principal> Authenticate(const http::Request& request, const SignatureRules& rules = {});

  // For requests from inside the execution environment that holds the session `access_key_id`: in both modes only its own
  // credentials pass, with a right signature; nowhere else do they count in strict mode. Errors and `rules` as in Authenticate.
  Result<Principal> AuthenticateSession(const http::Request& request, std::string_view access_key_id, const SignatureRules& rules = {});

  // Whether the principal may see what belongs to all accounts: in strict mode the root of the default account, in open mode anybody.
  bool IsOperator(const Principal& principal) const;

  // Makes the body of a request that has passed one of the above the one that was signed. The framing of aws-chunked is taken off (the length
  // that the head tells is then that of what is left), and what has not been checked yet is checked while it is read: request.body_reader is
  // replaced by one whose last Read fails when the body is not the signed one. `mode` Open: nothing is checked. `unsigned_bodies`: as in the rules.
  // Errors: InvalidArgument for an x-amz-content-sha256 that says nothing. Not an error: a body that is as it should be already.
  Result<> OpenBody(http::Request& request, AuthMode mode, UnsignedBodies unsigned_bodies);

  AuthMode mode() const { return options_.mode; }

 private:
  Result<Principal> AcceptAny(const http::Request& request) const;
  Result<AccessKey> FindKey(const Claim& claim) const;
  Result<Principal> VerifySigned(const http::Request& request, const Claim& claim, const AccessKey& key, const SignatureRules& rules);

  AuthenticatorOptions options_;
  const AccessKeys* keys_;
  const SessionKeys* sessions_;
  const Clock* clock_;
  SignatureVerifier verifier_;
};

}  // namespace mayfly::identity
