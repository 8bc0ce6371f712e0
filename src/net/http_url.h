// Where a client request goes. Private to net.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::http {

struct Url {
  enum class Scheme : unsigned char { Http, Https, Unix };
  Scheme scheme = Scheme::Http;
  std::string host;    // a name or an address without brackets; for Unix the socket's path
  uint16_t port = 0;
  std::string target;  // path and query, at least "/"

  // What a Host field says: the port only where it is not the scheme's own.
  std::string HostField() const;
  // Equal for requests that may share connections.
  std::string PoolKey() const;
};

// "http://host:port/path?query", "https://…", "unix:/path/to.sock:/path". A fragment is cut off. Error: anything else.
Result<Url> ParseUrl(std::string_view text);

}  // namespace mayfly::http
