#include "sandbox/jail_client.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/log.h"
#include "sandbox/init_protocol.h"
#include "sandbox/packet.h"
#include "sandbox/router_protocol.h"

namespace mayfly::sandbox {
namespace {

constexpr int kControlBufferBytes = 1 << 20;
// Destroyed cages hold their slot until the kernel has let go of them: the jail's bound leaves room for these.
constexpr int kDyingCagesMax = 64;

std::vector<std::string> CommandLine(const JailCommand& command) {
  MF_ASSERT(!command.jail_path.empty() && !command.init_path.empty() && command.cages_max > 0);
  std::vector<std::string> line = {command.jail_path,          "--instance", command.instance,       "--runtime-dir", command.runtime_directory,
                                   "--code-dir",               command.code_directory, "--init",     command.init_path, "--cages-max",
                                   std::to_string(command.cages_max + kDyingCagesMax)};
  if (command.memory_bytes_max > 0) {
    line.push_back("--memory-max");
    line.push_back(std::to_string(command.memory_bytes_max));
  }
  if (command.router_namespace >= 0) {
    line.insert(line.end(), {"--network", command.network_has_ipv6 ? "ipv6" : "ipv4"});
    if (!command.search_domains.empty()) line.insert(line.end(), {"--search-domains", command.search_domains});
  }
  for (const JailRoot& root : command.roots) {
    line.push_back("--root-dir");
    line.push_back(fmt::format("{}={}", root.index, root.host_directory));
  }
  for (const JailZygote& zygote : command.zygotes) {
    line.push_back("--zygote");
    line.push_back(fmt::format("{}={}:{}", zygote.index, zygote.root_index, zygote.interpreter));
  }
  for (const JailFileSystem& file_system : command.file_systems) {
    line.push_back("--file-system");
    line.push_back(fmt::format("{}={}:{}:{}:{}", file_system.index, file_system.user_id, file_system.group_id, file_system.read_only ? "ro" : "rw",
                               file_system.host_directory));
  }
  return line;
}

}  // namespace

Result<JailProcess> SpawnJail(const JailCommand& command) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return Fail(Error::FromErrno("make the jail's socket", errno));
  UniqueFd ours(ends[0]);
  // Above the number that it gets in the jail, so that the copy there is not close-on-exec.
  UniqueFd theirs(::fcntl(ends[1], F_DUPFD_CLOEXEC, 16));
  ::close(ends[1]);
  for (const int fd : {ours.get(), theirs.get()}) {
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kControlBufferBytes, sizeof kControlBufferBytes);
  }
  const std::vector<std::string> line = CommandLine(command);
  std::vector<char*> arguments;
  for (const std::string& argument : line) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path_variable, nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), kJailControlDescriptor);
  // Likewise a copy, so that what the jail gets is not close-on-exec whatever number it has here.
  UniqueFd router;
  if (command.router_namespace >= 0) {
    router.Reset(::fcntl(command.router_namespace, F_DUPFD_CLOEXEC, 16));
    posix_spawn_file_actions_adddup2(&actions, router.get(), kRouterNamespaceDescriptor);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  JailProcess process;
  const int error = ::posix_spawn(&process.pid, command.jail_path.c_str(), &actions, &attributes, arguments.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    Error failed = Error::FromErrno("start " + command.jail_path, error);
    failed.hint = "mayfly-jail and mayfly-init must lie beside this program";
    return Fail(std::move(failed));
  }
  process.control = std::move(ours);
  for (const JailZygote& zygote : command.zygotes) process.zygotes.push_back(zygote.index);
  return process;
}

JailClient::JailClient(RealLoop& loop, UniqueFd control) : loop_(&loop), socket_(loop, std::move(control)), hello_(loop), room_(loop), tasks_(loop) {
  tasks_.Spawn(ReadReports());
}

Task<Result<uint32_t>> JailClient::AwaitHello(Context& ctx) {
  strand_.Check();
  auto features = co_await hello_.TakeUntil(ctx.deadline);
  if (!features || gone_) co_return Fail(Error::Fault("mayfly-jail did not start", "its own message is in the log above; try 'mayfly doctor'"));
  co_return *features;
}

