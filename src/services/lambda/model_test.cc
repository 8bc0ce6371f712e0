// If these fail, requests are misread, wrong values get in, or clients cannot read our answers.
#include "wire/error_response.h"
#include "wire/rest_json.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/json.h"
#include "model/lambda.h"

namespace mayfly::lambda {
namespace {

using namespace wire;

constexpr std::string_view kRole = "arn:aws:iam::123456789012:role/r";

class LambdaModelTest : public testing::Test {
 protected:
  Result<Message> Decode(std::string method, std::string target, std::string body = {},
                         std::vector<std::pair<std::string, std::string>> headers = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    for (const auto& [name, value] : headers) request.headers.Add(name, value);
    MF_TRY(RouteMatch match, protocol_.Route(request));
    return protocol_.Decode(match, request);
  }

  // The error's "code: message" of a CreateFunction with these members added to the required ones.
  std::string CreateError(const std::string& members) {
    const std::string body = R"({"FunctionName":"f","Role":")" + std::string(kRole) + R"(","Code":{"ZipFile":"AAAA"})" + members + "}";
    return ErrorOf(Decode("POST", "/2015-03-31/functions", body));
  }

  static std::string ErrorOf(const Result<Message>& result) {
    return result ? "no error" : result.error().code + ": " + result.error().message;
  }

  static std::string Violation(std::string_view text) { return "ValidationException: 1 validation error detected: " + std::string(text); }

  const Operation& Named(std::string_view name) const { return *FindOperation(kService, name); }

