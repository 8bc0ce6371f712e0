// The framed log of AWS's runtime clients (_LAMBDA_TELEMETRY_LOG_FD): one frame is one message, however many lines it has.
//
// A frame: u32 type (text 0xA55A0003 or JSON 0xA55A0002, a level in bits 2 to 4), u32 length, u64 microseconds since 1970, all
// big-endian, then the message. Hostile code writes it: what is no frame is taken as plain lines from there on.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "runtime/log_pipe.h"
#include "telemetry/platform_event.h"

namespace mayfly::runtime {

inline constexpr size_t kLogFrameHeaderBytes = 16;

class LogFrameSplitter {
 public:
  using OnMessage = std::function<void(std::string_view text, telemetry::LogLevel level)>;
  explicit LogFrameSplitter(OnMessage message);
  void Add(std::string_view bytes);
  // A message that was cut off by the end of its writer is given as far as it came.
  void Flush();

 private:
  bool TakeHeader(std::string_view& bytes);
  void TakeMessage(std::string_view& bytes);

  OnMessage message_;
  LineSplitter lines_;
  bool framed_ = true;
  std::string header_;       // less than a whole one
  std::string text_;         // at most kLogLineBytesMax
  uint32_t remaining_ = 0;   // of the present message
  bool in_message_ = false;
  telemetry::LogLevel level_ = telemetry::LogLevel::Unset;
};

}  // namespace mayfly::runtime
