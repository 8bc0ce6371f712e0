// If these fail, whoever reads a streamed answer misses its end or its error, or holds the function up after having left.
#include "invoke/streamed_invocation.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "base/task_scope.h"

namespace mayfly::invoke {
namespace {

class StreamedInvocationTest : public testing::Test {
 protected:
  SimLoop loop_;
  Context ctx_{loop_};
  std::shared_ptr<StreamedInvocation::Shared> shared_ = std::make_shared<StreamedInvocation::Shared>(ctx_);
  TaskScope tasks_{loop_};

  void End(Result<runtime::InvokeOutcome> outcome) {
    shared_->outcome.emplace(std::move(outcome));
    shared_->pipe->Close();
  }
};

TEST_F(StreamedInvocationTest, GivesTheBytesThenTheOutcome) {
  StreamedInvocation streamed(shared_);
  EXPECT_FALSE(streamed.begun());
  shared_->pipe->Open("text/plain");
  EXPECT_TRUE(streamed.begun());
  EXPECT_EQ(streamed.content_type(), "text/plain");
  tasks_.Spawn(shared_->pipe->Write("one "));
  tasks_.Spawn(shared_->pipe->Write("two"));
  EXPECT_EQ(*loop_.Run(streamed.Read(ctx_)), "one two");
  tasks_.Spawn(shared_->pipe->Write("three"));
  End(runtime::InvokeOutcome{.function_error = true, .payload = "late"});
  EXPECT_EQ(*loop_.Run(streamed.Read(ctx_)), "three");  // what was written before the end still comes
  EXPECT_EQ(*loop_.Run(streamed.Read(ctx_)), "");
  EXPECT_EQ(*loop_.Run(streamed.Read(ctx_)), "");
  EXPECT_EQ(streamed.outcome().payload, "late");
}

TEST_F(StreamedInvocationTest, AFaultInTheMidstIsNoEnd) {
  StreamedInvocation streamed(shared_);
  shared_->pipe->Open("text/plain");
  End(Fail(Error::Fault("the node has died")));
  const auto read = loop_.Run(streamed.Read(ctx_));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "the node has died");
}

TEST_F(StreamedInvocationTest, AWriterWaitsForTheReaderAndIsLetGoWhenItLeaves) {
  auto streamed = std::make_unique<StreamedInvocation>(shared_);
  shared_->pipe->Open("text/plain");
  tasks_.Spawn(shared_->pipe->Write(std::string(runtime::ResponsePipe::kWaitingBytesMax, 'x')));
  loop_.RunFor(std::chrono::hours(1));
  EXPECT_EQ(tasks_.size(), 1u);
  EXPECT_EQ(loop_.Run(streamed->Read(ctx_))->size(), runtime::ResponsePipe::kWaitingBytesMax);
  loop_.RunFor(std::chrono::milliseconds(1));
  EXPECT_EQ(tasks_.size(), 0u);
  tasks_.Spawn(shared_->pipe->Write(std::string(runtime::ResponsePipe::kWaitingBytesMax, 'y')));
  EXPECT_EQ(tasks_.size(), 1u);
  streamed.reset();
  loop_.RunFor(std::chrono::milliseconds(1));
  EXPECT_EQ(tasks_.size(), 0u);
  tasks_.Spawn(shared_->pipe->Write(std::string(runtime::ResponsePipe::kWaitingBytesMax, 'z')));
  EXPECT_EQ(tasks_.size(), 0u);  // thrown away at once
}

TEST_F(StreamedInvocationTest, ReadingEndsWithTheCaller) {
  StreamedInvocation streamed(shared_);
  shared_->pipe->Open("text/plain");
  std::stop_source caller;
  Context ctx = ctx_.WithStop(caller.get_token());
  loop_.CallAfter(std::chrono::seconds(1), [&] { caller.request_stop(); });
  const auto read = loop_.Run(streamed.Read(ctx));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, Error::Kind::Cancelled);
}

}  // namespace
}  // namespace mayfly::invoke
