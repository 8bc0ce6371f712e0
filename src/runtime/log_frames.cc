#include "runtime/log_frames.h"

#include <algorithm>

namespace mayfly::runtime {
namespace {

constexpr uint32_t kTextFrame = 0xA55A0003;
constexpr uint32_t kJsonFrame = 0xA55A0002;
constexpr uint32_t kLevelBits = 0x1C;

uint32_t ReadBigEndian(std::string_view bytes) {
  MF_ASSERT(bytes.size() >= 4);
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[static_cast<size_t>(i)]);
  return value;
}

}  // namespace

LogFrameSplitter::LogFrameSplitter(OnMessage message)
    : message_(std::move(message)), lines_([this](std::string_view line) { message_(line, telemetry::LogLevel::Unset); }) {}

void LogFrameSplitter::Add(std::string_view bytes) {
  while (!bytes.empty() && framed_) {
    if (!in_message_ && !TakeHeader(bytes)) break;
    if (in_message_) TakeMessage(bytes);
  }
  if (!framed_) lines_.Add(bytes);
}

bool LogFrameSplitter::TakeHeader(std::string_view& bytes) {
  MF_ASSERT(framed_ && !in_message_ && header_.size() < kLogFrameHeaderBytes);
  const size_t taken = std::min(bytes.size(), kLogFrameHeaderBytes - header_.size());
  header_ += bytes.substr(0, taken);
  bytes.remove_prefix(taken);
  if (header_.size() < kLogFrameHeaderBytes) return false;
  const uint32_t type = ReadBigEndian(header_);
  if ((type & ~kLevelBits) != kTextFrame && (type & ~kLevelBits) != kJsonFrame) {
    framed_ = false;
    lines_.Add(std::exchange(header_, {}));
    return false;
  }
  const uint32_t level = (type & kLevelBits) >> 2;
  level_ = level <= static_cast<uint32_t>(telemetry::LogLevel::Fatal) ? static_cast<telemetry::LogLevel>(level) : telemetry::LogLevel::Unset;
  remaining_ = ReadBigEndian(std::string_view(header_).substr(4));
  header_.clear();
  in_message_ = true;
  TakeMessage(bytes);  // also one without a byte
  return true;
}

void LogFrameSplitter::TakeMessage(std::string_view& bytes) {
  MF_ASSERT(in_message_ && text_.size() < kLogLineBytesMax);
  const size_t taken = std::min<size_t>({bytes.size(), remaining_, kLogLineBytesMax - text_.size()});
  text_ += bytes.substr(0, taken);
  bytes.remove_prefix(taken);
  remaining_ -= static_cast<uint32_t>(taken);
  if (remaining_ > 0 && text_.size() < kLogLineBytesMax) return;
  in_message_ = remaining_ > 0;
  if (text_.ends_with('\n') && !in_message_) text_.pop_back();
  message_(text_, level_);
  text_.clear();
}

void LogFrameSplitter::Flush() {
  MF_ASSERT(header_.empty() || !in_message_);
  if (!text_.empty()) message_(text_, level_);
  lines_.Flush();
  text_.clear();
  header_.clear();
  in_message_ = false;
  framed_ = true;
}

}  // namespace mayfly::runtime
