// If these fail, requests reach another service than their Host says, or the bucket in a Host is another one.
#include "wire/host_form.h"

#include <gtest/gtest.h>

namespace mayfly::wire {
namespace {

std::string LabelIn(std::string_view form, std::string_view host) { return std::string(HostForm(form).LabelIn(host).value_or("-")); }

TEST(HostFormTest, LabelsBlanksAndRegions) {
  EXPECT_TRUE(HostForm("sqs.REGION.*").Fits("SQS.eu-west-1.amazonaws.com"));
  EXPECT_FALSE(HostForm("sqs.REGION.*").Fits("sqs.europe.amazonaws.com"));
  EXPECT_FALSE(HostForm("sqs.REGION.*").Fits("sqs.eu-west-1"));
  EXPECT_TRUE(HostForm("s3.*").Fits("s3.localhost"));
  EXPECT_FALSE(HostForm("s3.*").Fits(""));
  EXPECT_FALSE(HostForm("s3.*").Fits(std::string(300, 's')));
}

TEST(HostFormTest, WhatStandsInTheHost) {
  EXPECT_EQ(LabelIn("{Bucket}.s3.*", "photos.s3.localhost"), "photos");
  EXPECT_EQ(LabelIn("{Bucket}.s3.*", "a.b.s3.us-east-1.amazonaws.com"), "a.b");
  EXPECT_EQ(LabelIn("{Bucket}.s3.*", "a.s3.b.s3.localhost"), "a.s3.b") << "as much as possible";
  EXPECT_EQ(LabelIn("{Bucket}.s3.*", "s3.localhost"), "-");
  EXPECT_EQ(LabelIn("{Bucket}.s3.*", ".s3.localhost"), "-");
  EXPECT_EQ(LabelIn("{Bucket}.s3.*", "photos.s3"), "-");
  EXPECT_EQ(LabelIn("s3.*", "photos.s3.localhost"), "-");
}

TEST(HostFormTest, PortsAreNoPart) {
  EXPECT_EQ(WithoutPort("photos.s3.localhost:4566"), "photos.s3.localhost");
  EXPECT_EQ(WithoutPort("[::1]:80"), "[::1]");
  EXPECT_EQ(WithoutPort("[::1]"), "[::1]");
}

}  // namespace
}  // namespace mayfly::wire
