// If these fail, packages that nobody trusted signed are deployed, or those of trusted people are not.
#include "packages/package_signature.h"

#include <sys/stat.h>

#include <fstream>

#include <gtest/gtest.h>

#include "packages/signature_crypto.h"
#include "packages/signature_manifest.h"
#include "packages/signing_profiles.h"
#include "packages/zip_append.h"
#include "packages/zip_test_builder.h"
#include "store/test_directory.h"

namespace mayfly::packages {
namespace {

const WallTime kNow{std::chrono::seconds(1'780'000'000)};
constexpr Duration kDay = std::chrono::hours(24);
const ProfileArn kProfile{"us-east-1", "000000000000", "release", "abcdefghij"};
const std::string kArn = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/release/abcdefghij";

SignatureStatement Statement() {
  return {.profile_version_arn = kArn, .job_arn = "arn:aws:signer:us-east-1:000000000000:/signing-jobs/1", .signed_at = kNow, .expires_at = kNow + 30 * kDay};
}

const std::string& SigningKey() {
  static const std::string key = *MakeSigningKey(kProfile, kNow - kDay, kNow + 365 * kDay);
  return key;
}

std::vector<ZipItem> Files() { return {{.name = "lib/", .mode = 040755}, {.name = "lib/ä b.py", .bytes = "x = 1"}, {.name = "index.py", .bytes = "code", .deflate = true}}; }

std::string Sign(const std::string& zip, const SignatureStatement& statement = Statement(), const std::string& key = SigningKey()) {
  auto made = SignPackage(zip, statement, key);
  if (!made) ADD_FAILURE() << made.error().ToString();
  return made ? *made : "";
}

// The signed zip taken apart, to be put together wrongly.
std::vector<ZipItem> ItemsOf(const std::string& zip) {
  const auto reader = ZipReader::Open(zip, 100);
  std::vector<ZipItem> items;
  for (const ZipEntry& entry : reader->entries()) {
    ZipItem item{.name = entry.name, .mode = entry.unix_mode};
    EXPECT_TRUE(reader->Read(entry, [&](std::string_view piece) -> Result<> {
      item.bytes += piece;
      return {};
    }));
    items.push_back(std::move(item));
  }
  return items;
}

void ExpectBroken(const std::vector<ZipItem>& items, const char* what) {
  EXPECT_EQ(ReadPackageSignature(MakeZip(items)).state, SignatureState::Broken) << what;
}

TEST(PackageSignature, HoldsForWhatWasSigned) {
  const PackageSignature read = ReadPackageSignature(Sign(MakeZip(Files(), "a comment")));
  ASSERT_EQ(read.state, SignatureState::Intact) << read.why_broken;
  EXPECT_EQ(read.statement.profile_version_arn, kArn);
  EXPECT_EQ(read.statement.job_arn, Statement().job_arn);
  EXPECT_EQ(read.statement.signed_at, kNow);
  EXPECT_EQ(read.statement.expires_at, kNow + 30 * kDay);
  EXPECT_EQ(read.statement.certificate_sha256, ReadCertificate(SigningKey())->sha256);
  EXPECT_EQ(read.certificate_not_after, kNow + 365 * kDay);
}

TEST(PackageSignature, HoldsWhenTheZipIsPackedAgain) {
  std::vector<ZipItem> items = ItemsOf(Sign(MakeZip(Files())));
  std::reverse(items.begin(), items.end());
  for (ZipItem& item : items) item.deflate = !item.bytes.empty();
  const PackageSignature read = ReadPackageSignature(MakeZip(items));
  EXPECT_EQ(read.state, SignatureState::Intact) << read.why_broken;
}

TEST(PackageSignature, SeesThatThereIsNone) {
  EXPECT_EQ(ReadPackageSignature(MakeZip(Files())).state, SignatureState::Unsigned);
  EXPECT_EQ(ReadPackageSignature("no zip").state, SignatureState::Unsigned);
  EXPECT_EQ(ReadPackageSignature("").state, SignatureState::Unsigned);
}

TEST(PackageSignature, BreaksWithEveryChange) {
  const std::vector<ZipItem> good = ItemsOf(Sign(MakeZip(Files())));
  ASSERT_EQ(good.size(), 5u);
  for (size_t at = 0; at < good.size(); ++at) {
    std::vector<ZipItem> items = good;
    items.erase(items.begin() + static_cast<ptrdiff_t>(at));
    ExpectBroken(items, "an entry less");
    if (good[at].bytes.empty()) continue;
    for (size_t byte = 0; byte < good[at].bytes.size(); ++byte) {
      items = good;
      items[at].bytes[byte] ^= 1;
      // CMS has a few fields that mean nothing (its version numbers): what was signed stays the same with them.
      const PackageSignature read = ReadPackageSignature(MakeZip(items));
      if (good[at].name == kSignatureName && read.state == SignatureState::Intact) {
        EXPECT_EQ(read.statement.certificate_sha256, ReadCertificate(SigningKey())->sha256);
      } else {
        EXPECT_EQ(read.state, SignatureState::Broken) << good[at].name << " byte " << byte;
      }
    }
    items = good;
    items[at].bytes = good[at].bytes + "\n";
    ExpectBroken(items, "a byte more");
  }
  std::vector<ZipItem> items = good;
  items.push_back({.name = "extra.py", .bytes = "evil"});
  ExpectBroken(items, "an entry more");
  items = good;
  items[2].name = "index2.py";
  ExpectBroken(items, "a name");
  items = good;
  items[2].mode = 0100755;
  ExpectBroken(items, "permissions");
  items[2].mode = 0120777;
  ExpectBroken(items, "a link instead of a file");
}

TEST(PackageSignature, IsNotCoveredUpByOtherSpellings) {
  for (const std::string name : {"./META-INF/mayfly-manifest.txt", "META-INF//mayfly-signature.p7s", "META-INF/mayfly-signature.p7s"}) {
    std::vector<ZipItem> items = ItemsOf(Sign(MakeZip(Files())));
    items.push_back({.name = name, .bytes = "other"});
    ExpectBroken(items, name.c_str());
    std::vector<ZipItem> alone = Files();
    alone.push_back({.name = name, .bytes = "other"});
    ExpectBroken(alone, name.c_str());
  }
}

TEST(PackageSignature, IsNotForAnotherZip) {
  const std::vector<ZipItem> signed_items = ItemsOf(Sign(MakeZip(Files())));
  std::vector<ZipItem> items = {{.name = "index.py", .bytes = "evil"}, signed_items[3], signed_items[4]};
  ExpectBroken(items, "files of somebody else under a good signature");
  // A manifest that fits, under the signature of another one.
  const std::string plain = MakeZip({{.name = "index.py", .bytes = "evil"}});
  items[1].bytes = *MakeManifest(*ZipReader::Open(plain, 10), ReadPackageSignature(Sign(MakeZip(Files()))).statement);
  ExpectBroken(items, "a new manifest under an old signature");
}

TEST(PackageSignature, SignsOnceAndWithTheRightKey) {
  const std::string zip = MakeZip(Files());
  EXPECT_FALSE(SignPackage(Sign(zip), Statement(), SigningKey()));
  const std::string other = *MakeSigningKey(kProfile, kNow, kNow + kDay);
  const std::string mixed = other.substr(0, other.find("-----BEGIN CERT")) + SigningKey().substr(SigningKey().find("-----BEGIN CERT"));
  EXPECT_FALSE(SignPackage(zip, Statement(), mixed));
  EXPECT_FALSE(SignPackage(zip, Statement(), "nothing"));
  EXPECT_FALSE(SignPackage("no zip", Statement(), SigningKey()));
  EXPECT_FALSE(SignPackage("prefix" + zip, Statement(), SigningKey()));
}

TEST(PackageSignature, RefusesOddCms) {
  const Key key = *ReadPrivateKey(SigningKey());
  const Certificate certificate = *ReadFirstCertificate(SigningKey());
  const std::string signature = *SignDetached("content", key.get(), certificate.get());
  EXPECT_TRUE(VerifyDetached("content", signature));
  EXPECT_FALSE(VerifyDetached("Content", signature));
  EXPECT_FALSE(VerifyDetached("content", signature + "x"));
  EXPECT_FALSE(VerifyDetached("content", signature.substr(0, signature.size() - 1)));
  EXPECT_FALSE(VerifyDetached("content", ""));
}

TEST(ProfileArn, ReadsWhatItWrites) {
  EXPECT_EQ(FormatProfileVersionArn(*ParseProfileVersionArn(kArn)), kArn);
  for (const std::string bad : {"", "arn:aws:signer:us-east-1:000000000000:/signing-profiles/release", "arn:aws:signer:..:000000000000:/signing-profiles/r2/abcdefghij",
                                "arn:aws:signer:us-east-1:0:/signing-profiles/release/abcdefghij", "arn:aws:signer:us-east-1:000000000000:/signing-profiles/../abcdefghij",
                                "arn:aws:signer:us-east-1:000000000000:/signing-profiles/release/abcdefghi/", "arn:aws:lambda:us-east-1:000000000000:/signing-profiles/release/abcdefghij"}) {
    EXPECT_FALSE(ParseProfileVersionArn(bad)) << bad;
  }
}

struct Registry {
  Registry() { EXPECT_TRUE(profiles.Register(kProfile, SigningKey())); }
  SignatureVerdict Judge(const std::string& zip, WallTime now = kNow, std::vector<std::string> allowed = {kArn}) {
    auto verdict = profiles.Judge(ReadPackageSignature(zip), allowed, now);
    if (!verdict) ADD_FAILURE() << verdict.error().ToString();
    return verdict.value_or(SignatureVerdict::Broken);
  }
  store::TestDirectory folder;
  SigningProfiles profiles{folder / "profiles"};
};

TEST(SigningProfiles, TrustWhoIsAllowed) {
  Registry registry;
  const std::string zip = Sign(MakeZip(Files()));
  EXPECT_EQ(registry.Judge(zip), SignatureVerdict::Trusted);
  EXPECT_EQ(registry.Judge(MakeZip(Files())), SignatureVerdict::Unsigned);
  EXPECT_EQ(registry.Judge(zip, kNow, {}), SignatureVerdict::UnknownPublisher);
  EXPECT_EQ(registry.Judge(zip, kNow, {kArn + "x"}), SignatureVerdict::UnknownPublisher);
}

TEST(SigningProfiles, DoNotTrustOtherKeysUnderTheProfilesName) {
  Registry registry;
  const std::string impostor = *MakeSigningKey(kProfile, kNow - kDay, kNow + 365 * kDay);
  EXPECT_EQ(registry.Judge(Sign(MakeZip(Files()), Statement(), impostor)), SignatureVerdict::UnknownPublisher);
  SignatureStatement unknown = Statement();
  unknown.profile_version_arn.back() = 'z';
  EXPECT_EQ(registry.Judge(Sign(MakeZip(Files()), unknown), kNow, {unknown.profile_version_arn}), SignatureVerdict::UnknownPublisher);
}

TEST(SigningProfiles, SeeThatSignaturesAndCertificatesExpire) {
  Registry registry;
  const std::string zip = Sign(MakeZip(Files()));
  EXPECT_EQ(registry.Judge(zip, kNow + 30 * kDay - std::chrono::seconds(1)), SignatureVerdict::Trusted);
  EXPECT_EQ(registry.Judge(zip, kNow + 30 * kDay), SignatureVerdict::Expired);
  EXPECT_EQ(registry.Judge(zip, kNow - 2 * kDay), SignatureVerdict::Expired);  // before the certificate holds
  SignatureStatement longer = Statement();
  longer.expires_at = kNow + 1000 * kDay;
  EXPECT_EQ(registry.Judge(Sign(MakeZip(Files()), longer), kNow + 366 * kDay), SignatureVerdict::Expired);
}

TEST(SigningProfiles, Revoke) {
  const std::string zip = Sign(MakeZip(Files()));
  for (const std::string& what : {Statement().job_arn, kArn, "sha256:" + ReadCertificate(SigningKey())->sha256}) {
    Registry registry;
    EXPECT_TRUE(registry.profiles.Revoke("sha256:0000"));
    EXPECT_EQ(registry.Judge(zip), SignatureVerdict::Trusted);
    EXPECT_TRUE(registry.profiles.Revoke(what));
    EXPECT_TRUE(registry.profiles.Revoke(what));
    EXPECT_EQ(registry.Judge(zip), SignatureVerdict::Revoked) << what;
  }
  Registry registry;
  EXPECT_FALSE(registry.profiles.Revoke("everything"));
  EXPECT_FALSE(registry.profiles.Revoke("sha256:00\nsha256:11"));
  std::ofstream(registry.folder / "profiles/revoked.txt") << "# all\n  " << kArn << "   # stolen\r\n";
  EXPECT_EQ(registry.Judge(zip), SignatureVerdict::Revoked);
}

TEST(SigningProfiles, FailClosed) {
  Registry registry;
  std::filesystem::create_directory(registry.folder / "profiles/revoked.txt");
  EXPECT_FALSE(registry.profiles.Judge(ReadPackageSignature(Sign(MakeZip(Files()))), {kArn}, kNow));
}

TEST(SigningProfiles, KeepAVersionsCertificate) {
  Registry registry;
  EXPECT_TRUE(registry.profiles.Register(kProfile, SigningKey()));
  EXPECT_FALSE(registry.profiles.Register(kProfile, *MakeSigningKey(kProfile, kNow, kNow + kDay)));
  const std::string file = registry.folder / "profiles/000000000000/us-east-1/release/abcdefghij.pem";
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(text.find("PRIVATE"), std::string::npos);  // the private key stays with whoever signs
}

}  // namespace
}  // namespace mayfly::packages
