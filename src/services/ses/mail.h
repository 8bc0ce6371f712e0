// Mail: the header of a message, addresses, and messages that are written here. Pure functions on bytes of strangers: whatever they are,
// something sensible comes out, in time that grows with them. Source: RFC 5322 (messages), RFC 2047 (words in headers).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace mayfly::ses {

struct MailHeader {
  std::string name;
  std::string value;  // unfolded: continuation lines joined by a space
};

struct Mail {
  std::vector<MailHeader> headers;  // in their order
  size_t header_bytes = 0;          // the header with the empty line behind it; the body is the rest

  // The first of that name, whatever its case; "" when there is none.
  std::string_view Header(std::string_view name) const;
};

// Lines end with CRLF or LF. A line that is neither a header nor a continuation begins the body. Bound: kHeadersMax headers, the others
// are taken for body.
inline constexpr size_t kHeadersMax = 1'000;
Mail ReadMail(std::string_view raw);
// The message without the headers of that name.
std::string WithoutHeader(std::string_view raw, std::string_view name);

// The entries of a list of addresses as they stand there: `"A, B" <a@b>`, `c@d`. Comments and groups are no entries of their own.
std::vector<std::string> AddressList(std::string_view text);
// "a@b" of such an entry; "" when there is none in it.
std::string AddressOf(std::string_view entry);
// What stands behind the last @; "" without one.
std::string_view DomainOf(std::string_view address);
// Printable characters of ASCII, an @, a domain; at most 320.
bool IsMailAddress(std::string_view address);
// user+label@domain is user@domain's.
std::string WithoutLabel(std::string_view address);

struct NewMail {
  std::string message_id;  // as in the header, without < >
  std::string from;
  std::vector<std::string> to, cc, reply_to;
  std::string subject;
  std::string text;  // "": none
  std::string html;
  WallTime date{};
};
// A message of MIME: text in quoted-printable's stead in base64 wherever it is more than ASCII.
std::string WriteMail(const NewMail& mail);
// "Sat, 31 Jan 2026 12:00:00 +0000"
std::string MailDate(WallTime time);

}  // namespace mayfly::ses
