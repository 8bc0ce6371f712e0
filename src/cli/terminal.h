// What a stream of ours leads to: whether it is a terminal, how wide it is, whether it takes colours.
#pragma once

#include <string>
#include <string_view>

namespace mayfly::cli {

struct Terminal {
  bool is_terminal = false;
  bool colours = false;  // a terminal, and neither NO_COLOR nor TERM=dumb says otherwise
  int columns = 0;       // 0: not known, and nothing is cut
  int rows = 0;
};

// As it is now: a window may have been resized.
Terminal TerminalOf(int descriptor);

enum class Style : unsigned char { Plain, Heading, Faint, Good, Warning, Bad };
// `text` in that style where the terminal has colours, else as it is.
std::string Styled(const Terminal& terminal, Style style, std::string_view text);

// How many columns a text takes: its characters, not its bytes.
size_t WidthOf(std::string_view text);
// At most `columns` of them; what is cut off leaves "…".
std::string CutTo(std::string_view text, size_t columns);
// Text of strangers (names, descriptions) as it may stand on a terminal: control characters become "?", so that none of them is an
// order to the terminal; what is no UTF-8 becomes U+FFFD.
std::string Printable(std::string_view text);

}  // namespace mayfly::cli
