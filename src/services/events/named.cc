#include "services/events/named.h"

#include <fmt/format.h>

#include "identity/arn.h"

namespace mayfly::events {

std::string Named::Arn(std::string_view kind, std::string_view id) const {
  return fmt::format("arn:{}:events:{}:{}:{}/{}{}{}", identity::PartitionOf(region), region, account_id, kind, name, id.empty() ? "" : "/", id);
}

Named NameOf(const Context& ctx, std::string name) { return {ctx.principal.account_id, ctx.principal.region, std::move(name)}; }

Named NamedOfKey(std::string_view key) {
  BusName parts = BusOfKey(key);
  return {std::move(parts.account_id), std::move(parts.region), std::move(parts.name)};
}

std::optional<NamedArn> ParseNamedArn(std::string_view text, std::string_view kind) {
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->service != "events") return std::nullopt;
  const size_t slash = arn->resource.find('/');
  if (slash == std::string_view::npos || arn->resource.substr(0, slash) != kind) return std::nullopt;
  const std::string_view rest = arn->resource.substr(slash + 1);
  const size_t end = rest.find('/');
  if (rest.empty() || end == 0) return std::nullopt;
  return NamedArn{{std::string(arn->account_id), std::string(arn->region), std::string(rest.substr(0, end))},
                  end == std::string_view::npos ? std::string() : std::string(rest.substr(end + 1))};
}

}  // namespace mayfly::events
