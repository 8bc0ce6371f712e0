// If this fails, a registry that stops sending in the midst of a layer holds the layer up for hours.
#include "images/registry.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/real_loop.h"

namespace mayfly::images {
namespace {

// Gives the first half of a layer and then nothing, to whoever asks for all of it, and the rest to whoever asks for that.
class StallingRegistry {
 public:
  StallingRegistry() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    origin = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }
  ~StallingRegistry() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::string origin;

 private:
  void Serve() {
    std::vector<UniqueFd> stalled;
    for (;;) {
      UniqueFd connection(::accept(listener_.get(), nullptr, nullptr));
      if (!connection) return;
      if (ReadHead(connection.get()).find("Range: bytes=5-\r\n") == std::string::npos) {
        Send(connection.get(), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        stalled.push_back(std::move(connection));
      } else {
        Send(connection.get(), "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\nworld");
      }
    }
  }
  static std::string ReadHead(int connection) {
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n") && ::read(connection, &byte, 1) == 1) head += byte;
    return head;
  }
  static void Send(int connection, std::string_view text) { ::send(connection, text.data(), text.size(), MSG_NOSIGNAL); }

  UniqueFd listener_;
  std::thread thread_;
};

TEST(Registry, GoesOnWhereATransferHasStalled) {
  RealLoop loop;
  BlockingPool files("test", 1);
  Registry registry(loop, files, {}, {.stall = std::chrono::milliseconds(200), .first_pause = std::chrono::milliseconds(1)});
  Context ctx(loop);
  int64_t told = 0;
  StallingRegistry stalling;
  const RegistryPlace place{.origin = stalling.origin, .repository = "a", .local = {}};
  const Descriptor layer{.media_type = {}, .digest = "sha256:" + Sha256Hex("helloworld"), .bytes = 10};
  const auto file = loop.Run(registry.Download(ctx, place, layer, ::testing::TempDir(), [&told](int64_t bytes) { told = bytes; }));
  ASSERT_TRUE(file) << file.error().ToString();
  char bytes[16] = {};
  EXPECT_EQ(::read(file->get(), bytes, sizeof bytes), 10);
  EXPECT_STREQ(bytes, "helloworld");
  EXPECT_EQ(told, 10);
}

}  // namespace
}  // namespace mayfly::images
