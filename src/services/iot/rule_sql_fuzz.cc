// SQL of rules, topics and payloads come from clients: whatever they are, SQL is compiled or refused, and asks of a message without harm.
#include "services/iot/rule_sql.h"
#include "services/iot/topic_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  using namespace mayfly::iot;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = text.find('\0');
  const std::string_view statement = text.substr(0, cut), rest = cut == std::string_view::npos ? std::string_view() : text.substr(cut + 1);
  const RuleMessage message{.topic = "a/b/c", .payload = std::string(rest), .millis = 1, .account_id = "000000000000", .principal = "p", .trace_id = "t", .qos = 0};
  const auto sql = RuleSql::Compile(statement);
  if (sql) {
    (void)sql->Wants(message);
    (void)sql->Select(message);
    if (!sql->topic_filter().empty() && !IsTopicFilter(sql->topic_filter())) __builtin_trap();
  }
  (void)RuleSql::FillTemplate(statement, message);
  // "#" means all topics but reserved ones; a topic means itself.
  if (IsTopic(rest) && (!MatchesFilter(rest, rest) || MatchesFilter(rest, "#") != !rest.starts_with('$'))) __builtin_trap();
  return 0;
}
