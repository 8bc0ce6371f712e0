#include "services/sqs/receipt_handle.h"

#include "base/encoding.h"
#include "base/hash.h"

namespace mayfly::sqs {
namespace {

// Version, item, attempt, time, seal; and a beginning that AWS's have.
constexpr std::string_view kPrefix = "AQEB";
constexpr char kVersion = 1;
constexpr size_t kContentsBytes = 1 + 8 + 4 + 8;
constexpr size_t kSealBytes = 16;
constexpr size_t kHandleBytesMax = 128;

template <typename T>
void Put(T value, std::string& out) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

template <typename T>
T Take(std::string_view& bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof value; ++i) value = static_cast<T>(value << 8) | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(sizeof value);
  return value;
}

}  // namespace

std::string ReceiptHandles::Seal(std::string_view queue_id, std::string_view contents) const {
  std::string text(queue_id);
  text.append(contents);
  return std::string(AsView(HmacSha256(key_, text)).substr(0, kSealBytes));
}

std::string ReceiptHandles::Make(std::string_view queue_id, Receipt receipt) const {
  std::string bytes(1, kVersion);
  Put(static_cast<uint64_t>(receipt.item), bytes);
  Put(static_cast<uint32_t>(receipt.attempt), bytes);
  Put(static_cast<uint64_t>(receipt.received_seconds), bytes);
  bytes += Seal(queue_id, bytes);
  return std::string(kPrefix) + Base64Encode(bytes);
}

std::optional<Receipt> ReceiptHandles::Read(std::string_view queue_id, std::string_view handle) const {
  if (handle.size() > kHandleBytesMax || !handle.starts_with(kPrefix)) return std::nullopt;
  const auto bytes = Base64Decode(handle.substr(kPrefix.size()));
  if (!bytes || bytes->size() != kContentsBytes + kSealBytes || bytes->front() != kVersion) return std::nullopt;
  std::string_view contents = std::string_view(*bytes).substr(0, kContentsBytes);
  if (!EqualConstantTime(Seal(queue_id, contents), std::string_view(*bytes).substr(kContentsBytes))) return std::nullopt;
  contents.remove_prefix(1);
  const auto item = static_cast<int64_t>(Take<uint64_t>(contents));
  const auto attempt = static_cast<int>(Take<uint32_t>(contents));
  return Receipt{item, attempt, static_cast<int64_t>(Take<uint64_t>(contents))};
}

}  // namespace mayfly::sqs
