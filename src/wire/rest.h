// Rest: what REST protocols share. Operations are methods and paths; members stand in paths, queries, headers and the status; the rest
// is a body, which may be one member as it is (bytes, a stream of them, a stream of events) or a document. How documents look is what
// rest_json.h and rest_xml.h add.
//
// Private to wire.
#pragma once

#include <string>
#include <string_view>

#include "wire/event_form.h"
#include "wire/host_form.h"
#include "wire/protocol.h"
#include "wire/violations.h"

namespace mayfly::wire {

class Rest : public Protocol {
 public:
  bool Recognizes(const http::Request&) const override { return true; }
  Result<RouteMatch> Route(const http::Request& request) const override;
  Result<Message> Read(const RouteMatch& match, http::Request& request, Violations& violations) const override;
  http::Response Encode(const Operation& operation, Message& response) const override;

 protected:
  // `service` outlives this. `events`: how a stream's events look.
  Rest(const Service& service, const EventForm& events);

  const Service& service_;

 private:
  virtual std::string_view document_type() const = 0;
  // What bytes and texts are called that are a whole body, when the model binds nothing to Content-Type.
  virtual std::string_view blob_type() const { return "application/octet-stream"; }
  // A document that holds the members of `input` that are in the body. `body` may be empty: then there are none.
  virtual Result<> ReadDocument(const Structure& input, std::string body, void* object, Violations& violations) const = 0;
  // A document that is one member, a structure, say. `body` is not empty.
  virtual Result<> ReadPayload(const Member& payload, std::string body, void* object, Violations& violations) const = 0;
  // The ways back. `out` stays empty where there is nothing to tell.
  virtual void WriteDocument(const Structure& output, const void* object, std::string& out) const = 0;
  virtual void WritePayload(const Member& payload, const void* value, std::string& out) const = 0;

  Result<> ReadBody(const Structure& input, http::Request& request, void* object, Violations& violations) const;
  Result<> ReadWhole(const Member& payload, http::Request& request, void* object, Violations& violations) const;
  void WriteWhole(const Member& payload, void* value, http::Response& response) const;

  // The request's path, behind what its Host stands for.
  std::string PathOf(const http::Request& request) const;

  const EventForm& events_;
  Router router_;
  // Forms without a label, where there are such with one.
  std::vector<HostForm> plain_hosts_;
  std::vector<HostForm> virtual_hosts_;
};

}  // namespace mayfly::wire
