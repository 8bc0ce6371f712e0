#include "runtime/extensions_api.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "runtime/api_messages.h"

namespace mayfly::runtime {
namespace {

constexpr size_t kRegisterBytesMax = 64 * 1024;
constexpr size_t kErrorBodyBytesMax = 256 * 1024;
constexpr size_t kNameBytesMax = 255;       // as of a file
constexpr size_t kErrorTypeBytesMax = 256;
constexpr std::string_view kExtensionsPrefix = "/2020-01-01/extension/";

http::Response Refuse(std::string_view type, std::string_view message) { return ErrorResponse(403, type, message); }

http::Response RefuseTransition(const Extension& extension, ExtensionState wanted, std::string_view called) {
  return Refuse("Extension.InvalidExtensionState",
                fmt::format("State transition from {} to {} failed for extension {}. Error: State transition is not allowed",
                            ExtensionStateName(extension.state), ExtensionStateName(wanted), called));
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? c != '-' : HexValue(c) < 0) return false;
  }
  return true;
}

// Whether the comma-separated list names the feature.
bool Accepts(std::string_view features, std::string_view feature) {
  while (!features.empty()) {
    const size_t comma = features.find(',');
    std::string_view item = features.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item == feature) return true;
    if (comma == std::string_view::npos) return false;
    features.remove_prefix(comma + 1);
  }
  return false;
}

// {"events":["INVOKE","SHUTDOWN"]}; members that nobody knows are left alone. Error: what is wrong.
Result<std::vector<std::string>> ParseEvents(std::string_view body) {
  MF_TRY(const json::Value document, json::Parse(body));
  if (!document.is_object()) return Fail(Error::Fault("the body must be a JSON object"));
  if (const json::Value* keys = document.Find("configurationKeys"); keys && keys->is_array() && !keys->array().empty()) {
    return Fail(Error::Fault("configurationKeys are deprecated; use environment variables instead"));
  }
  std::vector<std::string> events;
  const json::Value* list = document.Find("events");
  if (!list || list->is_null()) return events;
  if (!list->is_array()) return Fail(Error::Fault("events must be a list of strings"));
  for (const json::Value& event : list->array()) {
    if (!event.is_string()) return Fail(Error::Fault("events must be a list of strings"));
    events.push_back(event.string());
  }
  return events;
}

}  // namespace

std::string_view ExtensionStateName(ExtensionState state) {
  static constexpr std::string_view kNames[] = {"Started", "Registered", "Ready", "Running", "InitError", "ExitError", "ShutdownFailed", "Exited",
                                                "LaunchError"};
  return kNames[static_cast<size_t>(state)];
}

void ExtensionsApi::Restart() {
  if (extensions_.empty() && !open_) return;
  ++generation_;
  open_ = false;
  extensions_.clear();
  work_.Pulse();
}

void ExtensionsApi::Open(ExtensionFacts facts, Random& random) {
  Restart();
  facts_ = std::move(facts);
  random_ = &random;
  open_ = true;
}

Extension& ExtensionsApi::Add(std::string_view name) {
  MF_ASSERT(open_ && random_ != nullptr && extensions_.size() < kExtensionsMax);
  Extension& extension = extensions_.emplace_back();
  extension.name = name;
  extension.id = random_->Uuid();
  return extension;
}

Extension* ExtensionsApi::Expect(std::string_view name) {
  if (extensions_.size() >= kExtensionsMax) return nullptr;
  Extension& extension = Add(name);
  extension.external = true;
  return &extension;
}

Extension* ExtensionsApi::FindName(std::string_view name) {
  const auto found = std::find_if(extensions_.begin(), extensions_.end(), [&](const Extension& extension) { return extension.name == name; });
  return found == extensions_.end() ? nullptr : &*found;
}

Extension* ExtensionsApi::FindProcess(int process) {
  const auto found = std::find_if(extensions_.begin(), extensions_.end(),
                                  [&](const Extension& extension) { return extension.external && extension.process == process; });
  return found == extensions_.end() ? nullptr : &*found;
}

const Extension* ExtensionsApi::FindId(std::string_view id) const {
  const auto found = std::find_if(extensions_.begin(), extensions_.end(), [&](const Extension& extension) { return extension.id == id; });
  return found == extensions_.end() ? nullptr : &*found;
}

