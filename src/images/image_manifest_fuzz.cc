// Feeds bytes to everything that reads documents and texts of images and registries. What passes must keep its promises.
#include <cstddef>
#include <cstdint>

#include "images/manifest.h"
#include "images/reference.h"
#include "images/registry_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly::images;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto document = ParseDocument(text)) {
    MF_ASSERT(document->manifest.layers.size() <= kLayersMax);
    for (const Descriptor& layer : document->manifest.layers) MF_ASSERT(IsDigest(layer.digest) && layer.bytes >= 0);
    for (const IndexEntry& entry : document->entries) MF_ASSERT(IsDigest(entry.manifest.digest));
    if (const IndexEntry* chosen = ChooseEntry(document->entries, "latest")) MF_ASSERT(chosen->os.empty() || chosen->os == "linux");
  }
  if (auto config = ParseImageConfig(text)) {
    for (const std::string& diff_id : config->diff_ids) MF_ASSERT(IsDigest(diff_id));
    for (const auto* list : {&config->entry_point, &config->command, &config->environment}) {
      for (const std::string& element : *list) MF_ASSERT(element.find('\0') == std::string::npos);
    }
  }
  (void)ParseSavedImages(text);
  (void)ParseRegistryCredentials(text);
  if (auto helpers = ParseCredentialHelpers(text)) {
    for (const CredentialHelper& helper : *helpers) MF_ASSERT(!helper.name.empty() && helper.name.find('/') == std::string::npos);
  }
  if (auto answer = ParseHelperAnswer(text)) MF_ASSERT(answer->find(':') != std::string::npos);
  if (auto reference = ParseImageUri(text)) {
    const std::string path = "/" + reference->location + "/";
    MF_ASSERT(path.find("/../") == std::string::npos && path.find('\0') == std::string::npos);
    MF_ASSERT(ParseImageUri(reference->WithDigest("sha256:" + std::string(64, '0'))).has_value());
  }
  if (auto challenge = ParseChallenge(text); challenge && challenge->bearer) MF_ASSERT(challenge->realm.starts_with("http"));
  if (auto location = ResolveLocation("https://registry.example/v2/a", text)) MF_ASSERT(location->starts_with("https://"));
  (void)ParseRegistryMirror(text);
  return 0;
}
