// Nftables: the rules of one network namespace, through libnftables.
//
// Works in the namespace in which it was opened, wherever its process is later. A table that it makes as its owner is the kernel's to
// remove when it is closed, or its process dies, however that comes. One thread.
#pragma once

#include <memory>
#include <string>

struct nft_ctx;

namespace mayfly::router {

class Nftables {
 public:
  Nftables();
  bool is_open() const { return context_ != nullptr; }
  // All of `commands` or none. "" or what the kernel or the parser said.
  std::string Run(const std::string& commands);
  // What `list …` says; empty when it fails.
  std::string List(const std::string& what);

 private:
  struct Closer {
    void operator()(nft_ctx* context) const;
  };
  std::unique_ptr<nft_ctx, Closer> context_;
};

}  // namespace mayfly::router
