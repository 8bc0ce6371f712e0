// NameServer: where functions look names up, 169.254.100.3 inside; asks the machine's resolvers.
//
// One per daemon, on its loop; the sockets belong to the router's network namespace, the questions leave from the machine's. It knows
// host.mayfly.internal itself; nothing below mayfly.internal leaves the machine. In a VPC it is the VPC's resolver: it knows the hosts there
// and services with endpoints, or, where enableDnsSupport is off, refuses to answer. Answers of resolvers are passed on as they are: what
// an address may be used for is decided when it is connected to, so a name that turns into another address (DNS rebinding) gains nothing.
// Askers are hostile: kQueriesMax at once, kQueriesOfOneMax of an environment, further ones are dropped (UDP) or closed (TCP).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/real_loop.h"
#include "base/task_scope.h"
#include "net/polled_descriptor.h"
#include "uplink/bounded_counts.h"
#include "uplink/resolver_settings.h"

namespace mayfly::uplink {

struct VpcProfile;

class NameServer {
 public:
  static constexpr size_t kQueriesMax = 1024;
  static constexpr size_t kQueriesOfOneMax = 64;

  // `fixed`: instead of the machine's resolvers, which are read again when they have changed.
  // `profile_at`: the VPC of an asker by its address; nullptr: it is in none.
  using ProfileAt = std::function<const VpcProfile*(uint32_t asker)>;
  NameServer(RealLoop& loop, Random& random, UniqueFd udp, UniqueFd tcp, std::vector<sockaddr_storage> fixed, ProfileAt profile_at);
  Task<> Stop();

 private:
  Task<> ServeUdp();
  Task<> ServeTcp();
  Task<> AnswerUdp(std::string query, sockaddr_storage asker, BoundedCounts::Place place);
  Task<> AnswerTcp(UniqueFd connection, uint32_t address, BoundedCounts::Place place);
  // The answer; empty: to what is no query.
  Task<std::string> Answer(std::string query, int type, uint32_t asker);
  Task<Result<std::string>> Ask(const sockaddr_storage& server, std::string query, int type);
  Task<Result<std::string>> AskUdp(PolledDescriptor& socket, const std::string& query);
  Task<Result<std::string>> AskTcp(PolledDescriptor& socket, const std::string& query);
  const std::vector<sockaddr_storage>& Servers();

  RealLoop* loop_;
  Random* random_;
  std::vector<sockaddr_storage> servers_;
  bool is_fixed_;
  ProfileAt profile_at_;
  TimePoint read_at_{};
  PolledDescriptor udp_;
  PolledDescriptor tcp_;
  BoundedCounts queries_{{kQueriesMax, kQueriesOfOneMax}};
  TaskScope tasks_;
};

}  // namespace mayfly::uplink
