// Gzip, as log records are packed. Pure; blocking for about a millisecond per 100 KiB.
#pragma once

#include <string>
#include <string_view>

namespace mayfly::logs {

std::string Gzip(std::string_view bytes);

}  // namespace mayfly::logs
