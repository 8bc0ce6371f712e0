#include "sources/queue_filter.h"

namespace mayfly::sources {
namespace {

using Form = patterns::EventPattern::Form;

// The record with its body as text, and as JSON.
struct Views {
  json::Value plain;
  json::Value parsed;
  bool is_document = false;  // the body is an object or a list
  bool is_scalar = false;    // it is a number, a string … in JSON, which is plain text too
};

Views MakeViews(const ReceivedMessage& received, const QueueRecordWriter& writer) {
  std::string text;
  writer.Append(received, text);
  auto record = json::Parse(text);
  MF_ASSERT(record.has_value());  // we have just written it
  Views views{std::move(*record), {}};
  auto body = json::Parse(received.message->body);
  if (!body) return views;
  views.is_document = body->is_object() || body->is_array();
  views.is_scalar = !views.is_document;
  views.parsed = views.plain;
  views.parsed.Set("body", std::move(*body));
  return views;
}

bool Matches(const patterns::EventPattern& pattern, const Views& views) {
  const Form form = pattern.FormOf("body");
  if (form == Form::Fields) return views.is_document && pattern.Matches(views.parsed);
  if (form == Form::Values) return !views.is_document && (pattern.Matches(views.plain) || (views.is_scalar && pattern.Matches(views.parsed)));
  return pattern.Matches(views.is_document ? views.parsed : views.plain);
}

}  // namespace

bool QueueFilter::Wants(const ReceivedMessage& received) const {
  if (filters_.patterns().empty()) return true;
  const Views views = MakeViews(received, *writer_);
  for (const patterns::EventPattern& pattern : filters_.patterns()) {
    if (Matches(pattern, views)) return true;
  }
  return false;
}

}  // namespace mayfly::sources
