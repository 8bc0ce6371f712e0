// An environment's way to the world outside, so that simulation can stand in.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/fd.h"
#include "base/random.h"
#include "identity/access_keys.h"
#include "runtime/log_pipe.h"
#include "sandbox/sandbox.h"

namespace mayfly::runtime {

// Where a subscriber listens, inside the cage.
struct TelemetryDestination {
  enum class Protocol : unsigned char { Http, Tcp };
  Protocol protocol = Protocol::Http;
  uint16_t port = 0;
  std::string method = "POST";                // Http
  std::string host = "sandbox.localdomain";   // Http: as the subscriber named it
  std::string target = "/";                   // Http
};

// Delivers to one subscriber, batch after batch.
class TelemetryChannel {
 public:
  virtual ~TelemetryChannel() = default;
  // Success: the subscriber has answered 2xx (HTTP), or the kernel has taken all bytes (TCP). Waits as long as that takes.
  // One at a time. Errors: Fault, Cancelled.
  virtual Task<Result<>> Send(Context& ctx, std::string batch) = 0;
};

struct EnvironmentSpec;

class EnvironmentPorts {
 public:
  virtual ~EnvironmentPorts() = default;
  // Reads `fd` until its end, giving bytes to `on_bytes`; ends when the result is destroyed.
  virtual std::unique_ptr<LogPipe> OpenPipe(UniqueFd fd, std::function<void(std::string_view)> on_bytes) = 0;
  // `cage` outlives the channel.
  virtual std::unique_ptr<TelemetryChannel> OpenChannel(sandbox::Cage& cage, const TelemetryDestination& destination) = 0;
  // Fresh credentials of the execution role; nothing where functions get none.
  virtual std::optional<identity::AccessKey> IssueCredentials(const EnvironmentSpec&) { return std::nullopt; }
  virtual Random& random() = 0;
};

}  // namespace mayfly::runtime
