import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.eventbridge.model.PutEventsRequestEntry;
import software.amazon.awssdk.services.eventbridge.model.Target;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sns.model.NotFoundException;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException;

/** What programs in Java do with a daemon through AWS's SDK v2: one method per service. Arguments: the endpoint, and what makes this run's names its own. */
public class Clients {
  interface Try { void run() throws Exception; }

  static final String ACCOUNT = "000000000000";
  static String endpoint, suffix;
  static SqsClient queues;

  static <B extends AwsClientBuilder<B, C>, C> B with(B builder) {
    return builder.endpointOverride(URI.create(endpoint)).region(Region.US_EAST_1)
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")));
  }

  static void check(boolean ok, String what, Object... found) {
    if (!ok) throw new AssertionError(what + " " + List.of(found));
  }

  static <E extends Exception> void refused(Class<E> kind, Try call) throws Exception {
    try {
      call.run();
    } catch (Exception error) {
      check(kind.isInstance(error), "not " + kind.getSimpleName() + " but", error.toString());
      return;
    }
    throw new AssertionError("nothing was refused, but " + kind.getSimpleName() + " was to come");
  }

  static String arn(String name) { return "arn:aws:sqs:us-east-1:" + ACCOUNT + ":" + name + suffix; }

  static String queue(String name, String service) {
    String policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"" + service + "\"},\"Action\":\"sqs:SendMessage\",\"Resource\":\"" + arn(name) + "\"}]}";
    return queues.createQueue(r -> r.queueName(name + suffix).attributes(Map.of(QueueAttributeName.POLICY, policy))).queueUrl();
  }

  static Message receive(String url) {
    for (int i = 0; i < 60; ++i) {
      List<Message> got = queues.receiveMessage(r -> r.queueUrl(url).waitTimeSeconds(1).messageAttributeNames("All")).messages();
      if (got.isEmpty()) continue;
      queues.deleteMessage(r -> r.queueUrl(url).receiptHandle(got.get(0).receiptHandle()));
      return got.get(0);
    }
    throw new AssertionError("no message comes to " + url);
  }

  static void messages() throws Exception {
    String url = queue("java-queue", "sns.amazonaws.com");
    String id = queues.sendMessage(r -> r.queueUrl(url).messageBody("héllo")
        .messageAttributes(Map.of("n", MessageAttributeValue.builder().dataType("Number").stringValue("7").build()))).messageId();
    Message got = receive(url);
    check(got.body().equals("héllo") && got.messageId().equals(id) && got.messageAttributes().get("n").stringValue().equals("7"), "not the message that was sent", got);
    check(queues.sendMessageBatch(r -> r.queueUrl(url).entries(e -> e.id("a").messageBody("1"), e -> e.id("b").messageBody("2"))).successful().size() == 2, "the batch has failed");
    refused(QueueDoesNotExistException.class, () -> queues.getQueueUrl(r -> r.queueName("none" + suffix)));
    queues.deleteQueue(r -> r.queueUrl(url));
  }

  static void topics() throws Exception {
    try (SnsClient client = with(SnsClient.builder()).build()) {
      String url = queue("java-topic", "sns.amazonaws.com");
      String topic = client.createTopic(r -> r.name("java-topic" + suffix).tags(t -> t.key("k").value("v"))).topicArn();
      client.subscribe(r -> r.topicArn(topic).protocol("sqs").endpoint(arn("java-topic")).attributes(Map.of("RawMessageDelivery", "true", "FilterPolicy", "{\"kind\":[\"a\"]}")));
      client.publish(r -> r.topicArn(topic).message("no").messageAttributes(Map.of("kind", kind("b"))));
      check(client.publishBatch(r -> r.topicArn(topic).publishBatchRequestEntries(e -> e.id("1").message("yes").messageAttributes(Map.of("kind", kind("a"))))).successful().size() == 1, "the batch has failed");
      Message got = receive(url);
      check(got.body().equals("yes") && got.messageAttributes().get("kind").stringValue().equals("a"), "not the message that was published", got);
      refused(NotFoundException.class, () -> client.publish(r -> r.topicArn(topic + "x").message("x")));
      client.deleteTopic(r -> r.topicArn(topic));
      queues.deleteQueue(r -> r.queueUrl(url));
    }
  }

  static software.amazon.awssdk.services.sns.model.MessageAttributeValue kind(String value) {
    return software.amazon.awssdk.services.sns.model.MessageAttributeValue.builder().dataType("String").stringValue(value).build();
  }

