#include "uplink/router_channel.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "sandbox/packet.h"

namespace mayfly::uplink {
namespace {

std::string TextIn(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return {};
  std::string text(static_cast<size_t>(status.st_size), '\0');
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

}  // namespace

UniqueFd FileOf(std::string_view bytes) {
  UniqueFd file(::memfd_create("mayfly-network", MFD_CLOEXEC));
  if (!file || ::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return {};
  return file;
}

RouterChannel::RouterChannel(RealLoop& loop, UniqueFd control)
    : loop_(&loop), control_(loop, std::move(control)), queued_(loop), answered_(loop), tasks_(loop) {
  tasks_.Spawn(ReadAnswers());
  tasks_.Spawn(WriteQuestions());
}

Task<> RouterChannel::Stop() {
  stopping_ = true;
  tasks_.Stop();
  control_.Cancel();
  queued_.Pulse();
  answered_.Pulse();
  co_await tasks_.Join();
}

int RouterChannel::Queue(uint32_t sequence, const RouterQuestion& question, UniqueFd file) {
  if (is_dead_ || stopping_) return EPIPE;
  if (queue_.size() >= kAskedMax) return EAGAIN;
  queue_.push_back({{sandbox::kRouterProtocolVersion, question.operation, sequence, question.profile, question.address, 0}, std::move(file)});
  queued_.Pulse();
  return 0;
}

uint32_t RouterChannel::Ask(const RouterQuestion& question, UniqueFd file) {
  const uint32_t sequence = ++asked_;
  auto& place = waited_for_[sequence];
  if (const int error = Queue(sequence, question, std::move(file))) place = RouterAnswer{error, ""};
  return sequence;
}

void RouterChannel::Tell(const RouterQuestion& question) {
  if (const int error = Queue(++asked_, question, {}); error != 0 && error != EPIPE) {
    log::Error("mayfly-router is not told: {}", std::strerror(error));
  }
}

Task<RouterAnswer> RouterChannel::AnswerTo(uint32_t sequence) {
  const auto place = waited_for_.find(sequence);
  MF_ASSERT(place != waited_for_.end());
  const TimePoint until = loop_->Now() + kPatience;
  while (!place->second && !is_dead_ && !stopping_ && co_await answered_.WaitUntil(until)) {
  }
  RouterAnswer answer = place->second ? std::move(*place->second) : RouterAnswer{is_dead_ || stopping_ ? EPIPE : ETIMEDOUT, ""};
  waited_for_.erase(place);
  co_return answer;
}

Task<> RouterChannel::WriteQuestions() {
  while (!stopping_ && !is_dead_) {
    if (queue_.empty()) {
      co_await queued_.Wait();
      continue;
    }
    const Asked& next = queue_.front();
    const int file = next.file.get();
    const int error = sandbox::SendPacket(control_.get(), next.request, std::span(&file, next.file ? 1 : 0), MSG_DONTWAIT);
    if (error == EAGAIN || error == ETOOMANYREFS) {
      if (!co_await control_.WaitWritable()) co_return;
      continue;
    }
    if (error == EPIPE) co_return;  // ReadAnswers tells
    queue_.pop_front();
  }
}

Task<> RouterChannel::ReadAnswers() {
  while (co_await control_.WaitReadable()) {
    sandbox::RouterReport report{};
    sandbox::PacketDescriptors descriptors;
    const int error = sandbox::ReceivePacket(control_.get(), report, descriptors, MSG_DONTWAIT);
    if (error == EAGAIN) continue;
    if (error == EPIPE) break;
    if (error != 0 || report.kind != sandbox::RouterReportKind::Answer) continue;
    const auto waited = waited_for_.find(report.sequence);
    if (waited != waited_for_.end()) {
      waited->second = RouterAnswer{report.error, descriptors.count == 1 ? TextIn(descriptors.fds[0].get()) : ""};
      answered_.Pulse();
    } else if (report.error != 0) {
      log::Error("mayfly-router could not do what it was asked ({}): {}", report.sequence, std::strerror(report.error));
    }
  }
  if (!stopping_) Die();
}

void RouterChannel::Die() {
  is_dead_ = true;
  queue_.clear();
  answered_.Pulse();
  queued_.Pulse();
  log::Error("mayfly-router has died: functions have no network until the daemon is started again");
  if (on_death_) loop_->Post([this] { on_death_(); });
}

}  // namespace mayfly::uplink
