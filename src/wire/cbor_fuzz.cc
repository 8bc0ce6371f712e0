// Any bytes as a document of CBOR: what is read and written again reads as the same.
#include <cstddef>
#include <cstdint>

#include "model/post.h"
#include "wire/cbor_codec.h"
#include "wire/storage.h"

namespace {

using namespace mayfly::wire;

void Check(const Structure& structure, std::string_view bytes) {
  Message message(&structure), again(&structure);
  Violations violations;
  if (!ReadCborDocument(structure, MemberChoice::BodyOnly, bytes, message.get(), violations)) return;
  std::string written, rewritten;
  WriteCborMembers(structure, MemberChoice::BodyOnly, message.get(), written);
  MF_ASSERT(ReadCborDocument(structure, MemberChoice::BodyOnly, written, again.get(), violations).has_value());
  WriteCborMembers(structure, MemberChoice::BodyOnly, again.get(), rewritten);
  MF_ASSERT(written == rewritten);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string_view operation : {"Keep", "Send"}) Check(*FindOperation(mayfly::post::kService, operation)->input, bytes);
  return 0;
}
