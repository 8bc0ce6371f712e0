#include "mayflyd/credential_helper.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "mayflyd/bounded_child.h"

namespace mayfly::daemon {
namespace {

constexpr size_t kAnswerBytesMax = 64 * 1024;

struct Pipe {
  UniqueFd read_end, write_end;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return Fail(Error::FromErrno("make a pipe", errno));
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  return pipe;
}

// As programs expect their ends.
void MakeBlocking(const UniqueFd& end) { ::fcntl(end.get(), F_SETFL, 0); }

}  // namespace

Result<std::string> AskCredentialHelper(const images::CredentialHelper& helper, Duration patience) {
  MF_TRY(Pipe question, MakePipe());
  MF_TRY(Pipe answer, MakePipe());
  MakeBlocking(question.read_end);
  MakeBlocking(answer.write_end);
  if (::write(question.write_end.get(), helper.server_url.data(), helper.server_url.size()) != static_cast<ssize_t>(helper.server_url.size())) {
    return Fail(Error::Fault("the registry's name is too long"));
  }
  question.write_end.Reset();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, question.read_end.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, answer.write_end.get(), STDOUT_FILENO);
  std::string program = "docker-credential-" + helper.name, command = "get";
  char* const arguments[] = {program.data(), command.data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return Fail(Error::FromErrno(program, error));
  answer.write_end.Reset();
  const int status = AwaitChild(child, patience);
  if (status < 0) return Fail(Error::Fault(program + " does not answer, or with too much"));
  std::string text(kAnswerBytesMax, '\0');
  const ssize_t size = ::read(answer.read_end.get(), text.data(), text.size());
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return Fail(Error::Fault(program + " has failed"));
  auto parsed = images::ParseHelperAnswer(text);
  if (!parsed) return Fail(std::move(parsed).error().Wrap(program));
  return parsed;
}

}  // namespace mayfly::daemon
