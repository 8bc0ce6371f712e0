// Addresses and networks of IP, version 4 and 6, as patterns name them. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "patterns/matcher.h"

namespace mayfly::patterns {

// One host: all bits count. nullopt: `text` is no address.
std::optional<Network> ParseAddress(const std::string& text);
bool Contains(const Network& network, const Network& host);
// "10.0.0.0/8". Error: the dialect's.
Result<Network> ReadNetwork(const std::string& text, const Dialect& dialect);

}  // namespace mayfly::patterns
