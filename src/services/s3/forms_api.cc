#include "services/s3/forms_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/text.h"
#include "identity/sigv4.h"
#include "services/s3/object_fields.h"
#include "services/s3/post_policy.h"
#include "services/s3/s3_api.h"
#include "wire/xml_read.h"
#include "wire/xml_write.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kMetadata = "x-amz-meta-";
constexpr std::string_view kFileName = "${filename}";
constexpr int kCreated = 201;
constexpr int kSeeOther = 303;

std::string_view FieldOf(const FormBody& form, std::string_view name) {
  const std::string* value = form.Find(name);
  return value ? std::string_view(*value) : std::string_view();
}

std::optional<std::string> OptionalField(const FormBody& form, std::string_view name) {
  const std::string* value = form.Find(name);
  return value ? std::optional(*value) : std::nullopt;
}

Result<std::string> KeyOf(const FormBody& form) {
  std::string key(FieldOf(form, "key"));
  if (key.empty()) {
    return Fail(InvalidArgument("Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.", "key", {}));
  }
  if (const size_t at = key.find(kFileName); at != std::string::npos) key.replace(at, kFileName.size(), form.file_name());
  MF_TRY_VOID(CheckKey(key));
  return key;
}

// <Tagging><TagSet><Tag><Key>…</Key><Value>…</Value></Tag></TagSet></Tagging>
Result<StringPairs> TagsIn(const FormBody& form) {
  const std::string* text = form.Find("tagging");
  if (!text) return StringPairs();
  auto document = wire::ParseXml(*text);
  if (!document) return Fail(MalformedXml());
  StringPairs tags;
  for (wire::TextNode* set : document->FindAll("TagSet")) {
    for (wire::TextNode* tag : set->FindAll("Tag")) {
      const auto key = tag->FindAll("Key"), value = tag->FindAll("Value");
      if (key.empty() || value.empty()) return Fail(MalformedXml());
      tags.emplace_back(key.back()->text.value_or(""), value.back()->text.value_or(""));
    }
  }
  MF_TRY_VOID(CheckTags(tags, kObjectTagsMax));
  return tags;
}

void TakeHeaders(const FormBody& form, ObjectRow& row) {
  for (const char* name : {"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Type", "Expires"}) {
    if (const std::string* value = form.Find(LowerCase(name))) row.headers.emplace_back(name, *value);
  }
  for (const auto& [name, value] : form.fields()) {
    if (name.starts_with(kMetadata)) row.metadata.emplace_back(name.substr(kMetadata.size()), value);
  }
}

PostObjectResponse AnswerFor(const FormBody& form, const BucketRow& bucket, const std::string& key, const ObjectRow& put) {
  PostObjectResponse response;
  response.e_tag = Quoted(put.etag);
  response.location = fmt::format("/{}/{}", bucket.name, FormEncoded(key));
  if (!bucket.versioning.empty()) response.version_id = put.version_id;
  const std::string_view redirect = FieldOf(form, "success_action_redirect");
  const auto status = ParseNumber<int>(FieldOf(form, "success_action_status"));
  if (!redirect.empty()) {
    response.status = kSeeOther;
    response.location = fmt::format("{}{}bucket={}&key={}&etag={}", redirect, redirect.find('?') == std::string_view::npos ? '?' : '&', bucket.name,
                                    PercentEncode(key), PercentEncode(Quoted(put.etag)));
  } else if (status == 200 || status == kCreated) {
    response.status = *status;
  }
  if (status != kCreated || !redirect.empty()) return response;
  std::string document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse>";
  wire::AppendXmlElement("Location", *response.location, document);
  wire::AppendXmlElement("Bucket", bucket.name, document);
  wire::AppendXmlElement("Key", key, document);
  wire::AppendXmlElement("ETag", *response.e_tag, document);
  response.document = document + "</PostResponse>";
  response.content_type = "application/xml";
  return response;
}

}  // namespace

Result<Principal> FormsApi::VerifiedSigner(const Context& ctx, const FormBody& form, std::string_view policy) const {
  const auto scope = Split(FieldOf(form, "x-amz-credential"), '/');  // KEY/DATE/REGION/s3/aws4_request
  if (scope.size() != 5 || FieldOf(form, "x-amz-algorithm") != "AWS4-HMAC-SHA256") return Fail(AccessDenied());
  const std::string_view token = FieldOf(form, "x-amz-security-token");
  const auto known = parts_.keys->Find(scope[0]);
  std::optional<identity::AccessKey> key = known ? std::optional(*known) : std::nullopt;
  if (!key && !token.empty()) {
    if (auto session = parts_.sessions->Open(std::string(scope[0]), token)) key = std::move(*session);
  }
  if (!key) return Fail(Error::Service("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."));
  if (key->expires_at <= ctx.loop->WallNow()) return Fail(Error::Service("ExpiredToken", "The provided token has expired."));
  const Sha256Digest signing_key = identity::DeriveSigningKey(key->secret_access_key, scope[1], scope[2], "s3");
  const std::string expected = HexEncode(AsView(HmacSha256(AsView(signing_key), policy)));
  if (!EqualConstantTime(expected, FieldOf(form, "x-amz-signature"))) {
    return Fail(Error::Service("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and "
                                                        "signing method."));
  }
  return Principal{.account_id = key->account_id, .region = std::string(scope[2]), .access_key_id = key->access_key_id, .arn = key->PrincipalArn()};
}

