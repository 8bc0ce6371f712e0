// If these fail, what functions are told of a mail is not what stands in it, or mail goes astray.
#include "services/ses/mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/ses/receipt_rules.h"
#include "services/ses/smtp_session.h"

namespace mayfly::ses {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Mail, HeadersAreUnfoldedAndEndWhereTheBodyBegins) {
  const std::string raw = "From: a@b.com\r\nSubject: a long\r\n one\r\nTo:c@d.com\n\r\nX: body\r\n";
  const Mail mail = ReadMail(raw);
  EXPECT_EQ(mail.Header("subject"), "a long one");
  EXPECT_EQ(mail.Header("To"), "c@d.com");
  EXPECT_EQ(mail.Header("X"), "");
  EXPECT_EQ(raw.substr(mail.header_bytes), "X: body\r\n");
}

TEST(Mail, AMessageWithoutAHeaderIsAllBody) {
  const Mail mail = ReadMail("just text\r\nFrom: a@b.com\r\n");
  EXPECT_THAT(mail.headers, IsEmpty());
  EXPECT_EQ(mail.header_bytes, 0u);
}

TEST(Mail, AHeaderIsTakenOutWithItsContinuations) {
  EXPECT_EQ(WithoutHeader("A: 1\r\nbcc: x@y.z,\r\n w@y.z\r\nB: 2\r\n\r\nBcc: body\r\n", "Bcc"), "A: 1\r\nB: 2\r\n\r\nBcc: body\r\n");
}

TEST(Mail, AddressesAreFoundInListsOfThem) {
  const auto entries = AddressList(R"("Doe, Jane" <jane@example.com>, (a, comment) bob@example.com, Team: x@y.z;, "q\"<" <q@example.com>)");
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0], R"("Doe, Jane" <jane@example.com>)");
  EXPECT_EQ(AddressOf(entries[0]), "jane@example.com");
  EXPECT_EQ(AddressOf(entries[1]), "bob@example.com");
  EXPECT_EQ(AddressOf(entries[2]), "x@y.z");
  EXPECT_EQ(AddressOf(entries[3]), "q@example.com");
}

TEST(Mail, WhatIsNoAddressIsRefused) {
  for (const char* good : {"a@b", "a.b+c@sub.example.com"}) EXPECT_TRUE(IsMailAddress(good)) << good;
  for (const char* bad : {"", "a", "@b", "a@", "a b@c", "a@b..c", "a@-b", "a@b>", "a\r\n@b"}) EXPECT_FALSE(IsMailAddress(bad)) << bad;
}

