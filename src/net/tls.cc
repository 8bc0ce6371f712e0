#include "net/tls.h"

#include <arpa/inet.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace mayfly::net {
namespace {

// The oldest error of OpenSSL's queue, as text; empties the queue.
std::string TakeSslError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown TLS error";
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

Error TlsFault(const std::string& what, std::string hint = {}) { return Error::Fault(what + ": " + TakeSslError(), std::move(hint)); }

// Only HTTP/1.1 is offered; a client that insists on something else goes on without ALPN and is told by the codec.
int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* offered, unsigned int offered_length, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, kOurs, sizeof kOurs - 1, offered, offered_length) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

SSL_CTX* MakeContext(const SSL_METHOD* method) {
  ERR_clear_error();
  SSL_CTX* context = SSL_CTX_new(method);
  MF_ASSERT(context != nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  return context;
}

}  // namespace

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<TlsContext>> TlsContext::ForServer(const http::TlsFiles& files) {
  std::shared_ptr<TlsContext> context(new TlsContext(MakeContext(TLS_server_method())));
  SSL_CTX* const ctx = context->get();
  SSL_CTX_set_alpn_select_cb(ctx, ChooseProtocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(ctx, files.certificate_chain_path.c_str()) != 1) {
    return Fail(TlsFault("load certificate chain " + files.certificate_chain_path, "it must be a readable PEM file, the server's certificate first"));
  }
  if (SSL_CTX_use_PrivateKey_file(ctx, files.private_key_path.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Fail(TlsFault("load private key " + files.private_key_path, "it must be the PEM key of the certificate, without a password"));
  }
  if (SSL_CTX_check_private_key(ctx) != 1) return Fail(TlsFault("private key " + files.private_key_path + " does not fit the certificate"));
  return context;
}

Result<std::shared_ptr<TlsContext>> TlsContext::ForClient(const std::string& ca_file) {
  std::shared_ptr<TlsContext> context(new TlsContext(MakeContext(TLS_client_method())));
  SSL_CTX* const ctx = context->get();
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_default_verify_paths(ctx);
  if (!ca_file.empty() && SSL_CTX_load_verify_locations(ctx, ca_file.c_str(), nullptr) != 1) {
    return Fail(TlsFault("load trusted certificates " + ca_file, "it must be a readable PEM file"));
  }
  return context;
}

TlsEngine::TlsEngine(std::shared_ptr<TlsContext> context, SSL* ssl)
    : context_(std::move(context)), ssl_(ssl), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
  MF_ASSERT(ssl_ && in_ && out_);
  BIO_set_mem_eof_return(in_, -1);
  BIO_set_mem_eof_return(out_, -1);
  SSL_set_bio(ssl_, in_, out_);
}

TlsEngine::~TlsEngine() { SSL_free(ssl_); }

std::unique_ptr<TlsEngine> TlsEngine::ForServer(std::shared_ptr<TlsContext> context) {
  SSL* ssl = SSL_new(context->get());
  std::unique_ptr<TlsEngine> engine(new TlsEngine(std::move(context), ssl));
  SSL_set_accept_state(ssl);
  return engine;
}

std::unique_ptr<TlsEngine> TlsEngine::ForClient(std::shared_ptr<TlsContext> context, const std::string& host) {
  SSL* ssl = SSL_new(context->get());
  std::unique_ptr<TlsEngine> engine(new TlsEngine(std::move(context), ssl));
  SSL_set_connect_state(ssl);
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  unsigned char address[sizeof(in6_addr)];
  if (inet_pton(AF_INET, host.c_str(), address) == 1 || inet_pton(AF_INET6, host.c_str(), address) == 1) {
    MF_ASSERT(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1);
  } else {
    SSL_set_tlsext_host_name(ssl, host.c_str());
    MF_ASSERT(SSL_set1_host(ssl, host.c_str()) == 1);
  }
  return engine;
}

void TlsEngine::Feed(std::string_view cipher) {
  if (!cipher.empty()) MF_ASSERT(BIO_write(in_, cipher.data(), static_cast<int>(cipher.size())) == static_cast<int>(cipher.size()));
}

TlsEngine::State TlsEngine::Classify(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE: return State::Done;
    case SSL_ERROR_WANT_READ: return State::WantInput;
    case SSL_ERROR_ZERO_RETURN: return State::Closed;
    default: break;
  }
  const long verification = SSL_get_verify_result(ssl_);
  failure_ = TakeSslError();
  if (verification != X509_V_OK) failure_ += std::string(": ") + X509_verify_cert_error_string(verification);
  return State::Failed;
}

TlsEngine::State TlsEngine::Handshake() {
  ERR_clear_error();
  return Classify(SSL_do_handshake(ssl_));
}

TlsEngine::State TlsEngine::Read(char* buffer, size_t size, size_t& bytes) {
  ERR_clear_error();
  bytes = 0;
  const int result = SSL_read_ex(ssl_, buffer, size, &bytes);
  return result == 1 ? State::Done : Classify(result);
}

TlsEngine::State TlsEngine::Write(std::string_view plain) {
  ERR_clear_error();
  size_t written = 0;
  const int result = SSL_write_ex(ssl_, plain.data(), plain.size(), &written);
  return result == 1 ? State::Done : Classify(result);
}

void TlsEngine::Shutdown() {
  ERR_clear_error();
  if (handshake_done()) SSL_shutdown(ssl_);
  ERR_clear_error();
}

void TlsEngine::TakeOutput(std::string& out) {
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(out_, &data);
  if (bytes <= 0) return;
  out.append(data, static_cast<size_t>(bytes));
  BIO_reset(out_);
}

bool TlsEngine::handshake_done() const { return SSL_is_init_finished(ssl_) == 1; }

}  // namespace mayfly::net
