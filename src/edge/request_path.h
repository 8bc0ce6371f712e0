// The path that a request means.
//
// A signature covers the path without its empty and dot segments, for every service but S3, whose keys may hold such. What is called has
// to be what was signed, so the rest of the edge sees the path in that form: "/a/./b" and "/x/../a//b" are "/a/b".
#pragma once

#include "net/http_message.h"

namespace mayfly::edge {

// Not for requests that are signed for S3. The query stays as it is.
void NormalisePath(http::Request& request);

}  // namespace mayfly::edge
