// Any text must be refused as a receipt handle (nobody guesses a seal), and any bytes be a message or a fault.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "services/sqs/message.h"
#include "services/sqs/receipt_handle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const mayfly::sqs::ReceiptHandles handles("0123456789abcdef");
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  MF_ASSERT(!handles.Read("queue", input));
  if (const auto message = mayfly::sqs::DecodeMessage(input)) MF_ASSERT(mayfly::sqs::DecodeMessage(mayfly::sqs::EncodeMessage(*message)));
  return 0;
}
