// Parameters: the parameters of all accounts, with their versions. The operations of the API all come here.
//
// One per daemon, on the strand of its tables. What an operation changes, it changes as a whole and durably; changes of one parameter take
// turns. Values of SecureStrings are encrypted in here, for whoever puts them, and decrypted on demand, for whoever reads them.
// Limits: 10,000 standard and 100,000 advanced parameters per account and region, 100 versions of each, 10 labels of each version,
// 50 tags.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "keyring/keys.h"
#include "resources/edit.h"
#include "resources/paging.h"
#include "services/ssm/parameter.h"
#include "services/ssm/secret_box.h"

namespace mayfly::ssm {

inline constexpr int64_t kStandardMax = 10'000;
inline constexpr int64_t kAdvancedMax = 100'000;
inline constexpr int64_t kVersionsMax = 100;

class Parameters {
 public:
  using Pointer = resources::ResourceTable<ParameterRow>::Pointer;
  using Page = resources::Page<ParameterRow>;

  // All outlive it. `old`: null where there are no SecureStrings of before KMS.
  Parameters(store::Store& store, const keyring::Keys& keys, const SecretBox* old);

  // Reads the rows. Error: a fault of the store.
  Task<Result<>> Open(Context& ctx) { return tables_.Open(ctx); }

  // nullptr: there is none.
  Pointer Find(const ParameterKey& key) const { return parameters_.Find(key.Text()); }
  // In the order of their paths, those that `wanted` accepts. Error: InvalidNextToken.
  Result<Page> List(const resources::PageRequest& request, const std::function<bool(const ParameterRow&)>& wanted) const;
  // The version that a selector names, "" being the newest; nullopt: there is none (any more).
  std::optional<VersionRow> FindVersion(const ParameterRow& parameter, std::string_view selector) const;
  // All that are kept with numbers above `after`, the oldest first.
  std::vector<VersionRow> Versions(const ParameterRow& parameter, int64_t after, size_t limit) const;
  // What a version's value reads as. Errors: InvalidKeyId, AccessDeniedException: its key says no; Fault, it cannot be opened.
  Result<std::string> Reveal(const Context& ctx, const ParameterRow& parameter, const VersionRow& version) const;

  // Makes what `make` says of the parameter as it is then (null: there is none): its next version, which gets its number and the encrypted
  // value here. Gives the number. Errors: those of `make`; ParameterLimitExceeded, ParameterMaxVersionLimitExceeded, TooManyUpdates.
  struct Next {
    ParameterRow parameter;
    std::string value;  // of its newest version, in the clear
  };
  using Make = std::function<Result<Next>(const Pointer& old)>;
  Task<Result<int64_t>> Put(Context& ctx, ParameterKey key, Make make);
  // All of them, of all accounts, and whoever changes them. Before Open.
  const resources::ResourceTable<ParameterRow>& table() const { return parameters_; }
  resources::ResourceTable<ParameterRow>& table() { return parameters_; }

  // Changes what is no version: tags and labels. Errors: ParameterNotFound; those of `edit`; TooManyUpdates.
  Task<Result<>> Edit(Context& ctx, ParameterKey key, std::function<Result<>(ParameterRow&)> edit);
  // With all versions. Errors: ParameterNotFound, TooManyUpdates.
  Task<Result<>> Delete(Context& ctx, ParameterKey key);

 private:
  struct Counts {
    int64_t standard = 0;
    int64_t advanced = 0;
  };
  void Count(const ParameterRow& parameter, int sign);
  Result<> CheckRoom(const ParameterKey& key, std::string_view tier);
  Result<> StageNext(const Context& ctx, resources::Change& change, const Pointer& old, Next next);
  Result<std::string> Encrypt(const Context& ctx, const ParameterRow& parameter, std::string_view value) const;
  // Keeps the version that was the newest, and drops the oldest where there are too many.
  Result<> StageOlder(resources::Change& change, const ParameterRow& old);
  // How many there are, counted at the first question and kept up to date from then on.
  const Counts& CountsOf(const ParameterKey& key);

  resources::ResourceTables tables_;
  resources::ResourceTable<ParameterRow> parameters_;  // by ParameterKey::Text()
  resources::ResourceTable<VersionRow> versions_;      // older ones, by VersionKey()
  const keyring::Keys* keys_;
  const SecretBox* old_;
  std::optional<std::map<std::string, Counts>> counts_;  // by ACCOUNT/REGION
};

// Errors of the service: "Parameter /x not found."
Error NotFound(std::string_view name);
// What KMS says about a key, in this service's words: InvalidKeyId.
Error BadKey(const Context& ctx, const Error& error);

}  // namespace mayfly::ssm
