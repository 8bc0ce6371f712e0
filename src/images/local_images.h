// Images in files: OCI layouts, and the archives of `skopeo copy oci-archive:` and `docker save`. Only below one folder, which the
// operator names; symbolic links there are not followed. Blocks; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "images/byte_source.h"
#include "images/manifest.h"
#include "images/reference.h"

namespace mayfly::images {

// An image whose manifest and configuration have been read and checked against their digests.
struct SourceImage {
  std::string digest;                // of the manifest; of the configuration where there is none (docker-archive)
  Manifest manifest;
  ImageConfig config;
  std::vector<std::string> members;  // docker-archive: the layers' names in the archive
};

// A manifest's and a configuration's text, as SourceImage. Errors: kInvalid, kUnsupported.
Result<SourceImage> MakeSourceImage(std::string digest, Manifest manifest, std::string_view config_text);
// Error: kInvalid unless `text` has that digest and size.
Result<> CheckBlob(std::string_view text, const Descriptor& descriptor);

class LocalImages {
 public:
  // `directory` need not exist; `real_path`: as URIs name it.
  LocalImages(const std::string& directory, std::string real_path);

  // By the reference's digest, else its tag, else the only image that is there. Errors: kMissing, kAccessDenied, kInvalid, kUnsupported; Fault.
  Result<SourceImage> Open(const ImageReference& reference) const;
  // The bytes of one layer. Size and digest are for the caller to check.
  Result<std::unique_ptr<ByteSource>> OpenLayer(const ImageReference& reference, const SourceImage& image, size_t layer) const;

 private:
  class Container;
  Result<UniqueFd> OpenBelow(int folder, const std::string& path, int flags) const;
  Result<Container> OpenContainer(const ImageReference& reference) const;

  std::string directory_;
  std::string real_path_;
};

}  // namespace mayfly::images