bool ExtensionsApi::AllRegistered() const {
  return std::none_of(extensions_.begin(), extensions_.end(), [](const Extension& extension) { return extension.state == ExtensionState::Started; });
}

bool ExtensionsApi::AllReady() const {
  return std::all_of(extensions_.begin(), extensions_.end(),
                     [](const Extension& extension) { return extension.state == ExtensionState::Ready && !extension.event; });
}

void ExtensionsApi::HandOutInvoke(const std::string& event) {
  MF_ASSERT(!event.empty());
  for (Extension& extension : extensions_) {
    if (extension.wants_invoke && extension.state == ExtensionState::Ready) extension.event = event;
  }
  work_.Pulse();
}

void ExtensionsApi::HandOutShutdown(const std::string& event) {
  for (Extension& extension : extensions_) {
    if (extension.external && extension.wants_shutdown) extension.event = event;
  }
  work_.Pulse();
}

Task<http::Response> ExtensionsApi::Handle(Context& ctx, http::Request& request) {
  strand_.Check();
  MF_ASSERT(Serves(request.path()));
  const std::string operation(request.path().substr(kExtensionsPrefix.size()));
  const bool post = request.method == "POST";
  if (operation == "register" && post) co_return co_await Register(ctx, request);
  if (operation == "event/next" && request.method == "GET") co_return co_await Next(ctx, request);
  if (operation == "init/error" && post) co_return co_await ReportError(ctx, request, Ending::Init);
  if (operation == "exit/error" && post) co_return co_await ReportError(ctx, request, Ending::Exit);
  const bool known = operation == "register" || operation == "event/next" || operation == "init/error" || operation == "exit/error";
  co_return known ? http::Response::Text(405, "") : http::Response::Text(404, "404 page not found\n");
}

Task<http::Response> ExtensionsApi::Register(Context& ctx, http::Request& request) {
  const std::string name(request.headers.Get("Lambda-Extension-Name"));
  if (name.empty() || name.size() > kNameBytesMax) {
    co_return Refuse("Extension.InvalidExtensionName", name.empty() ? "Empty extension name" : "Extension name too long");
  }
  const uint64_t generation = generation_;
  if (co_await ReadBody(ctx, request, kRegisterBytesMax) != BodyEnd::Whole) co_return Refuse("InvalidRequestFormat", "the body is too large or cut off");
  if (generation != generation_) co_return Refuse("Extension.RegistrationClosed", "Extension registration closed already");
  const auto events = ParseEvents(request.body);
  if (!events) co_return Refuse("InvalidRequestFormat", events.error().message);
  co_return RegisterExtension(request, name, *events);
}

http::Response ExtensionsApi::RegisterExtension(const http::Request& request, std::string_view name, const std::vector<std::string>& events) {
  Extension* extension = FindName(name);
  const bool external = extension && extension->external;
  for (const std::string& event : events) {
    if (event == "INVOKE" || (event == "SHUTDOWN" && external)) continue;
    const std::string_view why = event == "SHUTDOWN" ? "ShutdownEventNotSupportedForInternalExtension" : "ErrorInvalidEventType";
    return Refuse("Extension.InvalidEventType", fmt::format("{}: {}", event.substr(0, kNameBytesMax), why));
  }
  if (external) {
    if (extension->state != ExtensionState::Started) return RefuseTransition(*extension, ExtensionState::Registered, name);
  } else {
    if (!open_) return Refuse("Extension.RegistrationClosed", "Extension registration closed already");
    if (extension) return Refuse("Extension.InvalidExtensionState", "Extension with this name already registered");
    if (extensions_.size() >= kExtensionsMax) return Refuse("Extension.TooManyExtensions", fmt::format("Extension limit ({}) reached", kExtensionsMax));
    extension = &Add(name);
  }
  extension->wants_invoke = std::find(events.begin(), events.end(), "INVOKE") != events.end();
  extension->wants_shutdown = std::find(events.begin(), events.end(), "SHUTDOWN") != events.end();
  extension->state = ExtensionState::Registered;
  std::string body = fmt::format(R"({{"functionName":{},"functionVersion":{},"handler":{})", json::Quote(facts_.function_name),
                                 json::Quote(facts_.function_version), json::Quote(facts_.handler));
  if (Accepts(request.headers.Get("Lambda-Extension-Accept-Feature"), "accountId")) body += fmt::format(R"(,"accountId":{})", json::Quote(facts_.account_id));
  http::Response response = http::Response::Json(200, body + "}\n");
  response.headers.Add("Lambda-Extension-Identifier", extension->id);
  events_->OnExtensionProgress();
  return response;
}