TEST(Mail, WhatIsWrittenIsReadAgain) {
  NewMail mail{.message_id = "1@host", .from = "a@b.com", .to = {"c@d.com", "e@f.com"}, .cc = {}, .reply_to = {}, .subject = "Grüße\r\nBcc: evil@x.com",
               .text = "Hällo", .html = "<p>", .date = WallTime(std::chrono::seconds(0))};
  const std::string raw = WriteMail(mail);
  const Mail read = ReadMail(raw);
  EXPECT_THAT(read.Header("Subject"), StartsWith("=?UTF-8?B?"));
  EXPECT_EQ(read.Header("Bcc"), "");
  EXPECT_EQ(read.Header("Date"), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_THAT(AddressList(read.Header("To")), ElementsAre("c@d.com", "e@f.com"));
  EXPECT_THAT(raw, HasSubstr("multipart/alternative"));
}

TEST(ReceiptRules, ARecipientIsAnAddressADomainOrWhatIsBelowOne) {
  ReceiptRule rule;
  EXPECT_TRUE(IsAbout(rule, "any@where.com"));
  rule.recipients = {"Me@example.com", "example.org", ".example.net"};
  for (const char* meant : {"me@example.com", "me+label@EXAMPLE.com", "x@example.org", "x@mail.example.net"}) EXPECT_TRUE(IsAbout(rule, meant)) << meant;
  for (const char* other : {"you@example.com", "x@mail.example.org", "x@example.net", "x@badexample.net"}) EXPECT_FALSE(IsAbout(rule, other)) << other;
}

TEST(ReceiptRules, AddressesAreInNetworks) {
  EXPECT_TRUE(IsInCidr("10.1.2.3", "10.0.0.0/8"));
  EXPECT_TRUE(IsInCidr("10.1.2.3", "10.1.2.3"));
  EXPECT_TRUE(IsInCidr("1.2.3.4", "0.0.0.0/0"));
  EXPECT_FALSE(IsInCidr("11.1.2.3", "10.0.0.0/8"));
  EXPECT_FALSE(IsInCidr("::1", "0.0.0.0/0"));
  for (const char* bad : {"", "10.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.0/", "a.b.c.d", "10.0.0.0/8/8"}) EXPECT_FALSE(IsCidr(bad)) << bad;
}

class SmtpTest : public testing::Test {
 protected:
  // All that is answered to these bytes.
  std::string Say(std::string_view bytes) {
    std::string said;
    input_ += bytes;
    while (true) {
      SmtpSession::Step step = session_.Feed(input_);
      input_.erase(0, step.consumed);
      said += step.reply;
      if (step.message) messages_.push_back(std::move(*step.message));
      if (step.consumed == 0 || step.closes) return said;
    }
  }

  SmtpSession session_{"host", [](std::string_view recipient) {
                         return recipient == "nobody@example.com" ? MailIntake::Answer::Unknown : MailIntake::Answer::Taken;
                       }};
  std::string input_;
  std::vector<SmtpSession::Message> messages_;
};

TEST_F(SmtpTest, AMessageComesInOnePiece) {
  EXPECT_THAT(Say("EHLO me\r\n"), HasSubstr("250 SIZE 10485760"));
  EXPECT_THAT(Say("MAIL FROM:<a@b.com> SIZE=10 BODY=8BITMIME\r\nRCPT TO:<c@d.com>\r\nRCPT TO:<nobody@example.com>\r\nDATA\r\n"),
              HasSubstr("250 2.1.5 OK\r\n550 5.1.1 Requested action not taken: mailbox unavailable\r\n354"));
  EXPECT_EQ(Say("Subject: x\r\n\r\n..a dot\r\n.\r"), "");
  Say("\nQUIT\r\n");
  ASSERT_EQ(messages_.size(), 1u);
  EXPECT_EQ(messages_[0].raw, "Subject: x\r\n\r\n.a dot\r\n");
  EXPECT_EQ(messages_[0].source, "a@b.com");
  EXPECT_THAT(messages_[0].recipients, ElementsAre("c@d.com"));
}

TEST_F(SmtpTest, OnlyCrlfEndsAMessage) {
  Say("HELO me\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.com>\r\nDATA\r\n");
  EXPECT_EQ(Say("text\n.\nMAIL FROM:<evil@x.com>\r\n"), "");
  Say(".\r\n");
  ASSERT_EQ(messages_.size(), 1u);
  EXPECT_EQ(messages_[0].raw, "text\n.\nMAIL FROM:<evil@x.com>\r\n");
  EXPECT_THAT(Say("NOOP\nNOOP\r\n"), StartsWith("500"));
}

TEST_F(SmtpTest, WhatIsTooLargeIsRefusedAndTheConnectionGoesOn) {
  Say("HELO me\r\n");
  EXPECT_THAT(Say("MAIL FROM:<a@b.com> SIZE=99999999999999999999\r\n"), StartsWith("552"));
  Say("MAIL FROM:<a@b.com>\r\nRCPT TO:<c@d.com>\r\nDATA\r\n");
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 11; ++i) EXPECT_EQ(Say(piece), "");
  EXPECT_THAT(Say("\r\n.\r\n"), StartsWith("552"));
  EXPECT_TRUE(messages_.empty());
  EXPECT_THAT(Say("NOOP\r\n"), StartsWith("250"));
}

TEST_F(SmtpTest, CommandsOutOfTurnAreRefused) {
  EXPECT_THAT(Say("MAIL FROM:<a@b.com>\r\n"), StartsWith("503"));
  Say("EHLO me\r\n");
  EXPECT_THAT(Say("RCPT TO:<a@b.com>\r\n"), StartsWith("503"));
  EXPECT_THAT(Say("DATA\r\n"), StartsWith("503"));
  EXPECT_THAT(Say("MAIL FROM:a@b.com\r\n"), StartsWith("501"));
  EXPECT_THAT(Say("AUTH PLAIN\r\n"), StartsWith("502"));
  EXPECT_THAT(Say(std::string(3000, 'x')), StartsWith("500"));
}

}  // namespace
}  // namespace mayfly::ses
