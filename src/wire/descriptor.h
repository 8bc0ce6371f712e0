// Descriptors: a service's model as static tables, written by tools/modelc, read by the codecs, the router and the edge.
//
// Everything here is constant and lives as long as the program. A request or response struct is reached through offsets and
// small functions (storage.h), so that one codec serves all structs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "wire/event_reader.h"
#include "wire/event_writer.h"
#include "wire/pattern.h"

namespace mayfly::wire {

// How a value is kept in its struct:
//   String, Blob  std::string (a blob's raw bytes)        Integer  int32_t     Long  int64_t      Double  double
//   Timestamp     mayfly::WallTime                        List     std::vector<T>, WrittenList
//   Boolean       bool                                    Map      Map<T> (storage.h), in the order of the wire
//   BlobStream    BlobStream (body_stream.h); only as the payload of a request or answer
//   EventStream   EventReader<T> (event_reader.h) as the payload of a request, EventStream<T> (event_writer.h) as that of an answer
enum class Kind : unsigned char { String, Boolean, Integer, Long, Double, Blob, Timestamp, List, Map, Structure, BlobStream, EventStream };

// PrefixHeaders: a map of texts, one header per entry, "x-amz-meta-KEY".
enum class Location : unsigned char { Body, Path, Query, Header, PrefixHeaders, Payload, Status };

// How a timestamp is written as text. Default is what its place says: a date of HTTP in headers, ISO 8601 in other texts, seconds
// since 1970 in JSON and CBOR.
enum class TimeForm : unsigned char { Default, Iso8601, HttpDate, EpochSeconds };

// One end of a range. The text is what clients are shown ("1.0"); empty means that there is none.
struct Bound {
  std::string_view text;
  double value = 0;
  bool exists() const { return !text.empty(); }
};

struct ListOps {
  void* (*append)(void* list);  // a new element at the end; valid until the next append
  size_t (*size)(const void* list);
  const void* (*at)(const void* list, size_t index);
};

struct MapOps {
  void* (*append)(void* map, std::string key);
  size_t (*size)(const void* map);
  std::pair<std::string_view, const void*> (*at)(const void* map, size_t index);
};

struct EventStreamOps {
  RawEventStream (*take)(void* stream);                                  // of an answer; the stream is empty afterwards
  void (*give)(void* reader, std::shared_ptr<EventSource> source);  // of a request
};

struct Structure;
class HandlerCall;

struct Shape {
  Kind kind = Kind::String;
  bool sensitive = false;  // the value is never shown, neither in messages nor in logs
  bool open = false;       // `values` are known ones; the service judges others
  TimeForm time = TimeForm::Default;
  Bound low{}, high{};     // characters of a string, bytes of a blob, items of a list or map, value of a number
  const Pattern* pattern = nullptr;
  std::span<const std::string_view> values{};  // of an enum
  const Shape* element = nullptr;              // of a list or map
  const Shape* key = nullptr;                  // of a map
  const Structure* structure = nullptr;        // of an event stream: one member per kind of event
  const ListOps* list = nullptr;               // null for a WrittenList
  const MapOps* map = nullptr;
  const EventStreamOps* events = nullptr;
};

// How a member is reached in its struct: std::optional<T> or plain T.
struct FieldOps {
  void* (*emplace)(void* field);          // makes the value present
  const void* (*get)(const void* field);  // nullptr when it is absent
};

// How XML and the query protocol write a member, where it is not by its name alone.
struct XmlForm {
  std::string_view name{};             // of its element or parameter
  std::string_view item{};             // of the elements of a list: "member" unless it is said
  std::string_view key{}, value{};     // of the parts of a map's entries: "key" and "value" unless they are said
  bool flat = false;                   // the parts of a list or map stand alone, each with the member's name
  bool attribute = false;              // stands in the start tag of its structure
  std::string_view prefix{}, uri{};    // of a namespace that the element declares; the prefix may be empty

  std::string_view item_name() const { return item.empty() ? "member" : item; }
  std::string_view key_name() const { return key.empty() ? "key" : key; }
  std::string_view value_name() const { return value.empty() ? "value" : value; }
};
// That of what has none of its own.
inline constexpr XmlForm kPlainXml{};

struct Member {
  std::string_view name;       // in JSON, and in messages with a small first letter
  std::string_view wire_name;  // of the query parameter, header (or the beginning of headers) or path label
  const Shape* shape = nullptr;
  const FieldOps* field = nullptr;
  uint32_t offset = 0;
  uint32_t bare_characters_max = 0;  // limit for a text without a colon (a name, no ARN); 0 = none
  Location location = Location::Body;
  bool required = false;
  bool path_stands_in = false;  // in the query protocol, the request's path is the value of a parameter that is missing
  const XmlForm* xml = &kPlainXml;

