// The strict HTTP/1.1 codec: bytes to heads and bodies, and back. No I/O, no waiting; used by the server and the client.
//
// It refuses whatever two implementations might read differently (RFC 9112): bare CR or LF, folded lines, space before a
// colon, repeated or odd Content-Length, Content-Length beside Transfer-Encoding, any coding but exactly `chunked`, bytes
// outside printable ASCII in the target. http_codec_fuzz.cc compares it with another parser: what this one accepts, that
// one must understand in the same way.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace mayfly::http {

// Finds the end of a head (the empty line) while its bytes arrive; every byte is looked at once.
class HeadScanner {
 public:
  enum class State : unsigned char { Incomplete, Complete, Malformed };
  // `input` starts at the head's first byte and has only grown since the last call. Complete: bytes() is the head's size,
  // empty line included. Malformed: a line that does not end with CR LF.
  State Scan(std::string_view input);
  size_t bytes() const { return line_start_; }
  void Reset() { scanned_ = line_start_ = 0; }

 private:
  size_t scanned_ = 0;
  size_t line_start_ = 0;
};

// How a message's body is delimited, and what else its head says about the connection.
struct Framing {
  enum class Body : unsigned char { None, Length, Chunked, UntilClose };
  Body body = Body::None;
  uint64_t length = 0;  // Body::Length
  int minor_version = 1;
  bool keep_alive = true;
  bool expect_continue = false;
};

// What a head was refused for: the status to answer, and a phrase for people.
struct HeadError {
  int status = 400;
  const char* reason = "";
};

// `head` is one whole head with its empty line. Fills method, target and headers of `request`. An absolute target becomes
// its path, and its authority the Host field.
std::expected<Framing, HeadError> ParseRequestHead(std::string_view head, size_t header_count_max, Request& request);

// Of a head that is too large, whole or cut off anywhere, what can be read of it, for whoever words the refusal: method, target and fields, as far as
// they are sound. Nothing of it may be acted upon.
void SkimRequestHead(std::string_view head, Request& request);

struct ResponseHead {
  int status = 0;
  Headers headers;
};
// `to_head_request`: the answer to a HEAD request has no body, whatever its head says.
enum class AnswerTo : unsigned char { Head, Other };
std::expected<Framing, HeadError> ParseResponseHead(std::string_view head, size_t header_count_max, AnswerTo answer_to, ResponseHead& response);

struct BodyLimits {
  uint64_t body_bytes_max = 0;
  size_t trailer_bytes_max = 0;  // also the most that the decoder needs to see at once
  size_t trailer_count_max = 0;
};

// Takes a body apart, piece by piece.
class BodyDecoder {
 public:
  enum class State : unsigned char { NeedMore, Piece, End, Malformed, TooLarge };
  struct Step {
    State state = State::NeedMore;
    size_t consumed = 0;     // bytes of the input that are done with, `piece` among them
    std::string_view piece;  // State::Piece: body bytes, a view into the input
  };

  BodyDecoder(const Framing& framing, const BodyLimits& limits);
  // `input` holds what was not consumed yet, with what has come since. After End, Malformed or TooLarge: the same again.
  Step Next(std::string_view input);
  // For Body::UntilClose: the peer has closed, so the body is whole.
  void EndOfInput();

  bool ended() const { return phase_ == Phase::Ended; }
  bool failed() const { return phase_ == Phase::Failed; }
  // Bytes still to come; only known for Body::Length (0 for chunked).
  uint64_t remaining() const { return framing_.body == Framing::Body::Length ? left_ : 0; }
  const Framing& framing() const { return framing_; }
  const Headers& trailers() const { return trailers_; }

 private:
  enum class Phase : unsigned char { Data, ChunkSize, ChunkEnd, Trailers, Ended, Failed };
  Step TakeData(std::string_view input);
  Step TakeChunkSize(std::string_view input);
  Step TakeTrailers(std::string_view input);
  Step Refuse(State state);

  Framing framing_;
  BodyLimits limits_;
  Phase phase_;
  State failure_ = State::Malformed;
  uint64_t left_ = 0;   // of the body (Length) or of the chunk
  uint64_t total_ = 0;  // body bytes announced so far
  HeadScanner trailer_scanner_;
  Headers trailers_;
};

bool IsToken(std::string_view text);
// No control bytes but TAB: what a field's value may hold.
bool IsFieldValue(std::string_view text);
// Appends "name: value\r\n". False, and nothing is appended, when it would break the framing (CR, LF, NUL, no token).
bool AppendField(std::string& out, std::string_view name, std::string_view value);
// Appends "HTTP/1.1 200 OK\r\n".
void AppendStatusLine(std::string& out, int status);
void AppendDecimal(std::string& out, uint64_t number);
// Appends a chunk's size line.
void AppendChunkSize(std::string& out, uint64_t bytes);
// Whether a comma-separated field value holds `token`, without case.
bool ListHasToken(std::string_view list, std::string_view token);

}  // namespace mayfly::http
