// FakeDepot: a service for tests of wire and edge, with bodies that stream (depot.model); and ends of streams that count.
#pragma once

#include <algorithm>
#include <string>

#include "base/sim_loop.h"
#include "model/depot.h"
#include "net/http_message.h"

namespace mayfly::wire {

// Gives `bytes` bytes in pieces of 64 KiB, without having them. Counts what it has given.
class CountedSource final : public http::BodyReader {
 public:
  static constexpr size_t kPieceBytes = 64 * 1024;
  explicit CountedSource(uint64_t bytes, uint64_t& given) : left_(bytes), given_(&given) {}

  Task<Result<std::string>> Read(Context&) override {
    const size_t bytes = static_cast<size_t>(std::min<uint64_t>(left_, kPieceBytes));
    left_ -= bytes;
    *given_ += bytes;
    co_return std::string(bytes, 'x');
  }
  const http::Headers& trailers() const override { return trailers_; }

 private:
  uint64_t left_;
  uint64_t* given_;
  http::Headers trailers_;
};

// Takes a stream, and looks at each piece how far its source is ahead.
class CountingSink final : public http::BodyWriter {
 public:
  explicit CountingSink(const uint64_t& given) : given_(&given) {}

  Task<Result<>> Write(Context&, std::string_view bytes) override {
    taken += bytes.size();
    ahead_max = std::max(ahead_max, *given_ - std::min(*given_, taken - bytes.size()));
    co_return Result<>();
  }
  uint64_t taken = 0;
  uint64_t ahead_max = 0;

 private:
  const uint64_t* given_;
};

class FakeDepot final : public depot::Handler {
 public:
  int calls = 0;
  depot::LabelParcelRequest label;  // the last one

  Task<Result<depot::PutParcelResponse>> PutParcel(Context& ctx, depot::PutParcelRequest request) override {
    ++calls;
    depot::PutParcelResponse response;
    for (;;) {
      MF_CO_TRY(const std::string piece, co_await request.content.Read(ctx));
      if (piece.empty()) break;
      response.bytes += static_cast<int64_t>(piece.size());
    }
    if (const std::string* checksum = request.content.trailers().Find("x-amz-checksum-crc32")) response.checksum = *checksum;
    co_return response;
  }
  Task<Result<depot::ForwardParcelResponse>> ForwardParcel(Context&, depot::ForwardParcelRequest request) override {
    ++calls;
    depot::ForwardParcelResponse response;
    response.content = std::move(request.content);
    co_return response;
  }
  Task<Result<depot::LabelParcelResponse>> LabelParcel(Context&, depot::LabelParcelRequest request) override {
    ++calls;
    label = request;
    if (request.name == "broken") co_return Fail(Error::Fault("the pen is dry"));
    if (request.name == "nowhere") co_return Fail(Error::Service("NoSuchParcelException", "There is no such parcel."));
    depot::LabelParcelResponse response;
    response.text = request.text;
    response.marks = std::move(request.marks);
    co_return response;
  }
  Task<Result<>> DropParcel(Context&, depot::DropParcelRequest) override {
    ++calls;
    co_return Result<>();
  }
};

}  // namespace mayfly::wire
