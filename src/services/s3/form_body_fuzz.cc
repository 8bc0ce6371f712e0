// Any bytes may come as a form, in pieces of any size: what comes out does not depend on the pieces, and no more is kept than allowed.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "services/s3/form_body.h"

using mayfly::s3::FormBody;

namespace {

struct Outcome {
  std::string file;
  std::string error;
  bool operator==(const Outcome&) const = default;
};

Outcome Run(std::string_view bytes, size_t piece_bytes) {
  Outcome outcome;
  auto form = FormBody::Of("multipart/form-data; boundary=B");
  MF_ASSERT(form);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_bytes, bytes.size()))) {
    auto taken = form->Take(bytes.substr(0, piece_bytes), outcome.file);
    if (!taken) return {.file = {}, .error = taken.error().code};
  }
  if (auto end = form->End(); !end) outcome.error = end.error().code;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size > mayfly::s3::kFieldsBytesMax) return 0;  // where a piece ends decides when too much has come
  MF_ASSERT(Run(bytes, size + 1) == Run(bytes, 3));
  return 0;
}
