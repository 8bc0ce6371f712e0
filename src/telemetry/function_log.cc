#include "telemetry/function_log.h"

#include "telemetry/log_format.h"

namespace mayfly::telemetry {

void FunctionLog::OnEvent(const EnvironmentLabel& label, const PlatformEvent& event) {
  std::optional<std::string> line = FormatLogLine(label, event);
  if (!line) return;
  *line += '\n';  // as AWS keeps it, and CloudWatch's clients show it
  logs_->Append(label.log_group_key, store::LogLine{event.time, label.log_stream, std::move(*line)});
}

void LogTail::Add(std::string_view line) {
  if (line.size() >= kTailBytesMax) line.remove_prefix(line.size() - kTailBytesMax + 1);
  text_ += line;
  text_ += '\n';
  if (text_.size() > 4 * kTailBytesMax) text_.erase(0, text_.size() - kTailBytesMax);
}

std::string_view LogTail::text() const {
  std::string_view all = text_;
  return all.size() > kTailBytesMax ? all.substr(all.size() - kTailBytesMax) : all;
}

}  // namespace mayfly::telemetry
