// Uploads in parts: begun, their parts stored, and made an object of, or given up.
// Source: Amazon S3 user guide, "Uploading and copying objects using multipart upload".
//
// One per daemon, on the strand of the objects. Parts are runs of bytes as objects' are (DataFiles); an object that is made of them holds
// them as they are, nothing is copied. Changes of one upload take turns. Rows, in the objects' store:
//   uploads       BUCKET/KEY NUL ID   the upload, with what its object will be but for its bytes
//   upload_parts  ID/NUMBER           a part
// Bounds: 10,000 parts of an upload, 5 MiB to 5 GiB each but for the last.
#pragma once

#include <string>
#include <vector>

#include "resources/row_waits.h"
#include "services/s3/listing.h"
#include "services/s3/object_store.h"

namespace mayfly::s3 {

inline constexpr int kPartsMax = 10'000;
inline constexpr int64_t kPartBytesMin = int64_t{5} << 20;

struct UploadRow {
  ObjectRow object;  // checksum_kind and checksum_type: as the upload's parts are checked
  int64_t initiated_millis = 0;
};
void VisitMembers(resources::Is<UploadRow> auto& row, auto&& visit) {
  visit("Object", row.object);
  visit("Initiated", row.initiated_millis);
}

struct UploadName {
  std::string bucket;
  std::string key;
  std::string id;
};

struct ListedUpload {
  std::string key;
  std::string id;
  UploadRow row;
};

// A part as CompleteMultipartUpload names it.
struct PartClaim {
  int number = 0;
  std::string etag;      // without quotes
  std::string checksum;  // "": none
};

struct Completion {
  BucketPointer bucket;
  std::vector<PartClaim> parts;
  std::string checksum;       // of the whole; "": none
  std::string checksum_type;  // "": as the upload says
  std::optional<int64_t> size;
  WriteConditions conditions;
};

class Uploads {
 public:
  // `objects` outlives it.
  Uploads(ObjectStore& objects, Random& random) : objects_(&objects), random_(&random) {}

  // Gives the upload's id.
  Task<Result<std::string>> Begin(Context& ctx, const std::string& bucket, const std::string& key, ObjectRow object);
  // Error: NoSuchUpload.
  Task<Result<UploadRow>> Find(Context& ctx, const UploadName& name);
  // `writer`: of the part's bytes. A part of the same number is replaced. Errors: NoSuchUpload.
  Task<Result<PartRow>> PutPart(Context& ctx, const UploadName& name, int number, StoredData data, DataWriter& writer);
  // Those behind `after`, in order. Error: NoSuchUpload.
  Task<Result<std::vector<PartRow>>> Parts(Context& ctx, const UploadName& name, int after, size_t limit);
  // Errors: NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall, InvalidRequest, BadDigest; those of ObjectStore::Insert.
  Task<Result<ObjectRow>> Complete(Context& ctx, const UploadName& name, Completion completion);
  // Error: NoSuchUpload.
  Task<Result<>> Abort(Context& ctx, const UploadName& name);
  Task<Result<>> AbortAll(Context& ctx, const std::string& bucket);
  Task<Result<ListPage<ListedUpload>>> List(Context& ctx, ListRequest request);

 private:
  ObjectStore* objects_;
  Random* random_;
  resources::RowWaits turns_;
};

// Error: InvalidArgument.
Result<> CheckPartNumber(int number);

}  // namespace mayfly::s3
