// Keys: the port through which services use the keys of KMS: for secrets, SecureStrings, and whatever else is encrypted with a key that the
// customer names. Offered by kms, needed by those who encrypt. On the daemon's strand.
//
// Who asks is the principal of `ctx`, and whose key it is follows from the name: an id, ARN, alias or alias' ARN, as KMS takes them. The key
// of AWS itself ("alias/aws/ssm") is made when it is first asked for.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::keyring {

using EncryptionContext = std::map<std::string, std::string>;

class Keys {
 public:
  virtual ~Keys() = default;

  // For whom the service asks is ctx's principal, by the key's policy; `via`, the service's name in ARNs, is kms:ViaService there.
  struct Use {
    std::string_view via;
    const EncryptionContext& context;
  };

  // The ARN of the symmetric key that is called so. Errors: KMS's own (NotFoundException, DisabledException, KMSInvalidStateException,
  // InvalidKeyUsageException), for the service to say in its words; a fault of the store.
  virtual Task<Result<std::string>> Find(Context& ctx, std::string name) = 0;
  // `key_arn`: as Find gave it. A blob, as Encrypt gives it: up to kBlobBytesMax more than the value. At once. Errors: as Find;
  // AccessDeniedException, the principal may not.
  virtual Result<std::string> Seal(const Context& ctx, std::string_view key_arn, std::string_view value, const Use& use) const = 0;
  // Errors: those of Decrypt: InvalidCiphertextException, DisabledException, KMSInvalidStateException, AccessDeniedException (the principal
  // may not, or the key is gone).
  virtual Result<std::string> Open(const Context& ctx, std::string_view blob, const Use& use) const = 0;

  static constexpr size_t kBlobBytesMax = 96;
};

}  // namespace mayfly::keyring
