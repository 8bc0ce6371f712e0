#include "net/http_codec.h"

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace mayfly::http {
namespace {

using Table = std::array<bool, 256>;

constexpr Table MakeTokenTable() {
  Table table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 32] = true;
  return table;
}
constexpr Table MakeValueTable() {
  Table table{};
  for (int c = 0x20; c < 256; ++c) table[c] = c != 0x7f;
  table['\t'] = true;
  return table;
}
// Printable ASCII; '#' would start a fragment, which clients keep for themselves.
constexpr Table MakeTargetTable() {
  Table table{};
  for (int c = 0x21; c < 0x7f; ++c) table[c] = c != '#';
  return table;
}
// Characters of host names, addresses and ports.
constexpr Table MakeHostTable() {
  Table table{};
  for (const char c : std::string_view("-._~%!$&'()*+;=:[]")) table[static_cast<unsigned char>(c)] = true;
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 32] = true;
  return table;
}
constexpr Table kToken = MakeTokenTable();
constexpr Table kValue = MakeValueTable();
constexpr Table kTarget = MakeTargetTable();
constexpr Table kHost = MakeHostTable();

bool AllIn(const Table& table, std::string_view text) {
  for (const char c : text) {
    if (!table[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

std::unexpected<HeadError> Refuse(int status, const char* reason) { return std::unexpected(HeadError{status, reason}); }

// The next line without its CR LF; nullopt when it ends otherwise. Takes it off `rest`.
std::optional<std::string_view> TakeLine(std::string_view& rest) {
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos || end == 0 || rest[end - 1] != '\r') return std::nullopt;
  const std::string_view line = rest.substr(0, end - 1);
  rest.remove_prefix(end + 1);
  return line;
}

// What the fields say that decides the framing; counted, so that repetitions are seen.
struct FramingFields {
  int content_lengths = 0;
  int transfer_encodings = 0;
  int hosts = 0;
  bool close = false;
  bool keep_alive = false;
  std::string_view content_length;
  std::string_view transfer_encoding;
  std::string_view host;
  std::string_view expect;
};

void NoteFramingField(std::string_view name, std::string_view value, FramingFields& fields) {
  switch (name.size()) {
    case 4:
      if (EqualIgnoringCase(name, "host")) ++fields.hosts, fields.host = value;
      break;
    case 6:
      if (EqualIgnoringCase(name, "expect")) fields.expect = value;
      break;
    case 10:
      if (EqualIgnoringCase(name, "connection")) {
        fields.close = fields.close || ListHasToken(value, "close");
        fields.keep_alive = fields.keep_alive || ListHasToken(value, "keep-alive");
      }
      break;
    case 14:
      if (EqualIgnoringCase(name, "content-length")) ++fields.content_lengths, fields.content_length = value;
      break;
    case 17:
      if (EqualIgnoringCase(name, "transfer-encoding")) ++fields.transfer_encodings, fields.transfer_encoding = value;
      break;
    default: break;
  }
}

// `section`: field lines up to and with the empty line.
std::expected<FramingFields, HeadError> ParseFields(std::string_view section, size_t count_max, Headers& headers) {
  FramingFields fields;
  size_t count = 0;
  for (;;) {
    const auto line = TakeLine(section);
    if (!line) return Refuse(400, "a header line does not end with CR LF");
    if (line->empty()) break;
    if (line->front() == ' ' || line->front() == '\t') return Refuse(400, "folded header lines are not accepted");
    const size_t colon = line->find(':');
    if (colon == std::string_view::npos || colon == 0) return Refuse(400, "a header line has no name");
    const std::string_view name = line->substr(0, colon);
    const std::string_view value = Trim(line->substr(colon + 1));
    if (!AllIn(kToken, name)) return Refuse(400, "a header name holds a character that is not allowed");
    if (!AllIn(kValue, value)) return Refuse(400, "a header value holds a control character");
    if (++count > count_max) return Refuse(431, "too many header fields");
    NoteFramingField(name, value, fields);
    headers.Add(name, value);
  }
  if (!section.empty()) return Refuse(400, "bytes after the head");
  return fields;
}

std::optional<uint64_t> ParseLength(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  uint64_t length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    length = length * 10 + static_cast<uint64_t>(c - '0');
  }
  return length;
}

// "HTTP/1.1" or "HTTP/1.0": the minor version. 505 for another version, 400 for what is none.
std::expected<int, HeadError> ParseVersion(std::string_view text) {
  if (text == "HTTP/1.1") return 1;
  if (text == "HTTP/1.0") return 0;
  if (text.size() == 8 && text.starts_with("HTTP/") && IsDigit(text[5]) && text[6] == '.' && IsDigit(text[7])) {
    return Refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  }
  return Refuse(400, "the first line does not name an HTTP version");
}

// Transfer-Encoding and Content-Length into `framing`. Body::None when there is neither.
std::expected<void, HeadError> DecideBody(const FramingFields& fields, Framing& framing) {
  if (fields.transfer_encodings > 0) {
    if (fields.content_lengths > 0) return Refuse(400, "Content-Length beside Transfer-Encoding");
    if (framing.minor_version == 0) return Refuse(400, "Transfer-Encoding in HTTP/1.0");
    if (fields.transfer_encodings > 1) return Refuse(400, "several Transfer-Encoding fields");
    if (!EqualIgnoringCase(fields.transfer_encoding, "chunked")) return Refuse(501, "the only transfer coding is chunked");
    framing.body = Framing::Body::Chunked;
    return {};
  }
  if (fields.content_lengths == 0) return {};
  if (fields.content_lengths > 1) return Refuse(400, "several Content-Length fields");
  const auto length = ParseLength(fields.content_length);
  if (!length) return Refuse(400, "Content-Length is no number");
  framing.body = *length == 0 ? Framing::Body::None : Framing::Body::Length;
  framing.length = *length;
  return {};
}

void DecideKeepAlive(const FramingFields& fields, Framing& framing) {
  framing.keep_alive = !fields.close && (framing.minor_version == 1 || fields.keep_alive);
}

// Reduces "http://host/path" to its path; the authority then stands for the Host field.
std::expected<void, HeadError> NormaliseTarget(Request& request) {
  std::string& target = request.target;
  if (target.front() == '/') return {};
  if (target == "*" && request.method == "OPTIONS") return {};
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualIgnoringCase(std::string_view(target).substr(0, scheme.size()), scheme)) continue;
    const size_t end = std::min(target.find_first_of("/?", scheme.size()), target.size());
    const std::string authority = target.substr(scheme.size(), end - scheme.size());
    if (authority.empty() || !AllIn(kHost, authority)) break;
    target.erase(0, end);
    if (target.empty() || target.front() == '?') target.insert(0, 1, '/');
    request.headers.Set("Host", authority);
    return {};
  }
  return Refuse(request.method == "CONNECT" ? 501 : 400, "the request target is neither a path nor a URL");
}

