// What goes wrong with images. Faults whose code says of which kind they are, so that the API can answer as AWS does.
#pragma once

#include "base/result.h"

namespace mayfly::images {

inline constexpr std::string_view kNotAReference = "ImageReference";   // no URI that names an image here
inline constexpr std::string_view kMissing = "ImageMissing";           // there is no such image
inline constexpr std::string_view kAccessDenied = "ImageAccessDenied"; // the registry, or the folder, does not let us
inline constexpr std::string_view kUnsupported = "ImageUnsupported";   // media types, or no linux/amd64
inline constexpr std::string_view kUnreachable = "ImageUnreachable";   // the registry does not answer
inline constexpr std::string_view kInvalid = "ImageInvalid";           // damaged, too large, or not as its digests say

inline Error ImageError(std::string_view code, std::string message) {
  Error error = Error::Fault(std::move(message));
  error.code = code;
  return error;
}
inline Error Invalid(std::string message) { return ImageError(kInvalid, std::move(message)); }

}  // namespace mayfly::images
