#include "services/lambda/json_complaint.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "base/result.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kDepthMax = 1000;
constexpr size_t kTokenShownMax = 256;  // bytes
constexpr int kEnd = -1;

constexpr std::string_view kTokens = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

bool IsControl(int c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }
bool IsDigit(int c) { return c >= '0' && c <= '9'; }

// What may begin a name of the Java language; beyond Latin-1 everything but punctuation and blanks is taken for a letter.
bool IsNameStart(int c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
  if (c < 0x100) return c == 0xAA || c == 0xB5 || c == 0xBA || (c >= 0xA2 && c <= 0xA5) || (c >= 0xC0 && c != 0xD7 && c != 0xF7);
  return !(c >= 0x2000 && c <= 0x206F) && !(c >= 0x3000 && c <= 0x3004) && !(c >= 0xD800 && c <= 0xDFFF);
}

bool IsNamePart(int c) {
  if (IsNameStart(c) || IsDigit(c) || c == 0xAD) return true;
  return c <= 0x08 || (c >= 0x0E && c <= 0x1B) || (c >= 0x7F && c <= 0x9F);
}

void AppendUtf8(std::string& out, int c) {
  if (c >= 0xD800 && c <= 0xDFFF) {
    out += '?';  // half of a character
  } else if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::string Named(int c) {
  if (IsControl(c)) return fmt::format("(CTRL-CHAR, code {})", c);
  std::string shown;
  AppendUtf8(shown, c);
  return c > 255 ? fmt::format("'{}' (code {} / 0x{:x})", shown, c, c) : fmt::format("'{}' (code {})", shown, c);
}

// Reads one value until it stumbles. Every method is over when `why_` is set.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::string Read() {
    while (why_.empty() && !done_) NextToken();
    return why_;
  }

 private:
  struct Scope {
    char open;  // 0: the whole text
    size_t line;
    size_t column;
    bool has_entries = false;

    const char* name() const { return open == '[' ? "Array" : open == '{' ? "Object" : "root"; }
  };

  static std::string Place(size_t line, size_t column) {
    return fmt::format("[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]", line, column);
  }
  size_t column() const { return at_ - line_start_ + 1; }

  void Complain(std::string_view what) { why_ = fmt::format("{}\n at {}", what, Place(line_, column())); }
  // About the byte that was taken last.
  void ComplainOfLast(std::string_view what) { why_ = fmt::format("{}\n at {}", what, Place(line_, column() - 1)); }
  void Unexpected(int c, std::string_view comment) { ComplainOfLast(fmt::format("Unexpected character ({}): {}", Named(c), comment)); }
  void UnexpectedInNumber(int c, std::string_view comment) {
    ComplainOfLast(fmt::format("Unexpected character ({}) in numeric value: {}", Named(c), comment));
  }
  void UnexpectedEnd(std::string_view where) { Complain(fmt::format("Unexpected end-of-input{}", where)); }

  bool is_at_end() const { return at_ == text_.size(); }
  int Peek() const { return is_at_end() ? kEnd : static_cast<unsigned char>(text_[at_]); }
  int Take() {
    MF_ASSERT(!is_at_end());
    return static_cast<unsigned char>(text_[at_++]);
  }

  // The next byte that is no blank, taken; kEnd.
  int TakeToken() {
    while (!is_at_end()) {
      const int c = Take();
      if (c == '\n') {
        NewLine();
      } else if (c == '\r') {
        if (Peek() == '\n') Take();
        NewLine();
      } else if (c == '/') {
        Unexpected(c, "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)");
        return kEnd;
      } else if (c > ' ') {
        return c;
      } else if (c != ' ' && c != '\t') {
        ComplainOfLast(fmt::format(R"(Illegal character ({}): only regular white space (\r, \n, \t) is allowed between tokens)", Named(c)));
        return kEnd;
      }
    }
    return kEnd;
  }
  void NewLine() {
    ++line_;
    line_start_ = at_;
  }

  Scope& scope() { return scopes_.back(); }

  void NextToken() {
    if (scope().open == 0 && scope().has_entries) return EndOfText();
    int c = TakeToken();
    if (!why_.empty()) return;
    if (c == kEnd) return EndInScope();
    if (c == ']' || c == '}') return Close(c);
    if (scope().open != 0 && scope().has_entries) {
      if (c != ',') return Unexpected(c, fmt::format("was expecting comma to separate {} entries", scope().name()));
      c = TakeToken();
      if (!why_.empty()) return;
      if (c == kEnd) return UnexpectedEnd(fmt::format(" within/between {} entries", scope().name()));
    }
    scope().has_entries = true;
    if (scope().open == '{') {
      Name(c);
      if (!why_.empty()) return;
      c = TakeColon();
      if (!why_.empty()) return;
    }
    Value(c);
  }

  void EndOfText() {
    const int c = TakeToken();
    done_ = true;
    if (!why_.empty() || c == kEnd) return;
    ComplainOfLast("Trailing token found after value");
  }

  void EndInScope() {
    if (scope().open == 0) return Complain("No content to map due to end-of-input");
    UnexpectedEnd(fmt::format(": expected close marker for {} (start marker at {})", scope().name(), Place(scope().line, scope().column)));
  }

  void Close(int c) {
    const char open = c == ']' ? '[' : '{';
    if (scope().open != open) {
      return Complain(fmt::format("Unexpected close marker '{}': expected '{}' (for {} starting at {})", static_cast<char>(c), c == ']' ? '}' : ']',
                                  scope().name(), Place(scope().line, scope().column)));
    }
    scopes_.pop_back();
  }

  void Name(int c) {
    if (c != '"') {
      const std::optional<int> decoded = Decode(c);
      if (decoded) Unexpected(*decoded, "was expecting double-quote to start field name");
      return;
    }
    if (is_at_end()) return UnexpectedEnd(": was expecting closing '\"' for name");
    Text("name", " in field name");
  }

  int TakeColon() {
    const int c = TakeToken();
    if (c == ':') {
      const int value = TakeToken();
      if (value != kEnd || !why_.empty()) return value;
    } else if (c != kEnd) {
      Unexpected(c, "was expecting a colon to separate field name and value");
    }
    if (why_.empty()) UnexpectedEnd(fmt::format(" within/between {} entries", scope().name()));
    return kEnd;
  }

  void Value(int c) {
    if (c == '"') return Text("string value", " in VALUE_STRING");
    if (c == '[' || c == '{') return Open(static_cast<char>(c));
    if (c == '-' || IsDigit(c)) return Number(c);
    if (c == 't') return Word("true");
    if (c == 'f') return Word("false");
    if (c == 'n') return Word("null");
    if ((c == ']' && scope().open == '[') || c == ',' || c == '}') return Unexpected(c, "expected a value");
    if (c == '+' && !is_at_end()) {
      Take();
      return UnexpectedInNumber(
          '+', "JSON spec does not allow numbers to have plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow");
    }
    if (IsNameStart(c)) {
      std::string token;
      AppendUtf8(token, c);
      return Unrecognized(std::move(token));
    }
    Unexpected(c, fmt::format("expected a valid value {}", kTokens));
  }

  void Open(char c) {
    if (scopes_.size() > kDepthMax) {
      return Complain(fmt::format("Document nesting depth ({}) exceeds the maximum allowed ({}, from `StreamReadConstraints.getMaxNestingDepth()`)",
                                  kDepthMax + 1, kDepthMax));
    }
    scopes_.push_back({.open = c, .line = line_, .column = column() - 1});
  }

  void Word(std::string_view word) {
    for (size_t length = 1; length < word.size(); ++length) {
      if (Peek() != word[length]) return Unrecognized(std::string(word.substr(0, length)));
      Take();
    }
    const int c = Peek();
    if (c < '0' || c == ']' || c == '}') return;
    const size_t here = at_;
    Take();
    const std::optional<int> decoded = Decode(c);
    if (!decoded) return;
    at_ = here;
    if (IsNamePart(*decoded)) Unrecognized(std::string(word));
  }

  // A word that is none of JSON's, whose beginning has been taken.
  void Unrecognized(std::string token) {
    while (!is_at_end()) {
      const std::optional<int> c = Decode(Take());
      if (!c) return;
      if (!IsNamePart(*c)) break;
      AppendUtf8(token, *c);
      if (token.size() >= kTokenShownMax) {
        token += "...";
        break;
      }
    }
    Complain(fmt::format("Unrecognized token '{}': was expecting {}", token, kTokens));
  }

  void Number(int c) {
    if (c == '-') {
      if (is_at_end()) return UnexpectedEnd(" in null");
      c = Take();
      if (!IsDigit(c)) return UnexpectedInNumber(c, "expected digit (0-9) to follow minus sign, for valid numeric value");
    }
    if (c == '0' && IsDigit(Peek())) return Complain("Invalid numeric value: Leading zeroes not allowed");
    SkipDigits();
    if (Peek() == '.') {
      c = Take();
      if (!IsDigit(Peek())) return UnexpectedInNumber(is_at_end() ? c : Take(), "Decimal point not followed by a digit");
      SkipDigits();
    }
    if (Peek() == 'e' || Peek() == 'E') {
      c = Take();
      if (Peek() == '+' || Peek() == '-') c = Take();
      if (!IsDigit(Peek())) return UnexpectedInNumber(is_at_end() ? c : Take(), "Exponent indicator not followed by a digit");
      SkipDigits();
    }
    if (scope().open != 0 || is_at_end()) return;
    if (c = Peek(); c == ' ' || c == '\t' || c == '\r' || c == '\n') return;
    Take();
    Unexpected(c, "Expected space separating root-level values");
  }
  void SkipDigits() {
    while (IsDigit(Peek())) Take();
  }

  // A string, whose first quotation mark has been taken.
  void Text(std::string_view kind, std::string_view end) {
    while (!is_at_end()) {
      const int c = Take();
      if (c == '"') return;
      if (c == '\\') {
        if (!Escape()) return;
      } else if (c < 0x20) {
        return ComplainOfLast(fmt::format("Illegal unquoted character ({}): has to be escaped using backslash to be included in {}", Named(c), kind));
      } else if (!Decode(c)) {
        return;
      }
    }
    UnexpectedEnd(end);
  }

  bool Escape() {
    constexpr std::string_view kEscapeEnd = " in character escape sequence";
    if (is_at_end()) return UnexpectedEnd(kEscapeEnd), false;
    const int c = Take();
    if (c != 'u') {
      if (std::string_view("btnfr\"/\\").contains(static_cast<char>(c))) return true;
      if (const std::optional<int> decoded = Decode(c)) ComplainOfLast("Unrecognized character escape " + Named(*decoded));
      return false;
    }
    for (int digits = 0; digits < 4; ++digits) {
      if (is_at_end()) return UnexpectedEnd(kEscapeEnd), false;
      const int digit = Take();
      if (!std::string_view("0123456789abcdefABCDEF").contains(static_cast<char>(digit))) {
        return Unexpected(digit, "expected a hex-digit for character escape sequence"), false;
      }
    }
    return true;
  }

  // The character whose first byte, `c`, has been taken. Nothing: a complaint has been made.
  std::optional<int> Decode(int c) {
    if (c < 0x80) return c;
    int more = 0;
    int value = 0;
    if ((c & 0xE0) == 0xC0) {
      more = 1, value = c & 0x1F;
    } else if ((c & 0xF0) == 0xE0) {
      more = 2, value = c & 0x0F;
    } else if ((c & 0xF8) == 0xF0) {
      more = 3, value = c & 0x07;
    } else {
      Complain(fmt::format("Invalid UTF-8 start byte 0x{:x}", c));
      return std::nullopt;
    }
    for (; more > 0; --more) {
      if (is_at_end()) {
        UnexpectedEnd(" in VALUE_STRING");
        return std::nullopt;
      }
      const int next = Take();
      if ((next & 0xC0) != 0x80) {
        Complain(fmt::format("Invalid UTF-8 middle byte 0x{:x}", next));
        return std::nullopt;
      }
      value = (value << 6) | (next & 0x3F);
    }
    return value & 0xFFFF;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t line_start_ = 0;
  std::vector<Scope> scopes_{{.open = 0, .line = 1, .column = 0}};
  bool done_ = false;
  std::string why_;
};

}  // namespace

std::string WhyNoJson(std::string_view text) {
  std::string why = Reader(text).Read();
  return why.empty() ? "It is not one JSON value" : why;
}

}  // namespace mayfly::lambda
