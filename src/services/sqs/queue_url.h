// The names of queues in requests. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "services/sqs/queue.h"

namespace mayfly::sqs {

// http(s)://HOST[:PORT]/ACCOUNT/NAME, /ACCOUNT/NAME, ACCOUNT/NAME, or a bare NAME of the caller's. The host does not matter; the
// region is that of the request's signature. Error: InvalidAddress.
Result<QueueName> ParseQueueUrl(const Principal& principal, std::string_view url);

// The URL of a queue: on the host that the request was sent to, or where it does not say one, at `origin` ("http://127.0.0.1:4566").
std::string QueueUrlOf(std::string_view origin, const std::optional<std::string>& host, const QueueName& name);

// 1 to 80 of A-Z a-z 0-9 - _; with ".fifo" at its end for FIFO queues.
bool IsQueueName(std::string_view name);

}  // namespace mayfly::sqs