  RestJson protocol_{kService};
};

TEST_F(LambdaModelTest, ReadsPathQueryHeadersAndPayload) {
  auto message = Decode("POST", "/2015-03-31/functions/f%3Alive/invocations?Qualifier=%24LATEST", "{\"n\": 1.0}",
                        {{"x-amz-invocation-type", "Event"}, {"X-Amz-Log-Type", "Tail"}, {"X-Amz-Client-Context", "e30="}});
  ASSERT_TRUE(message) << message.error().message;
  const auto& request = message->As<InvokeRequest>();
  EXPECT_EQ(request.function_name, "f:live");
  EXPECT_EQ(request.qualifier, "$LATEST");
  EXPECT_EQ(request.invocation_type, InvocationType::Event);
  EXPECT_EQ(request.log_type, LogType::Tail);
  EXPECT_EQ(request.client_context, "e30=");
  EXPECT_EQ(request.payload, "{\"n\": 1.0}");
  EXPECT_FALSE(request.tenant_id);
}

TEST_F(LambdaModelTest, ReadsANestedBody) {
  auto message = Decode("POST", "/2015-03-31/functions", R"({"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/r",
      "Code":{"ZipFile":"UEsDBA=="},"Timeout":900,"Publish":false,"Environment":{"Variables":{"AB":"1","AB":"2","CD":""}},
      "Layers":[],"VpcConfig":{"SubnetIds":["subnet-1"],"Unknown":{"x":[1]}},"Description":null,"NotInTheModel":7,
      "Runtime":"python9.9"})");
  ASSERT_TRUE(message) << message.error().message;
  const auto& request = message->As<CreateFunctionRequest>();
  EXPECT_EQ(request.code.zip_file, std::string("PK\x03\x04", 4));
  EXPECT_EQ(request.timeout, 900);
  EXPECT_EQ(request.publish, false);
  ASSERT_TRUE(request.environment && request.environment->variables);
  const Map<std::string> variables = {{"AB", "2"}, {"CD", ""}};
  EXPECT_EQ(*request.environment->variables, variables);
  ASSERT_TRUE(request.layers);
  EXPECT_TRUE(request.layers->empty());
  EXPECT_EQ(request.vpc_config->subnet_ids, std::vector<std::string>{"subnet-1"});
  EXPECT_FALSE(request.description);
  EXPECT_EQ(request.runtime, "python9.9");  // an open enum: the service has its own words for an unknown runtime
}

TEST_F(LambdaModelTest, RefusesWrongJsonTypesAsAwsDoes) {
  const std::string code = "SerializationException: ";
  EXPECT_EQ(CreateError(R"(,"Timeout":"3")"), code + "STRING_VALUE can not be converted to an Integer");
  EXPECT_EQ(CreateError(R"(,"Timeout":true)"), code + "TRUE_VALUE can not be converted to an Integer");
  EXPECT_EQ(CreateError(R"(,"Timeout":1.5)"), code + "NUMBER_VALUE can not be converted to an Integer");
  EXPECT_EQ(CreateError(R"(,"Timeout":99999999999)"), code + "NUMBER_VALUE can not be converted to an Integer");
  EXPECT_EQ(CreateError(R"(,"Timeout":[3])"), code + "Start of list found where not expected");
  EXPECT_EQ(CreateError(R"(,"Handler":5)"), code + "NUMBER_VALUE can not be converted to a String");
  EXPECT_EQ(CreateError(R"(,"Handler":{})"), code + "Start of structure or map found where not expected.");
  EXPECT_EQ(CreateError(R"(,"Publish":"maybe")"), code + "STRING_VALUE can not be converted to an Boolean");
  EXPECT_EQ(CreateError(R"(,"TracingConfig":5)"), code + "Unexpected field type");
  EXPECT_EQ(CreateError(R"(,"Layers":[1])"), code + "NUMBER_VALUE can not be converted to a String");
  EXPECT_EQ(CreateError(R"(,"Environment":{"Variables":{"A":{}}})"), code + "Start of structure or map found where not expected.");
  EXPECT_EQ(ErrorOf(Decode("POST", "/2015-03-31/functions", "[]")), code + "Start of list found where not expected");
  EXPECT_TRUE(ErrorOf(Decode("POST", "/2015-03-31/functions", "{")).starts_with(code));
  EXPECT_EQ(ErrorOf(Decode("GET", "/2015-03-31/functions?MaxItems=many")), code + "STRING_VALUE can not be converted to an Integer");
}

TEST_F(LambdaModelTest, SpeaksAwsWordsForOneValue) {
  EXPECT_EQ(CreateError(R"(,"Timeout":0)"),
            Violation("Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1"));
  EXPECT_EQ(CreateError(R"(,"MemorySize":99999)"),
            Violation("Value '99999' at 'memorySize' failed to satisfy constraint: Member must have value less than or equal to 32768"));
  EXPECT_EQ(CreateError(R"(,"PackageType":"Tar")"),
            Violation("Value 'Tar' at 'packageType' failed to satisfy constraint: Member must satisfy enum value set: [Zip, Image]"));
  EXPECT_EQ(CreateError(R"(,"Handler":"a b")"),
            Violation("Value 'a b' at 'handler' failed to satisfy constraint: Member must satisfy regular expression pattern: [^\\s]+"));
  EXPECT_EQ(
      CreateError(R"(,"TracingConfig":{"Mode":"x"})"),
      Violation(
          "Value 'x' at 'tracingConfig.mode' failed to satisfy constraint: Member must satisfy enum value set: [Active, PassThrough]"));
  EXPECT_EQ(CreateError(R"(,"EphemeralStorage":{})"),
            Violation("Value null at 'ephemeralStorage.size' failed to satisfy constraint: Member must not be null"));
  EXPECT_EQ(ErrorOf(Decode("GET", "/2015-03-31/functions?FunctionVersion=SOME")),
            Violation("Value 'SOME' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]"));
  EXPECT_EQ(
      CreateError(R"(,"CapacityProviderConfig":{"LambdaManagedInstancesCapacityProviderConfig":{"CapacityProviderArn":
      "arn:aws:lambda:us-east-1:123456789012:capacity-provider:p","ExecutionEnvironmentMemoryGiBPerVCpu":8.5}})"),
      Violation("Value '8.5' at 'capacityProviderConfig.lambdaManagedInstancesCapacityProviderConfig.executionEnvironmentMemoryGiBPerVCpu' "
                "failed to satisfy constraint: Member must have value less than or equal to 8.0"));
}

