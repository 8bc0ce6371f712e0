#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace mayfly::cli {
namespace {

constexpr std::string_view kReset = "\x1b[0m";

std::string_view CodeOf(Style style) {
  switch (style) {
    case Style::Plain: return "";
    case Style::Heading: return "\x1b[1m";
    case Style::Faint: return "\x1b[2m";
    case Style::Good: return "\x1b[32m";
    case Style::Warning: return "\x1b[33m";
    case Style::Bad: return "\x1b[31m";
  }
  return "";
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The bytes of the UTF-8 character that begins with `c`; 0: none begins so.
size_t LengthOf(unsigned char c) {
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c < 0xE0) return 2;
  if (c >= 0xE0 && c < 0xF0) return 3;
  return c >= 0xF0 && c < 0xF5 ? 4 : 0;
}

// C1 controls: 0x80 to 0x9F, which some terminals obey.
bool IsControl(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (first < 0x20 || first == 0x7F) return true;
  return first == 0xC2 && character.size() == 2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

}  // namespace

Terminal TerminalOf(int descriptor) {
  Terminal terminal;
  terminal.is_terminal = ::isatty(descriptor) == 1;
  if (!terminal.is_terminal) return terminal;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  terminal.colours = !(no_colour && *no_colour) && kind && std::string_view(kind) != "dumb";
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0) {
    terminal.columns = size.ws_col;
    terminal.rows = size.ws_row;
  }
  return terminal;
}

std::string Styled(const Terminal& terminal, Style style, std::string_view text) {
  const std::string_view code = terminal.colours ? CodeOf(style) : std::string_view();
  if (code.empty() || text.empty()) return std::string(text);
  std::string out(code);
  out += text;
  out += kReset;
  return out;
}

size_t WidthOf(std::string_view text) {
  size_t width = 0;
  for (const char c : text) width += IsContinuation(c) ? 0 : 1;
  return width;
}

std::string CutTo(std::string_view text, size_t columns) {
  if (WidthOf(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  size_t bytes = 0;
  for (size_t width = 0; bytes < text.size(); ++bytes) {
    if (!IsContinuation(text[bytes]) && ++width == columns) break;
  }
  return std::string(text.substr(0, bytes)) + "…";
}

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t length = LengthOf(static_cast<unsigned char>(text[at]));
    bool whole = length > 0 && at + length <= text.size();
    for (size_t i = 1; whole && i < length; ++i) whole = IsContinuation(text[at + i]);
    if (!whole) {
      out += "\uFFFD";
      ++at;
      continue;
    }
    const std::string_view character = text.substr(at, length);
    if (IsControl(character)) out += '?';
    else out += character;
    at += length;
  }
  return out;
}

}  // namespace mayfly::cli
