#include "services/ses/mail.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace mayfly::ses {
namespace {

constexpr size_t kAddressBytesMax = 320;
constexpr size_t kLineBytesMax = 900;  // RFC 5322: 998

// The next line of `rest`, without its end, which is taken off.
std::string_view TakeLine(std::string_view& rest) {
  const size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool IsHeaderName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 127; });
}

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= ' ' && c < 127) || c == '\t' || c == '\r' || c == '\n'; });
}

bool HasLongLine(std::string_view text) {
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != '\n') continue;
    if (i - begin > kLineBytesMax) return true;
    begin = i + 1;
  }
  return false;
}

// A header's text without what would end the header.
std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  return out;
}

// RFC 2047, in words of at most 75 characters that cut no character of UTF-8.
std::string HeaderText(std::string_view text) {
  const std::string line = OneLine(text);
  if (IsAscii(line)) return line;
  std::string out;
  for (size_t begin = 0; begin < line.size();) {
    size_t end = std::min(line.size(), begin + 45);
    while (end < line.size() && end > begin + 1 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", Base64Encode(std::string_view(line).substr(begin, end - begin)));
    begin = end;
  }
  return out;
}

std::string WithCrlf(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

// Headers and content of one part.
std::string Part(std::string_view kind, std::string_view text) {
  if (IsAscii(text) && !HasLongLine(text)) {
    return fmt::format("Content-Type: text/{}; charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{}\r\n", kind, WithCrlf(text));
  }
  std::string out = fmt::format("Content-Type: text/{}; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n", kind);
  const std::string encoded = Base64Encode(text);
  for (size_t at = 0; at < encoded.size(); at += 76) out.append(encoded, at, 76).append("\r\n");
  return out;
}

void AddAddresses(std::string& out, std::string_view name, const std::vector<std::string>& addresses) {
  if (addresses.empty()) return;
  out += fmt::format("{}: ", name);
  for (size_t i = 0; i < addresses.size(); ++i) out += (i == 0 ? "" : ",\r\n ") + OneLine(addresses[i]);
  out += "\r\n";
}

// Reads an entry of a list of addresses up to its comma; `i` stands behind it then.
std::string TakeEntry(std::string_view text, size_t& i) {
  std::string entry;
  int comments = 0;
  bool is_quoted = false, is_bracketed = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && (is_quoted || comments > 0) && i + 1 < text.size()) {
      if (comments == 0) entry.append(text.substr(i, 2));
      ++i;
      continue;
    }
    if (is_quoted) {
      is_quoted = c != '"';
    } else if (c == '(') {
      ++comments;
      continue;
    } else if (comments > 0) {
      if (c == ')') --comments;
      continue;
    } else if (c == '"') {
      is_quoted = true;
    } else if (c == '<' || c == '>') {
      is_bracketed = c == '<';
    } else if (!is_bracketed && (c == ',' || c == ';')) {
      ++i;
      break;
    } else if (!is_bracketed && c == ':') {  // what stood before was a group's name
      entry.clear();
      continue;
    }
    entry += c;
  }
  return entry;
}

}  // namespace

std::string_view Mail::Header(std::string_view name) const {
  for (const MailHeader& header : headers) {
    if (EqualIgnoringCase(header.name, name)) return header.value;
  }
  return {};
}

Mail ReadMail(std::string_view raw) {
  Mail mail;
  std::string_view rest = raw;
  while (!rest.empty()) {
    std::string_view after = rest;
    const std::string_view line = TakeLine(after);
    if (line.empty()) {
      rest = after;
      break;
    }
    if (IsBlank(line.front()) && !mail.headers.empty()) {
      mail.headers.back().value.append(" ").append(Trim(line));
      rest = after;
      continue;
    }
    const size_t colon = line.find(':');
    const std::string_view name = Trim(line.substr(0, colon));
    if (colon == std::string_view::npos || !IsHeaderName(name) || mail.headers.size() == kHeadersMax) break;
    mail.headers.push_back({std::string(name), std::string(Trim(line.substr(colon + 1)))});
    rest = after;
  }
  mail.header_bytes = raw.size() - rest.size();
  return mail;
}