Extension* ExtensionsApi::Identify(const http::Request& request, http::Response& refusal) {
  const std::string_view id = request.headers.Get("Lambda-Extension-Identifier");
  if (id.empty()) {
    refusal = Refuse("Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header");
    return nullptr;
  }
  if (!IsUuid(id)) {
    refusal = Refuse("Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier");
    return nullptr;
  }
  const std::string wanted = LowerCase(id);
  const Extension* extension = FindId(wanted);
  if (!extension) refusal = Refuse("Extension.UnknownExtensionIdentifier", "Unknown extension " + wanted);
  return const_cast<Extension*>(extension);
}

// `request` outlives the wait: the server keeps it until it is answered.
Task<http::Response> ExtensionsApi::Next(Context& ctx, const http::Request& request) {
  http::Response refusal;
  Extension* extension = Identify(request, refusal);
  if (!extension) co_return refusal;
  const ExtensionState state = extension->state;
  const bool allowed = state == ExtensionState::Registered || state == ExtensionState::Running || (state == ExtensionState::Ready && !extension->asking);
  if (!allowed) co_return RefuseTransition(*extension, ExtensionState::Ready, extension->id);
  const uint64_t generation = generation_;
  extension->state = ExtensionState::Ready;
  extension->asking = true;
  events_->OnExtensionProgress();
  // No extension is removed within a generation, and a deque leaves the others where they are.
  while (generation == generation_ && !extension->event && extension->state == ExtensionState::Ready) {
    auto waited = co_await work_.Wait(ctx);
    if (waited) continue;
    if (generation == generation_) extension->asking = false;
    co_return ErrorResponse(410, "Extension.Gone", "the caller has gone");
  }
  if (generation != generation_) co_return ErrorResponse(410, "Extension.Gone", "the execution environment has moved on");
  extension->asking = false;
  if (!extension->event) co_return RefuseTransition(*extension, ExtensionState::Running, extension->id);
  http::Response response = http::Response::Json(200, std::move(*extension->event));
  extension->event.reset();
  extension->state = ExtensionState::Running;
  response.headers.Add("Lambda-Extension-Event-Identifier", random_->Uuid());
  co_return response;
}

Task<http::Response> ExtensionsApi::ReportError(Context& ctx, http::Request& request, Ending ending) {
  const uint64_t generation = generation_;
  (void)co_await ReadBody(ctx, request, kErrorBodyBytesMax);
  if (generation != generation_) co_return ErrorResponse(410, "Extension.Gone", "the execution environment has moved on");
  http::Response refusal;
  Extension* extension = Identify(request, refusal);
  if (!extension) co_return refusal;
  const std::string_view error_type = request.headers.Get("Lambda-Extension-Function-Error-Type");
  if (error_type.empty()) co_return Refuse("Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found");
  const ExtensionState wanted = ending == Ending::Init ? ExtensionState::InitError : ExtensionState::ExitError;
  const ExtensionState state = extension->state;
  if (state == wanted) co_return Accepted();  // the first one counts
  const bool allowed = state == ExtensionState::Registered ||
                       (ending == Ending::Exit && (state == ExtensionState::Ready || state == ExtensionState::Running));
  if (!allowed) co_return RefuseTransition(*extension, wanted, extension->id);
  extension->state = wanted;
  extension->error_type = error_type.substr(0, kErrorTypeBytesMax);
  extension->fatal_type = ending == Ending::Init ? "Extension.InitError" : "Extension.ExitError";
  work_.Pulse();  // its GET /event/next, when one waits
  co_return Accepted();
}

}  // namespace mayfly::runtime