// Takes a quoted string off `text`; false when it does not end on this line.
bool TakeQuoted(std::string_view& text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool TakeToken(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() && kToken[static_cast<unsigned char>(text[size])]) ++size;
  text.remove_prefix(size);
  return size > 0;
}

// `;name=value;name="value"` or nothing: what follows a chunk's size. Nobody uses it, but a quoted string that one parser
// lets run over the line's end is a way to smuggle.
bool IsChunkExtension(std::string_view text) {
  if (!AllIn(kValue, text)) return false;
  while (!text.empty()) {
    if (text.front() != ';') return false;
    text.remove_prefix(1);
    if (!TakeToken(text)) return false;
    if (text.empty() || text.front() != '=') continue;
    text.remove_prefix(1);
    if (text.empty() || !(text.front() == '"' ? TakeQuoted(text) : TakeToken(text))) return false;
  }
  return true;
}

constexpr size_t kMethodBytesMax = 32;
constexpr size_t kChunkLineBytesMax = 1024;

}  // namespace

HeadScanner::State HeadScanner::Scan(std::string_view input) {
  while (scanned_ < input.size()) {
    const void* found = std::memchr(input.data() + scanned_, '\n', input.size() - scanned_);
    if (!found) {
      scanned_ = input.size();
      break;
    }
    const size_t position = static_cast<size_t>(static_cast<const char*>(found) - input.data());
    if (position == line_start_ || input[position - 1] != '\r') return State::Malformed;
    const bool empty_line = position == line_start_ + 1;
    scanned_ = line_start_ = position + 1;
    if (empty_line) return State::Complete;
  }
  return State::Incomplete;
}

void SkimRequestHead(std::string_view head, Request& request) {
  std::string_view line = head.substr(0, head.find("\r\n"));
  head.remove_prefix(std::min(line.size() + 2, head.size()));
  const size_t blank = std::min(line.find(' '), line.size());
  request.method = line.substr(0, blank);
  line.remove_prefix(std::min(blank + 1, line.size()));
  request.target = line.substr(0, line.find(' '));
  if (!IsToken(request.method)) request.method = "GET";
  if (!request.target.starts_with('/') || !AllIn(kTarget, request.target)) request.target = "/";
  while (const auto field = TakeLine(head)) {
    const size_t colon = field->find(':');
    if (colon == std::string_view::npos || !IsToken(field->substr(0, colon))) continue;
    const std::string_view value = Trim(field->substr(colon + 1));
    if (AllIn(kValue, value)) request.headers.Add(field->substr(0, colon), value);
  }
}

