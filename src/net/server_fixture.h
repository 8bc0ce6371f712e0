// For tests of net: a server on a loop of its own thread, and a raw client on blocking sockets, so that a test can say
// byte for byte what goes over the wire.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <future>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "base/real_loop.h"
#include "base/task_scope.h"
#include "net/http_server.h"

namespace mayfly::http {

class RunningServer {
 public:
  explicit RunningServer(Handler handler, ServerLimits limits = {}, const TlsFiles* tls = nullptr, HeadRefuser refuser = nullptr) {
    auto listener = ListenTcp("127.0.0.1", 0);
    MF_ASSERT(listener.has_value());
    port_ = LocalPort(listener->get());
    server_ = std::make_unique<Server>(loop_, limits, std::move(handler), std::move(refuser));
    const auto served = tls ? server_->ServeTls(std::move(*listener), *tls) : server_->Serve(std::move(*listener));
    MF_ASSERT(served.has_value());
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~RunningServer() {
    OnLoop([this] { server_.reset(); });
    loop_.PostFromAnyThread([this] { loop_.Stop(); });
    thread_.join();
  }

  // Runs `action` on the loop's thread and waits for it.
  void OnLoop(std::function<void()> action) {
    std::promise<void> done;
    loop_.PostFromAnyThread([&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }
  size_t connections() {
    size_t count = 0;
    OnLoop([&] { count = server_->connections(); });
    return count;
  }
  // The future is ready when Stop has ended.
  std::future<void> Stop(Duration drain) {
    auto done = std::make_shared<std::promise<void>>();
    auto future = done->get_future();
    OnLoop([&] {
      stopping_ = std::make_unique<TaskScope>(loop_);
      stopping_->Spawn([](Server& server, Duration drain, std::shared_ptr<std::promise<void>> done) -> Task<> {
        co_await server.Stop(drain);
        done->set_value();
      }(*server_, drain, done));
    });
    return future;
  }
  uint16_t port() const { return port_; }
  RealLoop& loop() { return loop_; }
  Server& server() { return *server_; }

 private:
  RealLoop loop_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<TaskScope> stopping_;
  uint16_t port_ = 0;
  std::thread thread_;
};

class RawClient {
 public:
  explicit RawClient(uint16_t port, int receive_buffer_bytes = 0) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer_bytes > 0) ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Connect(reinterpret_cast<sockaddr*>(&address), sizeof address);
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  explicit RawClient(const std::string& unix_path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    unix_path.copy(address.sun_path, sizeof address.sun_path - 1);
    Connect(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }

  // False when the server has closed.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // One answer with its body as it is framed on the wire; what is beyond stays for the next call. Empty when the server
  // closed before a whole head.
  std::string ReadResponse() {
    size_t end;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
      if (!Receive()) return std::exchange(pending_, {});
    }
    end += 4;
    const std::string head = pending_.substr(0, end);
    if (const size_t at = head.find("Content-Length: "); at != std::string::npos) {
      end += std::stoul(head.substr(at + 16));
      while (pending_.size() < end && Receive()) {
      }
    } else if (head.find("Transfer-Encoding: chunked") != std::string::npos) {
      size_t last;
      while ((last = pending_.find("0\r\n\r\n", end)) == std::string::npos && Receive()) {
      }
      end = last == std::string::npos ? pending_.size() : last + 5;
    }
    const std::string response = pending_.substr(0, end);
    pending_.erase(0, end);
    return response;
  }
  // Everything up to the end.
  std::string ReadToEnd() {
    while (Receive()) {
    }
    return std::exchange(pending_, {});
  }
  // Something is there to be received, and stays there. As Receive().
  bool AwaitInput() {
    char byte;
    return ::recv(fd_.get(), &byte, 1, MSG_PEEK) > 0;
  }
  // Receives something; false at the end, at an error (see reset()) and after ten seconds of nothing.
  bool Receive() {
    char buffer[65536];
    const ssize_t bytes = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (bytes < 0) error_ = errno;
    if (bytes > 0) pending_.append(buffer, static_cast<size_t>(bytes));
    return bytes > 0;
  }
  void CloseWrite() { ::shutdown(fd_.get(), SHUT_WR); }
  void Close() { fd_.Reset(); }
  void Shrink() { pending_.shrink_to_fit(); }
  bool reset() const { return error_ == ECONNRESET; }
  const std::string& pending() const { return pending_; }

 private:
  void Connect(const sockaddr* address, socklen_t size) {
    const timeval patience{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    MF_ASSERT(::connect(fd_.get(), address, size) == 0);
  }

  UniqueFd fd_;
  std::string pending_;
  int error_ = 0;
};

inline int StatusOfResponse(const std::string& response) { return response.size() > 12 ? std::stoi(response.substr(9, 3)) : 0; }

// A certificate for 127.0.0.1 and its key, made by the openssl program; removed with the object.
class SelfSignedCertificate {
 public:
  SelfSignedCertificate() {
    char pattern[] = "/tmp/mayfly_net_test_XXXXXX";
    MF_ASSERT(::mkdtemp(pattern) != nullptr);
    folder_ = pattern;
    files.certificate_chain_path = folder_ + "/cert.pem";
    files.private_key_path = folder_ + "/key.pem";
    const std::string command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
                                "-addext subjectAltName=IP:127.0.0.1 -keyout " + files.private_key_path + " -out " +
                                files.certificate_chain_path + " 2>/dev/null";
    MF_ASSERT(std::system(command.c_str()) == 0);
  }
  ~SelfSignedCertificate() {
    ::unlink(files.certificate_chain_path.c_str());
    ::unlink(files.private_key_path.c_str());
    ::rmdir(folder_.c_str());
  }
  TlsFiles files;

 private:
  std::string folder_;
};

}  // namespace mayfly::http
