#include "edge/attachments.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/loop.h"
#include "uplink/resolve.h"

namespace mayfly::edge {
namespace {

constexpr size_t kWishBytesMax = 64 * 1024;
constexpr size_t kHostBytesMax = 253;
constexpr std::string_view kMachineNames[] = {"localhost", "host.mayfly.internal"};

http::Response AttachmentError(const Error& error) {
  const int status = error.kind == Error::Kind::Service ? 400 : 500;
  return http::Response::Json(status, fmt::format("{{\"code\":{},\"message\":{}}}\n", json::Quote(error.code), json::Quote(error.message)));
}

json::Value ShowAttached(const vpc::AttachedResource& resource) {
  json::Value view;
  view.Set("interface", resource.interface_id);
  view.Set("vpc", resource.vpc_id);
  view.Set("subnet", resource.subnet_id);
  view.Set("address", resource.address);
  view.Set("to", resource.real);
  view.Set("port", resource.real_port);
  view.Set("groups", json::Value(json::Array(resource.group_ids.begin(), resource.group_ids.end())));
  return view;
}

http::Response ListAttached(const vpc::AttachedResources& resources, const vpc::Scope& scope) {
  json::Array all;
  for (const vpc::AttachedResource& resource : resources.List(scope)) all.push_back(ShowAttached(resource));
  json::Value view;
  view.Set("attached", json::Value(std::move(all)));
  return http::Response::Json(200, json::Write(view) + "\n");
}

// Its first IPv4 address, as the machine has it now.
Task<Result<std::string>> AddressOfHost(Context& ctx, BlockingPool& files, std::string host) {
  if (host.empty() || host.size() > kHostBytesMax) co_return Fail(Error::Service("InvalidParameterValue", "Say where it is: a host or an IPv4 address."));
  for (const std::string_view name : kMachineNames) {
    if (host == name) co_return std::string("127.0.0.1");
  }
  MF_CO_TRY(const std::vector<std::string> found, co_await files.Run(*ctx.loop, [host] { return uplink::Resolve(host); }));
  for (const std::string& address : found) {
    if (address.find(':') == std::string::npos) co_return address;
  }
  co_return Fail(Error::Service("InvalidParameterValue", fmt::format("{} has no IPv4 address.", host)));
}

Task<http::Response> AttachResource(Context& ctx, vpc::AttachedResources& resources, BlockingPool& files, http::Request& request, vpc::Scope scope) {
  if (auto read = co_await request.ReadAll(ctx, kWishBytesMax); !read) co_return AttachmentError(Error::Service("InvalidParameterValue", read.error().message));
  const auto document = json::Parse(request.body);
  if (!document || !document->is_object()) co_return AttachmentError(Error::Service("InvalidParameterValue", "The request is no JSON object."));
  vpc::AttachmentWish wish;
  wish.place = document->StringOr("in", "");
  wish.address = document->StringOr("address", "");
  wish.real_port = static_cast<int>(std::clamp<int64_t>(document->IntOr("port", 0), -1, 65'536));
  if (const json::Value* groups = document->Find("groups"); groups && groups->is_array()) {
    for (const json::Value& group : groups->array()) wish.group_ids.push_back(group.is_string() ? group.string() : std::string());
  }
  auto real = co_await AddressOfHost(ctx, files, std::string(document->StringOr("to", "")));
  if (!real) co_return AttachmentError(Error::Service("InvalidParameterValue", real.error().message));
  wish.real = std::move(*real);
  const auto attached = co_await resources.Attach(ctx, std::move(scope), std::move(wish));
  if (!attached) co_return AttachmentError(attached.error());
  co_return http::Response::Json(200, json::Write(ShowAttached(*attached)) + "\n");
}

std::string NamedInterface(const http::Request& request) {
  for (auto& [key, value] : http::ParseQuery(request.query())) {
    if (key == "interface") return value;
  }
  return {};
}

}  // namespace

Task<http::Response> HandleAttachments(Context& ctx, vpc::AttachedResources& resources, BlockingPool& files, http::Request& request,
                                       vpc::Scope scope) {
  if (request.method == "GET") co_return ListAttached(resources, scope);
  if (request.method == "POST") co_return co_await AttachResource(ctx, resources, files, request, std::move(scope));
  if (request.method != "DELETE") co_return http::Response::Json(405, "{\"message\":\"use GET, POST or DELETE\"}\n");
  const auto detached = co_await resources.Detach(ctx, std::move(scope), NamedInterface(request));
  if (!detached) co_return AttachmentError(detached.error());
  co_return http::Response::Json(200, "{}\n");
}

}  // namespace mayfly::edge
