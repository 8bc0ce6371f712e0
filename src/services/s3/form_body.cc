#include "services/s3/form_body.h"

#include <algorithm>

#include "base/text.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kBlankLine = "\r\n\r\n";
constexpr size_t kBoundaryCharactersMax = 70;  // RFC 2046

Error Malformed() { return Error::Service("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data."); }

// The value of `name` in "form-data; name=\"key\"; filename=\"a.txt\""; nullopt: it is not there.
std::optional<std::string> Parameter(std::string_view header, std::string_view name) {
  for (std::string_view piece : Split(header, ';')) {
    piece = Trim(piece);
    const size_t equals = piece.find('=');
    if (equals == std::string_view::npos || !EqualIgnoringCase(piece.substr(0, equals), name)) continue;
    return std::string(Trim(piece.substr(equals + 1), "\""));
  }
  return std::nullopt;
}

// The value of a part's header; "" where it has none.
std::string_view HeaderIn(std::string_view head, std::string_view name) {
  for (size_t at = 0; at < head.size();) {
    const size_t end = std::min(head.find("\r\n", at), head.size());
    const std::string_view line = head.substr(at, end - at);
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos && EqualIgnoringCase(line.substr(0, colon), name)) return Trim(line.substr(colon + 1));
    at = end + 2;
  }
  return {};
}

}  // namespace

Result<FormBody> FormBody::Of(std::string_view content_type) {
  const auto boundary = StartsWithIgnoringCase(content_type, "multipart/form-data") ? Parameter(content_type, "boundary") : std::nullopt;
  if (!boundary || boundary->empty() || boundary->size() > kBoundaryCharactersMax) return Fail(Malformed());
  return FormBody(*boundary);
}

const std::string* FormBody::Find(std::string_view name) const {
  const auto found = std::ranges::find(fields_, name, [](const auto& field) { return std::string_view(field.first); });
  return found == fields_.end() ? nullptr : &found->second;
}

Result<> FormBody::Take(std::string_view bytes, std::string& file) {
  if (phase_ == Phase::Behind) return {};
  text_ += bytes;
  while (phase_ == Phase::Fields) {
    MF_TRY(const bool taken, TakePart());
    if (taken) continue;
    if (text_.size() <= kFieldsBytesMax) return {};
    return Fail(Error::Service("MaxPostPreDataLengthExceededError", "Your POST request fields preceding the upload file were too large."));
  }
  TakeFile(file);
  return {};
}

Result<bool> FormBody::TakePart() {
  if (text_.size() < delimiter_.size() + 2) return false;
  if (!text_.starts_with(delimiter_) || text_.compare(delimiter_.size(), 2, "\r\n") != 0) return Fail(Malformed());
  const size_t head_begin = delimiter_.size() + 2;
  const size_t head_end = text_.find(kBlankLine, head_begin - 2);
  if (head_end == std::string::npos) return false;
  const size_t value_begin = head_end + kBlankLine.size();
  const std::string_view head = std::string_view(text_).substr(head_begin, head_end > head_begin ? head_end - head_begin : 0);
  const std::string_view disposition = HeaderIn(head, "Content-Disposition");
  const auto name = Parameter(disposition, "name");
  if (!name) return Fail(Malformed());
  if (EqualIgnoringCase(*name, "file")) {
    file_name_ = Parameter(disposition, "filename").value_or("");
    file_type_ = HeaderIn(head, "Content-Type");
    text_.erase(0, value_begin);
    phase_ = Phase::File;
    return true;
  }
  const size_t end = text_.find(delimiter_, value_begin);
  if (end == std::string::npos) return false;
  fields_.emplace_back(LowerCase(*name), text_.substr(value_begin, end - value_begin));
  text_.erase(0, end);
  return true;
}

// Keeps back what may be the beginning of the delimiter.
void FormBody::TakeFile(std::string& file) {
  const size_t end = text_.find(delimiter_);
  if (end != std::string::npos) {
    file.append(text_, 0, end);
    text_.clear();
    phase_ = Phase::Behind;
    return;
  }
  if (text_.size() < delimiter_.size()) return;
  const size_t sure = text_.size() - (delimiter_.size() - 1);
  file.append(text_, 0, sure);
  text_.erase(0, sure);
}

Result<> FormBody::End() const { return phase_ == Phase::Behind ? Result<>() : Fail(Malformed()); }

}  // namespace mayfly::s3