Task<> JailClient::ReadReports() {
  for (;;) {
    JailReport report{};
    PacketDescriptors received;
    const int error = ReceivePacket(socket_.get(), report, received, MSG_DONTWAIT);
    if (error == EAGAIN || error == EWOULDBLOCK) {
      if (!co_await socket_.WaitReadable()) break;
      continue;
    }
    if (error == EBADMSG) continue;
    if (error != 0) break;
    std::vector<UniqueFd> descriptors;
    for (int i = 0; i < received.count; ++i) descriptors.push_back(std::move(received.fds[i]));
    Take(report, std::move(descriptors));
  }
  BecomeGone();
}

void JailClient::Take(const JailReport& report, std::vector<UniqueFd> descriptors) {
  if (report.kind == JailReportKind::Hello) return hello_.Set(report.features);
  if (report.kind != JailReportKind::Answer) {
    if (on_event_) on_event_(report);
    return;
  }
  const auto found = pending_.find(report.sequence);
  if (found == pending_.end()) return;
  const std::shared_ptr<Pending> pending = std::move(found->second);
  pending_.erase(found);
  pending->done.Set(Answer{report, std::move(descriptors)});
}

void JailClient::BecomeGone() {
  strand_.Check();
  if (std::exchange(gone_, true)) return;
  hello_.Set(0);
  auto pending = std::exchange(pending_, {});
  for (auto& [sequence, waiter] : pending) waiter->done.Set(Answer{.report = {.error = EPIPE}});
  if (on_gone_) on_gone_();
}

// Waits until the socket has room. Undone by its destructor, so that a frame that is destroyed meanwhile holds nobody up.
struct JailClient::RoomWait {
  explicit RoomWait(JailClient& client) : client(client) {
    MF_ASSERT(!client.awaiting_room_);
    client.awaiting_room_ = true;
  }
  ~RoomWait() {
    client.awaiting_room_ = false;
    client.room_.Pulse();
  }
  JailClient& client;
};

Task<Result<>> JailClient::Send(const JailRequest& request, const std::vector<int>& descriptors) {
  MF_ASSERT(request.version == kJailProtocolVersion && request.sequence != 0);
  for (;;) {
    if (gone_) co_return Fail(Error::FromErrno("mayfly-jail", EPIPE));
    if (awaiting_room_) {
      co_await room_.Wait();
      continue;
    }
    const int error = SendPacket(socket_.get(), request, descriptors, MSG_DONTWAIT);
    if (error == 0) co_return Result<>();
    if (error != EAGAIN) co_return Fail(Error::FromErrno("tell mayfly-jail", error));
    const RoomWait wait(*this);
    MF_CO_TRY_VOID(co_await socket_.WaitWritable());
  }
}

Task<Result<JailClient::Answer>> JailClient::Call(JailRequest request, std::vector<int> descriptors) {
  strand_.Check();
  request.version = kJailProtocolVersion;
  if (++last_sequence_ == 0) ++last_sequence_;
  request.sequence = last_sequence_;
  auto pending = std::make_shared<Pending>(*loop_);
  MF_ASSERT(!pending_.contains(request.sequence));
  pending_[request.sequence] = pending;
  if (auto sent = co_await Send(request, descriptors); !sent) {
    pending_.erase(request.sequence);
    co_return Fail(std::move(sent).error());
  }
  Answer answer = co_await pending->done.Take();
  if (answer.report.error & kWorkingDirectoryError) {
    Error error = Error::FromErrno("change to the working directory", answer.report.error & ~kWorkingDirectoryError);
    error.code = kWorkingDirectory;
    co_return Fail(std::move(error));
  }
  if (answer.report.error & kMissingInterpreterError) {
    Error error = Error::FromErrno("execute the interpreter", answer.report.error & ~kMissingInterpreterError);
    error.code = kMissingInterpreter;
    co_return Fail(std::move(error));
  }
  if (answer.report.error != 0) co_return Fail(Error::FromErrno("mayfly-jail", answer.report.error));
  co_return answer;
}

void JailClient::Tell(JailRequest request) {
  tasks_.Spawn([](JailClient& self, JailRequest request) -> Task<> { (void)co_await self.Call(request); }(*this, request));
}

Task<> JailClient::Stop() {
  socket_.Cancel();
  co_await tasks_.Join();
}

}  // namespace mayfly::sandbox
