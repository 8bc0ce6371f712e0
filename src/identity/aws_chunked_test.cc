// If these fail, streamed S3 uploads are refused or stored with their framing, or changed chunks are accepted.
// Signatures are those of S3's documentation: 66,560 letters 'a' in chunks of 64 KiB.
#include "identity/aws_chunked.h"

#include <gtest/gtest.h>

namespace mayfly::identity {
namespace {

Claim ExampleClaim(std::string_view seed) {
  Claim claim;
  claim.date = "20130524";
  claim.region = "us-east-1";
  claim.service = "s3";
  claim.signed_at = *ParseAmzDate("20130524T000000Z");
  claim.signature = seed;
  return claim;
}

ChunkedBodyRules ExampleRules(PayloadMode mode, const Claim& claim) {
  return {.mode = mode,
          .signing = ChunkSigning(claim, DeriveSigningKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1", "s3")),
          .decoded_bytes = 66560,
          .announced_trailers = {}};
}

struct Decoded {
  std::string bytes;
  http::Headers trailers;
};

// The body comes in pieces of `piece_bytes`.
Result<Decoded> DecodeInPieces(std::string_view body, const ChunkedBodyRules& rules, size_t piece_bytes) {
  AwsChunkedDecoder decoder(rules);
  Decoded decoded;
  for (; !body.empty(); body.remove_prefix(std::min(piece_bytes, body.size()))) MF_TRY_VOID(decoder.Take(body.substr(0, piece_bytes), decoded.bytes));
  MF_TRY_VOID(decoder.End());
  decoded.trailers = decoder.trailers();
  return decoded;
}

// However the pieces are cut, the result is the same.
Result<Decoded> Decode(std::string_view body, const ChunkedBodyRules& rules) {
  auto whole = DecodeInPieces(body, rules, std::max<size_t>(body.size(), 1));
  for (const size_t piece_bytes : {1, 7, 4096}) {
    const auto pieces = DecodeInPieces(body, rules, piece_bytes);
    EXPECT_EQ(pieces.has_value(), whole.has_value()) << piece_bytes;
    if (pieces && whole) EXPECT_EQ(pieces->bytes, whole->bytes);
    if (!pieces && !whole) EXPECT_EQ(pieces.error().code, whole.error().code) << piece_bytes;
  }
  return whole;
}

std::string ExampleBody(std::string_view first, std::string_view second, std::string_view last, std::string_view trailers) {
  return "10000;chunk-signature=" + std::string(first) + "\r\n" + std::string(65536, 'a') + "\r\n400;chunk-signature=" +
         std::string(second) + "\r\n" + std::string(1024, 'a') + "\r\n0;chunk-signature=" + std::string(last) + "\r\n" +
         std::string(trailers) + "\r\n";
}

TEST(AwsChunked, SignedChunksOfTheDocumentation) {
  const Claim claim = ExampleClaim("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
  const auto rules = ExampleRules(PayloadMode::StreamingSigned, claim);
  std::string body = ExampleBody("ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                                 "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                                 "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", "");
  const auto decoded = Decode(body, rules);
  ASSERT_TRUE(decoded) << decoded.error().ToString();
  EXPECT_EQ(decoded->bytes, std::string(66560, 'a'));
  body[66000] = 'b';
  EXPECT_EQ(Decode(body, rules).error().code, "SignatureDoesNotMatch");
}

TEST(AwsChunked, SignedTrailerOfTheDocumentation) {
  const Claim claim = ExampleClaim("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
  auto rules = ExampleRules(PayloadMode::StreamingSignedTrailer, claim);
  rules.announced_trailers = "x-amz-checksum-crc32c";
  const auto body = [](std::string_view checksum) {
    return ExampleBody("b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                       "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                       "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
                       "x-amz-checksum-crc32c:" + std::string(checksum) +
                           "\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n");
  };
  const auto decoded = Decode(body("sOO8/Q=="), rules);
  ASSERT_TRUE(decoded) << decoded.error().ToString();
  EXPECT_EQ(decoded->trailers.Get("x-amz-checksum-crc32c"), "sOO8/Q==");
  EXPECT_EQ(Decode(body("AAAAAA=="), rules).error().code, "SignatureDoesNotMatch");
}

TEST(AwsChunked, UnsignedWithTrailer) {
  ChunkedBodyRules rules{.decoded_bytes = 5, .announced_trailers = "x-amz-checksum-crc32"};
  const auto decoded = Decode("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", rules);
  ASSERT_TRUE(decoded) << decoded.error().ToString();
  EXPECT_EQ(decoded->bytes, "hello");
  EXPECT_EQ(decoded->trailers.Get("x-amz-checksum-crc32"), "NhCmhg==");
}

TEST(AwsChunked, RefusesBrokenBodies) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "InvalidChunkSizeError"},
      {"zz\r\nhello\r\n0\r\n\r\n", "InvalidChunkSizeError"},
      {"-5\r\nhello\r\n0\r\n\r\n", "InvalidChunkSizeError"},
      {"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n", "InvalidChunkSizeError"},
      {"5\r\nhelloX\r\n0\r\n\r\n", "InvalidChunkSizeError"},
      {"5\r\nhello\r\n", "InvalidChunkSizeError"},
      {"ffff\r\nhello\r\n0\r\n\r\n", "IncompleteBody"},
      {"4\r\nhell\r\n0\r\n\r\n", "IncompleteBody"},
      {"5\r\nhello\r\n0\r\nno colon\r\n\r\n", "MalformedTrailerError"},
      {"5\r\nhello\r\n0\r\nunfinished:", "MalformedTrailerError"},
  };
  for (const auto& [body, code] : cases) {
    const auto decoded = Decode(body, {.decoded_bytes = 5});
    ASSERT_FALSE(decoded) << body;
    EXPECT_EQ(decoded.error().code, code) << body;
  }
  EXPECT_EQ(Decode("0\r\n\r\n", {.announced_trailers = "x-amz-checksum-crc32"}).error().code, "MalformedTrailerError");
}

}  // namespace
}  // namespace mayfly::identity
