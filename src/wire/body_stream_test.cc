// If these fail, large bodies arrive cut, twice, or not at all.
#include "wire/body_stream.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::wire {
namespace {

// Gives its pieces, then the end or an error.
class Pieces final : public http::BodyReader {
 public:
  explicit Pieces(std::vector<std::string> pieces, bool breaks = false) : pieces_(std::move(pieces)), breaks_(breaks) {}
  Task<Result<std::string>> Read(Context&) override {
    if (next_ < pieces_.size()) co_return pieces_[next_++];
    if (breaks_) co_return Fail(Error::Cancelled());
    co_return std::string();
  }
  const http::Headers& trailers() const override { return trailers_; }

 private:
  std::vector<std::string> pieces_;
  size_t next_ = 0;
  bool breaks_;
  http::Headers trailers_;
};

class Collector final : public http::BodyWriter {
 public:
  Task<Result<>> Write(Context&, std::string_view bytes) override {
    text.append(bytes).push_back('|');
    co_return Result<>();
  }
  std::string text;
};

class BlobStreamTest : public ::testing::Test {
 protected:
  std::string Read(BlobStream& stream) { return *loop_.Run(stream.Read(ctx_)); }
  Result<> Write(BlobStream stream) {
    auto write = WriteBlob(std::move(stream));
    return loop_.Run(write(ctx_, written_));
  }
  SimLoop loop_;
  Context ctx_{loop_};
  Collector written_;
};

TEST_F(BlobStreamTest, GivesWhatIsHereOnce) {
  BlobStream stream(std::string("all of it"));
  EXPECT_TRUE(stream.whole());
  EXPECT_EQ(Read(stream), "all of it");
  EXPECT_EQ(Read(stream), "");
  BlobStream none;
  EXPECT_EQ(Read(none), "");
  EXPECT_TRUE(none.trailers().fields().empty());
}

TEST_F(BlobStreamTest, PassesPiecesOnAsTheyCome) {
  BlobStream stream(std::make_unique<Pieces>(std::vector<std::string>{"one", "two"}));
  EXPECT_FALSE(stream.whole());
  EXPECT_EQ(Read(stream), "one");
  ASSERT_TRUE(Write(std::move(stream)));
  EXPECT_EQ(written_.text, "two|");
}

TEST_F(BlobStreamTest, ABrokenSourceIsNoEnd) {
  const auto result = Write(BlobStream(std::make_unique<Pieces>(std::vector<std::string>{"one"}, true)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Error::Kind::Cancelled);
  EXPECT_EQ(written_.text, "one|");
}

}  // namespace
}  // namespace mayfly::wire
