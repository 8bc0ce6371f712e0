// The records of a zip file: their marks and the lengths of their fixed parts (APPNOTE.TXT 4.3).
#pragma once

#include <cstddef>
#include <cstdint>

namespace mayfly::packages {

inline constexpr uint32_t kLocalHeaderMark = 0x04034b50, kCentralHeaderMark = 0x02014b50, kEndMark = 0x06054b50;
inline constexpr uint32_t kEnd64Mark = 0x06064b50, kEnd64LocatorMark = 0x07064b50;
inline constexpr size_t kLocalHeaderBytes = 30, kCentralHeaderBytes = 46, kEndBytes = 22, kEnd64Bytes = 56, kEnd64LocatorBytes = 20;

}  // namespace mayfly::packages
