// What an ImageUri names.
//
//   HOST[:PORT]/REPOSITORY[:TAG][@sha256:…]      an image of a registry, e.g. ECR's
//   oci:PATH[:TAG]  oci:PATH@sha256:…            a folder with an OCI image layout
//   oci-archive:PATH[:TAG]                       the same in a tar file
//   docker-archive:PATH[:NAME:TAG]               what `docker save` writes
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::images {

// Who names an image: callers of the API reach the registries that settings name, the operator any.
enum class AskedBy : unsigned char { Caller, Operator };

struct ImageReference {
  enum class Transport : unsigned char { Registry, OciLayout, OciArchive, DockerArchive };
  Transport transport = Transport::Registry;
  std::string location;    // the registry's HOST[:PORT], or a path: no part of it is empty, "." or ".."; may be absolute
  std::string repository;  // Registry only
  std::string tag;         // "" when the URI names none
  std::string digest;      // sha256:… or ""

  // The same image for good: by its digest.
  std::string WithDigest(std::string_view image_digest) const;
};

// "sha256:" and 64 digits in lower case: safe as a part of paths and URLs.
bool IsDigest(std::string_view text);
// Without "sha256:". The digest has been checked.
std::string_view HexOf(std::string_view digest);

// Error: kNotAReference.
Result<ImageReference> ParseImageUri(std::string_view uri);

}  // namespace mayfly::images
