// CRC-32C (Castagnoli), to tell whole records in files from torn ones. No protection against forgery.
#pragma once

#include <cstdint>
#include <string_view>

namespace mayfly::store {

// Of several pieces: pass the checksum of what came before.
uint32_t Crc32c(std::string_view bytes, uint32_t before = 0);

}  // namespace mayfly::store
