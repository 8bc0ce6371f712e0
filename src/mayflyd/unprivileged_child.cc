#include "mayflyd/unprivileged_child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"

namespace mayfly::daemon {
namespace {

constexpr size_t kChildAnswerBytesMax = 256 * 1024;

[[noreturn]] void AnswerAndEnd(int pipe, const Result<json::Value>& done) {
  json::Value answer;
  if (done) {
    answer.Set("answer", *done);
  } else {
    answer.Set("error", done.error().message);
    answer.Set("code", done.error().code);
    answer.Set("hint", done.error().hint);
  }
  const std::string text = json::Write(answer);
  const bool whole = ::write(pipe, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::_exit(whole ? 0 : 1);
}

Result<json::Value> ReadAnswer(int pipe) {
  std::string text;
  char buffer[4096];
  ssize_t count = 0;
  while (text.size() <= kChildAnswerBytesMax && (count = ::read(pipe, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<size_t>(count));
  auto answer = json::Parse(text);
  if (!answer || text.size() > kChildAnswerBytesMax) return Fail(Error::Fault("the child that was to do it has died"));
  if (answer->Find("error")) {
    Error error = Error::Fault(std::string(answer->StringOr("error", "")), std::string(answer->StringOr("hint", "")));
    error.code = answer->StringOr("code", "");
    return Fail(std::move(error));
  }
  const json::Value* value = answer->Find("answer");
  return value ? *value : json::Value();
}

}  // namespace

Result<json::Value> RunAsDaemonUser(const Identity& identity, const std::function<Result<json::Value>()>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fail(Error::FromErrno("make a pipe", errno));
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return Fail(Error::FromErrno("fork", errno));
  if (child == 0) {
    auto dropped = DropPrivileges(identity);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!dropped) AnswerAndEnd(write_end.get(), Fail(std::move(dropped).error()));
    AnswerAndEnd(write_end.get(), work());
  }
  write_end.Reset();
  auto answer = ReadAnswer(read_end.get());
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return answer;
}

}  // namespace mayfly::daemon
