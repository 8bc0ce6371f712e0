// Any request of rest-json (testing/fuzz_rest.h).
#include "wire/rest_json.h"

#include "base/json.h"
#include "model/shelf.h"
#include "wire/testing/fuzz_rest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const mayfly::wire::RestJson protocol(mayfly::shelf::kService);
  mayfly::wire::testing::FuzzRest(protocol, data, size, &mayfly::json::IsValidJson);
  return 0;
}
