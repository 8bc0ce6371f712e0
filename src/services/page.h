// Page: what a service shows under /_mayfly/NAME, beside its API. Offered as a port (ports.h) by the name of the path's first part.
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "base/task.h"
#include "net/http_message.h"

namespace mayfly::services {

class Page {
 public:
  virtual ~Page() = default;

  // Public: who asks needs no credentials, and ctx.principal says nothing. Private: it is the caller, and in strict mode has signed.
  enum class Access : unsigned char { Private, Public };
  virtual Access access() const { return Access::Private; }
  // `rest`: of the path, behind /_mayfly/NAME and its slash. `account_id`: whose things are asked for; "" of an operator who named none.
  virtual Task<http::Response> Get(Context& ctx, const http::Request& request, std::string_view rest, std::string account_id) = 0;
};

}  // namespace mayfly::services