  static void events() throws Exception {
    try (EventBridgeClient client = with(EventBridgeClient.builder()).build()) {
      String url = queue("java-events", "events.amazonaws.com"), rule = "java-rule" + suffix;
      client.putRule(r -> r.name(rule).eventPattern("{\"source\":[\"java" + suffix + "\"]}"));
      check(client.putTargets(r -> r.rule(rule).targets(Target.builder().id("q").arn(arn("java-events")).build())).failedEntryCount() == 0, "the target is refused");
      PutEventsRequestEntry good = PutEventsRequestEntry.builder().source("java" + suffix).detailType("t").detail("{\"n\":1}").build();
      PutEventsRequestEntry bad = PutEventsRequestEntry.builder().source("bad").detailType("t").detail("no json").build();
      var sent = client.putEvents(r -> r.entries(good, bad));
      check(sent.failedEntryCount() == 1 && sent.entries().get(1).errorCode().equals("MalformedDetail"), "not one of two events failed", sent);
      check(receive(url).body().contains("\"id\":\"" + sent.entries().get(0).eventId() + "\""), "not the event that was put");
      client.removeTargets(r -> r.rule(rule).ids("q"));
      client.deleteRule(r -> r.name(rule));
      queues.deleteQueue(r -> r.queueUrl(url));
    }
  }

  static void objects() throws Exception {
    try (S3Client client = with(S3Client.builder()).forcePathStyle(true).build()) {
      String bucket = "java-bucket" + suffix, body = "0123456789".repeat(200_000);
      client.createBucket(r -> r.bucket(bucket));
      for (ChecksumAlgorithm algorithm : new ChecksumAlgorithm[] {null, ChecksumAlgorithm.CRC32, ChecksumAlgorithm.SHA1, ChecksumAlgorithm.SHA256}) {
        String key = "a b/ü+" + Objects.toString(algorithm, "");
        String tag = client.putObject(r -> r.bucket(bucket).key(key).checksumAlgorithm(algorithm).metadata(Map.of("m", "1")), RequestBody.fromString(body)).eTag();
        ResponseBytes<GetObjectResponse> got = client.getObjectAsBytes(r -> r.bucket(bucket).key(key).checksumMode(ChecksumMode.ENABLED));
        check(got.asUtf8String().equals(body) && got.response().eTag().equals(tag) && got.response().metadata().get("m").equals("1"), key + ": not the object that was put", got.response());
      }
      String upload = client.createMultipartUpload(r -> r.bucket(bucket).key("parts").checksumAlgorithm(ChecksumAlgorithm.CRC32)).uploadId();
      byte[] large = new byte[5 << 20];
      var first = client.uploadPart(r -> r.bucket(bucket).key("parts").uploadId(upload).partNumber(1).checksumAlgorithm(ChecksumAlgorithm.CRC32), RequestBody.fromBytes(large));
      var last = client.uploadPart(r -> r.bucket(bucket).key("parts").uploadId(upload).partNumber(2).checksumAlgorithm(ChecksumAlgorithm.CRC32), RequestBody.fromString("end"));
      List<CompletedPart> parts = List.of(CompletedPart.builder().partNumber(1).eTag(first.eTag()).checksumCRC32(first.checksumCRC32()).build(),
          CompletedPart.builder().partNumber(2).eTag(last.eTag()).checksumCRC32(last.checksumCRC32()).build());
      client.completeMultipartUpload(r -> r.bucket(bucket).key("parts").uploadId(upload).multipartUpload(m -> m.parts(parts)));
      try (InputStream ranged = client.getObject(r -> r.bucket(bucket).key("parts").range("bytes=5242880-"))) {
        check(new String(ranged.readAllBytes(), StandardCharsets.UTF_8).equals("end"), "not the range that was asked for");
      }
      List<String> keys = client.listObjectsV2Paginator(r -> r.bucket(bucket).maxKeys(3)).contents().stream().map(S3Object::key).collect(Collectors.toList());
      check(keys.size() == 5 && keys.get(0).equals("a b/ü+"), "not the keys that were put", keys);
      refused(NoSuchKeyException.class, () -> client.getObjectAsBytes(r -> r.bucket(bucket).key("none")));
      refused(NoSuchKeyException.class, () -> client.headObject(r -> r.bucket(bucket).key("none")));
      List<ObjectIdentifier> all = keys.stream().map(key -> ObjectIdentifier.builder().key(key).build()).collect(Collectors.toList());
      check(client.deleteObjects(r -> r.bucket(bucket).delete(d -> d.objects(all))).errors().isEmpty(), "not all are deleted");
      client.deleteBucket(r -> r.bucket(bucket));
    }
  }

  static boolean attempt(String name, Try what) {
    try {
      what.run();
      return true;
    } catch (Throwable error) {
      System.out.println(name + ": " + error);
      return false;
    }
  }

  public static void main(String[] arguments) {
    endpoint = arguments[0];
    suffix = arguments[1];
    queues = with(SqsClient.builder()).build();
    boolean ok = attempt("sqs", Clients::messages);
    ok &= attempt("sns", Clients::topics);
    ok &= attempt("events", Clients::events);
    ok &= attempt("s3", Clients::objects);
    System.exit(ok ? 0 : 1);
  }
}