TEST_F(LambdaModelTest, SpeaksAwsWordsForListsAndMaps) {
  EXPECT_EQ(
      CreateError(R"(,"Architectures":["x86_64","arm64"])"),
      Violation(
          "Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1"));
  EXPECT_EQ(CreateError(R"(,"Architectures":["mips"])"),
            Violation("Value '[mips]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: "
                      "[Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"));
  EXPECT_EQ(CreateError(R"(,"VpcConfig":{"SubnetIds":["subnet-1","no"]})"),
            Violation("Value '[subnet-1, no]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy constraint: "
                      "[Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, "
                      "Member must satisfy regular expression pattern: subnet-[0-9a-z]*, Member must not be null]"));
  EXPECT_EQ(CreateError(R"(,"Tags":{"":"x"})"),
            Violation("Value '{=x}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: "
                      "[Member must have length less than or equal to 128, Member must have length greater than or equal to 1, "
                      "Member must satisfy regular expression pattern: ([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*), Member must not be null]"));
  EXPECT_TRUE(CreateError(R"(,"FileSystemConfigs":[{"Arn":"no"}])")
                  .starts_with("ValidationException: 2 validation errors detected: Value 'no' at 'fileSystemConfigs.1.member.arn' "
                               "failed to satisfy constraint: Member must satisfy regular expression pattern: "));
}

TEST_F(LambdaModelTest, KeepsSensitiveValuesOutOfMessages) {
  const std::string error = CreateError(R"(,"Environment":{"Variables":{"1SECRET":"hunter2"}})");
  EXPECT_EQ(error, Violation("Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: "
                             "[Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]"));
}

TEST_F(LambdaModelTest, CollectsAllFindings) {
  EXPECT_EQ(ErrorOf(Decode("POST", "/2015-03-31/functions", R"({"FunctionName":"a b"})")),
            "ValidationException: 3 validation errors detected: Value 'a b' at 'functionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: "
            "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?"
            "(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?; "
            "Value null at 'role' failed to satisfy constraint: Member must not be null; "
            "Value null at 'code' failed to satisfy constraint: Member must not be null");
  const std::string everything_missing = ErrorOf(Decode("POST", "/2015-03-31/functions"));
  EXPECT_TRUE(everything_missing.starts_with("ValidationException: 3 validation errors detected: Value null at 'functionName'"));
}

TEST_F(LambdaModelTest, AnswersTooLongABareNameInTheOtherFamily) {
  const std::string name(65, 'f');
  const std::string body = R"({"FunctionName":")" + name + R"(","Role":")" + std::string(kRole) + R"(","Code":{}})";
  EXPECT_EQ(ErrorOf(Decode("POST", "/2015-03-31/functions", body)),
            "InvalidParameterValueException: 1 validation error detected: Value '" + name +
                "' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64");
}

TEST_F(LambdaModelTest, BoundsItsMessages) {
  const std::string error = CreateError(R"(,"Description":")" + std::string(1'000'000, 'x') + "\"");
  EXPECT_LT(error.size(), 20'000u);
  std::string many = R"(,"FileSystemConfigs":[)";
  for (int i = 0; i < 1000; ++i) many += i ? ",{}" : "{}";
  const std::string counted = CreateError(many + "]");
  EXPECT_TRUE(counted.starts_with("ValidationException: 2001 validation errors detected: ")) << counted.substr(0, 80);
  EXPECT_LT(counted.size(), 30'000u);
}

TEST_F(LambdaModelTest, CountsCharactersNotBytes) {
  std::string text;
  for (int i = 0; i < 256; ++i) text += "ä";
  EXPECT_EQ(CreateError(R"(,"Description":")" + text + "\""), "no error");
  EXPECT_NE(CreateError(R"(,"Description":")" + text + "ä\""), "no error");
}

void UsePatterns(const Structure& structure);

void UsePatterns(const Shape* shape) {
  if (!shape) return;
  if (shape->pattern) shape->pattern->Matches("x");  // a pattern that does not compile ends the program
  UsePatterns(shape->element);
  UsePatterns(shape->key);
  if (shape->structure) UsePatterns(*shape->structure);
}