std::expected<Framing, HeadError> ParseRequestHead(std::string_view head, size_t header_count_max, Request& request) {
  const auto line = TakeLine(head);
  if (!line) return Refuse(400, "the request line does not end with CR LF");
  const size_t method_end = line->find(' ');
  const size_t target_end = line->rfind(' ');
  if (method_end == std::string_view::npos || target_end <= method_end + 1) return Refuse(400, "the request line has not three parts");
  const std::string_view method = line->substr(0, method_end);
  const std::string_view target = line->substr(method_end + 1, target_end - method_end - 1);
  if (!IsToken(method)) return Refuse(400, "the method holds a character that is not allowed");
  const auto version = ParseVersion(line->substr(target_end + 1));
  if (!version) return std::unexpected(version.error());
  if (method.size() > kMethodBytesMax) return Refuse(501, "no such method");
  if (!AllIn(kTarget, target)) return Refuse(400, "the request target holds a character that is not allowed");
  request.method = method;
  request.target = target;
  request.headers.Reserve(16);
  auto fields = ParseFields(head, header_count_max, request.headers);
  if (!fields) return std::unexpected(fields.error());

  Framing framing;
  framing.minor_version = *version;
  if (fields->hosts > 1) return Refuse(400, "several Host fields");
  if (fields->hosts == 0 && *version == 1) return Refuse(400, "the Host field is missing");
  if (!AllIn(kHost, fields->host)) return Refuse(400, "the Host field holds a character that is not allowed");
  if (auto decided = DecideBody(*fields, framing); !decided) return std::unexpected(decided.error());
  if (auto normal = NormaliseTarget(request); !normal) return std::unexpected(normal.error());
  if (!fields->expect.empty() && *version == 1) {
    if (!EqualIgnoringCase(fields->expect, "100-continue")) return Refuse(417, "the only expectation is 100-continue");
    framing.expect_continue = framing.body != Framing::Body::None;
  }
  DecideKeepAlive(*fields, framing);
  return framing;
}

std::expected<Framing, HeadError> ParseResponseHead(std::string_view head, size_t header_count_max, AnswerTo answer_to, ResponseHead& response) {
  const auto line = TakeLine(head);
  if (!line || line->size() < 12 || (*line)[8] != ' ' || (line->size() > 12 && (*line)[12] != ' ')) {
    return Refuse(400, "the status line is malformed");
  }
  const auto version = ParseVersion(line->substr(0, 8));
  if (!version) return std::unexpected(version.error());
  response.status = 0;
  for (const char c : line->substr(9, 3)) {
    if (c < '0' || c > '9') return Refuse(400, "the status is no number");
    response.status = response.status * 10 + (c - '0');
  }
  if (response.status < 100) return Refuse(400, "the status is out of range");
  if (!AllIn(kValue, line->substr(12))) return Refuse(400, "the reason phrase holds a control character");
  const auto fields = ParseFields(head, header_count_max, response.headers);
  if (!fields) return std::unexpected(fields.error());

  Framing framing;
  framing.minor_version = *version;
  if (auto decided = DecideBody(*fields, framing); !decided) return std::unexpected(decided.error());
  const bool bodiless = answer_to == AnswerTo::Head || response.status < 200 || response.status == 204 || response.status == 304;
  if (bodiless) {
    framing.body = Framing::Body::None;
  } else if (fields->transfer_encodings + fields->content_lengths == 0) {
    framing.body = Framing::Body::UntilClose;
  }
  DecideKeepAlive(*fields, framing);
  framing.keep_alive = framing.keep_alive && framing.body != Framing::Body::UntilClose;
  return framing;
}

BodyDecoder::BodyDecoder(const Framing& framing, const BodyLimits& limits) : framing_(framing), limits_(limits), phase_(Phase::Data) {
  switch (framing.body) {
    case Framing::Body::None: phase_ = Phase::Ended; break;
    case Framing::Body::Length: left_ = framing.length; break;
    case Framing::Body::Chunked: phase_ = Phase::ChunkSize; break;
    case Framing::Body::UntilClose: left_ = limits.body_bytes_max; break;
  }
  if (framing.body == Framing::Body::Length && left_ > limits.body_bytes_max) Refuse(State::TooLarge);
}

BodyDecoder::Step BodyDecoder::Refuse(State state) {
  phase_ = Phase::Failed;
  failure_ = state;
  return {state, 0, {}};
}

