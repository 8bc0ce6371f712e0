#include "services/s3/ranges.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kUnit = "bytes=";

Error NotSatisfiable(std::string_view text, int64_t size) {
  Error error = WithElement(Error::Service("InvalidRange", "The requested range is not satisfiable"), "RangeRequested", text);
  return WithElement(std::move(error), "ActualObjectSize", std::to_string(size));
}

// A place in an object; as far as there are places, where it is beyond them. nullopt: no number.
std::optional<int64_t> PlaceOf(std::string_view text) {
  if (!IsNumber(text)) return std::nullopt;
  return ParseNumber<int64_t>(text).value_or(std::numeric_limits<int64_t>::max());
}

}  // namespace

Result<std::optional<ByteRange>> ParseRange(std::string_view text, int64_t size) {
  if (!StartsWithIgnoringCase(text, kUnit)) return std::nullopt;
  const std::string_view range = Trim(text.substr(kUnit.size()));
  const size_t dash = range.find('-');
  if (dash == std::string_view::npos || range.find(',') != std::string_view::npos) return std::nullopt;
  const auto first = PlaceOf(Trim(range.substr(0, dash))), last = PlaceOf(Trim(range.substr(dash + 1)));
  const bool has_first = dash > 0, has_last = dash + 1 < range.size();
  if ((has_first && !first) || (has_last && !last) || (!has_first && !has_last)) return std::nullopt;
  if (!has_first) {
    if (*last == 0 || size == 0) return Fail(NotSatisfiable(text, size));
    const int64_t taken = std::min(*last, size);
    return ByteRange{size - taken, taken};
  }
  if (has_last && *last < *first) return std::nullopt;
  if (*first >= size) return Fail(NotSatisfiable(text, size));
  const int64_t end = has_last ? std::min(*last, size - 1) : size - 1;
  return ByteRange{*first, end - *first + 1};
}

Result<ByteRange> ParseCopyRange(std::string_view text, int64_t size) {
  const size_t dash = text.find('-');
  const bool has_form = text.starts_with(kUnit) && dash != std::string_view::npos;
  const auto first = has_form ? PlaceOf(text.substr(kUnit.size(), dash - kUnit.size())) : std::nullopt;
  const auto last = has_form ? PlaceOf(text.substr(dash + 1)) : std::nullopt;
  if (!first || !last || *last < *first) {
    return Fail(InvalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the "
                                "first and last bytes to copy", "x-amz-copy-source-range", text));
  }
  if (*last >= size) {
    return Fail(InvalidArgument("Range specified is not valid for source object of size: " + std::to_string(size), "x-amz-copy-source-range", text));
  }
  return ByteRange{*first, *last - *first + 1};
}

}  // namespace mayfly::s3
