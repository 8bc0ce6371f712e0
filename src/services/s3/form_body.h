// FormBody: a body of multipart/form-data whose last part is a file, taken apart while it comes.
// Source: RFC 7578; Amazon S3 API reference, "POST Object" (fields stand before the file, what stands behind it is ignored).
//
// One per request; any thread. Bounds: kFieldsBytesMax of all that stands before the file's bytes (MaxPostPreDataLengthExceededError), and
// as much of the file as the caller takes with each piece.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace mayfly::s3 {

inline constexpr size_t kFieldsBytesMax = 20 * 1024;

class FormBody {
 public:
  // `content_type`: of the request. Error: MalformedPOSTRequest, it names no boundary.
  static Result<FormBody> Of(std::string_view content_type);

  // Appends to `file` what of the file `bytes` holds. Errors: MalformedPOSTRequest, MaxPostPreDataLengthExceededError.
  Result<> Take(std::string_view bytes, std::string& file);
  // No more bytes will come. Error: MalformedPOSTRequest, the end or the file is missing.
  Result<> End() const;

  // Whether all fields are known: the file has begun.
  bool in_file() const { return phase_ == Phase::File || phase_ == Phase::Behind; }
  // In their order; names in small letters.
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
  const std::string* Find(std::string_view name) const;
  const std::string& file_name() const { return file_name_; }
  const std::string& file_type() const { return file_type_; }

 private:
  enum class Phase : unsigned char { Fields, File, Behind };

  explicit FormBody(std::string boundary) : delimiter_("\r\n--" + std::move(boundary)) {}
  // Takes one part off what has come; false: it has not come as a whole.
  Result<bool> TakePart();
  void TakeFile(std::string& file);

  std::string delimiter_;
  std::string text_ = "\r\n";  // as if a line ended before the first delimiter
  Phase phase_ = Phase::Fields;
  std::vector<std::pair<std::string, std::string>> fields_;
  std::string file_name_;
  std::string file_type_;
};

}  // namespace mayfly::s3
