#include "uplink/name_server.h"

#include <cerrno>

#include "base/event.h"
#include "base/log.h"
#include "sandbox/router_protocol.h"
#include "uplink/dns_message.h"
#include "uplink/sockets.h"
#include "uplink/vpc_profile.h"

namespace mayfly::uplink {
namespace {

constexpr Duration kServerPatience = std::chrono::milliseconds(2500);  // with one resolver, before the next; glibc's asker waits 3 s, twice
constexpr Duration kAskerPatience = std::chrono::seconds(10);          // between queries of a TCP connection
constexpr Duration kSettingsAge = std::chrono::seconds(5);
constexpr int kQueriesAtOnce = 32;
constexpr std::string_view kOwnDomain = "mayfly.internal";
constexpr std::string_view kMachineName = "host.mayfly.internal";

bool IsBelow(std::string_view name, std::string_view domain) {
  if (domain.empty() || !name.ends_with(domain)) return false;
  return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

bool IsOwn(std::string_view name) { return IsBelow(name, kOwnDomain); }

std::string AnswerOwn(std::string_view query, const DnsQuestion& question) {
  if (question.name != kMachineName) return WriteAnswer(query, question, DnsCode::NoSuchName);
  if (question.type != kDnsTypeA) return WriteAnswer(query, question, DnsCode::Ok);
  return WriteAnswer(query, question, DnsCode::Ok, sandbox::kMachineAddress);
}

// nullopt: nothing that the VPC would know.
std::optional<std::string> AnswerInVpc(const VpcProfile& profile, std::string_view query, const DnsQuestion& question) {
  if (!profile.resolves) return WriteAnswer(query, question, DnsCode::Refused);
  const auto found = profile.names.find(question.name);
  if (found == profile.names.end()) {
    if (IsOwn(question.name) || IsBelow(question.name, profile.domain)) return WriteAnswer(query, question, DnsCode::NoSuchName);
    return std::nullopt;
  }
  if (question.type != kDnsTypeA) return WriteAnswer(query, question, DnsCode::Ok);
  return WriteAnswer(query, question, DnsCode::Ok, found->second);
}

// Reads until `bytes` have `wanted`. Error: Fault; the peer has gone, or waits were cancelled.
Task<Result<>> ReadUntil(PolledDescriptor& socket, std::string& bytes, size_t wanted) {
  char buffer[2048];
  while (bytes.size() < wanted) {
    MF_CO_TRY(const size_t count, co_await socket.ReadSome(buffer, std::min(sizeof buffer, wanted - bytes.size())));
    if (count == 0) co_return Fail(Error::Fault("the other side has closed"));
    bytes.append(buffer, count);
  }
  co_return Result<>();
}

// A message over TCP: two bytes of its size before it.
Task<Result<std::string>> ReadMessage(PolledDescriptor& socket) {
  std::string head;
  MF_CO_TRY_VOID(co_await ReadUntil(socket, head, 2));
  const size_t size = static_cast<size_t>(static_cast<uint8_t>(head[0])) << 8 | static_cast<uint8_t>(head[1]);
  std::string message;
  MF_CO_TRY_VOID(co_await ReadUntil(socket, message, size));
  co_return message;
}

Task<Result<>> WriteMessage(PolledDescriptor& socket, const std::string& message) {
  std::string framed;
  framed += static_cast<char>(message.size() >> 8);
  framed += static_cast<char>(message.size());
  framed += message;
  co_return co_await SendAll(socket, framed);
}

}  // namespace

NameServer::NameServer(RealLoop& loop, Random& random, UniqueFd udp, UniqueFd tcp, std::vector<sockaddr_storage> fixed, ProfileAt profile_at)
    : loop_(&loop),
      random_(&random),
      servers_(std::move(fixed)),
      is_fixed_(!servers_.empty()),
      profile_at_(std::move(profile_at)),
      udp_(loop, std::move(udp)),
      tcp_(loop, std::move(tcp)),
      tasks_(loop) {
  tasks_.Spawn(ServeUdp());
  tasks_.Spawn(ServeTcp());
}

Task<> NameServer::Stop() {
  udp_.Cancel();
  tcp_.Cancel();
  tasks_.Stop();
  co_return;
}

Task<> NameServer::ServeUdp() {
  while (co_await udp_.WaitReadable()) {
    for (int i = 0; i < kQueriesAtOnce; ++i) {
      static thread_local char buffer[4096];  // queries are short; a longer one is cut, and is none then
      sockaddr_storage asker{};
      socklen_t size = sizeof asker;
      const ssize_t count = ::recvfrom(udp_.get(), buffer, sizeof buffer, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&asker), &size);
      if (count < 0) break;
      BoundedCounts::Place place = queries_.Enter(AddressOf(asker));
      if (place) tasks_.Spawn(AnswerUdp(std::string(buffer, static_cast<size_t>(count)), asker, std::move(place)));
    }
  }
}

Task<> NameServer::AnswerUdp(std::string query, sockaddr_storage asker, BoundedCounts::Place place) {
  const std::string answer = co_await Answer(std::move(query), SOCK_DGRAM, AddressOf(asker));
  if (!answer.empty()) ::sendto(udp_.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&asker), SizeOf(asker));
}

