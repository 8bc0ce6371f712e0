// The Extensions API of one execution environment: who is registered, and what each extension does, behind
// http://127.0.0.1:9001/2020-01-01/extension/….
//
// Owned by its ExecutionEnvironment, which says which external extensions have been started (Expect), hands out events and
// hears of progress. An extension that registers under another name is an internal one: it lives in the runtime's process.
// One strand. What comes in is written by hostile code: sizes, names and the number of extensions are bounded.
// Source: AWS "Using the Lambda Extensions API"; states and texts in the reference, §2.4.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/random.h"
#include "base/strand.h"
#include "net/http_message.h"

namespace mayfly::runtime {

inline constexpr size_t kExtensionsMax = 10;

enum class ExtensionState : unsigned char { Started, Registered, Ready, Running, InitError, ExitError, ShutdownFailed, Exited, LaunchError };
std::string_view ExtensionStateName(ExtensionState state);

struct Extension {
  std::string name;
  std::string id;  // uuid
  bool external = false;
  bool wants_invoke = false;
  bool wants_shutdown = false;
  ExtensionState state = ExtensionState::Started;
  std::string error_type;            // as it reported, or why it could not be started
  std::string fatal_type;            // Extension.InitError …: what its end will be called
  std::optional<std::string> event;  // handed out, not fetched yet
  bool asking = false;               // its GET /event/next waits
  int process = 0;                   // external: as the cage numbers it
  bool exited = false;
};

// What the answer to a registration says of the function.
struct ExtensionFacts {
  std::string function_name;
  std::string function_version;
  std::string handler;
  std::string account_id;
};

// Called on the strand, from inside a request: somebody has registered, or is ready.
class ExtensionEvents {
 public:
  virtual ~ExtensionEvents() = default;
  virtual void OnExtensionProgress() = 0;
};

class ExtensionsApi {
 public:
  ExtensionsApi(Loop& loop, ExtensionEvents& events) : events_(&events), work_(loop) {}

  // The processes have gone or are about to be started: everything is forgotten, requests that wait end.
  void Restart();
  // Registration is open until CloseRegistration. `random` makes identifiers, and is not kept.
  void Open(ExtensionFacts facts, Random& random);
  // An external extension that is about to be started. nullptr: there are too many.
  Extension* Expect(std::string_view name);
  void CloseRegistration() { open_ = false; }

  bool empty() const { return extensions_.empty(); }
  bool has_external() const { return !extensions_.empty() && extensions_.front().external; }
  std::deque<Extension>& extensions() { return extensions_; }
  const std::deque<Extension>& extensions() const { return extensions_; }
  Extension* FindProcess(int process);
  const Extension* FindId(std::string_view id) const;
  // Every external extension that was started has registered.
  bool AllRegistered() const;
  // Every extension has asked for its next event, and has none in hand. During an invocation: those that take part in it.
  bool AllReady() const;

  // Hands the event to those that want it; GET /event/next that wait are answered. JSON as it goes over the wire.
  void HandOutInvoke(const std::string& event);
  void HandOutShutdown(const std::string& event);

  static bool Serves(std::string_view path) { return path.starts_with("/2020-01-01/extension/"); }
  Task<http::Response> Handle(Context& ctx, http::Request& request);
  // The extension that sends `request` (Lambda-Extension-Identifier), or what to answer instead.
  Extension* Identify(const http::Request& request, http::Response& refusal);

 private:
  enum class Ending : unsigned char { Init, Exit };
  Task<http::Response> Register(Context& ctx, http::Request& request);
  http::Response RegisterExtension(const http::Request& request, std::string_view name, const std::vector<std::string>& events);
  Task<http::Response> Next(Context& ctx, const http::Request& request);
  Task<http::Response> ReportError(Context& ctx, http::Request& request, Ending ending);
  Extension* FindName(std::string_view name);
  Extension& Add(std::string_view name);

  Strand strand_;
  ExtensionEvents* events_;
  Random* random_ = nullptr;
  ExtensionFacts facts_;
  bool open_ = false;
  uint64_t generation_ = 0;
  std::deque<Extension> extensions_;  // external ones first; at most kExtensionsMax
  Event work_;
};

}  // namespace mayfly::runtime
