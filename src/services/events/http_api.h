// HttpApi: the operations on connections and API destinations of model/events.model.
//
// One per daemon, on its strand. A connection with OAuth is AUTHORIZING until a token could be fetched, which is done in the background, also
// by a later start; then AUTHORIZED, or DEAUTHORIZED with the reason.
#pragma once

#include "base/random.h"
#include "base/task_scope.h"
#include "model/events.h"
#include "services/events/destination_caller.h"

namespace mayfly::events {

class HttpApi final : public ConnectionsHandler, public ApiDestinationsHandler {
 public:
  // All outlive it.
  HttpApi(RealLoop& loop, const Clock& clock, Random& random, HttpTables& tables, DestinationCaller& caller);
  void Start();
  Task<> Stop();

  // --- connections (api_connections.cc) ---
  Task<Result<CreateConnectionResponse>> CreateConnection(Context& ctx, CreateConnectionRequest request) override;
  Task<Result<UpdateConnectionResponse>> UpdateConnection(Context& ctx, UpdateConnectionRequest request) override;
  Task<Result<DeleteConnectionResponse>> DeleteConnection(Context& ctx, DeleteConnectionRequest request) override;
  Task<Result<DeauthorizeConnectionResponse>> DeauthorizeConnection(Context& ctx, DeauthorizeConnectionRequest request) override;
  Task<Result<DescribeConnectionResponse>> DescribeConnection(Context& ctx, DescribeConnectionRequest request) override;
  Task<Result<ListConnectionsResponse>> ListConnections(Context& ctx, ListConnectionsRequest request) override;

  // --- API destinations (api_destinations.cc) ---
  Task<Result<CreateApiDestinationResponse>> CreateApiDestination(Context& ctx, CreateApiDestinationRequest request) override;
  Task<Result<UpdateApiDestinationResponse>> UpdateApiDestination(Context& ctx, UpdateApiDestinationRequest request) override;
  Task<Result<DeleteApiDestinationResponse>> DeleteApiDestination(Context& ctx, DeleteApiDestinationRequest request) override;
  Task<Result<DescribeApiDestinationResponse>> DescribeApiDestination(Context& ctx, DescribeApiDestinationRequest request) override;
  Task<Result<ListApiDestinationsResponse>> ListApiDestinations(Context& ctx, ListApiDestinationsRequest request) override;

 private:
  int64_t NowMillis() const { return ToEpochMillis(clock_->WallNow()); }
  // Sets the state that follows from the type: AUTHORIZED at once, or AUTHORIZING.
  static void BeginAuthorization(ConnectionRow& row, int64_t now_millis);
  Task<> Authorize(std::string key);
  std::string StateOf(const DestinationRow& destination) const;

  RealLoop* loop_;
  const Clock* clock_;
  Random* random_;
  HttpTables* tables_;
  DestinationCaller* caller_;
  TaskScope tasks_;
};

}  // namespace mayfly::events
