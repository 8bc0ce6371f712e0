#include "images/manifest.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "images/image_error.h"
#include "images/reference.h"

namespace mayfly::images {
namespace {

constexpr size_t kEntriesMax = 1000;
constexpr size_t kTextBytesMax = 64 << 10;  // of one string that is kept
constexpr size_t kStringsMax = 4096;        // of one list
constexpr size_t kSettingsBytesMax = 128 << 10;  // of all that a process is started with

constexpr std::string_view kIndexTypes[] = {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"};
constexpr std::string_view kConfigTypes[] = {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"};
constexpr std::string_view kLayerTypes[] = {
    "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd"};

template <size_t size>
bool IsOneOf(std::string_view text, const std::string_view (&all)[size]) {
  return std::find(std::begin(all), std::end(all), text) != std::end(all);
}

Error Unsupported(std::string message) { return ImageError(kUnsupported, std::move(message)); }

Result<json::Value> ParseObject(std::string_view text, size_t bytes_max) {
  if (text.size() > bytes_max) return Fail(Invalid("a document of the image is too large"));
  auto value = json::Parse(text);
  if (!value) return Fail(Invalid("a document of the image is no JSON: " + value.error().message));
  if (!value->is_object()) return Fail(Invalid("a document of the image is no JSON object"));
  return std::move(*value);
}

Result<Descriptor> ParseDescriptor(const json::Value* value) {
  if (!value || !value->is_object()) return Fail(Invalid("a descriptor is missing"));
  Descriptor descriptor{.media_type = std::string(value->StringOr("mediaType", "")), .digest = std::string(value->StringOr("digest", "")),
                        .bytes = value->IntOr("size", -1)};
  if (!IsDigest(descriptor.digest)) return Fail(Invalid("a descriptor has no SHA-256 digest"));
  if (descriptor.bytes < 0) return Fail(Invalid("a descriptor has no size"));
  return descriptor;
}

// Absent or null: empty.
Result<std::vector<std::string>> ParseStrings(const json::Value* value) {
  std::vector<std::string> strings;
  if (!value || value->is_null()) return strings;
  if (!value->is_array() || value->array().size() > kStringsMax) return Fail(Invalid("a list of the image is none, or too long"));
  for (const json::Value& element : value->array()) {
    if (!element.is_string() || element.string().size() > kTextBytesMax || element.string().find('\0') != std::string::npos) {
      return Fail(Invalid("a list of the image holds what is no text"));
    }
    strings.push_back(element.string());
  }
  return strings;
}

Result<Document> ParseIndex(const json::Value& value) {
  Document document{.is_index = true, .entries = {}, .manifest = {}};
  const json::Value* manifests = value.Find("manifests");
  if (!manifests || !manifests->is_array() || manifests->array().size() > kEntriesMax) return Fail(Invalid("an index without manifests"));
  for (const json::Value& element : manifests->array()) {
    IndexEntry entry;
    MF_TRY(entry.manifest, ParseDescriptor(&element));
    if (const json::Value* platform = element.Find("platform")) {
      entry.os = platform->StringOr("os", "");
      entry.architecture = platform->StringOr("architecture", "");
    }
    if (const json::Value* annotations = element.Find("annotations")) entry.name = annotations->StringOr("org.opencontainers.image.ref.name", "");
    document.entries.push_back(std::move(entry));
  }
  return document;
}

Result<Document> ParseManifest(const json::Value& value) {
  Document document;
  MF_TRY(document.manifest.config, ParseDescriptor(value.Find("config")));
  if (!IsOneOf(document.manifest.config.media_type, kConfigTypes)) {
    return Fail(Unsupported("configuration of the media type " + document.manifest.config.media_type));
  }
  const json::Value* layers = value.Find("layers");
  if (!layers || !layers->is_array()) return Fail(Invalid("a manifest without layers"));
  if (layers->array().size() > kLayersMax) return Fail(Unsupported(fmt::format("more than {} layers", kLayersMax)));
  for (const json::Value& element : layers->array()) {
    MF_TRY(Descriptor layer, ParseDescriptor(&element));
    if (!IsOneOf(layer.media_type, kLayerTypes)) return Fail(Unsupported("layer of the media type " + layer.media_type));
    if (static_cast<uint64_t>(layer.bytes) > kImageBytesMax) return Fail(Invalid("a layer is larger than 10 GB"));
    document.manifest.layers.push_back(std::move(layer));
  }
  return document;
}

}  // namespace

Result<Document> ParseDocument(std::string_view text) {
  MF_TRY(const json::Value value, ParseObject(text, kManifestBytesMax));
  if (value.IntOr("schemaVersion", 0) != 2) return Fail(Unsupported("a manifest of another schema than 2"));
  const std::string_view type = value.StringOr("mediaType", "");
  const bool is_index = IsOneOf(type, kIndexTypes) || (type.empty() && value.Find("manifests") != nullptr);
  return is_index ? ParseIndex(value) : ParseManifest(value);
}

Result<ImageConfig> ParseImageConfig(std::string_view text) {
  MF_TRY(const json::Value value, ParseObject(text, kConfigBytesMax));
  const std::string_view os = value.StringOr("os", "linux"), architecture = value.StringOr("architecture", "amd64");
  if (os != "linux" || (architecture != "amd64" && architecture != "x86_64")) {
    return Fail(Unsupported(fmt::format("an image for {}/{}; this machine is linux/amd64", os, architecture)));
  }
  ImageConfig config;
  const json::Value* root = value.Find("rootfs");
  if (!root || !root->is_object()) return Fail(Invalid("a configuration without rootfs"));
  MF_TRY(config.diff_ids, ParseStrings(root->Find("diff_ids")));
  if (config.diff_ids.size() > kLayersMax) return Fail(Unsupported(fmt::format("more than {} layers", kLayersMax)));
  for (const std::string& diff_id : config.diff_ids) {
    if (!IsDigest(diff_id)) return Fail(Invalid("a diff_id is no SHA-256 digest"));
  }
  const json::Value* settings = value.Find("config");
  if (!settings || settings->is_null()) return config;
  if (!settings->is_object()) return Fail(Invalid("the configuration is no object"));
  MF_TRY(config.entry_point, ParseStrings(settings->Find("Entrypoint")));
  MF_TRY(config.command, ParseStrings(settings->Find("Cmd")));
  MF_TRY(config.environment, ParseStrings(settings->Find("Env")));
  config.working_directory = settings->StringOr("WorkingDir", "");
  if (config.working_directory.size() > 4096 || config.working_directory.find('\0') != std::string::npos) return Fail(Invalid("no working directory"));
  size_t bytes = 0;
  for (const auto* list : {&config.entry_point, &config.command, &config.environment}) {
    for (const std::string& text : *list) bytes += text.size() + 1;
  }
  if (bytes > kSettingsBytesMax) return Fail(Invalid("ENTRYPOINT, CMD and ENV are too long"));
  return config;
}

const IndexEntry* ChooseEntry(const std::vector<IndexEntry>& entries, std::string_view tag) {
  const bool have_names = std::any_of(entries.begin(), entries.end(), [](const IndexEntry& entry) { return !entry.name.empty(); });
  const IndexEntry* unnamed_platform = nullptr;
  for (const IndexEntry& entry : entries) {
    if (!tag.empty() && have_names && entry.name != tag) continue;
    if (entry.os == "linux" && entry.architecture == "amd64") return &entry;
    if (entry.os.empty() && entry.architecture.empty() && !unnamed_platform) unnamed_platform = &entry;
  }
  return unnamed_platform;
}

Result<std::vector<SavedImage>> ParseSavedImages(std::string_view text) {
  if (text.size() > kManifestBytesMax) return Fail(Invalid("manifest.json is too large"));
  auto value = json::Parse(text);
  if (!value || !value->is_array()) return Fail(Invalid("manifest.json is no JSON array"));
  std::vector<SavedImage> images;
  for (const json::Value& element : value->array()) {
    if (!element.is_object()) return Fail(Invalid("manifest.json holds what is no object"));
    SavedImage image{.config = std::string(element.StringOr("Config", "")), .layers = {}, .tags = {}};
    MF_TRY(image.layers, ParseStrings(element.Find("Layers")));
    MF_TRY(image.tags, ParseStrings(element.Find("RepoTags")));
    if (image.config.empty() || image.layers.size() > kLayersMax) return Fail(Invalid("manifest.json names no configuration, or too many layers"));
    images.push_back(std::move(image));
  }
  return images;
}

}  // namespace mayfly::images
