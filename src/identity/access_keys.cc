#include "identity/access_keys.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "identity/arn.h"

namespace mayfly::identity {
namespace {

constexpr int kFileVersion = 1;

Error BadFile(const std::string& path, std::string_view what) {
  return Error::Fault(fmt::format("{}: {}", path, what),
                      "mend the file, or move it away: strict mode then makes a new one with a new root key");
}

std::string RandomBytes(Random& random, int count) { return *HexDecode(random.Hex(count)); }

}  // namespace

std::string AccessKey::PrincipalArn() const {
  if (!arn.empty()) return arn;
  return user_name.empty() ? fmt::format("arn:aws:iam::{}:root", account_id)
                           : fmt::format("arn:aws:iam::{}:user/{}", account_id, user_name);
}

Result<std::unique_ptr<AccessKeys>> AccessKeys::Open(std::string path, AuthMode mode, std::string_view default_account_id,
                                                     Random& random) {
  std::unique_ptr<AccessKeys> keys(new AccessKeys(std::move(path), random));
  struct stat status{};
  if (::stat(keys->path_.c_str(), &status) == 0) {
    if ((status.st_mode & 077) != 0) log::Warning("{} can be read by others: chmod 600 it", keys->path_);
    MF_TRY(const std::string text, ReadFile(keys->path_));
    MF_TRY_VOID(keys->Load(text));
    return keys;
  }
  if (errno != ENOENT) return Fail(Error::FromErrno("stat " + keys->path_, errno));
  if (mode == AuthMode::Strict) {
    MF_TRY(const AccessKey root, keys->Add(default_account_id, ""));
    log::Info("made root access key {} of account {}; its secret is in {}", root.access_key_id, root.account_id, keys->path_);
  }
  return keys;
}

Result<> AccessKeys::Load(std::string_view text) {
  auto document = json::Parse(text);
  if (!document) return Fail(BadFile(path_, document.error().message));
  const json::Value* list = document->Find("keys");
  if (document->IntOr("version", 0) != kFileVersion || list == nullptr || !list->is_array()) {
    return Fail(BadFile(path_, "not a list of access keys of version 1"));
  }
  if (list->array().size() > kDurableKeysMax) return Fail(BadFile(path_, "too many access keys"));
  for (const json::Value& entry : list->array()) {
    AccessKey key;
    key.access_key_id = entry.StringOr("access_key_id", "");
    key.secret_access_key = entry.StringOr("secret_access_key", "");
    key.session_token = entry.StringOr("session_token", "");
    key.account_id = entry.StringOr("account_id", "");
    key.user_name = entry.StringOr("user_name", "");
    if (key.access_key_id.empty() || key.secret_access_key.empty() || !IsAccountId(key.account_id)) {
      return Fail(BadFile(path_, "an entry lacks access_key_id, secret_access_key or a 12-digit account_id"));
    }
    auto pointer = std::make_shared<const AccessKey>(std::move(key));
    if (!by_id_.emplace(pointer->access_key_id, pointer).second) return Fail(BadFile(path_, "an access key id comes twice"));
    durable_.push_back(std::move(pointer));
  }
  return {};
}

Result<> AccessKeys::Save(const std::vector<KeyPointer>& keys) const {
  json::Array list;
  for (const KeyPointer& key : keys) {
    json::Object entry = {{"access_key_id", key->access_key_id},
                          {"secret_access_key", key->secret_access_key},
                          {"account_id", key->account_id},
                          {"user_name", key->user_name}};
    if (!key->session_token.empty()) entry.emplace_back("session_token", key->session_token);
    list.emplace_back(std::move(entry));
  }
  const json::Object document = {{"version", kFileVersion}, {"keys", std::move(list)}};
  ::unlink((path_ + ".tmp").c_str());  // a leftover could have wider permissions
  return WriteFileDurably(path_, json::Write(document) + "\n", 0600);
}

AccessKey AccessKeys::Generate(std::string_view id_prefix) {
  const std::lock_guard lock(mutex_);  // also guards the randomness
  return Draw(id_prefix);
}

AccessKey AccessKeys::Draw(std::string_view id_prefix) {
  constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  AccessKey key;
  key.access_key_id = id_prefix;
  for (int i = 0; i < 16; ++i) key.access_key_id.push_back(kBase32[random_->Below(kBase32.size())]);
  key.secret_access_key = Base64Encode(RandomBytes(*random_, 30));
  return key;
}

std::shared_ptr<const AccessKey> AccessKeys::Find(std::string_view access_key_id) const {
  const std::string id(access_key_id);
  const std::lock_guard lock(mutex_);
  if (const auto found = by_id_.find(id); found != by_id_.end()) return found->second;
  return nullptr;
}

std::shared_ptr<const AccessKey> AccessKeys::FirstOf(std::string_view account_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(durable_.begin(), durable_.end(), [&](const KeyPointer& key) { return key->account_id == account_id; });
  return found == durable_.end() ? nullptr : *found;
}

std::vector<AccessKey> AccessKeys::List() const {
  const std::lock_guard lock(mutex_);
  std::vector<AccessKey> keys;
  for (const KeyPointer& key : durable_) keys.push_back(*key);
  return keys;
}

bool AccessKeys::HasUser(std::string_view account_id, std::string_view user_name) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(durable_, [&](const KeyPointer& key) { return key->account_id == account_id && key->user_name == user_name; });
}

