#include "base/blocking_pool.h"

#include <pthread.h>

namespace mayfly {

BlockingPool::BlockingPool(std::string name, int threads) {
  MF_ASSERT(!name.empty() && threads > 0);
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this, name] { Work(name.substr(0, 15)); });
}

BlockingPool::~BlockingPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void BlockingPool::Submit(Loop::Callback function) {
  MF_ASSERT(function);
  {
    std::lock_guard lock(mutex_);
    MF_ASSERT(!stopping_);
    queue_.push_back(std::move(function));
  }
  wake_.notify_one();
}

void BlockingPool::Work(std::string name) {
  pthread_setname_np(pthread_self(), name.c_str());
  for (;;) {
    Loop::Callback function;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      function = std::move(queue_.front());
      queue_.pop_front();
    }
    function();
  }
}

}  // namespace mayfly
