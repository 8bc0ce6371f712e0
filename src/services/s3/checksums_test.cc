// If these fail, what clients send is refused as damaged, or damage is taken for what they have sent.
#include "services/s3/checksums.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace mayfly::s3 {
namespace {

std::string Shown(ChecksumKind kind, std::string_view bytes) { return Base64Encode(ChecksumOf(kind, bytes)); }

TEST(ChecksumsTest, CheckValues) {
  EXPECT_EQ(Shown(ChecksumKind::Crc32, "123456789"), "y/Q5Jg==");
  EXPECT_EQ(Shown(ChecksumKind::Crc32c, "123456789"), "4waSgw==");
  EXPECT_EQ(Shown(ChecksumKind::Crc64Nvme, "123456789"), "rosUhgp5mIg=");
  EXPECT_EQ(Shown(ChecksumKind::Sha1, "123456789"), "98O8HYCOBHMq32eZZczDTKeuNEE=");
  EXPECT_EQ(Shown(ChecksumKind::Sha256, "123456789"), "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=");
  EXPECT_EQ(Shown(ChecksumKind::Crc32, ""), "AAAAAA==");
}

TEST(ChecksumsTest, InPiecesAsInOne) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * 7);
  for (const ChecksumKind kind : kChecksumKinds) {
    ChecksumStream stream(kind);
    for (size_t at = 0, step = 1; at < bytes.size(); at += step++) stream.Update(std::string_view(bytes).substr(at, step));
    EXPECT_EQ(stream.Finish(), ChecksumOf(kind, bytes)) << NameOf(kind);
    EXPECT_EQ(ChecksumOf(kind, bytes).size(), DigestBytes(kind));
  }
}

TEST(ChecksumsTest, PartsMakeTheWhole) {
  const std::string first(1000, 'a'), second = "and the rest of it";
  for (const ChecksumKind kind : {ChecksumKind::Crc32, ChecksumKind::Crc32c, ChecksumKind::Crc64Nvme}) {
    EXPECT_EQ(CombineDigests(kind, ChecksumOf(kind, first), ChecksumOf(kind, second), second.size()), ChecksumOf(kind, first + second)) << NameOf(kind);
    EXPECT_EQ(CombineDigests(kind, ChecksumOf(kind, first), ChecksumOf(kind, ""), 0), ChecksumOf(kind, first)) << NameOf(kind);
  }
}

TEST(ChecksumsTest, NamesAndTypes) {
  EXPECT_EQ(ChecksumNamed("crc32c"), ChecksumKind::Crc32c);
  EXPECT_EQ(ChecksumNamed("MD4"), std::nullopt);
  EXPECT_EQ(HeaderOf(ChecksumKind::Crc64Nvme), "x-amz-checksum-crc64nvme");
  EXPECT_TRUE(MayBe(ChecksumKind::Crc32, kComposite));
  EXPECT_FALSE(MayBe(ChecksumKind::Crc64Nvme, kComposite));
  EXPECT_FALSE(MayBe(ChecksumKind::Sha1, kFullObject));
  EXPECT_FALSE(MayBe(ChecksumKind::Crc32, "HALF"));
}

}  // namespace
}  // namespace mayfly::s3
