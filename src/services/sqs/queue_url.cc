#include "services/sqs/queue_url.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::sqs {

bool IsQueueName(std::string_view name) {
  if (name.ends_with(".fifo") && name.size() <= 80) name.remove_suffix(5);
  return !name.empty() && name.size() <= 80 && std::ranges::all_of(name, [](char c) {
           return IsAlphanumeric(c) || c == '-' || c == '_';
         });
}

Result<QueueName> ParseQueueUrl(const Principal& principal, std::string_view url) {
  const auto invalid = [&] { return Fail(Error::Service("InvalidAddress", fmt::format("The address {} is not valid for this endpoint.", url.substr(0, 1000)))); };
  std::string_view path = url.substr(0, url.find('?'));
  if (const size_t scheme = path.find("://"); scheme != std::string_view::npos) {
    const size_t slash = path.find('/', scheme + 3);
    if (slash == std::string_view::npos) return invalid();
    path = path.substr(slash);
  }
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  const auto parts = Split(path, '/');
  const std::string_view name = parts.back();
  if (!IsQueueName(name)) return invalid();
  if (parts.size() == 1) return QueueName{principal.account_id, principal.region, std::string(name)};
  const std::string_view account = parts[parts.size() - 2];
  if (!identity::IsAccountId(account)) return invalid();
  return QueueName{std::string(account), principal.region, std::string(name)};
}

std::string QueueUrlOf(std::string_view origin, const std::optional<std::string>& host, const QueueName& name) {
  if (!host || host->empty()) return fmt::format("{}/{}/{}", origin, name.account_id, name.name);
  const std::string_view scheme = origin.substr(0, origin.find(':'));
  return fmt::format("{}://{}/{}/{}", scheme, *host, name.account_id, name.name);
}

}  // namespace mayfly::sqs
