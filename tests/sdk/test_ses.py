"""If these fail, mail is not that of Amazon SES to an unmodified SDK: what is sent is not kept, or what comes does not reach the functions, buckets
and topics of its receipt rules, or reaches them otherwise than on AWS."""
import base64
import itertools
import json
import os
import smtplib
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path

import pytest

from conftest import Functions
from daemon import ACCOUNT, REGION, Daemon, wait_until
from test_sns import Refused, Square

counter = itertools.count()
SECONDS = 60  # for what takes no time when the machine is idle

DECIDES = """
def handler(event, context):
    subject = event["Records"][0]["ses"]["mail"]["commonHeaders"]["subject"]
    return {"disposition": subject} if subject.isupper() else None
"""


class Post(Square):
    """A daemon that takes mail for a domain of its own, and what hears of it. A test's square with SES beside."""

    def __init__(self, daemon):
        super().__init__(daemon)
        self.ses, self.s3 = daemon.client("ses"), daemon.client("s3")
        self.domain = f"d{os.getpid()}-{next(counter)}.example.com"
        self.set = self.name()
        self.buckets = []
        self.ses.verify_domain_identity(Domain=self.domain)
        self.ses.create_receipt_rule_set(RuleSetName=self.set)
        self.ses.set_active_receipt_rule_set(RuleSetName=self.set)

    def arn_of(self, rule):
        return f"arn:aws:ses:{REGION}:{ACCOUNT}:receipt-rule-set/{self.set}:receipt-rule/{rule}"

    def rule(self, *actions, name="rule", recipients=None, after=None, **settings):
        rule = {"Name": name, "Enabled": True, "Actions": list(actions), "Recipients": recipients or [self.domain], **settings}
        self.ses.create_receipt_rule(RuleSetName=self.set, Rule=rule, **({"After": after} if after else {}))
        return self.arn_of(name)

    def send(self, to="me", subject="Hello", text="body", **settings):
        sent = self.ses.send_email(Source=f"sender@{self.domain}", Destination={"ToAddresses": [f"{to}@{self.domain}"]},
                                   Message={"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}, **settings)
        return sent["MessageId"]

    def bucket(self, allow=True):
        name = f"mail-{os.getpid()}-{next(counter)}"
        self.s3.create_bucket(Bucket=name)
        self.buckets.append(name)
        if allow:
            statement = {"Effect": "Allow", "Principal": {"Service": "ses.amazonaws.com"}, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{name}/*",
                         "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": f"arn:aws:ses:*:*:receipt-rule-set/{self.set}:*"}}}
            self.s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        return name

    def objects(self, bucket):
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=bucket).get("Contents", []) if not item["Key"].endswith("SETUP_NOTIFICATION")]

    def function(self, code=None, allow=True):
        """A function that SES may invoke, and the queue to which the answers of its asynchronous invocations go."""
        aws = self.daemon.client("lambda")
        name = self.functions(code) if code else self.functions()
        if allow:
            aws.add_permission(FunctionName=name, StatementId="ses", Action="lambda:InvokeFunction", Principal="ses.amazonaws.com", SourceAccount=ACCOUNT)
        url = self.queue()
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rsplit('/', 1)[1]}"
        aws.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": queue}})
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}", url

    def events(self, url, count=1):
        return [json.loads(body)["requestPayload"] for body in self.bodies(url, count)]

    def clean(self):
        self.ses.set_active_receipt_rule_set()
        self.ses.delete_receipt_rule_set(RuleSetName=self.set)
        self.ses.delete_identity(Identity=self.domain)
        for bucket in self.buckets:
            for item in self.s3.list_objects_v2(Bucket=bucket).get("Contents", []):
                self.s3.delete_object(Bucket=bucket, Key=item["Key"])
            self.s3.delete_bucket(Bucket=bucket)
        super().clean()


@pytest.fixture
def post(daemon):
    made = Post(daemon)
    yield made
    made.clean()


# --- identities and sending -------------------------------------------------------------------------------------------------------


def test_identities(daemon):
    ses = daemon.client("ses", region="eu-west-1")
    token = ses.verify_domain_identity(Domain="Example.ORG")["VerificationToken"]
    ses.verify_email_identity(EmailAddress="someone@example.net")
    assert sorted(ses.list_identities()["Identities"]) == ["example.org", "someone@example.net"]
    assert ses.list_identities(IdentityType="Domain")["Identities"] == ["example.org"]
    page = ses.list_identities(MaxItems=1)
    assert ses.list_identities(MaxItems=1, NextToken=page["NextToken"])["Identities"] != page["Identities"]
    attributes = ses.get_identity_verification_attributes(Identities=["example.org", "someone@example.net", "other.org"])["VerificationAttributes"]
    assert attributes == {"example.org": {"VerificationStatus": "Success", "VerificationToken": token}, "someone@example.net": {"VerificationStatus": "Success"}}
    assert daemon.client("ses", region="eu-west-2").list_identities()["Identities"] == []
    for identity in ("example.org", "someone@example.net", "not.there"):
        ses.delete_identity(Identity=identity)
    assert ses.list_identities()["Identities"] == []
    with Refused("InvalidParameterValue", "Invalid email address<nobody>."):
        ses.verify_email_identity(EmailAddress="nobody")


def test_what_is_sent_lies_in_the_outbox(post):
    sent = post.ses.send_email(
        Source=f"Sender <s@sub.{post.domain}>", ReplyToAddresses=["r@x.com"],
        Destination={"ToAddresses": ["a@x.com", "B <b@x.com>"], "CcAddresses": ["c@x.com"], "BccAddresses": ["secret@x.com"]},
        Message={"Subject": {"Data": "Grüße"}, "Body": {"Text": {"Data": "Hällo"}, "Html": {"Data": "<p>Hällo</p>"}}})["MessageId"]
    [kept] = [message for message in post.outbox() if message["id"] == sent]
    assert (kept["protocol"], kept["endpoint"], kept["subject"], kept["type"]) == ("email", "a@x.com, b@x.com, c@x.com, secret@x.com", "Grüße", "Mail")
    mail = message_from_bytes(kept["body"].encode())
    assert mail["From"] == f"Sender <s@sub.{post.domain}>" and mail["Cc"] == "c@x.com" and mail["Reply-To"] == "r@x.com" and "secret" not in kept["body"]
    assert [part.get_payload(decode=True).decode() for part in mail.get_payload()] == ["Hällo", "<p>Hällo</p>"]
    raw = f"From: s@{post.domain}\r\nTo: a@x.com\r\nBcc: b@x.com\r\nSubject: raw\r\n\r\ntext\r\n"
    sent = post.ses.send_raw_email(RawMessage={"Data": raw})["MessageId"]
    [kept] = [message for message in post.outbox() if message["id"] == sent]
    assert kept["endpoint"] == "a@x.com, b@x.com" and "Bcc" not in kept["body"] and kept["body"].endswith("\r\n\r\ntext\r\n")


def test_what_is_not_sent(post):
    message = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}
    with Refused("MessageRejected", "Email address is not verified. The following identities failed the check in region US-EAST-1: x@other.org", 400):
        post.ses.send_email(Source="x@other.org", Destination={"ToAddresses": ["a@x.com"]}, Message=message)
    with Refused("InvalidParameterValue", "Missing final '@domain'"):
        post.ses.send_email(Source=f"x@{post.domain}", Destination={"ToAddresses": ["a"]}, Message=message)
    with Refused("ConfigurationSetDoesNotExist", "Configuration set <none> does not exist."):
        post.ses.send_email(Source=f"x@{post.domain}", Destination={"ToAddresses": ["a@x.com"]}, Message=message, ConfigurationSetName="none")
    with Refused("NotImplemented", "SendTemplatedEmail is not implemented by Mayfly yet", 501):
        post.ses.send_templated_email(Source=f"x@{post.domain}", Destination={"ToAddresses": ["a@x.com"]}, Template="t", TemplateData="{}")


# --- receiving --------------------------------------------------------------------------------------------------------------------


def test_a_function_hears_of_a_mail(post):
    function, url = post.function()
    post.rule({"LambdaAction": {"FunctionArn": function}})
    post.send(subject="To a function")
    [event] = post.events(url)
    [record] = event["Records"]
    assert (record["eventSource"], record["eventVersion"]) == ("aws:ses", "1.0")
    mail, receipt = record["ses"]["mail"], record["ses"]["receipt"]
    me, sender = f"me@{post.domain}", f"sender@{post.domain}"
    assert (mail["source"], mail["destination"], mail["headersTruncated"]) == (sender, [me], False)
    assert {header["name"] for header in mail["headers"]} >= {"Return-Path", "Received", "From", "To", "Subject", "Message-ID", "Date", "MIME-Version"}
    common = mail["commonHeaders"]
    assert (common["returnPath"], common["from"], common["to"], common["subject"]) == (sender, [sender], [me], "To a function")
    assert common["messageId"].endswith("@email.amazonses.com>") and common["date"] and mail["timestamp"].endswith("Z")
    assert receipt["recipients"] == [me] and receipt["processingTimeMillis"] >= 0
    assert [receipt[verdict]["status"] for verdict in ("spamVerdict", "virusVerdict", "spfVerdict", "dkimVerdict", "dmarcVerdict")] == \
        ["PROCESSING_FAILED"] * 2 + ["GRAY"] * 3
    assert receipt["action"] == {"type": "Lambda", "functionArn": function, "invocationType": "Event"}


def test_a_bucket_has_the_mail_before_a_function_hears_of_it(post):
    bucket, (function, url) = post.bucket(), post.function()
    post.rule({"AddHeaderAction": {"HeaderName": "X-Seen", "HeaderValue": "yes"}},
              {"S3Action": {"BucketName": bucket, "ObjectKeyPrefix": "in/"}}, {"LambdaAction": {"FunctionArn": function}})
    assert "in/AMAZON_SES_SETUP_NOTIFICATION" in [item["Key"] for item in post.s3.list_objects_v2(Bucket=bucket)["Contents"]]
    raw = f"From: s@{post.domain}\r\nTo: me@{post.domain}\r\nSubject: kept\r\n\r\n" + "line é\r\n" * 20_000
    post.ses.send_raw_email(RawMessage={"Data": raw.encode()})
    [event] = post.events(url)
    key = "in/" + event["Records"][0]["ses"]["mail"]["messageId"]
    assert post.objects(bucket) == [key]
    stored = post.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    mail = message_from_bytes(stored)
    assert mail["X-Seen"] == "yes" and mail["Subject"] == "kept" and mail["Return-Path"] == f"<s@{post.domain}>"
    assert stored.endswith(("line é\r\n" * 20_000).encode())
    assert {"name": "X-Seen", "value": "yes"} in event["Records"][0]["ses"]["mail"]["headers"]


@pytest.mark.parametrize("subject, reached", [("CONTINUE", ["first", "second"]), ("STOP_RULE", ["second"]), ("STOP_RULE_SET", []), ("says nothing", ["first", "second"])])
def test_a_function_that_is_asked_decides_what_follows(post, subject, reached):
    decides, _ = post.function(DECIDES)
    topics = {name: post.topic() for name in ("first", "second", "last")}
    urls = {name: post.listener(topic, RawMessageDelivery="true") for name, topic in topics.items()}
    post.rule({"LambdaAction": {"FunctionArn": decides, "InvocationType": "RequestResponse", "TopicArn": topics["last"]}}, {"SNSAction": {"TopicArn": topics["first"]}})
    post.rule({"SNSAction": {"TopicArn": topics["second"]}}, name="next", after="rule")
    post.send(subject=subject)
    [told] = [json.loads(body) for body in post.bodies(urls["last"])]  # owed together with the others
    assert told["receipt"]["action"] == {"type": "Lambda", "topicArn": topics["last"], "functionArn": decides, "invocationType": "RequestResponse"}
    assert "content" not in told
    for name in ("first", "second"):
        if name in reached:
            [notification] = [json.loads(body) for body in post.bodies(urls[name])]
            assert notification["notificationType"] == "Received" and "body" in notification["content"]
        else:
            post.sns.publish(TopicArn=topics[name], Message="the last")
            assert post.bodies(urls[name]) == ["the last"]


def test_topics_get_the_mail_in_either_encoding(post):
    plain, encoded = post.topic(), post.topic()
    urls = [post.listener(topic) for topic in (plain, encoded)]
    post.rule({"SNSAction": {"TopicArn": plain}}, {"SNSAction": {"TopicArn": encoded, "Encoding": "Base64"}}, {"StopAction": {"Scope": "RuleSet", "TopicArn": plain}})
    post.rule({"BounceAction": {"SmtpReplyCode": "550", "Message": "never", "Sender": f"b@{post.domain}"}}, name="not-reached", after="rule")
    post.send(text="the text")
    [first, stop] = sorted((json.loads(body) for body in post.bodies(urls[0], 2)), key=lambda envelope: "content" not in envelope["Message"])
    assert first["Subject"] == "Amazon SES Email Receipt Notification"
    assert "the text" in json.loads(first["Message"])["content"]
    assert json.loads(first["Message"])["receipt"]["action"] == {"type": "SNS", "topicArn": plain, "encoding": "UTF8"}
    assert json.loads(stop["Message"])["receipt"]["action"] == {"type": "Stop", "topicArn": plain}
    [other] = [json.loads(json.loads(body)["Message"]) for body in post.bodies(urls[1])]
    assert b"the text" in base64.b64decode(other["content"])
    assert not [message for message in post.outbox() if message["type"] == "Bounce" and post.domain in message["endpoint"]]


def test_a_bounce_goes_to_the_sender(post):
    post.rule({"BounceAction": {"SmtpReplyCode": "550", "StatusCode": "5.1.1", "Message": "Mailbox does not exist", "Sender": f"daemon@{post.domain}"}})
    post.send()
    def bounces():
        return [message for message in post.outbox() if message["type"] == "Bounce" and message["endpoint"] == f"sender@{post.domain}"]
    [bounce] = wait_until(bounces, SECONDS, "no bounce comes")
    assert "Status: 5.1.1" in bounce["body"] and f"Final-Recipient: rfc822; me@{post.domain}" in bounce["body"]


def test_rules_are_about_their_recipients_only(post):
    mine, all_of_them = post.topic(), post.topic()
    urls = [post.listener(topic, RawMessageDelivery="true") for topic in (mine, all_of_them)]
    post.rule({"SNSAction": {"TopicArn": mine}}, recipients=[f"me@{post.domain}"])
    post.rule({"SNSAction": {"TopicArn": mine}}, name="off", Enabled=False)
    post.ses.create_receipt_rule(RuleSetName=post.set, After="rule", Rule={"Name": "all", "Enabled": True, "Actions": [{"SNSAction": {"TopicArn": all_of_them}}]})
    post.ses.send_email(Source=f"s@{post.domain}", Message={"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}},
                        Destination={"ToAddresses": [f"me+label@{post.domain}", f"you@{post.domain}", "far@away.org"]})
    [notification] = [json.loads(body) for body in post.bodies(urls[0])]
    assert notification["receipt"]["recipients"] == [f"me+label@{post.domain}"]
    [notification] = [json.loads(body) for body in post.bodies(urls[1])]
    assert notification["receipt"]["recipients"] == [f"me+label@{post.domain}", f"you@{post.domain}"]


# --- rule sets --------------------------------------------------------------------------------------------------------------------


def test_rule_sets_and_rules(post):
    ses, topic = post.ses, post.topic()
    action = {"SNSAction": {"TopicArn": topic, "Encoding": "UTF-8"}}
    for name in ("a", "b", "c"):
        post.rule(action, name=name, TlsPolicy="Optional", ScanEnabled=False)
    def names():
        return [rule["Name"] for rule in ses.describe_active_receipt_rule_set()["Rules"]]
    assert names() == ["c", "b", "a"]
    ses.reorder_receipt_rule_set(RuleSetName=post.set, RuleNames=["a", "b", "c"])
    ses.set_receipt_rule_position(RuleSetName=post.set, RuleName="a", After="b")
    assert names() == ["b", "a", "c"]
    rule = ses.describe_receipt_rule(RuleSetName=post.set, RuleName="a")["Rule"]
    assert rule == {"Name": "a", "Enabled": True, "TlsPolicy": "Optional", "Recipients": [post.domain], "Actions": [action], "ScanEnabled": False}
    ses.update_receipt_rule(RuleSetName=post.set, Rule={**rule, "Enabled": False})
    assert not ses.describe_receipt_rule(RuleSetName=post.set, RuleName="a")["Rule"]["Enabled"]
    ses.clone_receipt_rule_set(RuleSetName=post.set + "-2", OriginalRuleSetName=post.set)
    assert len(ses.describe_receipt_rule_set(RuleSetName=post.set + "-2")["Rules"]) == 3
    assert {post.set, post.set + "-2"} <= {found["Name"] for found in ses.list_receipt_rule_sets()["RuleSets"]}
    ses.delete_receipt_rule(RuleSetName=post.set, RuleName="b")
    assert names() == ["a", "c"]
    ses.delete_receipt_rule_set(RuleSetName=post.set + "-2")
    ses.create_receipt_filter(Filter={"Name": "block", "IpFilter": {"Policy": "Block", "Cidr": "10.0.0.0/8"}})
    assert ses.list_receipt_filters()["Filters"] == [{"Name": "block", "IpFilter": {"Policy": "Block", "Cidr": "10.0.0.0/8"}}]
    ses.delete_receipt_filter(FilterName="block")
    assert ses.list_receipt_filters()["Filters"] == []


def test_what_rules_may_not_be(post):
    ses, topic = post.ses, post.topic()
    good = {"Name": "r", "Enabled": True, "Actions": [{"SNSAction": {"TopicArn": topic}}]}
    def create(**changes):
        ses.create_receipt_rule(RuleSetName=post.set, Rule={**good, **changes})
    create()
    with Refused("AlreadyExists", "Rule already exists: r"):
        create()
    with Refused("AlreadyExists", f"Rule set already exists: {post.set}"):
        ses.create_receipt_rule_set(RuleSetName=post.set)
    with Refused("CannotDelete", f"Cannot delete active rule set: {post.set}"):
        ses.delete_receipt_rule_set(RuleSetName=post.set)
    with Refused("RuleSetDoesNotExist", "Rule set does not exist: none"):
        ses.describe_receipt_rule_set(RuleSetName="none")
    with Refused("RuleDoesNotExist", "Rule does not exist: none"):
        ses.describe_receipt_rule(RuleSetName=post.set, RuleName="none")
    with Refused("InvalidSnsTopic", f"Invalid SNS topic: {topic}x"):
        create(Name="t", Actions=[{"SNSAction": {"TopicArn": topic + "x"}}])
    bucket = post.bucket(allow=False)
    with Refused("InvalidS3Configuration", f"Could not write to bucket: {bucket}"):
        create(Name="b", Actions=[{"S3Action": {"BucketName": bucket}}])
    function, _ = post.function(allow=False)
    with Refused("InvalidLambdaFunction", f"Could not invoke Lambda function: {function}"):
        create(Name="f", Actions=[{"LambdaAction": {"FunctionArn": function}}])
    with Refused("NotImplemented", "WorkMail"):
        create(Name="w", Actions=[{"WorkmailAction": {"OrganizationArn": "arn:aws:workmail:us-east-1:1:organization/m"}}])
    with Refused("InvalidParameterValue", "Not a valid rule name: -x"):
        create(Name="-x")


# --- SMTP, the command line, the daemon's life ------------------------------------------------------------------------------------


def smtp_port(daemon):
    return int(json.loads(daemon.send("GET", "/_mayfly/ses").body)["smtp"].rsplit(":", 1)[1])


def test_mail_comes_by_smtp_and_outlives_the_daemon():
    with Daemon("--ses-smtp", "127.0.0.1:0") as daemon:
        post = Post(daemon)
        topic, to = post.topic(), f"me@{post.domain}"
        url = post.listener(topic, RawMessageDelivery="true")
        post.rule({"SNSAction": {"TopicArn": topic}}, recipients=[to])
        post.rule({"SNSAction": {"TopicArn": topic}}, name="tls", recipients=[f"tls@{post.domain}"], TlsPolicy="Require")
        with smtplib.SMTP("127.0.0.1", smtp_port(daemon), timeout=60) as smtp:
            assert smtp.sendmail("a@b.org", [to, f"other@{post.domain}"], "From: a@b.org\r\nSubject: by SMTP\r\n\r\n.dot\r\n") == \
                {f"other@{post.domain}": (550, b"5.1.1 Requested action not taken: mailbox unavailable")}
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                smtp.sendmail("a@b.org", [f"tls@{post.domain}"], "x")
            assert refused.value.recipients[f"tls@{post.domain}"][0] == 530
            post.ses.create_receipt_filter(Filter={"Name": "all", "IpFilter": {"Policy": "Block", "Cidr": "127.0.0.0/8"}})
            assert smtp.docmd("MAIL", "FROM:<a@b.org>")[0] == 250 and smtp.docmd("RCPT", f"TO:<{to}>")[0] == 550
        daemon.kill()
        daemon.start()
        again = Post.__new__(Post)
        Square.__init__(again, daemon)
        url = again.sqs.get_queue_url(QueueName=url.rsplit("/", 1)[1])["QueueUrl"]
        [notification] = [json.loads(body) for body in again.bodies(url)]
        assert notification["mail"]["source"] == "a@b.org" and notification["mail"]["commonHeaders"]["subject"] == "by SMTP"
        assert notification["content"].endswith("\r\n\r\n.dot\r\n")
        ses = daemon.client("ses")
        assert ses.describe_active_receipt_rule_set()["Metadata"]["Name"] == post.set
        assert daemon.send("POST", "/_mayfly/reset").status == 200
        assert ses.list_identities()["Identities"] == [] and "Metadata" not in ses.describe_active_receipt_rule_set()


@pytest.mark.parametrize("program", ["/usr/bin/aws", str(Path(sys.executable).parent / "aws")])
def test_the_command_line(post, program, tmp_path):
    if not os.path.exists(program):
        pytest.skip(f"{program} is not installed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                   "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}

    def aws(*arguments):
        command = [program, "--endpoint-url", post.daemon.url, "--output", "json", "ses", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}
    topic = post.topic()
    url = post.listener(topic, RawMessageDelivery="true")
    rule = {"Name": "cli", "Enabled": True, "Actions": [{"SNSAction": {"TopicArn": topic}}]}
    aws("create-receipt-rule", "--rule-set-name", post.set, "--rule", json.dumps(rule))
    assert aws("describe-active-receipt-rule-set")["Rules"][0]["Name"] == "cli"
    sent = aws("send-email", "--from", f"a@{post.domain}", "--to", f"me@{post.domain}", "--subject", "from the command line", "--text", "t")
    assert sent["MessageId"]
    [notification] = [json.loads(body) for body in post.bodies(url)]
    assert notification["mail"]["commonHeaders"]["subject"] == "from the command line"