Result<Principal> FormsApi::SignerOf(const Context& ctx, const FormBody& form) const {
  const std::string* policy = form.Find("policy");
  const bool is_signed = form.Find("x-amz-signature") != nullptr;
  if (!policy || parts_.mode == identity::AuthMode::Open) return ctx.principal;
  if (!is_signed) return Fail(InvalidArgument("Bucket POST must contain a field named 'X-Amz-Signature'.  If it is specified, please check the order of the fields.", "X-Amz-Signature", {}));
  return VerifiedSigner(ctx, form, *policy);
}

Result<> FormsApi::Admit(Context& ctx, const BucketRow& bucket, const FormBody& form, std::string& key, ObjectRow& row) const {
  MF_TRY(ctx.principal, SignerOf(ctx, form));
  MF_TRY(key, KeyOf(form));
  MF_TRY_VOID(parts_.authorizer->Authorize(identity::RequestPrincipal::Of(ctx.principal), "s3:PutObject", bucket.name, key));
  row.account_id = ctx.principal.account_id;
  TakeHeaders(form, row);
  MF_TRY_VOID(CheckMetadata(row.metadata));
  MF_TRY(row.tags, TagsIn(form));
  MF_TRY(row.acl, AclOf(OptionalField(form, "acl"), {}, bucket.ownership));
  row.storage_class = FieldOf(form, "x-amz-storage-class");
  MF_TRY_VOID(CheckStorageClass(row.storage_class));
  MF_TRY_VOID(TakeDefaultEncryption(bucket, row));
  return TakeDefaultRetention(bucket, parts_.objects->clock().WallNow(), row);
}

namespace {

// What a form's policy says of its fields and its file's size; all is allowed without one.
Result<PostPolicy> PolicyOf(const FormBody& form, const std::string& bucket, const std::string& key, WallTime now) {
  const std::string* encoded = form.Find("policy");
  if (!encoded) return PostPolicy();
  const auto text = Base64Decode(*encoded);
  if (!text) return Fail(Error::Service("InvalidPolicyDocument", "Invalid Policy: Invalid Base64."));
  MF_TRY(PostPolicy policy, PostPolicy::Parse(*text));
  auto fields = form.fields();
  fields.emplace_back("bucket", bucket);
  for (auto& [name, value] : fields) {
    if (name == "key") value = key;
  }
  MF_TRY_VOID(policy.Check(fields, now));
  return policy;
}

}  // namespace

Task<Result<PostObjectResponse>> FormsApi::PostObject(Context& ctx, PostObjectRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  MF_CO_TRY(FormBody form, FormBody::Of(request.content_type.value_or("")));
  DataWriter writer(parts_.objects->files(), ChecksumKind::Crc64Nvme);
  ObjectRow row;
  PostPolicy policy;
  std::string key;
  bool admitted = false;
  while (request.body) {
    MF_CO_TRY(const std::string piece, co_await request.body->Read(ctx));
    if (piece.empty()) break;
    std::string file;
    MF_CO_TRY_VOID(form.Take(piece, file));
    if (form.in_file() && !admitted) {
      MF_CO_TRY_VOID(Admit(ctx, *bucket, form, key, row));
      MF_CO_TRY(policy, PolicyOf(form, bucket->name, key, ctx.loop->WallNow()));
      admitted = true;
    }
    MF_CO_TRY_VOID(co_await writer.Write(ctx, file));
    if (writer.size() > policy.bytes_max) co_return Fail(std::move(policy.CheckSize(writer.size())).error());
  }
  MF_CO_TRY_VOID(form.End());
  MF_CO_TRY_VOID(policy.CheckSize(writer.size()));
  MF_CO_TRY(StoredData data, co_await writer.Finish(ctx));
  TakeStored(data, {}, row);
  Insertion insertion{.bucket = bucket, .key = key, .row = std::move(row), .data = std::move(data), .writer = &writer, .parts = {}, .conditions = {},
                      .further = {}, .garbage = {}, .event = "ObjectCreated:Post"};
  MF_CO_TRY(const ObjectRow put, co_await parts_.objects->Insert(ctx, std::move(insertion)));
  co_return AnswerFor(form, *bucket, key, put);
}

}  // namespace mayfly::s3
