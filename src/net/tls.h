// TLS as an engine between two byte strings: no socket, no waiting. stream.h drives it. Private to net.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_server.h"

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;
typedef struct bio_st BIO;

namespace mayfly::net {

// Keys and settings that connections share. TLS 1.2 and newer. One thread.
class TlsContext {
 public:
  // Errors: a file that cannot be read, or a key that does not fit its certificate.
  static Result<std::shared_ptr<TlsContext>> ForServer(const http::TlsFiles& files);
  // Trusts the system's certificates and those of `ca_file` (PEM; may be empty).
  static Result<std::shared_ptr<TlsContext>> ForClient(const std::string& ca_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  SSL_CTX* get() const { return context_; }

 private:
  explicit TlsContext(SSL_CTX* context) : context_(context) {}
  SSL_CTX* context_;
};

// One connection's TLS state. After Feed and after each call below, TakeOutput() may have bytes for the peer.
class TlsEngine {
 public:
  static std::unique_ptr<TlsEngine> ForServer(std::shared_ptr<TlsContext> context);
  // Verifies that the peer's certificate is for `host` (a name or an address).
  static std::unique_ptr<TlsEngine> ForClient(std::shared_ptr<TlsContext> context, const std::string& host);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  enum class State : unsigned char { Done, WantInput, Closed, Failed };
  // Bytes from the peer.
  void Feed(std::string_view cipher);
  // Goes on with the handshake (Read does so by itself).
  State Handshake();
  // Decrypts into `buffer`; Done: `bytes` > 0 have come. Closed: the peer has ended the connection properly.
  State Read(char* buffer, size_t size, size_t& bytes);
  // Encrypts all of `plain`. Only after the handshake.
  State Write(std::string_view plain);
  // Queues the closing message.
  void Shutdown();
  // Appends what is to be sent to `out`.
  void TakeOutput(std::string& out);
  bool handshake_done() const;
  // Why it Failed.
  const std::string& failure() const { return failure_; }

 private:
  TlsEngine(std::shared_ptr<TlsContext> context, SSL* ssl);
  State Classify(int result);

  std::shared_ptr<TlsContext> context_;
  SSL* ssl_;
  BIO* in_;   // owned by ssl_
  BIO* out_;  // owned by ssl_
  std::string failure_;
};

}  // namespace mayfly::net
