// Amazon S3's API: the operations of model/s3.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated and decoded; what S3 has words of its own for (names, conditions, checksums,
// tags) is checked here.
#pragma once

#include "model/s3.h"
#include "services/s3/authorizer.h"
#include "services/s3/listing.h"
#include "services/s3/object_fields.h"
#include "services/s3/object_store.h"
#include "services/s3/ranges.h"
#include "services/s3/uploads.h"

namespace mayfly::delivery {
class TargetRouter;
}

namespace mayfly::s3 {

inline constexpr int64_t kCopyBytesMax = int64_t{5} << 30;
inline constexpr size_t kDeletionsMax = 1000;

struct S3Parts {
  Buckets* buckets;
  ObjectStore* objects;
  Uploads* uploads;
  Outbox* outbox;
  const Authorizer* authorizer;
  const delivery::TargetRouter* targets;
  Random* random;
  Loop* loop;
};

class S3Api final : public BucketsHandler,
                    public ObjectsHandler,
                    public ListingsHandler,
                    public UploadsHandler {
 public:
  // All parts outlive it.
  explicit S3Api(S3Parts parts) : parts_(parts) {}

  // --- buckets (api_buckets.cc) ---
  Task<Result<ListBucketsResponse>> ListBuckets(Context& ctx, ListBucketsRequest request) override;
  Task<Result<CreateBucketResponse>> CreateBucket(Context& ctx, CreateBucketRequest request) override;
  Task<Result<HeadBucketResponse>> HeadBucket(Context& ctx, HeadBucketRequest request) override;
  Task<Result<>> DeleteBucket(Context& ctx, DeleteBucketRequest request) override;
  Task<Result<GetBucketLocationResponse>> GetBucketLocation(Context& ctx, GetBucketLocationRequest request) override;

  // --- writing objects (api_put.cc, api_copy.cc, api_delete.cc) ---
  Task<Result<PutObjectResponse>> PutObject(Context& ctx, PutObjectRequest request) override;
  Task<Result<CopyObjectResponse>> CopyObject(Context& ctx, CopyObjectRequest request) override;
  Task<Result<DeleteObjectResponse>> DeleteObject(Context& ctx, DeleteObjectRequest request) override;
  Task<Result<DeleteObjectsResponse>> DeleteObjects(Context& ctx, DeleteObjectsRequest request) override;

  // --- reading objects (api_get.cc) ---
  Task<Result<GetObjectResponse>> GetObject(Context& ctx, GetObjectRequest request) override;
  Task<Result<HeadObjectResponse>> HeadObject(Context& ctx, HeadObjectRequest request) override;
  Task<Result<GetObjectAttributesResponse>> GetObjectAttributes(Context& ctx, GetObjectAttributesRequest request) override;

  // --- listing (api_list.cc) ---
  Task<Result<ListObjectsResponse>> ListObjects(Context& ctx, ListObjectsRequest request) override;
  Task<Result<ListObjectsV2Response>> ListObjectsV2(Context& ctx, ListObjectsV2Request request) override;
  Task<Result<ListObjectVersionsResponse>> ListObjectVersions(Context& ctx, ListObjectVersionsRequest request) override;

  // --- uploads in parts (api_uploads.cc) ---
  Task<Result<CreateMultipartUploadResponse>> CreateMultipartUpload(Context& ctx, CreateMultipartUploadRequest request) override;
  Task<Result<UploadPartResponse>> UploadPart(Context& ctx, UploadPartRequest request) override;
  Task<Result<UploadPartCopyResponse>> UploadPartCopy(Context& ctx, UploadPartCopyRequest request) override;
  Task<Result<CompleteMultipartUploadResponse>> CompleteMultipartUpload(Context& ctx, CompleteMultipartUploadRequest request) override;
  Task<Result<AbortMultipartUploadResponse>> AbortMultipartUpload(Context& ctx, AbortMultipartUploadRequest request) override;
  Task<Result<ListPartsResponse>> ListParts(Context& ctx, ListPartsRequest request) override;
  Task<Result<ListMultipartUploadsResponse>> ListMultipartUploads(Context& ctx, ListMultipartUploadsRequest request) override;

 private:
  // What a read is about: the version, and which of its bytes.
  struct View {
    BucketPointer bucket;
    ObjectRow row;
    ByteRange range;
    int status = 200;
    std::string content_range;
    std::optional<int32_t> parts_count;
  };
  // What stands in x-amz-copy-source.
  struct CopySource {
    BucketPointer bucket;
    std::string key;
    ObjectRow row;
  };
  // Errors: NoSuchKey, NoSuchVersion, MethodNotAllowed; AccessDenied.
  Task<Result<ObjectRow>> Locate(Context& ctx, const BucketRow& bucket, const std::string& key, const std::optional<std::string>& version_id,
                                 std::string_view action);
  template <typename Request>
  Task<Result<View>> Look(Context& ctx, Request& request);
  Task<Result<>> ChoosePart(Context& ctx, View& view, int32_t part_number);
  Task<Result<CopySource>> FindSource(Context& ctx, const std::string& copy_source, const ReadConditions& conditions);
  // Takes a body in, and compares it with what the client says of it.
  Task<Result<StoredData>> TakeBody(Context& ctx, wire::BlobStream& body, DataWriter& writer, const ExpectedChecksum& expected,
                                    const std::optional<std::string>& content_md5);
  Task<std::string> Rechecked(Context& ctx, const StoredData& data, ChecksumKind kind);
  Task<Result<StoredData>> CopyData(Context& ctx, const ObjectRow& row, ByteRange range, DataWriter& writer);
  Task<> DeleteOne(const Context& ctx, const BucketPointer& bucket, const ObjectIdentifier& object, bool bypasses_governance, DeletedObject& deleted,
                   std::optional<DeleteError>& error);

  S3Parts parts_;
};

// Sees to an object's entity tag, checksum and size.
void TakeStored(const StoredData& data, const ExpectedChecksum& expected, ObjectRow& row);

}  // namespace mayfly::s3
