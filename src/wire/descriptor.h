// Descriptors: a service's model as static tables, written by tools/modelc, read by the codecs, the router and the edge.
//
// Everything here is constant and lives as long as the program. A request or response struct is reached through offsets and
// small functions (storage.h), so that one codec serves all structs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "wire/event_writer.h"
#include "wire/pattern.h"

namespace mayfly::wire {

// How a value is kept in its struct:
//   String, Blob  std::string (a blob's raw bytes)        Integer  int32_t     Long  int64_t      Double  double
//   Timestamp     mayfly::WallTime                        List     std::vector<T>, WrittenList
//   Boolean       bool                                    Map      Map<T> (storage.h), in the order of the wire
//   BlobStream    BlobStream (body_stream.h); only as the payload of a request or answer
//   EventStream   EventStream<T> (event_writer.h); only as the payload of an answer
enum class Kind : unsigned char { String, Boolean, Integer, Long, Double, Blob, Timestamp, List, Map, Structure, BlobStream, EventStream };

enum class Location : unsigned char { Body, Path, Query, Header, Payload, Status };

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
  RawEventStream (*take)(void* stream);  // the stream is empty afterwards
};

struct Structure;

struct Shape {
  Kind kind = Kind::String;
  bool sensitive = false;  // the value is never shown, neither in messages nor in logs
  bool open = false;       // `values` are known ones; the service judges others
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

struct Member {
  std::string_view name;       // in JSON, and in messages with a small first letter
  std::string_view wire_name;  // of the query parameter, header or path label
  const Shape* shape = nullptr;
  const FieldOps* field = nullptr;
  uint32_t offset = 0;
  uint32_t bare_characters_max = 0;  // limit for a function name that has no colon; 0 = none
  Location location = Location::Body;
  bool required = false;
  // In the query protocol, of a list or map: the names of an element, of its key and of its value.
  std::string_view xml_name{}, xml_key{}, xml_value{};

  // What the query protocol calls the member.
  std::string_view query_name() const { return xml_name.empty() ? name : xml_name; }
};

struct Structure {
  std::string_view name;
  std::span<const Member> members;
  void* (*make)() = nullptr;
  void (*destroy)(void*) = nullptr;

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
};

// What serves a service: its generated Handler derives from it or, where the model has several groups, the struct Handlers, which
// names the handler of each. An operation knows which one it calls.
struct ServiceHandler {};

using QueryLiteral = std::pair<std::string_view, std::string_view>;

struct Operation {
  std::string_view name;
  std::string_view method;
  std::string_view path;  // template, e.g. "/2015-03-31/functions/{FunctionName}"
  std::span<const QueryLiteral> query;
  int status = 200;
  std::string_view action;            // "lambda:GetFunction"
  std::string_view resource;          // kind of resource that `action` is about: "function", "layer", "any" …
  const Structure* input = nullptr;   // both null while the operation is todo
  const Structure* output = nullptr;  // null as well when there is no output
  std::string_view todo;              // what builds it; empty when it works
  // Calls the operation's method of the service's handler; `request` is consumed. Null while the operation is todo.
  Task<Result<>> (*call)(ServiceHandler& handler, Context& ctx, void* request, void* response) = nullptr;
  uint64_t request_bytes_max = 1'048'576;  // of a body as it is sent
  std::string_view limit_name{};           // what the answer to a larger one calls the operation

  // Whether the handler reads the request's body itself, piece by piece: it must not be gathered before.
  bool StreamsRequest() const;
};

struct Service {
  std::string_view name;      // "lambda": also the endpoint prefix
  std::string_view title;     // "AWS Lambda"
  std::string_view signing;   // service name of signatures, or several
  std::string_view protocol;  // "rest-json", or several: "json-1.0 query"
  std::span<const Operation> operations;
  std::span<const ErrorShape> errors;
  std::string_view target{};           // json-1.x: X-Amz-Target is "TARGET.Operation"
  std::string_view error_namespace{};  // json-1.x: __type is "NAMESPACE#Code"; may be empty
  std::string_view xml_namespace{};    // query
  std::string_view version{};          // "2015-03-31"; query: the parameter Version
  // Forms of a Host that mean this service, parted by blanks: "sqs.REGION.*". REGION is one label that looks like a region's name; * at an
  // end is one label or more.
  std::string_view hosts{};

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
const Operation* FindOperation(const Service& service, std::string_view name);

}  // namespace mayfly::wire
