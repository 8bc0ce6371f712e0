// Result<T>: the one way a call tells that it failed.
//
// Three kinds of failure are kept apart (docs/ARCHITECTURE.md, "Errors"):
//   Service    the caller did something wrong, or asked for something that is not there. `code` is a code of the
//              service model ("ResourceNotFoundException"); it goes to the client as it stands.
//   Fault      something of ours failed (disk full, a process that would not start). The client sees ServiceException
//              and a request id; the log sees `message`, to which each layer adds one phrase.
//   Cancelled  the caller went away or its deadline passed. Nobody needs an answer.
// A failing *function* is none of these: it is a normal value (invoke::InvokeOutcome).
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mayfly {

struct Error {
  enum class Kind : unsigned char { Service, Fault, Cancelled };

  Kind kind = Kind::Fault;
  std::string code;     // Service: the model's error code. Fault: "" or an errno name. Cancelled: "Cancelled" | "DeadlineExceeded"
  std::string message;  // for people; for Service errors it is AWS's text, literally
  std::string hint;     // what an operator can do about it; may be empty
  bool retryable = false;
  // Further members of a service error's body, as (name, raw JSON value), e.g. {"Reason", "\"CallerRateLimitExceeded\""}.
  std::vector<std::pair<std::string, std::string>> members;

  static Error Service(std::string_view code, std::string message);
  static Error Fault(std::string message, std::string hint = {});
  // A Fault that names `what` failed and the text of errno value `error_number`.
  static Error FromErrno(std::string_view what, int error_number);
  static Error Cancelled(std::string_view code = "Cancelled");

  bool IsService(std::string_view service_code) const { return kind == Kind::Service && code == service_code; }
  // Puts `phrase: ` before the message of a fault (service errors keep their text).
  Error&& Wrap(std::string_view phrase) &&;
  // One line for the log.
  std::string ToString() const;
};

template <typename T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> Fail(Error error) { return std::unexpected<Error>(std::move(error)); }

// Ends the program with a message: a bug was found. Stays on in release builds.
[[noreturn]] void Panic(const char* file, int line, std::string_view what);

}  // namespace mayfly

#define MF_CONCAT_INNER(a, b) a##b
#define MF_CONCAT(a, b) MF_CONCAT_INNER(a, b)

#define MF_ASSERT(condition) \
  do {                       \
    if (!(condition)) [[unlikely]] ::mayfly::Panic(__FILE__, __LINE__, #condition); \
  } while (false)

// MF_TRY(auto value, Call());  MF_TRY_VOID(Call());   return the error of a failed Result.
#define MF_TRY_IMPL(temp, declaration, expression, return_keyword)     \
  auto temp = (expression);                                            \
  if (!temp) [[unlikely]]                                              \
    return_keyword ::mayfly::Fail(std::move(temp).error());            \
  declaration = std::move(*temp)
#define MF_TRY(declaration, ...) MF_TRY_IMPL(MF_CONCAT(mf_result_, __COUNTER__), declaration, (__VA_ARGS__), return)
#define MF_CO_TRY(declaration, ...) MF_TRY_IMPL(MF_CONCAT(mf_result_, __COUNTER__), declaration, (__VA_ARGS__), co_return)
#define MF_TRY_VOID(...)                                    \
  do {                                                      \
    auto mf_result = (__VA_ARGS__);                         \
    if (!mf_result) [[unlikely]]                            \
      return ::mayfly::Fail(std::move(mf_result).error());  \
  } while (false)
#define MF_CO_TRY_VOID(...)                                   \
  do {                                                        \
    auto mf_result = (__VA_ARGS__);                           \
    if (!mf_result) [[unlikely]]                              \
      co_return ::mayfly::Fail(std::move(mf_result).error()); \
  } while (false)
