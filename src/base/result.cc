#include "base/result.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace mayfly {

Error Error::Service(std::string_view code, std::string message) {
  Error error;
  error.kind = Kind::Service;
  error.code = code;
  error.message = std::move(message);
  return error;
}

Error Error::Fault(std::string message, std::string hint) {
  Error error;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

Error Error::FromErrno(std::string_view what, int error_number) {
  Error error = Fault(fmt::format("{}: {}", what, std::strerror(error_number)));
  error.code = strerrorname_np(error_number) ? strerrorname_np(error_number) : "";
  return error;
}

Error Error::Cancelled(std::string_view code) {
  Error error;
  error.kind = Kind::Cancelled;
  error.code = code;
  error.message = code == "DeadlineExceeded" ? "the deadline has passed" : "the operation was cancelled";
  return error;
}

Error&& Error::Wrap(std::string_view phrase) && {
  if (kind == Kind::Fault) message = fmt::format("{}: {}", phrase, message);
  return std::move(*this);
}

std::string Error::ToString() const {
  std::string text = code.empty() ? message : fmt::format("{}: {}", code, message);
  if (!hint.empty()) text += fmt::format(" (hint: {})", hint);
  return text;
}

void Panic(const char* file, int line, std::string_view what) {
  std::fprintf(stderr, "bug: %s:%d: %.*s\n", file, line, static_cast<int>(what.size()), what.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace mayfly
