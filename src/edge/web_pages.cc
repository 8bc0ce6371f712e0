#include "edge/web_pages.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/sigv4.h"

namespace mayfly::edge {
namespace {

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
// What browsers send without having asked first: forms, fetch and beacons, pings of links, reports.
constexpr std::array<std::string_view, 9> kUnaskedTypes = {
    kForm, "multipart/form-data", "text/plain", "text/ping", "application/csp-report", "application/reports+json", "application/expect-ct-report",
    "application/xss-auditor-report", "application/ocsp-request"};
constexpr std::array<std::string_view, 2> kBrowsers = {"Mozilla/", "Opera/"};  // how the User-Agent of every browser begins

Error Refused(std::string_view what) {
  return Error::Service("AccessDeniedException",
                        fmt::format("{} while the daemon runs with --auth open: sign the request (any key will do), or run with --auth strict", what));
}

std::string EssenceOf(std::string_view content_type) { return LowerCase(Trim(content_type.substr(0, content_type.find(';')))); }

bool IsUnaskedType(std::string_view type) { return type.empty() || std::ranges::find(kUnaskedTypes, type) != kUnaskedTypes.end(); }

bool HasBrowsersName(const http::Request& request) {
  const std::string_view agent = request.headers.Get("User-Agent");
  return std::ranges::any_of(kBrowsers, [&](std::string_view browser) { return StartsWithIgnoringCase(agent, browser); });
}

// Whether a browser says that another site's page made it send this.
bool IsOfAnotherSite(const http::Request& request) {
  return std::ranges::any_of(request.headers.fields(), [](const http::Headers::Field& field) {
    return EqualIgnoringCase(field.first, "Sec-Fetch-Site") && field.second != "same-origin" && field.second != "none";
  });
}

// A field whose name no page may send without the browser asking first.
bool HasProgramsField(const http::Request& request) {
  return std::ranges::any_of(request.headers.fields(), [](const http::Headers::Field& field) {
    return StartsWithIgnoringCase(field.first, "x-amz-") || StartsWithIgnoringCase(field.first, "amz-sdk-") || EqualIgnoringCase(field.first, "smithy-protocol");
  });
}

bool IsFromProgram(const http::Request& request) {
  const std::string type = EssenceOf(request.headers.Get("Content-Type"));
  if (HasProgramsField(request)) return true;
  if (HasBrowsersName(request)) return !IsUnaskedType(type);
  // Without a name: what `curl -d` sends is a program's, but no program calls its text plain.
  return request.headers.Find("User-Agent") || type == kForm || type.empty() || !IsUnaskedType(type);
}

bool IsSigned(const http::Request& request) {
  switch (identity::FindSignature(request)) {
    case identity::SignaturePlace::None: return false;
    case identity::SignaturePlace::Header: return true;
    case identity::SignaturePlace::Query: break;
  }
  return !HasBrowsersName(request) && !request.headers.Find("Sec-Fetch-Site");
}

// Whether a query names what to do: a GET of the query protocol is as good as a POST.
bool NamesAction(const http::Request& request) {
  if (EssenceOf(request.headers.Get("Content-Type")) == kForm) return true;
  if (request.query().empty()) return false;
  return std::ranges::any_of(http::ParseQuery(request.query()), [](const auto& parameter) { return parameter.first == "Action"; });
}

}  // namespace

Result<> RefuseWebPages(const http::Request& request) {
  if (request.headers.Find("Origin") || IsOfAnotherSite(request)) return Fail(Refused("requests from web pages are not allowed"));
  if (request.method == "OPTIONS") return {};
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads && !NamesAction(request)) return {};
  if (IsSigned(request)) return {};
  if (reads) return Fail(Refused("a GET that names an Action has to be signed"));
  if (!IsFromProgram(request)) return Fail(Refused("requests that browsers send for web pages are not allowed"));
  return {};
}

}  // namespace mayfly::edge