std::string WithoutHeader(std::string_view raw, std::string_view name) {
  const size_t header_bytes = ReadMail(raw).header_bytes;
  std::string_view rest = raw.substr(0, header_bytes);
  std::string out;
  bool is_dropped = false;
  while (!rest.empty()) {
    const std::string_view before = rest;
    const std::string_view line = TakeLine(rest);
    const std::string_view whole = before.substr(0, before.size() - rest.size());
    if (line.empty() || !IsBlank(line.front())) is_dropped = EqualIgnoringCase(Trim(line.substr(0, line.find(':'))), name);
    if (!is_dropped) out += whole;
  }
  return out.append(raw.substr(header_bytes));
}

std::vector<std::string> AddressList(std::string_view text) {
  std::vector<std::string> entries;
  for (size_t i = 0; i < text.size();) {
    const std::string entry = TakeEntry(text, i);
    if (const std::string_view trimmed = Trim(entry, " \t\r\n"); !trimmed.empty()) entries.emplace_back(trimmed);
  }
  return entries;
}

std::string AddressOf(std::string_view entry) {
  const size_t open = entry.rfind('<');
  if (open == std::string_view::npos) return std::string(Trim(entry, " \t\r\n"));
  const size_t close = entry.find('>', open);
  return close == std::string_view::npos ? std::string() : std::string(Trim(entry.substr(open + 1, close - open - 1)));
}

std::string_view DomainOf(std::string_view address) {
  const size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

bool IsMailAddress(std::string_view address) {
  const std::string_view domain = DomainOf(address);
  if (domain.empty() || domain.size() + 1 >= address.size() || address.size() > kAddressBytesMax) return false;
  if (!std::ranges::all_of(address, [](char c) { return c > ' ' && c < 127 && c != '<' && c != '>' && c != ',' && c != ';'; })) return false;
  return std::ranges::all_of(domain, [](char c) { return IsAlphanumeric(c) || c == '.' || c == '-'; }) && IsAlphanumeric(domain.front()) &&
         IsAlphanumeric(domain.back()) && !domain.contains("..");
}

std::string WithoutLabel(std::string_view address) {
  const size_t at = address.rfind('@'), plus = address.find('+');
  if (at == std::string_view::npos || plus == std::string_view::npos || plus > at || plus == 0) return std::string(address);
  return std::string(address.substr(0, plus)).append(address.substr(at));
}

std::string MailDate(WallTime time) {
  std::string date = FormatHttpDate(time);
  if (date.ends_with("GMT")) date.replace(date.size() - 3, 3, "+0000");
  return date;
}

std::string WriteMail(const NewMail& mail) {
  std::string out = fmt::format("From: {}\r\n", OneLine(mail.from));
  AddAddresses(out, "To", mail.to);
  AddAddresses(out, "Cc", mail.cc);
  AddAddresses(out, "Reply-To", mail.reply_to);
  out += fmt::format("Subject: {}\r\nMessage-ID: <{}>\r\nDate: {}\r\nMIME-Version: 1.0\r\n", HeaderText(mail.subject), mail.message_id, MailDate(mail.date));
  if (mail.html.empty()) return out + Part("plain", mail.text);
  if (mail.text.empty()) return out + Part("html", mail.html);
  const std::string boundary = "----=_Part_" + mail.message_id.substr(0, mail.message_id.find('@'));
  out += fmt::format("Content-Type: multipart/alternative; boundary=\"{}\"\r\n\r\n", boundary);
  return out + fmt::format("--{0}\r\n{1}--{0}\r\n{2}--{0}--\r\n", boundary, Part("plain", mail.text), Part("html", mail.html));
}

}  // namespace mayfly::ses
