// MessageSigner: signs what SNS sends, and has the certificate by which whoever gets it can tell.
//
// An RSA key of 2048 bits and a certificate that it has signed itself, made when they are asked for first, and kept in
// DATA/sns-signing.pem. Signing happens on a pool: it takes the processor for most of a millisecond.
// One per daemon, on its strand. Source: AWS "Verifying the signatures of Amazon SNS messages".
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/blocking_pool.h"
#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::sns {

class MessageSigner {
 public:
  // What is signed with: version 1 is SHA-1, version 2 SHA-256.
  enum class Version : unsigned char { Sha1 = 1, Sha256 = 2 };

  // Both outlive it.
  MessageSigner(Loop& loop, BlockingPool& pool, std::string path);
  ~MessageSigner();

  // Has the key, made if there is none yet. Errors: faults of the file.
  Task<Result<>> Prepare();
  // After Prepare. In base64.
  Task<Result<std::string>> Sign(std::string text, Version version) const;
  // After Prepare: PEM, and what it is called: "SimpleNotificationService-HEX.pem".
  const std::string& certificate() const;
  const std::string& certificate_name() const;

  struct Key;

 private:
  Loop* loop_;
  BlockingPool* pool_;
  std::string path_;
  std::shared_ptr<std::mutex> opening_ = std::make_shared<std::mutex>();  // held by the pool's thread that makes or reads the file
  std::shared_ptr<const Key> key_;
};

}  // namespace mayfly::sns
