#include "resources/packed_text.h"

#include <zstd.h>

#include <memory>

namespace mayfly::resources {
namespace {

// Rows that exist are packed with it: never change it. A better one gets the next mark.
constexpr char kMark = '\x01';
constexpr std::string_view kDictionary =
    R"({"FunctionVersion":"1","AdditionalVersion":"2","AdditionalWeight":0.5,"State":"Pending","StateReason":"The function is being created.",)"
    R"("StateReasonCode":"Creating","LastUpdateStatus":"InProgress","LastUpdateStatusReasonCode":"Creating","LogFormat":"JSON",)"
    R"("ApplicationLogLevel":"INFO","SystemLogLevel":"INFO","LogGroup":"/aws/lambda/","SubnetIds":["subnet-0"],"SecurityGroupIds":["sg-0"],)"
    R"("TracingMode":"Active","Layers":[{"Arn":"arn:aws:lambda:us-east-1:000000000000:layer:","CodeSize":1,"CodeSha256":""}],"LayersSha256":"",)"
    R"("Architecture":"arm64","Timeout":30,"Tags":{"":""},"Runtime":"provided.al2023","Runtime":"java21","Runtime":"nodejs22.x","Runtime":"python3.13",)"
    R"("Role":"arn:aws:iam::000000000000:role/service-role/","Handler":"app.lambda_handler","Handler":"index.handler","Description":"",)"
    R"("Timeout":15,"MemorySize":256,"CodeSha256":"0123456789abcdef","CodeSize":1000,"Environment":{"STAGE":"prod","TABLE_NAME":""},)"
    R"("HasEnvironment":true,"RevisionId":"-4000-8000-","ContentId":"-4000-a000-","LastModified":"2026-01-01T00:00:00.000+0000","LastVersion":1,)"
    R"("PublishedSha256":"0123456789abcdef"})";
constexpr int kLevel = 3;
constexpr size_t kPlainBytesMax = 100;
constexpr size_t kTextBytesMax = 64u << 20;

using Compressor = std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)>;
using Decompressor = std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)>;

}  // namespace

std::string PackText(std::string_view json) {
  if (json.size() <= kPlainBytesMax) return std::string(json);
  static const ZSTD_CDict* const dictionary = ZSTD_createCDict(kDictionary.data(), kDictionary.size(), kLevel);
  thread_local const Compressor compressor(ZSTD_createCCtx(), ZSTD_freeCCtx);
  std::string packed(1 + ZSTD_compressBound(json.size()), kMark);
  const size_t size =
      ZSTD_compress_usingCDict(compressor.get(), packed.data() + 1, packed.size() - 1, json.data(), json.size(), dictionary);
  if (ZSTD_isError(size) || size + 1 >= json.size()) return std::string(json);
  return packed.substr(0, size + 1);
}

Result<std::string> UnpackText(std::string_view packed) {
  if (!packed.starts_with(kMark)) return std::string(packed);
  packed.remove_prefix(1);
  static const ZSTD_DDict* const dictionary = ZSTD_createDDict(kDictionary.data(), kDictionary.size());
  thread_local const Decompressor decompressor(ZSTD_createDCtx(), ZSTD_freeDCtx);
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size > kTextBytesMax) return Fail(Error::Fault("a packed row does not say its size"));
  std::string text(size, '\0');
  const size_t done = ZSTD_decompress_usingDDict(decompressor.get(), text.data(), text.size(), packed.data(), packed.size(), dictionary);
  if (ZSTD_isError(done) || done != size) return Fail(Error::Fault("a packed row is damaged"));
  return text;
}

}  // namespace mayfly::resources
