// Any request of rest-xml (testing/fuzz_rest.h); and any document that is read and written again reads as the same.
#include "wire/rest_xml.h"

#include "model/shelf.h"
#include "wire/testing/fuzz_rest.h"
#include "wire/xml_read.h"
#include "wire/xml_write.h"

namespace {

using namespace mayfly::wire;

bool IsXml(std::string_view text) { return ParseXml(std::string(text)).has_value(); }

bool Read(std::string text, mayfly::shelf::Book& book) {
  const Structure& structure = *FindOperation(mayfly::shelf::kService, "FindBook")->output;
  auto root = ParseXml(std::move(text));
  Violations violations;
  return root && ReadTextMembers(XmlTextForm(), structure, MemberChoice::All, *root, &book, nullptr, violations);
}

std::string Write(const mayfly::shelf::Book& book) {
  std::string out;
  WriteXmlDocument("Book", "", *FindOperation(mayfly::shelf::kService, "FindBook")->output, &book, out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const RestXml protocol(mayfly::shelf::kService);
  testing::FuzzRest(protocol, data, size, &IsXml);
  mayfly::shelf::Book book, again;
  if (!Read({reinterpret_cast<const char*>(data), size}, book)) return 0;
  const std::string written = Write(book);
  MF_ASSERT(Read(written, again) && Write(again) == written);
  return 0;
}
