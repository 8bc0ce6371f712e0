// The same echo on http::Server: what the net room itself costs, beside echo_reference.
//
//   net_echo [port]      prints "ready PORT"
#include <cstdio>
#include <cstdlib>

#include "base/real_loop.h"
#include "net/http_server.h"

using namespace mayfly;

namespace {
Task<http::Response> Echo(Context& ctx, http::Request& request) {
  if (request.body_reader) (void)co_await request.ReadAll(ctx, 80 << 20);
  http::Response response;
  response.body = std::move(request.body);
  co_return response;
}
}  // namespace

int main(int argc, char** argv) {
  RealLoop loop;
  http::Server server(loop, {}, Echo);
  auto listener = http::ListenTcp("127.0.0.1", static_cast<uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
  if (!listener) {
    std::fprintf(stderr, "%s\n", listener.error().ToString().c_str());
    return 1;
  }
  std::printf("ready %d\n", http::LocalPort(listener->get()));
  std::fflush(stdout);
  if (auto served = server.Serve(std::move(*listener)); !served) return 1;
  loop.Run();
}
