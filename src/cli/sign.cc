// mayfly sign: signs packages offline, and says whose signatures a daemon knows. docs/code-signing.md explains it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/random.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/session.h"
#include "packages/signing_profiles.h"

namespace mayfly::cli {
namespace {

struct SignOptions {
  std::string data_dir = "/var/lib/mayfly";
  std::string account_id = "000000000000";
  std::string region = "us-east-1";
  std::string zip;
  std::string key;
  std::string profile;  // NAME or the ARN of a version; "": the one in the key's certificate
  std::string output;   // "": FILE-signed.zip
  int expires_days = 4106;  // AWS: 135 months
  std::string profile_name;
  int valid_days = 5475;
  std::string certificate;
  std::string revoked;
};

constexpr const char* kSignAbout = R"(Sign packages, so that functions with a code signing configuration accept them.

Once, on the machine of the daemon: a profile with its key. The daemon keeps the certificate, you keep the key.

  mayfly sign profile create release --key release.pem
  aws lambda create-code-signing-config --code-signing-policies UntrustedArtifactOnDeployment=Enforce \
      --allowed-publishers SigningProfileVersionArns=<the ARN it printed>

For each package, wherever the key is; no daemon is needed:

  mayfly sign function.zip --key release.pem -o signed.zip
  aws lambda update-function-code --function-name f --zip-file fileb://signed.zip)";

constexpr Duration kDay = std::chrono::hours(24);

WallTime Today() {  // whole seconds, as signatures have them
  return std::chrono::time_point_cast<std::chrono::seconds>(SystemClock().WallNow());
}

packages::SigningProfiles ProfilesOf(const SignOptions& options) { return packages::SigningProfiles(options.data_dir + "/signing-profiles"); }

// A new file that only its owner may read; never replaces one.
Result<> WriteSecret(const std::string& path, std::string_view bytes) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return Fail(Error::FromErrno("create " + path, errno));
  MF_TRY_VOID(WriteAll(file.get(), bytes, path));
  return ::fsync(file.get()) == 0 ? Result<>() : Fail(Error::FromErrno("fsync " + path, errno));
}

Result<> CheckDataDirectory(const SignOptions& options) {
  struct stat status{};
  if (::stat(options.data_dir.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  return Fail(Error::Fault(options.data_dir + " is no data directory", "name the daemon's with --data-dir"));
}

Result<> CreateProfile(const SignOptions& options) {
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  MF_TRY_VOID(CheckDataDirectory(options));
  SystemRandom random;
  packages::ProfileArn profile{options.region, options.account_id, options.profile_name, {}};
  for (int i = 0; i < 10; ++i) profile.version += kLetters[random.Below(kLetters.size())];
  const std::string arn = packages::FormatProfileVersionArn(profile);
  MF_TRY([[maybe_unused]] const packages::ProfileArn legal, packages::ParseProfileVersionArn(arn));
  const WallTime now = Today();
  MF_TRY(const std::string pem, packages::MakeSigningKey(profile, now - kDay, now + options.valid_days * kDay));
  MF_TRY_VOID(WriteSecret(options.key, pem));
  MF_TRY_VOID(ProfilesOf(options).Register(profile, pem));
  fmt::print("{}\n", arn);
  fmt::print(stderr, "the private key is in {}: keep it where packages are signed, not here\n", options.key);
  return {};
}

Result<> AddProfile(const SignOptions& options) {
  MF_TRY_VOID(CheckDataDirectory(options));
  MF_TRY(const std::string pem, ReadFile(options.certificate));
  MF_TRY(const packages::CertificateFacts certificate, packages::ReadCertificate(pem));
  MF_TRY(const packages::ProfileArn profile, packages::ParseProfileVersionArn(options.profile_name.empty() ? certificate.uri : options.profile_name));
  MF_TRY_VOID(ProfilesOf(options).Register(profile, pem));
  fmt::print("{}\n", packages::FormatProfileVersionArn(profile));
  return {};
}

// The profile version that signs: what the certificate says, and --profile must not say otherwise.
Result<packages::ProfileArn> SigningProfileOf(const SignOptions& options, const std::string& key_pem) {
  MF_TRY(const packages::CertificateFacts certificate, packages::ReadCertificate(key_pem));
  const bool names_version = options.profile.starts_with("arn:");
  if (certificate.uri.empty() && !names_version) {
    return Fail(Error::Fault("the certificate names no signing profile", "name the profile version's ARN with --profile"));
  }
  MF_TRY(packages::ProfileArn profile, packages::ParseProfileVersionArn(certificate.uri.empty() ? options.profile : certificate.uri));
  const bool same = options.profile.empty() || options.profile == profile.name || options.profile == packages::FormatProfileVersionArn(profile);
  if (!same) return Fail(Error::Fault(fmt::format("{} is the key of {}, not of {}", options.key, packages::FormatProfileVersionArn(profile), options.profile)));
  return profile;
}

Result<> SignZip(const SignOptions& options) {
  if (options.zip.empty() || options.key.empty()) return Fail(Error::Fault("name a zip and --key", "mayfly sign --help shows how"));
  MF_TRY(const std::string zip, ReadFile(options.zip));
  MF_TRY(const std::string key_pem, ReadFile(options.key));
  MF_TRY(const packages::ProfileArn profile, SigningProfileOf(options, key_pem));
  SystemRandom random;
  packages::SignatureStatement statement;
  statement.profile_version_arn = packages::FormatProfileVersionArn(profile);
  statement.job_arn = fmt::format("arn:aws:signer:{}:{}:/signing-jobs/{}", profile.region, profile.account_id, random.Uuid());
  statement.signed_at = Today();
  statement.expires_at = statement.signed_at + options.expires_days * kDay;
  MF_TRY(const std::string signed_zip, packages::SignPackage(zip, statement, key_pem));
  const std::string stem = options.zip.ends_with(".zip") ? options.zip.substr(0, options.zip.size() - 4) : options.zip;
  const std::string output = options.output.empty() ? stem + "-signed.zip" : options.output;
  MF_TRY_VOID(WriteFileDurably(output, signed_zip, 0644));
  fmt::print("{}\n", output);
  fmt::print(stderr, "signed by {}\nas {}\nuntil {}\n", statement.profile_version_arn, statement.job_arn, FormatIso8601(statement.expires_at));
  return {};
}

Result<> VerifyZip(const SignOptions& options) {
  MF_TRY(const std::string zip, ReadFile(options.zip));
  const packages::PackageSignature signature = packages::ReadPackageSignature(zip);
  if (signature.state == packages::SignatureState::Broken) return Fail(Error::Fault(fmt::format("{}: {}", options.zip, signature.why_broken)));
  if (signature.state == packages::SignatureState::Unsigned) return Fail(Error::Fault(options.zip + " is not signed"));
  const packages::SignatureStatement& statement = signature.statement;
  fmt::print("profile      {}\njob          {}\ncertificate  sha256:{}\nsigned       {}\nexpires      {}\n", statement.profile_version_arn, statement.job_arn,
             statement.certificate_sha256, FormatIso8601(statement.signed_at), FormatIso8601(statement.expires_at));
  MF_TRY(const auto verdict, ProfilesOf(options).Judge(signature, {statement.profile_version_arn}, Today()));
  fmt::print("here         {}\n", verdict == packages::SignatureVerdict::UnknownPublisher ? "the profile is not known, or its key is another one" : packages::ToString(verdict));
  if (verdict != packages::SignatureVerdict::Trusted) return Fail(Error::Fault("not trusted on this machine"));
  return {};
}

Result<> Revoke(const SignOptions& options) {
  MF_TRY_VOID(CheckDataDirectory(options));
  return ProfilesOf(options).Revoke(options.revoked);
}

void AddDataDirectory(CLI::App& command, SignOptions& options) {
  command.add_option("--data-dir", options.data_dir, "the daemon's data directory")->envname("MAYFLY_DATA_DIR")->capture_default_str();
}

int Done(const Result<>& done) { return done ? kDone : Explain(done.error()); }

void AddProfileCommands(Program& program, CLI::App& sign, const std::shared_ptr<SignOptions>& options) {
  CLI::App* profile = sign.add_subcommand("profile", "make signing profiles known to a daemon");
  profile->require_subcommand(1);
  CLI::App* create = profile->add_subcommand("create", "make a key with a self-signed certificate, and register it as a profile's new version; prints the version's ARN");
  create->add_option("name", options->profile_name, "2 to 64 letters, digits and _")->required();
  create->add_option("--key", options->key, "new file for the private key")->required();
  create->add_option("--account-id", options->account_id, "account of the profile")->envname("MAYFLY_ACCOUNT_ID")->capture_default_str();
  create->add_option("--region", options->region, "region of the profile")->envname("MAYFLY_REGION")->capture_default_str();
  create->add_option("--valid-days", options->valid_days, "days that the certificate holds")->capture_default_str()->check(CLI::Range(1, 36'500));
  AddDataDirectory(*create, *options);
  program.OnCommand(create, [options] { return Done(CreateProfile(*options)); });
  CLI::App* add = profile->add_subcommand("add", "register a certificate that was made elsewhere as a profile's version");
  add->add_option("--certificate", options->certificate, "certificate (PEM)")->required()->check(CLI::ExistingFile);
  add->add_option("--profile", options->profile_name, "the profile version's ARN (default: what the certificate says)");
  AddDataDirectory(*add, *options);
  program.OnCommand(add, [options] { return Done(AddProfile(*options)); });
}

}  // namespace

void AddSignCommand(Program& program) {
  auto options = std::make_shared<SignOptions>();
  CLI::App* sign = program.app().add_subcommand("sign", "sign packages for functions that demand it");
  sign->description(kSignAbout);
  sign->require_subcommand(0, 1);
  sign->add_option("zip", options->zip, "the package to sign")->check(CLI::ExistingFile);
  sign->add_option("--key", options->key, "private key and certificate (PEM)");
  sign->add_option("--profile", options->profile, "whose key it is: a profile's name or version ARN (default: what the certificate says)");
  sign->add_option("-o,--output", options->output, "the signed package (default: FILE-signed.zip)");
  sign->add_option("--expires-days", options->expires_days, "days after which the signature is worth nothing")->capture_default_str()->check(CLI::Range(1, 36'500));
  program.OnCommand(sign, [options] { return Done(SignZip(*options)); });
  AddProfileCommands(program, *sign, options);

  CLI::App* verify = sign->add_subcommand("verify", "show who signed a package, and whether a daemon here trusts it");
  verify->add_option("zip", options->zip, "the package")->required()->check(CLI::ExistingFile);
  AddDataDirectory(*verify, *options);
  program.OnCommand(verify, [options] { return Done(VerifyZip(*options)); });
  CLI::App* revoke = sign->add_subcommand("revoke", "trust a signature, a profile's version or a certificate no longer");
  revoke->add_option("what", options->revoked, "a signing job's ARN, a profile version's ARN, or sha256:HEX of a certificate")->required();
  AddDataDirectory(*revoke, *options);
  program.OnCommand(revoke, [options] { return Done(Revoke(*options)); });
}

}  // namespace mayfly::cli
