// SendEmail, SendRawEmail.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/ses/ses_api.h"

namespace mayfly::ses {
namespace {

constexpr size_t kOutboxBodyBytesMax = 256 * 1024;  // of a message's text in the outbox

std::string Joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

Result<> CheckConfigurationSet(const std::optional<std::string>& name) {
  if (!name) return {};
  Error error = Error::Service("ConfigurationSetDoesNotExistException", fmt::format("Configuration set <{}> does not exist.", *name));
  error.members.emplace_back("ConfigurationSetName", json::Quote(*name));
  return Fail(std::move(error));
}

Result<> CheckSender(const SesTables& tables, const Place& place, std::string_view address) {
  if (!IsMailAddress(address)) return Fail(InvalidParameterValue("Missing final '@domain'"));
  if (!tables.IdentityOf(place, address).empty()) return {};
  std::string region = place.region;
  std::ranges::transform(region, region.begin(), [](char c) { return IsLowerCase(c) ? static_cast<char>(c - 'a' + 'A') : c; });
  return Fail(Error::Service("MessageRejected", fmt::format("Email address is not verified. The following identities failed the check in region {}: {}", region, address)));
}

// Bare addresses. Errors: none, too many, what is no address.
Result<std::vector<std::string>> RecipientsFrom(const std::vector<std::string>& entries) {
  std::vector<std::string> recipients;
  for (const std::string& entry : entries) {
    std::string address = AddressOf(entry);
    if (!IsMailAddress(address)) return Fail(InvalidParameterValue("Missing final '@domain'"));
    if (std::ranges::find(recipients, address) == recipients.end()) recipients.push_back(std::move(address));
  }
  if (recipients.empty()) return Fail(InvalidParameterValue("Empty required header 'To'."));
  if (recipients.size() > kMailRecipientsMax) return Fail(InvalidParameterValue(fmt::format("Recipient count exceeds {}.", kMailRecipientsMax)));
  return recipients;
}

std::vector<std::string> Several(const std::optional<std::vector<std::string>>& texts) { return texts.value_or(std::vector<std::string>()); }

std::vector<std::string> AllOf(const Destination& destination) {
  std::vector<std::string> all = Several(destination.to_addresses);
  for (const auto& more : {Several(destination.cc_addresses), Several(destination.bcc_addresses)}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<std::string> RecipientsOfHeader(const Mail& mail) {
  std::vector<std::string> all;
  for (const char* name : {"To", "Cc", "Bcc"}) {
    for (std::string& entry : AddressList(mail.Header(name))) all.push_back(std::move(entry));
  }
  return all;
}

Result<> CheckSize(const std::string& raw) {
  if (raw.size() <= kMailBytesMax) return {};
  return Fail(InvalidParameterValue(fmt::format("Message length is more than {} bytes long: '{}'.", kMailBytesMax, raw.size())));
}

}  // namespace

std::string SesApi::NewMessageId() const { return fmt::format("{:016x}-{}-000000", static_cast<uint64_t>(NowMillis()) | 0x0100'0000'0000'0000ULL, parts_.random->Uuid()); }

Task<Result<>> SesApi::Send(Context& ctx, IncomingMail mail, std::string subject) {
  delivery::OutgoingMessage message{.id = mail.message_id, .account_id = ctx.principal.account_id, .region = ctx.principal.region, .protocol = "email",
                                    .endpoint = Joined(mail.recipients), .type = "Mail", .subject = std::move(subject),
                                    .body = mail.raw.substr(0, kOutboxBodyBytesMax)};
  MF_CO_TRY_VOID(co_await parts_.outgoing->Keep(ctx, std::move(message)));
  mail.message_id = parts_.random->Hex(20);  // who takes it gives it a name of its own
  co_return co_await parts_.intake->Accept(ctx, {.mail = std::move(mail), .peer = {}, .helo = {}});
}

Task<Result<SendEmailResponse>> SesApi::SendEmail(Context& ctx, SendEmailRequest request) {
  MF_CO_TRY_VOID(CheckConfigurationSet(request.configuration_set_name));
  const std::string source = AddressOf(request.source);
  MF_CO_TRY_VOID(CheckSender(*parts_.tables, Place::Of(ctx), source));
  MF_CO_TRY(auto recipients, RecipientsFrom(AllOf(request.destination)));
  const Body& body = request.message.body;
  if (!body.text && !body.html) co_return Fail(InvalidParameterValue("Message body is empty."));
  const std::string id = NewMessageId();
  NewMail mail{.message_id = id + "@email.amazonses.com", .from = request.source, .to = Several(request.destination.to_addresses),
               .cc = Several(request.destination.cc_addresses), .reply_to = Several(request.reply_to_addresses), .subject = request.message.subject.data,
               .text = body.text ? body.text->data : "", .html = body.html ? body.html->data : "", .date = parts_.clock->WallNow()};
  IncomingMail sent{.message_id = id, .source = request.return_path.value_or(source), .recipients = std::move(recipients), .raw = WriteMail(mail)};
  MF_CO_TRY_VOID(CheckSize(sent.raw));
  MF_CO_TRY_VOID(co_await Send(ctx, std::move(sent), std::move(mail.subject)));
  co_return SendEmailResponse{.message_id = id};
}

Task<Result<SendRawEmailResponse>> SesApi::SendRawEmail(Context& ctx, SendRawEmailRequest request) {
  MF_CO_TRY_VOID(CheckConfigurationSet(request.configuration_set_name));
  MF_CO_TRY_VOID(CheckSize(request.raw_message.data));
  const Mail header = ReadMail(request.raw_message.data);
  const std::string source = AddressOf(request.source.value_or(std::string(header.Header("From"))));
  MF_CO_TRY_VOID(CheckSender(*parts_.tables, Place::Of(ctx), source));
  MF_CO_TRY(auto recipients, RecipientsFrom(request.destinations ? *request.destinations : RecipientsOfHeader(header)));
  const std::string id = NewMessageId();
  std::string subject(header.Header("Subject"));
  std::string raw = WithoutHeader(WithoutHeader(request.raw_message.data, "Bcc"), "Message-ID");
  std::string added = fmt::format("Message-ID: <{}@email.amazonses.com>\r\n", id);
  if (header.Header("Date").empty()) added += fmt::format("Date: {}\r\n", MailDate(parts_.clock->WallNow()));
  if (header.headers.empty() && header.header_bytes == 0) added += "\r\n";  // the message has no header of its own
  raw.insert(0, added);
  IncomingMail sent{.message_id = id, .source = source, .recipients = std::move(recipients), .raw = std::move(raw)};
  MF_CO_TRY_VOID(co_await Send(ctx, std::move(sent), std::move(subject)));
  co_return SendRawEmailResponse{.message_id = id};
}

}  // namespace mayfly::ses
