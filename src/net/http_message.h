// HTTP messages as values: what the codec reads and writes, and what handlers see.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::http {

// Header fields in the order of the wire. Names compare without case; they are written as they were added.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  void Add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
  // Replaces all fields of that name by one.
  void Set(std::string_view name, std::string_view value);
  void Remove(std::string_view name);
  // The first field of that name; nullptr when there is none.
  const std::string* Find(std::string_view name) const;
  std::string_view Get(std::string_view name, std::string_view fallback = {}) const {
    const std::string* value = Find(name);
    return value ? std::string_view(*value) : fallback;
  }
  const std::vector<Field>& fields() const { return fields_; }
  void Clear() { fields_.clear(); }
  // Room for `count` fields, so that a head's fields need one allocation.
  void Reserve(size_t count) { fields_.reserve(count); }

 private:
  std::vector<Field> fields_;
};

// A body that arrives in pieces. Reading it gives back-pressure to the sender.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // The next piece (at most a few ten KiB); empty at the end. Errors: Cancelled when the peer has gone; a Fault with code
  // "MalformedBody" when the framing is broken; "BodyTooLarge" past the server's bound; "BodyTimeout" when it stalls.
  virtual Task<Result<std::string>> Read(Context& ctx) = 0;
  // After the end of a chunked body: its trailer fields.
  virtual const Headers& trailers() const = 0;
};

struct Request {
  std::string method;
  std::string target;  // as on the wire, e.g. "/2015-03-31/functions/f%3Alive/invocations?Qualifier=1"
  Headers headers;
  // A body that came whole with its head (the common case), or was read by ReadAll. `body_reader` is null then.
  std::string body;
  std::unique_ptr<BodyReader> body_reader;
  std::string peer;  // "127.0.0.1:5000" or "unix"

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view query() const {
    const size_t mark = target.find('?');
    return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
  }
  // Content-Length; -1 when chunked or absent.
  int64_t content_length() const;
  // Brings the whole body into `body`. Errors: those of BodyReader, and code "BodyTooLarge" past `bytes_max`.
  Task<Result<>> ReadAll(Context& ctx, size_t bytes_max);
};

// Writes a response's body in pieces (chunked, or by Content-Length when the head sets it).
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  // Returns when the bytes are handed to the kernel (back-pressure). Error: Cancelled when the peer has gone.
  virtual Task<Result<>> Write(Context& ctx, std::string_view bytes) = 0;
};

struct Response {
  int status = 200;
  Headers headers;  // Content-Length, Date and Connection are the server's business
  std::string body;
  // When set, `body` is ignored: the server sends the head (chunked unless Content-Length is set), then calls this.
  // An error from it cuts the connection, so that the client sees the truncation.
  std::move_only_function<Task<Result<>>(Context&, BodyWriter&)> stream;

  static Response Text(int status, std::string body, std::string_view content_type = "text/plain");
  static Response Json(int status, std::string body) { return Text(status, std::move(body), "application/json"); }
};

// What a query string holds, percent-decoded, in order; '+' is a space. Bad escapes stay as they are.
std::vector<std::pair<std::string, std::string>> ParseQuery(std::string_view query);

std::string_view ReasonPhrase(int status);

}  // namespace mayfly::http
