#include "services/resource_templates.h"

#include "base/text.h"
#include "identity/arn.h"
#include "services/member_texts.h"

namespace mayfly::services {
namespace {

struct Filled {
  std::string arn;
  bool is_complete = true;
};

class Filling {
 public:
  Filling(const Context& ctx, const wire::Message& request) : ctx_(&ctx), request_(&request) {}

  Filled Fill(std::string_view text) const {
    Filled filled;
    while (!text.empty()) {
      const size_t open = text.find('{');
      filled.arn += text.substr(0, open);
      if (open == std::string_view::npos) break;
      const size_t close = text.find('}', open);
      const std::string_view value = Value(text.substr(open + 1, close - open - 1));
      if (value.starts_with("arn:")) return {std::string(value), true};
      if (value.empty()) filled.is_complete = false;
      filled.arn += value.empty() ? std::string_view("*") : value;
      text.remove_prefix(close + 1);
    }
    return filled;
  }

 private:
  std::string_view Value(std::string_view names) const {
    if (names == "region") return ctx_->principal.region;
    if (names == "account") return ctx_->principal.account_id;
    if (names == "partition") return identity::PartitionOf(ctx_->principal.region);
    for (const std::string_view name : Split(names, '|')) {
      if (name.starts_with('=')) return name.substr(1);
      const std::string_view value = request_->structure() ? TextOf(*request_->structure(), request_->get(), name) : std::string_view();
      if (!value.empty()) return value;
    }
    return {};
  }

  const Context* ctx_;
  const wire::Message* request_;
};

}  // namespace

std::string ResourceOf(std::span<const ResourceTemplate> templates, const Context& ctx, const wire::Operation& operation, const wire::Message& request) {
  std::string last = "*";
  for (const ResourceTemplate& row : templates) {
    if (row.kind != operation.resource) continue;
    Filled filled = Filling(ctx, request).Fill(row.arn);
    if (filled.is_complete) return std::move(filled.arn);
    last = std::move(filled.arn);
  }
  return last;
}

}  // namespace mayfly::services
