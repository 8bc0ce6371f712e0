#include "services/logs/gzip.h"

#include <zlib.h>

#include "base/result.h"

namespace mayfly::logs {

std::string Gzip(std::string_view bytes) {
  constexpr int kGzipWindow = MAX_WBITS + 16;  // a gzip header and trailer instead of zlib's
  constexpr int kLevel = 6;
  constexpr int kMemory = 8;
  z_stream stream{};
  const int begun = deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY);
  MF_ASSERT(begun == Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int ended = deflate(&stream, Z_FINISH);
  MF_ASSERT(ended == Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace mayfly::logs