Task<> NameServer::ServeTcp() {
  Context ctx(*loop_);
  while (co_await tcp_.WaitReadable()) {
    sockaddr_storage asker{};
    socklen_t size = sizeof asker;
    UniqueFd connection(::accept4(tcp_.get(), reinterpret_cast<sockaddr*>(&asker), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection && errno != EAGAIN && !co_await Sleep(ctx, std::chrono::milliseconds(100))) co_return;
    if (!connection) continue;
    BoundedCounts::Place place = queries_.Enter(AddressOf(asker));
    if (place) tasks_.Spawn(AnswerTcp(std::move(connection), AddressOf(asker), std::move(place)));
  }
}

Task<> NameServer::AnswerTcp(UniqueFd connection, uint32_t address, BoundedCounts::Place place) {
  PolledDescriptor asker(*loop_, std::move(connection));
  for (;;) {
    const Patience bound(*loop_, asker, kAskerPatience);
    auto query = co_await ReadMessage(asker);
    if (!query) co_return;
    const std::string answer = co_await Answer(std::move(*query), SOCK_STREAM, address);
    if (answer.empty() || !co_await WriteMessage(asker, answer)) co_return;
  }
}

const std::vector<sockaddr_storage>& NameServer::Servers() {
  if (is_fixed_ || (read_at_ != TimePoint{} && loop_->Now() - read_at_ < kSettingsAge)) return servers_;
  read_at_ = loop_->Now();
  servers_ = ReadResolverSettings().servers;
  return servers_;
}

Task<std::string> NameServer::Answer(std::string query, int type, uint32_t asker) {
  const auto question = ReadQuery(query);
  if (!question) co_return std::string();
  if (const VpcProfile* profile = profile_at_(asker)) {
    if (auto answer = AnswerInVpc(*profile, query, *question)) co_return std::move(*answer);
  }
  if (IsOwn(question->name)) co_return AnswerOwn(query, *question);
  const std::vector<sockaddr_storage> servers = Servers();
  for (const sockaddr_storage& server : servers) {
    auto answer = co_await Ask(server, query, type);
    if (!answer) continue;
    SetId(*answer, IdOf(query));
    co_return std::move(*answer);
  }
  co_return WriteAnswer(query, *question, DnsCode::ServerFailure);
}

// With an id and a port that nobody can guess.
Task<Result<std::string>> NameServer::Ask(const sockaddr_storage& server, std::string query, int type) {
  SetId(query, static_cast<uint16_t>(random_->Next()));
  MF_CO_TRY(PolledDescriptor socket, co_await Connect(*loop_, type, server, kServerPatience));
  const Patience bound(*loop_, socket, kServerPatience);
  if (type == SOCK_STREAM) co_return co_await AskTcp(socket, query);
  co_return co_await AskUdp(socket, query);
}

Task<Result<std::string>> NameServer::AskUdp(PolledDescriptor& socket, const std::string& query) {
  MF_CO_TRY_VOID(co_await SendAll(socket, query));
  for (;;) {
    MF_CO_TRY_VOID(co_await socket.WaitReadable());
    static thread_local char buffer[kDnsMessageBytesMax];
    const ssize_t count = ::recv(socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN) co_return Fail(Error::FromErrno("ask a resolver", errno));
    if (count < static_cast<ssize_t>(kDnsHeadBytes)) continue;
    std::string answer(buffer, static_cast<size_t>(count));
    if (Answers(answer, query)) co_return answer;
  }
}

Task<Result<std::string>> NameServer::AskTcp(PolledDescriptor& socket, const std::string& query) {
  MF_CO_TRY_VOID(co_await WriteMessage(socket, query));
  MF_CO_TRY(std::string answer, co_await ReadMessage(socket));
  if (answer.size() < kDnsHeadBytes || !Answers(answer, query)) co_return Fail(Error::Fault("a resolver answers what was not asked"));
  co_return answer;
}

}  // namespace mayfly::uplink
