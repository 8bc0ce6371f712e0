// The canonical forms of SigV4, shared by checking and signing. Private to this room. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"

namespace mayfly::identity {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kEmptyBodyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// InvalidSignatureException: a signature that cannot be right, or is not.
Error InvalidSignature(std::string message);

// The first value of a query parameter, percent-decoded ('+' stays, as SigV4 clients never send it for a blank); "" when absent.
std::string QueryParameter(std::string_view query, std::string_view name);

// s3: the path as on the wire. Others: dot segments and double slashes removed, then encoded once more.
std::string CanonicalPath(std::string_view raw_path, std::string_view service);
// Sorted by encoded name, then value. A parameter called `left_out` is skipped (X-Amz-Signature of presigned requests).
std::string CanonicalQuery(std::string_view raw_query, std::string_view left_out = {});
// "name:value\n" for each name of "a;b;c", in that order; values trimmed, inner blanks folded, repeated fields joined by
// commas. `host` stands in for a missing Host field.
std::string CanonicalHeaders(const http::Headers& headers, std::string_view signed_headers, std::string_view host);

struct CanonicalParts {
  std::string_view method;
  std::string_view raw_path;
  std::string_view raw_query;
  std::string_view signed_headers;
  std::string_view service;
  std::string_view body_hash;
  std::string_view host;  // only for a request without a Host field
};
std::string CanonicalRequest(const http::Headers& headers, const CanonicalParts& parts);
std::string StringToSign(std::string_view amz_date, std::string_view scope, std::string_view canonical_request);

}  // namespace mayfly::identity
