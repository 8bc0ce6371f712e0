// KeyVault: the keys of all accounts: finding one by what a request calls it, and what can be done with its material. What KMS's operations
// and the port for other services (keyring::Keys) share.
//
// One per daemon, on the strand of its tables. Material is opened for the length of a call, and overwritten behind it.
#pragma once

#include <optional>

#include "base/random.h"
#include "keyring/keyring.h"
#include "services/kms/ciphertext.h"
#include "services/kms/key_material.h"
#include "services/kms/key_row.h"

namespace mayfly::kms {

// What may stand where a request names a key.
enum class KeyForms : unsigned char { Keys, KeysAndAliases };

class KeyVault {
 public:
  // All outlive it.
  KeyVault(KeyTables& tables, const keyring::Keyring& keyring, const Clock& clock, Random& random)
      : tables_(&tables), keyring_(&keyring), clock_(&clock), random_(&random) {}

  // The id of an id, ARN, alias or alias' ARN, whether it is there or not. Error: NotFoundException, it is none of these, or of another region.
  Result<KeyName> ParseName(const Context& ctx, std::string_view text) const;
  // Errors: NotFoundException. An alias of AWS's own whose key was never asked for is not there; Find makes it.
  Result<KeyPointer> FindNow(const Context& ctx, std::string_view text, KeyForms forms) const;
  Task<Result<KeyPointer>> Find(Context& ctx, std::string text, KeyForms forms);
  // Null: it is not there.
  KeyPointer FindByName(const KeyName& name) const { return tables_->keys.Find(name.Key()); }

  // Whether it may be used now, for `operation` and by its usage. Errors: DisabledException, KMSInvalidStateException,
  // InvalidKeyUsageException.
  static Result<> CheckUsable(const KeyRow& key, std::string_view usage, std::string_view operation);
  static Result<> CheckNotPending(const KeyRow& key);

  // --- material ---
  // A row of a new key of this spec, with its first material. `made`: what MakeMaterial gave.
  KeyRow MakeRow(KeyName name, std::string_view spec, std::string_view usage, NewMaterial made) const;
  Material Keep(const KeyName& name, NewMaterial made, RotationKind rotation) const;
  // Error: Fault.
  Result<keyring::SecretBytes> Reveal(const KeyRow& key, const Material& material) const;
  Result<keyring::SecretBytes> RevealNewest(const KeyRow& key) const { return Reveal(key, key.materials.back()); }

  // Under the newest material of a symmetric key, which is usable.
  Result<std::string> EncryptWith(const KeyRow& key, std::string_view value, const keyring::EncryptionContext& context) const;
  struct Decrypted {
    KeyPointer key;
    std::string value;
    std::string material_id;
  };
  // Errors: InvalidCiphertextException; AccessDeniedException, its key is not there; those of CheckUsable for `operation`.
  Result<Decrypted> DecryptNow(const Context& ctx, std::string_view ciphertext, const keyring::EncryptionContext& context, std::string_view operation) const;

  KeyName NewName(const Context& ctx, bool multi_region) const;
  int64_t NowMillis() const { return ToEpochMillis(clock_->WallNow()); }

 private:
  Task<Result<>> MakeOfAws(Context& ctx, KeyName alias);

  KeyTables* tables_;
  const keyring::Keyring* keyring_;
  const Clock* clock_;
  Random* random_;
};

// The service of "alias/aws/ssm", for which AWS makes a key by itself; "" of any other alias.
std::string_view AwsServiceOf(std::string_view alias);

}  // namespace mayfly::kms
