#include "identity/session_keys.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/encoding.h"
#include "base/files.h"
#include "base/hash.h"
#include "identity/session_data.h"

namespace mayfly::identity {
namespace {

// The bytes of a token: its kind, expiry (seconds, big-endian), nonce, account id, ARN; then the MAC of all that. With data, behind the
// account: how long the ARN is (two bytes), the ARN, the packed data.
constexpr char kOfEverywhere = 1;
constexpr char kOfEnvironment = 2;
constexpr char kWithData = 3;
constexpr size_t kLengthBytes = 2;
constexpr size_t kExpiryBytes = 8;
constexpr size_t kNonceBytes = 16;
constexpr size_t kAccountBytes = 12;
constexpr size_t kArnAt = 1 + kExpiryBytes + kNonceBytes + kAccountBytes;
constexpr size_t kMacBytes = sizeof(Sha256Digest);
constexpr size_t kMasterKeyBytes = 32;

Error UnknownToken() {
  return Error::Service("UnrecognizedClientException", "The security token included in the request is invalid.");
}

std::string BigEndian(uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift & 0xff));
  return bytes;
}

uint64_t FromBigEndian(std::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

Result<std::unique_ptr<SessionKeys>> SessionKeys::Load(const std::string& path, Random& random) {
  if (::access(path.c_str(), F_OK) != 0) {
    if (errno != ENOENT) return Fail(Error::FromErrno("look for " + path, errno));
    MF_TRY_VOID(WriteFileDurably(path, random.Hex(kMasterKeyBytes) + "\n", 0600));
  }
  MF_TRY(std::string text, ReadFile(path));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  auto key = HexDecode(text);
  if (!key || key->size() < kMasterKeyBytes) {
    return Fail(Error::Fault(path + " is no key", "remove it: a new one is made, and functions that run get new credentials"));
  }
  return std::make_unique<SessionKeys>(std::move(*key), random);
}

Sha256Digest SessionKeys::Mac(std::string_view purpose, std::string_view payload) const {
  std::string text(purpose);
  text.push_back('\0');
  text += payload;
  return HmacSha256(master_key_, text);
}

// What follows from the token alone.
AccessKey SessionKeys::Derive(std::string_view payload) const {
  constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  AccessKey key;
  key.access_key_id = "ASIA";
  const Sha256Digest id = Mac("access key id", payload);
  for (size_t i = 0; i < 16; ++i) key.access_key_id.push_back(kBase32[id[i] % kBase32.size()]);
  const Sha256Digest secret = Mac("secret access key", payload);
  key.secret_access_key = Base64Encode(AsView(secret).substr(0, 30));
  key.account_id = payload.substr(kArnAt - kAccountBytes, kAccountBytes);
  key.arn = payload.substr(kArnAt);
  if (payload.front() == kWithData) {
    const std::string_view rest = payload.substr(kArnAt);
    const size_t length = FromBigEndian(rest.substr(0, kLengthBytes));
    key.arn = rest.substr(kLengthBytes, length);
    if (auto data = Unpack(rest.substr(std::min(rest.size(), kLengthBytes + length)))) key.session = std::make_shared<const SessionData>(std::move(*data));
  }
  key.reach = payload.front() == kOfEnvironment ? KeyReach::OwnEnvironment : KeyReach::Everywhere;
  key.expires_at = WallTime(std::chrono::seconds(FromBigEndian(payload.substr(1, kExpiryBytes))));
  return key;
}

std::string SessionKeys::Payload(std::string_view account_id, std::string_view arn, WallTime expires_at, char kind) {
  MF_ASSERT(account_id.size() == kAccountBytes && arn.size() <= kSessionArnBytesMax);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(expires_at.time_since_epoch()).count();
  std::string payload(1, kind);
  payload += BigEndian(static_cast<uint64_t>(seconds));
  payload += *HexDecode(random_->Hex(kNonceBytes));
  payload += account_id;
  return payload;
}

AccessKey SessionKeys::Finish(const std::string& payload) const {
  AccessKey key = Derive(payload);
  key.session_token = Base64Encode(payload + std::string(AsView(Mac("session token", payload))));
  return key;
}

AccessKey SessionKeys::Issue(std::string_view account_id, std::string_view arn, WallTime expires_at, KeyReach reach) {
  std::string payload = Payload(account_id, arn, expires_at, reach == KeyReach::OwnEnvironment ? kOfEnvironment : kOfEverywhere);
  payload += arn;
  return Finish(payload);
}

AccessKey SessionKeys::IssueWith(std::string_view account_id, std::string_view arn, WallTime expires_at, const SessionData& data) {
  std::string payload = Payload(account_id, arn, expires_at, kWithData);
  payload += BigEndian(arn.size()).substr(8 - kLengthBytes);
  payload += arn;
  const std::string packed = Pack(data);
  MF_ASSERT(packed.size() <= kPackedMax);
  payload += packed;
  return Finish(payload);
}

std::string SessionKeys::KeyFor(std::string_view purpose) const { return std::string(AsView(Mac("key for", purpose))); }

void SessionKeys::Note(const AccessKey& key) const {
  const std::lock_guard lock(mutex_);
  if (young_.contains(key.access_key_id)) return;
  if (young_.size() >= kGenerationMax) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_.emplace(key.access_key_id, Opened{key.session});
}

std::optional<SessionKeys::Opened> SessionKeys::Find(std::string_view access_key_id) const {
  const std::string id(access_key_id);
  const std::lock_guard lock(mutex_);
  for (const auto* generation : {&young_, &old_}) {
    if (const auto found = generation->find(id); found != generation->end()) return found->second;
  }
  return std::nullopt;
}

Result<AccessKey> SessionKeys::Open(std::string_view access_key_id, std::string_view session_token) const {
  if (session_token.size() > kSessionTokenBytesMax) return Fail(UnknownToken());
  const auto bytes = Base64Decode(session_token);
  if (!bytes || bytes->size() < kArnAt + kMacBytes) return Fail(UnknownToken());
  const std::string_view payload = std::string_view(*bytes).substr(0, bytes->size() - kMacBytes);
  const Sha256Digest expected = Mac("session token", payload);
  if (!EqualConstantTime(AsView(expected), std::string_view(*bytes).substr(payload.size()))) return Fail(UnknownToken());
  const char kind = payload.front();
  if (kind != kOfEverywhere && kind != kOfEnvironment && kind != kWithData) return Fail(UnknownToken());
  if (kind == kWithData && payload.size() < kArnAt + kLengthBytes) return Fail(UnknownToken());
  AccessKey key = Derive(payload);
  if (!EqualConstantTime(key.access_key_id, access_key_id)) return Fail(UnknownToken());
  if (kind == kWithData && !key.session) return Fail(UnknownToken());
  Note(key);
  key.session_token = session_token;
  return key;
}

}  // namespace mayfly::identity
