#include "jail/boot_places.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

#include <algorithm>

namespace mayfly::jail {
namespace {

constexpr int kPlaces = 64;  // processes that boot at the same time

}  // namespace

void BootPlaces::Reserve() {
  if (close_range(~0u, ~0u, CLOSE_RANGE_UNSHARE) != 0) return;
  filler_.Reset(open("/", O_PATH | O_CLOEXEC));
  if (!filler_) return;
  for (int i = 0; i < kPlaces; ++i) {
    const int place = fcntl(filler_.get(), F_DUPFD_CLOEXEC, 0);
    if (place < 0) return;
    free_.push_back(place);
    last_ = std::max(last_, place);
  }
}

int BootPlaces::Take(UniqueFd& socket) {
  if (free_.empty() || dup3(socket.get(), free_.back(), O_CLOEXEC) < 0) return -1;
  socket.Reset();
  const int place = free_.back();
  free_.pop_back();
  return place;
}

void BootPlaces::GiveBack(int place) {
  if (place < 0) return;
  dup3(filler_.get(), place, O_CLOEXEC);  // onto an open descriptor: cannot fail
  free_.push_back(place);
}

int BootPlaces::LeaveTheRest() const { return close_range(static_cast<unsigned>(last_) + 1, ~0u, CLOSE_RANGE_UNSHARE) == 0 ? 0 : errno; }

}  // namespace mayfly::jail
