// If these fail, waits on pipes and process descriptors hang, are missed, or touch memory that is gone.
#include "net/polled_descriptor.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>

#include <gtest/gtest.h>

#include "base/event.h"
#include "base/real_loop.h"
#include "base/task_scope.h"

namespace mayfly {
namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    MF_ASSERT(::pipe2(ends, O_CLOEXEC) == 0);
    read.Reset(ends[0]);
    write.Reset(ends[1]);
  }
  UniqueFd read, write;
};

TEST(PolledDescriptor, ReadsWhatComesAndSeesTheEnd) {
  RealLoop loop;
  Pipe pipe;
  PolledDescriptor descriptor(loop, std::move(pipe.read));
  char buffer[16];
  EXPECT_EQ(descriptor.ReadNow(buffer, sizeof buffer), -1);
  loop.Post([&] { ASSERT_EQ(::write(pipe.write.get(), "abc", 3), 3); });
  loop.RunVoid([](PolledDescriptor& descriptor, Pipe& pipe) -> Task<> {
    char buffer[16];
    auto read = co_await descriptor.ReadSome(buffer, sizeof buffer);
    EXPECT_EQ(read.value(), 3u);
    pipe.write.Reset();
    read = co_await descriptor.ReadSome(buffer, sizeof buffer);
    EXPECT_EQ(read.value(), 0u);
  }(descriptor, pipe));
}

TEST(PolledDescriptor, ReadinessThatWasThereBeforeTheWaitCounts) {
  RealLoop loop;
  Pipe pipe;
  PolledDescriptor descriptor(loop, std::move(pipe.read));
  ASSERT_EQ(::write(pipe.write.get(), "abc", 3), 3);
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(loop.Run(descriptor.WaitReadable()));
    char byte;
    EXPECT_EQ(descriptor.ReadNow(&byte, 1), 1);
  }
}

TEST(PolledDescriptor, CancelEndsWaitsNowAndLater) {
  RealLoop loop;
  PolledDescriptor descriptor(loop, UniqueFd(::eventfd(0, EFD_CLOEXEC)));
  loop.Post([&] { descriptor.Cancel(); });
  auto waited = loop.Run(descriptor.WaitReadable());
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().kind, Error::Kind::Cancelled);
  EXPECT_FALSE(loop.Run(descriptor.WaitReadable()));
  EXPECT_FALSE(loop.Run(descriptor.WaitWritable()));
}

TEST(PolledDescriptor, AFrameMayBeDestroyedWhileItWaits) {
  RealLoop loop;
  Pipe pipe;
  {
    PolledDescriptor descriptor(loop, std::move(pipe.read));
    {
      TaskScope scope(loop);
      scope.Spawn([](PolledDescriptor& descriptor) -> Task<> {
        (void)co_await descriptor.WaitReadable();
        ADD_FAILURE() << "resumed after it was destroyed";
      }(descriptor));
    }
    // The wait that the frame left behind does not keep the next one from hearing.
    ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1);
    EXPECT_TRUE(loop.Run(descriptor.WaitReadable()));
    TaskScope scope(loop);
    scope.Spawn([](PolledDescriptor& descriptor) -> Task<> { (void)co_await descriptor.WaitWritable(); }(descriptor));
  }
  Context ctx(loop);
  EXPECT_TRUE(loop.Run(Sleep(ctx, std::chrono::milliseconds(1))));
}

TEST(PolledDescriptor, BothDirectionsWaitAtOnceOnASeqpacketSocket) {
  RealLoop loop;
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  UniqueFd other(ends[1]);
  PolledDescriptor descriptor(loop, UniqueFd(ends[0]));
  bool readable = false;
  TaskScope scope(loop);
  scope.Spawn([](PolledDescriptor& descriptor, bool& readable) -> Task<> { readable = (co_await descriptor.WaitReadable()).has_value(); }(descriptor, readable));
  EXPECT_TRUE(loop.Run(descriptor.WaitWritable()));
  EXPECT_FALSE(readable);
  ASSERT_EQ(::send(other.get(), "m", 1, 0), 1);
  loop.RunVoid(scope.Join());
  EXPECT_TRUE(readable);
}

TEST(PolledDescriptor, MovesWhileATaskWaits) {
  RealLoop loop;
  Pipe pipe;
  auto first = std::make_unique<PolledDescriptor>(loop, std::move(pipe.read));
  bool readable = false;
  TaskScope scope(loop);
  scope.Spawn([](PolledDescriptor& descriptor, bool& readable) -> Task<> { readable = (co_await descriptor.WaitReadable()).has_value(); }(*first, readable));
  PolledDescriptor second(std::move(*first));
  first.reset();
  ASSERT_EQ(::write(pipe.write.get(), "x", 1), 1);
  loop.RunVoid(scope.Join());
  EXPECT_TRUE(readable);
  EXPECT_GE(second.get(), 0);
}

}  // namespace
}  // namespace mayfly
