// Requests that a web page has made a browser send, as far as the daemon can see it; in `open` mode they are refused.
//
// There anybody on this machine may do everything, and every page that is open in a browser of this machine can send requests here:
// it cannot read the answers, but need not. Browsers say where a request comes from (Origin, Sec-Fetch-Site), though not always: images,
// links and forms carry no Origin, and only pages and addresses that count as secure get Sec-Fetch-Site. So what changes something and
// is not signed in its head has to show that a program sent it:
//
//   by a User-Agent that is no browser's, or none (a page cannot take it away or change it),
//   or by a field that no page may send unasked: X-Amz-…, a Content-Type other than those of forms, beacons and reports.
//
// A signature in the query is no sign of a program where a browser sends it, since pages write URLs and `open` mode checks no signature.
// Nor is an Authorization field of another scheme: a browser makes it of http://NAME:PASSWORD@….
// Function URLs are for web pages: nothing of this is theirs.
#pragma once

#include "base/result.h"
#include "net/http_message.h"

namespace mayfly::edge {

// Error (Service): AccessDeniedException, with what helps.
Result<> RefuseWebPages(const http::Request& request);

}  // namespace mayfly::edge
