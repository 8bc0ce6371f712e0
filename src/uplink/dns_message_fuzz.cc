// Messages of functions and resolvers: nothing is read outside of them, and what is answered is an answer to what was asked.
#include <cstdint>

#include "base/result.h"
#include "uplink/dns_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly::uplink;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto question = ReadQuery(text);
  (void)Answers(text, text.substr(size / 2));
  if (!question) return 0;
  MF_ASSERT(question->end <= size && question->name.size() <= 255);
  for (const auto& answer : {WriteAnswer(text, *question, DnsCode::Refused), WriteAnswer(text, *question, DnsCode::Ok, 0x01020304)}) {
    MF_ASSERT(Answers(answer, text));
    MF_ASSERT(!ReadQuery(answer));
  }
  std::string copy(text);
  SetId(copy, 77);
  MF_ASSERT(IdOf(copy) == 77 && ReadQuery(copy));
  return 0;
}