BodyDecoder::Step BodyDecoder::Next(std::string_view input) {
  switch (phase_) {
    case Phase::Ended: return {State::End, 0, {}};
    case Phase::Failed: return {failure_, 0, {}};
    case Phase::Data: return TakeData(input);
    case Phase::Trailers: return TakeTrailers(input);
    case Phase::ChunkSize: return TakeChunkSize(input);
    case Phase::ChunkEnd: {
      if (input.size() >= 1 && input[0] != '\r') return Refuse(State::Malformed);
      if (input.size() < 2) return {State::NeedMore, 0, {}};
      if (input[1] != '\n') return Refuse(State::Malformed);
      phase_ = Phase::ChunkSize;
      Step step = TakeChunkSize(input.substr(2));
      step.consumed += 2;
      return step;
    }
  }
  return Refuse(State::Malformed);
}

BodyDecoder::Step BodyDecoder::TakeData(std::string_view input) {
  if (input.empty()) return {State::NeedMore, 0, {}};
  if (left_ == 0) return Refuse(State::TooLarge);  // only a body that lasts until the close gets here
  const std::string_view piece = input.substr(0, static_cast<size_t>(std::min<uint64_t>(left_, input.size())));
  left_ -= piece.size();
  if (left_ == 0 && framing_.body == Framing::Body::Chunked) phase_ = Phase::ChunkEnd;
  if (left_ == 0 && framing_.body == Framing::Body::Length) phase_ = Phase::Ended;
  return {State::Piece, piece.size(), piece};
}

BodyDecoder::Step BodyDecoder::TakeChunkSize(std::string_view input) {
  const size_t end = input.substr(0, kChunkLineBytesMax).find('\n');
  if (end == std::string_view::npos) {
    if (input.size() >= kChunkLineBytesMax) return Refuse(State::Malformed);
    return {State::NeedMore, 0, {}};
  }
  if (end == 0 || input[end - 1] != '\r') return Refuse(State::Malformed);
  const std::string_view line = input.substr(0, end - 1);
  uint64_t size = 0;
  size_t digits = 0;
  for (; digits < line.size() && HexValue(line[digits]) >= 0; ++digits) {
    if (size >> 60) return Refuse(State::Malformed);
    size = size * 16 + static_cast<uint64_t>(HexValue(line[digits]));
  }
  if (digits == 0 || !IsChunkExtension(line.substr(digits))) return Refuse(State::Malformed);
  if (size > limits_.body_bytes_max - total_) return Refuse(State::TooLarge);
  total_ += size;
  left_ = size;
  phase_ = size == 0 ? Phase::Trailers : Phase::Data;
  Step step = size == 0 ? TakeTrailers(input.substr(end + 1)) : TakeData(input.substr(end + 1));
  step.consumed += end + 1;
  return step;
}

BodyDecoder::Step BodyDecoder::TakeTrailers(std::string_view input) {
  const HeadScanner::State state = trailer_scanner_.Scan(input);
  if (state == HeadScanner::State::Malformed) return Refuse(State::Malformed);
  if (state == HeadScanner::State::Incomplete) {
    if (input.size() >= limits_.trailer_bytes_max) return Refuse(State::TooLarge);
    return {State::NeedMore, 0, {}};
  }
  const size_t bytes = trailer_scanner_.bytes();
  if (bytes > limits_.trailer_bytes_max) return Refuse(State::TooLarge);
  const auto fields = ParseFields(input.substr(0, bytes), limits_.trailer_count_max, trailers_);
  // What decides about framing or routing has no business behind the body (RFC 9110, 6.5.1).
  if (!fields || fields->content_lengths + fields->transfer_encodings + fields->hosts > 0) return Refuse(State::Malformed);
  phase_ = Phase::Ended;
  return {State::End, bytes, {}};
}

void BodyDecoder::EndOfInput() {
  if (framing_.body == Framing::Body::UntilClose && phase_ == Phase::Data) phase_ = Phase::Ended;
}

bool IsToken(std::string_view text) { return !text.empty() && AllIn(kToken, text); }
bool IsFieldValue(std::string_view text) { return AllIn(kValue, text); }

bool AppendField(std::string& out, std::string_view name, std::string_view value) {
  if (!IsToken(name) || !IsFieldValue(value)) return false;
  out.append(name).append(": ").append(value).append("\r\n");
  return true;
}

void AppendDecimal(std::string& out, uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<size_t>(end - digits));
}

void AppendStatusLine(std::string& out, int status) {
  out.append("HTTP/1.1 ");
  AppendDecimal(out, static_cast<uint64_t>(status));
  out.append(" ").append(ReasonPhrase(status)).append("\r\n");
}

void AppendChunkSize(std::string& out, uint64_t bytes) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, bytes, 16).ptr;
  out.append(digits, static_cast<size_t>(end - digits)).append("\r\n");
}

bool ListHasToken(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (EqualIgnoringCase(Trim(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace mayfly::http
