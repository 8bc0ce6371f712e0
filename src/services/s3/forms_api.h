// PostObject: what browsers send for forms of web pages: a file, and a policy that the page's author has signed.
//
// One per daemon, on its strand. In strict mode a form without a signature is nobody's, and may do what nobody may (bucket policies); with one
// it is its signer's. In open mode signatures are not checked, policies are.
#pragma once

#include "identity/access_keys.h"
#include "identity/session_keys.h"
#include "model/s3.h"
#include "services/s3/authorizer.h"
#include "services/s3/form_body.h"
#include "services/s3/object_store.h"

namespace mayfly::s3 {

class FormsApi final : public FormsHandler {
 public:
  struct Parts {
    const Buckets* buckets;
    ObjectStore* objects;
    const Authorizer* authorizer;
    const identity::AccessKeys* keys;
    const identity::SessionKeys* sessions;
    identity::AuthMode mode;
  };
  // All parts outlive it.
  explicit FormsApi(Parts parts) : parts_(parts) {}

  Task<Result<PostObjectResponse>> PostObject(Context& ctx, PostObjectRequest request) override;

 private:
  // Who signed the form; the caller of an unsigned one. Errors: AccessDenied, InvalidAccessKeyId, SignatureDoesNotMatch, ExpiredToken.
  Result<Principal> SignerOf(const Context& ctx, const FormBody& form) const;
  Result<Principal> VerifiedSigner(const Context& ctx, const FormBody& form, std::string_view policy) const;
  // Checks everything that stands before the file, and says what the object will be.
  Result<> Admit(Context& ctx, const BucketRow& bucket, const FormBody& form, std::string& key, ObjectRow& row) const;

  Parts parts_;
};

}  // namespace mayfly::s3
