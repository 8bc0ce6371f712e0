#include "router/nftables.h"

#include <nftables/libnftables.h>

namespace mayfly::router {

void Nftables::Closer::operator()(nft_ctx* context) const { nft_ctx_free(context); }

Nftables::Nftables() : context_(nft_ctx_new(NFT_CTX_DEFAULT)) {
  if (!context_) return;
  nft_ctx_buffer_output(context_.get());
  nft_ctx_buffer_error(context_.get());
}

std::string Nftables::Run(const std::string& commands) {
  const int status = nft_run_cmd_from_buffer(context_.get(), commands.c_str());
  const std::string error = nft_ctx_get_error_buffer(context_.get());
  nft_ctx_get_output_buffer(context_.get());  // emptied by reading it
  if (status == 0) return "";
  return error.empty() ? "refused" : error;
}

std::string Nftables::List(const std::string& what) {
  const int status = nft_run_cmd_from_buffer(context_.get(), ("list " + what).c_str());
  const std::string output = nft_ctx_get_output_buffer(context_.get());
  nft_ctx_get_error_buffer(context_.get());
  return status == 0 ? output : "";
}

}  // namespace mayfly::router
