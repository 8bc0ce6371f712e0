// The Host field of a request.
#pragma once

#include <string_view>

namespace mayfly::edge {

// "[::1]:80" is "[::1]", "f.example:80" is "f.example"; what names no port stays as it is. Not checked further.
inline std::string_view WithoutPort(std::string_view host) {
  const size_t colon = host.rfind(':');
  return colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos ? host : host.substr(0, colon);
}

}  // namespace mayfly::edge
