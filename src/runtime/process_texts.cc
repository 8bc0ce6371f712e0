#include "runtime/process_texts.h"

#include <array>

#include <fmt/format.h>

namespace mayfly::runtime {
namespace {

// By number, from 1 on: those of Go on Linux. The others have no name there.
constexpr std::array<std::string_view, 15> kSignals = {
    "hangup", "interrupt", "quit", "illegal instruction", "trace/breakpoint trap", "aborted", "bus error", "floating point exception", "killed",
    "user defined signal 1", "segmentation fault", "user defined signal 2", "broken pipe", "alarm clock", "terminated"};

struct ErrorText {
  std::string_view code, text;
};
constexpr ErrorText kErrors[] = {
    {"EACCES", "permission denied"},        {"ENOENT", "no such file or directory"}, {sandbox::kMissingInterpreter, "no such file or directory"},
    {"ENOEXEC", "exec format error"},       {"E2BIG", "argument list too long"},     {"ENOMEM", "cannot allocate memory"},
    {"ENOTDIR", "not a directory"},         {"EISDIR", "permission denied"},         {"ELOOP", "too many levels of symbolic links"},
    {"ETXTBSY", "text file busy"},          {"EPERM", "operation not permitted"},    {"ENAMETOOLONG", "file name too long"},
    {"EIO", "input/output error"},          {"EINVAL", "invalid argument"},          {"ELIBBAD", "accessing a corrupted shared library"},
    {"EMFILE", "too many open files"},      {"ENFILE", "too many open files in system"},
};

}  // namespace

std::string DescribeEnd(const sandbox::ProcessExit& exit) {
  if (exit.cage_died && exit.signal == 0 && exit.exit_code == 0) return "signal: killed";
  if (exit.signal == 0) return fmt::format("exit status {}", exit.exit_code);
  const size_t index = static_cast<size_t>(exit.signal) - 1;
  return index < kSignals.size() ? fmt::format("signal: {}", kSignals[index]) : fmt::format("signal: signal {}", exit.signal);
}

std::string DescribeEndOfRuntime(const sandbox::ProcessExit& exit) {
  const bool has_reason = exit.exit_code != 0 || exit.signal != 0 || exit.cage_died;
  return has_reason ? "Runtime exited with error: " + DescribeEnd(exit) : "Runtime exited without providing a reason";
}

std::string DescribeFailedStart(std::string_view program, std::string_view code) {
  for (const ErrorText& error : kErrors) {
    if (error.code == code) return fmt::format("fork/exec {}: {}", program, error.text);
  }
  return fmt::format("fork/exec {}: resource temporarily unavailable", program);  // the platform's own trouble
}

}  // namespace mayfly::runtime
