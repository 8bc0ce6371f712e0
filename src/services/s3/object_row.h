// ObjectRow: one version of an object, or a delete marker, as a row of the store; PartRow: one part of it, or of an upload.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "resources/json_members.h"
#include "services/s3/s3_names.h"

namespace mayfly::s3 {

using resources::StringPairs;

struct ObjectRow {
  std::string version_id{kNullVersion};
  int64_t sequence = 0;  // of its making: rises with each change of a key (ObjectStore)
  bool is_marker = false;
  int64_t modified_millis = 0;
  std::string account_id;  // who made it
  // What it holds.
  int64_t size = 0;
  std::string etag;     // without quotes
  std::string data_id;  // "": no bytes
  bool is_inline = false;  // the bytes are a row (DataFiles::kInlineBytesMax), no file
  int parts = 0;        // of an upload in parts, whose rows stand by data_id; 0: in one piece
  std::string checksum_kind;  // "CRC64NVME"; "": none
  std::string checksum;       // as clients see it
  std::string checksum_type;
  // What clients say of it.
  StringPairs headers;   // "Content-Type" …, as they come back
  StringPairs metadata;  // of x-amz-meta-
  StringPairs tags;
  std::string storage_class;  // "": STANDARD
  std::string encryption;     // "": AES256
  std::string kms_key_id;
  std::string acl;  // a canned one; "": private
  std::string lock_mode;
  int64_t lock_until_millis = 0;
  bool has_legal_hold = false;
  // Of the newest version of a key: the sequence of an older one whose id is "null"; 0: there is none.
  int64_t null_sequence = 0;
  // Of an older version: when it ceased to be the newest.
  int64_t noncurrent_millis = 0;

  bool is_null() const { return version_id == kNullVersion; }
  std::string_view Header(std::string_view name) const;
};

void VisitMembers(resources::Is<ObjectRow> auto& row, auto&& visit) {
  visit("V", row.version_id);
  visit("N", row.sequence);
  visit("Marker", row.is_marker);
  visit("M", row.modified_millis);
  visit("A", row.account_id);
  visit("S", row.size);
  visit("E", row.etag);
  visit("D", row.data_id);
  visit("I", row.is_inline);
  visit("P", row.parts);
  visit("CK", row.checksum_kind);
  visit("C", row.checksum);
  visit("CT", row.checksum_type);
  visit("H", row.headers);
  visit("Meta", row.metadata);
  visit("Tags", row.tags);
  visit("Class", row.storage_class);
  visit("Encryption", row.encryption);
  visit("Kms", row.kms_key_id);
  visit("Acl", row.acl);
  visit("LockMode", row.lock_mode);
  visit("LockUntil", row.lock_until_millis);
  visit("Hold", row.has_legal_hold);
  visit("Null", row.null_sequence);
  visit("Noncurrent", row.noncurrent_millis);
}

struct PartRow {
  int number = 0;
  int64_t size = 0;
  std::string etag;  // hex of its MD5
  std::string data_id;
  bool is_inline = false;
  std::string checksum;  // of the upload's kind, in base64
  int64_t modified_millis = 0;
};

void VisitMembers(resources::Is<PartRow> auto& row, auto&& visit) {
  visit("N", row.number);
  visit("S", row.size);
  visit("E", row.etag);
  visit("D", row.data_id);
  visit("I", row.is_inline);
  visit("C", row.checksum);
  visit("M", row.modified_millis);
}

struct PartList {
  std::vector<PartRow> parts;
};
void VisitMembers(resources::Is<PartList> auto& list, auto&& visit) { visit("Parts", list.parts); }

WallTime FromMillis(int64_t millis);

// A row's text, and back. Error: a Fault, the store is damaged.
template <typename Row>
std::string Written(const Row& row) {
  return json::Write(resources::WriteMembers(row));
}
template <typename Row>
Result<Row> Read(std::string_view text) {
  auto value = json::Parse(text);
  if (!value) return Fail(std::move(value).error());
  Row row;
  resources::ReadMembers(*value, row);
  return row;
}

}  // namespace mayfly::s3
