// If these fail, a request reaches the wrong operation, or none.
#include "wire/router.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "model/lambda.h"

namespace mayfly::lambda {
namespace {

using namespace wire;

const Router& LambdaRouter() {
  static const Router router(kService);
  return router;
}

std::string NameOf(std::string_view method, std::string_view path, std::string_view query = {}) {
  auto match = LambdaRouter().Find(method, path, query);
  return match ? std::string(match->operation->name) : match.error().code;
}

TEST(LambdaRoutes, FindsEveryOperationOfTheModelByItsOwnUri) {
  for (const Operation& operation : kService.operations) {
    std::string path(operation.path);
    for (size_t open = path.find('{'); open != std::string::npos; open = path.find('{')) {
      path.replace(open, path.find('}') - open + 1, "x");
    }
    std::string query;
    for (const auto& [name, value] : operation.query) query += std::string(name) + "=" + std::string(value) + "&";
    EXPECT_EQ(NameOf(operation.method, path, query), operation.name);
  }
}

TEST(LambdaRoutes, TellsOperationsOnOnePathApartByTheirQuery) {
  EXPECT_EQ(NameOf("GET", "/2018-10-31/layers"), "ListLayers");
  EXPECT_EQ(NameOf("GET", "/2018-10-31/layers", "find=LayerVersion&Arn=x"), "GetLayerVersionByArn");
  EXPECT_EQ(NameOf("GET", "/2018-10-31/layers", "find=Something"), "ListLayers");
  EXPECT_EQ(NameOf("GET", "/2019-09-30/functions/f/provisioned-concurrency", "Qualifier=1"), "GetProvisionedConcurrencyConfig");
  EXPECT_EQ(NameOf("GET", "/2019-09-30/functions/f/provisioned-concurrency", "MaxItems=5&List=ALL"), "ListProvisionedConcurrencyConfigs");
}

TEST(LambdaRoutes, DecodesLabelsAfterSplitting) {
  const auto match =
      LambdaRouter().Find("POST", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations", "");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->operation->name, "Invoke");
  ASSERT_EQ(match->labels.size(), 1u);
  EXPECT_EQ(match->labels[0].first, "FunctionName");
  EXPECT_EQ(match->labels[0].second, "arn:aws:lambda:us-east-1:000000000000:function:f");

  const auto slashes = LambdaRouter().Find("GET", "/2025-12-01/durable-executions/a%2Fb%2Fc/history", "");
  ASSERT_TRUE(slashes);
  EXPECT_EQ(slashes->labels[0].second, "a/b/c");
}

TEST(LambdaRoutes, ToleratesOneSlashAtTheEnd) {
  EXPECT_EQ(NameOf("GET", "/2015-03-31/functions/"), "ListFunctions");
  EXPECT_EQ(NameOf("POST", "/2015-03-31/functions/"), "CreateFunction");
  EXPECT_EQ(NameOf("GET", "/2015-03-31/functions/f/"), "GetFunction");
}

TEST(LambdaRoutes, RefusesWhatNoOperationHas) {
  EXPECT_EQ(NameOf("GET", "/"), "UnknownOperationException");
  EXPECT_EQ(NameOf("GET", ""), "UnknownOperationException");
  EXPECT_EQ(NameOf("GET", "/2015-03-31/functions/f/nonsense"), "UnknownOperationException");
  EXPECT_EQ(NameOf("GET", "/2015-03-31/functions//configuration"), "UnknownOperationException");
  EXPECT_EQ(NameOf("GET", std::string(5000, '/')), "UnknownOperationException");
  EXPECT_EQ(NameOf("PATCH", "/2015-03-31/functions/f"), "MethodNotAllowedException");
  EXPECT_EQ(NameOf("GET", "/2015-03-31/functions/%zz"), "SerializationException");
  EXPECT_EQ(NameOf("GET", "/2015-03-31/functions/%FF"), "SerializationException");
}

}  // namespace
}  // namespace mayfly::lambda