  // What XML and the query protocol call the member.
  std::string_view xml_name() const { return xml->name.empty() ? name : xml->name; }
};

// Which members of a structure a codec means: those in the body of a request or answer, or all, as of a structure within another.
enum class MemberChoice : unsigned char { BodyOnly, All };

struct Structure {
  std::string_view name;
  std::span<const Member> members;
  void* (*make)() = nullptr;  // these two of requests and answers only: a structure within another comes and goes with it
  void (*destroy)(void*) = nullptr;
  std::string_view xml_root{};  // of a document that holds one; `name` unless it is said

  // The value of a member that lies in `object`; null when it is absent.
  static const void* Get(const Member& member, const void* object) { return member.field->get(static_cast<const char*>(object) + member.offset); }
  // Makes the member present in `object`.
  static void* Emplace(const Member& member, void* object) { return member.field->emplace(static_cast<char*>(object) + member.offset); }

  // Whether a body has members (and is no payload).
  bool HasBody() const;
  std::string_view root_name() const { return xml_root.empty() ? name : xml_root; }
  // The member that is the body as a whole; null when the body holds members, or nothing.
  const Member* Payload() const;
};

struct ErrorShape {
  std::string_view code;  // "ResourceNotFoundException"
  int status = 500;
  std::string_view message_member;  // "message" or "Message"
  bool fault = false;
  std::string_view retry_after_member;  // goes to the Retry-After header instead of the body; may be empty
  std::string_view query_code{};        // in the query protocol
  // Codes that all services share (wire/error_response.h), which this service calls by this one; `text`: its own words for them.
  std::span<const std::string_view> stands_for{};
  std::string_view text{};
};

// What serves a service: its generated Handler derives from it or, where the model has several groups, the struct Handlers, which
// names the handler of each. An operation knows which one it calls.
struct ServiceHandler {};

using QueryLiteral = std::pair<std::string_view, std::string_view>;

struct Operation {
  std::string_view name;
  std::string_view method;
  std::string_view path;  // template, e.g. "/v1/things/{ThingName}"; the last label may be greedy: "/{Bucket}/{Key+}"
  std::span<const QueryLiteral> query;
  int status = 200;
  std::string_view action;            // of a policy: "SERVICE:GetThing"
  std::string_view resource;          // kind of resource that `action` is about; "any" for none
  const Structure* input = nullptr;   // both null while the operation is todo
  const Structure* output = nullptr;  // null as well when there is no output
  std::string_view todo;              // what builds it; empty when it works
  // Calls the operation's method of the service's handler; `request` is consumed. Null while the operation is todo.
  HandlerCall (*call)(ServiceHandler& handler, Context& ctx, void* request) = nullptr;
  uint64_t request_bytes_max = 1'048'576;  // of a body as it is sent
  std::string_view limit_name{};           // what the answer to a larger one calls the operation
  std::string_view header{};               // a field that a request must have to mean this operation; empty: none

  // Whether the handler reads the request's body itself, piece by piece: it must not be gathered before.
  bool StreamsRequest() const;
};

struct Service {
  std::string_view name;      // also the endpoint prefix
  std::string_view title;     // for people
  std::string_view signing;   // service name of signatures, or several
  std::string_view protocol;  // "rest-json", or several: "json-1.0 query"
  std::span<const Operation> operations;
  std::span<const ErrorShape> errors;
  std::string_view target{};           // json-1.x: X-Amz-Target is "TARGET.Operation"
  std::string_view error_namespace{};  // json-1.x: __type is "NAMESPACE#Code"; may be empty
  std::string_view xml_namespace{};    // query and rest-xml
  std::string_view version{};          // "2015-03-31"; query: the parameter Version
  // Forms of a Host that mean this service, parted by blanks: "sqs.REGION.*". REGION is one label that looks like a region's name; * at an
  // end is one label or more, and so is {NAME} at the beginning: those labels are the first one of the operations' paths (virtual hosts).
  std::string_view hosts{};
  bool bare_errors = false;  // rest-xml: an answer that tells of an error is the Error element alone
  bool anonymous = false;    // requests without a signature are let through to the service, whose authorizer decides about nobody

  bool Speaks(std::string_view name) const;
};

// One operation with its types: what callers inside of this daemon name it by (Directory::Call). modelc makes one for each that works:
// sqs::calls::kSendMessage. Response is void for an operation without output.
template <typename RequestType, typename ResponseType>
struct TypedOperation {
  const Service* service;
  size_t number;  // in service->operations

  const Operation& operation() const { return service->operations[number]; }
};

const ErrorShape* FindError(const Service& service, std::string_view code);
// That by which the service tells an error that all services share; null where it has none of its own.
const ErrorShape* FindStandIn(const Service& service, std::string_view code);
const Operation* FindOperation(const Service& service, std::string_view name);

}  // namespace mayfly::wire
