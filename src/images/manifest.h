// The JSON documents of images: indices, manifests, configurations, of OCI and of Docker (v2 schema 2), and the manifest.json of
// `docker save`. Written by strangers: everything is checked, nothing is believed. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly::images {

inline constexpr size_t kManifestBytesMax = 4 << 20;
inline constexpr size_t kConfigBytesMax = 8 << 20;
inline constexpr size_t kLayersMax = 127;
inline constexpr uint64_t kImageBytesMax = 10ull << 30;  // unpacked, as AWS has it

struct Descriptor {
  std::string media_type;
  std::string digest;  // sha256:…, checked
  int64_t bytes = 0;   // 0 or more
};

struct IndexEntry {
  Descriptor manifest;
  std::string os;
  std::string architecture;
  std::string name;  // org.opencontainers.image.ref.name
};

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;
};

// One document: an index, or the manifest of one image.
struct Document {
  bool is_index = false;
  std::vector<IndexEntry> entries;
  Manifest manifest;
};

// What of an image's configuration matters for running it.
struct ImageConfig {
  std::vector<std::string> entry_point;
  std::vector<std::string> command;
  std::vector<std::string> environment;  // NAME=value
  std::string working_directory;
  std::vector<std::string> diff_ids;     // digests of the layers' unpacked tar files, lowest first
};

// Errors: kInvalid (no such document), kUnsupported (other media types, schema 1, more layers than kLayersMax).
Result<Document> ParseDocument(std::string_view text);
// Errors: kInvalid; kUnsupported for another platform than linux/amd64.
Result<ImageConfig> ParseImageConfig(std::string_view text);
// The entry for linux/amd64; one that names no platform counts. With `tag`, only entries of that name do, unless none has a name.
const IndexEntry* ChooseEntry(const std::vector<IndexEntry>& entries, std::string_view tag);

struct SavedImage {
  std::string config;  // names of members of the archive
  std::vector<std::string> layers;
  std::vector<std::string> tags;  // NAME:TAG
};
// manifest.json of `docker save`. Error: kInvalid.
Result<std::vector<SavedImage>> ParseSavedImages(std::string_view text);

}  // namespace mayfly::images