void AccessKeys::Remember(AccessKey key) {
  std::string id = key.access_key_id;
  auto pointer = std::make_shared<const AccessKey>(std::move(key));
  const std::lock_guard lock(mutex_);
  by_id_[std::move(id)] = std::move(pointer);
}

void AccessKeys::Forget(std::string_view access_key_id) {
  const std::lock_guard lock(mutex_);
  by_id_.erase(std::string(access_key_id));
}

void AccessKeys::NoteUse(std::string_view access_key_id, Use use) const {
  const std::lock_guard lock(mutex_);
  if (uses_.size() >= kUsesKept && !uses_.contains(std::string(access_key_id))) uses_.clear();
  uses_[std::string(access_key_id)] = std::move(use);
}

std::optional<AccessKeys::Use> AccessKeys::LastUseOf(std::string_view access_key_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = uses_.find(std::string(access_key_id));
  return found == uses_.end() ? std::nullopt : std::optional(found->second);
}

Result<AccessKey> AccessKeys::Add(std::string_view account_id, std::string_view user_name) {
  if (!IsAccountId(account_id)) return Fail(Error::Fault(fmt::format("not a 12-digit account id: '{}'", account_id)));
  const std::lock_guard writing(writing_);
  std::unique_lock lock(mutex_);
  if (durable_.size() >= kDurableKeysMax) return Fail(Error::Fault("too many access keys"));
  AccessKey key = Draw("AKIA");
  key.account_id = account_id;
  key.user_name = user_name;
  auto pointer = std::make_shared<const AccessKey>(key);
  std::vector<KeyPointer> next = durable_;
  next.push_back(pointer);
  lock.unlock();  // readers go on while the file is written
  MF_TRY_VOID(Save(next));
  lock.lock();
  by_id_[key.access_key_id] = std::move(pointer);
  durable_ = std::move(next);
  return key;
}

Result<> AccessKeys::Remove(std::string_view access_key_id) {
  const std::lock_guard writing(writing_);
  std::unique_lock lock(mutex_);
  std::vector<KeyPointer> next = durable_;
  if (std::erase_if(next, [&](const KeyPointer& key) { return key->access_key_id == access_key_id; }) == 0) return {};
  lock.unlock();
  MF_TRY_VOID(Save(next));
  lock.lock();
  by_id_.erase(std::string(access_key_id));
  durable_ = std::move(next);
  return {};
}

}  // namespace mayfly::identity