void UsePatterns(const Structure& structure) {
  for (const Member& member : structure.members) UsePatterns(member.shape);
}

TEST_F(LambdaModelTest, EveryPatternOfTheModelCompiles) {
  for (const Operation& operation : kService.operations) {
    if (operation.input) UsePatterns(*operation.input);
    if (operation.output) UsePatterns(*operation.output);
  }
}

TEST_F(LambdaModelTest, WritesStatusHeadersAndPayload) {
  Message message(Named("Invoke").output);
  auto& response = *static_cast<InvocationResponse*>(message.get());
  response.status_code = 200;
  response.function_error = "Unhandled";
  response.executed_version = "$LATEST";
  response.payload = R"({"a":1.0})";
  const http::Response answer = protocol_.Encode(Named("Invoke"), message);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"a":1.0})");
  EXPECT_EQ(answer.headers.Get("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(answer.headers.Get("X-Amz-Executed-Version"), "$LATEST");
  EXPECT_EQ(answer.headers.Get("Content-Type"), "application/json");
  EXPECT_EQ(answer.headers.Find("X-Amz-Log-Result"), nullptr);
}

TEST_F(LambdaModelTest, WritesJsonOfWhatIsPresent) {
  Message message(Named("CreateFunction").output);
  auto& response = *static_cast<FunctionConfiguration*>(message.get());
  response.function_name = "f";
  response.code_size = 1'234'567'890'123;
  response.architectures = {"x86_64"};
  response.environment.emplace().variables = Map<std::string>{{"K", "v\"\n"}};
  response.layers.emplace();
  const http::Response answer = protocol_.Encode(Named("CreateFunction"), message);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(
      answer.body,
      R"({"FunctionName":"f","CodeSize":1234567890123,"Environment":{"Variables":{"K":"v\"\n"}},"Layers":[],"Architectures":["x86_64"]})");
}

TEST_F(LambdaModelTest, AnEmptyAnswerHasNoBody) {
  Message message(Named("DeleteFunction").output);
  static_cast<DeleteFunctionResponse*>(message.get())->status_code = 204;
  const http::Response answer = protocol_.Encode(Named("DeleteFunction"), message);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer.headers.Find("Content-Type"), nullptr);
}

TEST_F(LambdaModelTest, WritesErrorsAsTheModelHasThem) {
  const http::Response found = protocol_.EncodeError(Error::Service("ResourceNotFoundException", "Function not found: f"));
  EXPECT_EQ(found.status, 404);
  EXPECT_EQ(found.headers.Get("x-amzn-ErrorType"), "ResourceNotFoundException");
  EXPECT_EQ(found.body, R"({"Type":"User","Message":"Function not found: f"})");
  EXPECT_EQ(protocol_.EncodeError(wire::WithoutType(Error::Service("ResourceNotFoundException", "It has gone."))).body, R"({"Message":"It has gone."})");

  Error throttle = Error::Service("TooManyRequestsException", "Rate Exceeded.");
  throttle.members = {{"Reason", "\"CallerRateLimitExceeded\""}, {"retryAfterSeconds", "\"1\""}};
  const http::Response limited = protocol_.EncodeError(throttle);
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.headers.Get("Retry-After"), "1");
  EXPECT_EQ(limited.body, R"({"Reason":"CallerRateLimitExceeded","Type":"User","message":"Rate Exceeded."})");

  const http::Response invalid = protocol_.EncodeError(Error::Service("ValidationException", "1 validation error detected: x"));
  EXPECT_EQ(invalid.status, 400);
  EXPECT_EQ(invalid.body, R"({"message":"1 validation error detected: x"})");
}

TEST_F(LambdaModelTest, NeverTellsClientsOfFaults) {
  const http::Response answer = protocol_.EncodeError(Error::Fault("open /secret/path: ENOSPC"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.headers.Get("x-amzn-ErrorType"), "ServiceException");
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  EXPECT_NE(answer.body.find(R"("Type":"Service")"), std::string::npos);
}

}  // namespace
}  // namespace mayfly::lambda
