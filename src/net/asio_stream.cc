// The reactor's side of Stream: the only file in which sockets of Boost.Asio are read.
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/basic_stream_socket.hpp>

#include "net/stream.h"

namespace mayfly::net {
namespace {

namespace asio = boost::asio;

class AsioStream final : public Stream {
 public:
  AsioStream(RealLoop& loop, std::unique_ptr<TlsEngine> tls)
      : Stream(loop, std::move(tls)), socket_(*static_cast<asio::io_context*>(loop.native())) {}

  bool Adopt(UniqueFd fd) {
    boost::system::error_code error;
    socket_.assign(asio::generic::stream_protocol(AF_UNSPEC, 0), fd.get(), error);
    if (error) return false;
    fd.Release();
    return true;
  }

  int fd() const override { return const_cast<Socket&>(socket_).native_handle(); }

 private:
  using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

  std::shared_ptr<AsioStream> Self() { return std::static_pointer_cast<AsioStream>(shared_from_this()); }

  void StartRead(char* buffer, size_t size) override {
    socket_.async_read_some(asio::buffer(buffer, size), [self = Self()](const boost::system::error_code& error, size_t bytes) {
      self->OnRead(error == asio::error::eof ? 0 : error.value(), bytes);
    });
  }
  void StartWaitWritable() override {
    socket_.async_wait(Socket::wait_write, [self = Self()](const boost::system::error_code&) { self->OnWritable(); });
  }
  void CancelRead() override {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  }
  void CloseSocket() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  Socket socket_;
};

}  // namespace

std::shared_ptr<Stream> Stream::Open(RealLoop& loop, UniqueFd fd, std::unique_ptr<TlsEngine> tls) {
  auto stream = std::make_shared<AsioStream>(loop, std::move(tls));
  return stream->Adopt(std::move(fd)) ? stream : nullptr;
}

}  // namespace mayfly::net
