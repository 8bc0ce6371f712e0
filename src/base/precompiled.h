// Compiled once and given to every file of C++ (cmake/Room.cmake). Files include what they use all the same: without this header the
// tree builds too, four times as slowly. Here stands what is dear to read and seldom changed.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "base/context.h"
#include "base/event.h"
#include "base/json.h"
#include "base/log.h"
#include "base/result.h"
#include "base/task.h"
#include "base/task_scope.h"
